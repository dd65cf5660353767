"""What ``--help`` prints, made of docstrings and of the settings' own descriptions."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vlmrl import find
from vlmrl.cli._out import row

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

OVERVIEW = """\
Train an embodied agent from a sentence, and learn honestly whether the reward meant anything.

  vlmrl VERB key=value ...       for example: vlmrl train task=cartpole/upright
  vlmrl VERB --help              what a verb does, and its settings

"""


def overview() -> str:
    """All verbs with a line for each; none of them is imported."""
    lines = [row(name.replace("_", "-"), summary(name), 16) for name in find.names("verb")]
    return OVERVIEW + "\n".join(lines) + "\n"


def summary(verb: str) -> str:
    """The first line of a verb's docstring, read without importing it."""
    point = find.plugins("verb").get(verb)
    return first_line(point.value if point is not None else f"{find.PACKAGES['verb']}.{verb}")


def first_line(module: str) -> str:
    """The first line of a module's docstring, read from its source; empty if it has none."""
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:  # a plug-in whose package is broken is still listed; running it tells why
        return ""
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def of(module: ModuleType) -> str:
    """A verb's help: its docstring, then its settings with default and meaning, then the options of its groups."""
    model: type[BaseModel] | None = module.SETTINGS
    return text_of(module) + ("" if model is None else f"\n{settings_of(model)}")


def text_of(module: ModuleType) -> str:
    """A verb's docstring, its commands indented: a formatter has taken that from them."""
    text = (inspect.getdoc(module) or "").replace("``", "")
    return re.sub(r"^vlmrl ", "  vlmrl ", text, flags=re.MULTILINE) + "\n"


def settings_of(model: type[BaseModel]) -> str:
    """The settings of a model with default and meaning, then the options of its groups."""
    return "Settings:\n" + "\n".join(_settings(model)) + "\n" + _groups(model)


def _settings(model: type[BaseModel], above: str = "") -> Iterator[str]:
    from pydantic import BaseModel

    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield row(f"{above}{name}{'=NAME' if field.is_required() else '.'}", field.description or "")
            yield from _settings(section, f"{above}{name}.")
        elif not (above and name == "name"):
            yield row(f"{above}{name}={_default(field)}", field.description or "")


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if field.is_required() or value is None or value in ((), {}):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _groups(model: type[BaseModel]) -> str:
    from vlmrl.config.groups import groups_of, options

    lines = [row(f"{group}=", ", ".join(options(group))) for group in groups_of(model)]
    return "\nOptions (`vlmrl list` says more):\n" + "\n".join(lines) + "\n" if lines else ""
