"""Write docs/data/settings.json: every setting of a run, its default and its meaning, as the schema and the YAML say.

python docs/settings.py
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vlmrl.config.compose import configure
from vlmrl.config.schema import RunConfig

FILE = Path(__file__).parent / "data" / "settings.json"
EXAMPLE = "cartpole/upright"
"""The task for which the defaults are told; a run needs one."""


def rows(model: type[BaseModel], values: BaseModel, above: str = "") -> Iterator[dict[str, Any]]:
    """One row a setting, sections entered where they stand.

    Args:
        model: the schema.
        values: the defaults, composed from YAML and schema.
        above: the dotted name of the section.
    """
    for name, field in model.model_fields.items():
        value = getattr(values, name)
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            yield from rows(kind, value, f"{above}{name}.")
        else:
            # `agent=sac` chooses by name; nobody writes agent.name.
            key = above[:-1] if name == "name" else above + name
            yield {"key": key, "default": default(name, value), "meaning": meaning(field)}


def default(name: str, value: Any) -> str:
    """A default as one would type it; what an agent's own YAML decides is not spelled out."""
    if name == "task":
        return "none: say which"
    if isinstance(value, dict):
        return "the agent's own"
    return json.dumps(list(value) if isinstance(value, tuple) else value, default=str).strip('"')


def meaning(field: FieldInfo) -> str:
    """The sentence below the field in the schema, led by its choices where they are few."""
    said = " ".join((field.description or "").split())
    kinds = [field.annotation, *get_args(field.annotation)]
    choices = [str(one) for kind in kinds if get_origin(kind) is Literal for one in get_args(kind)]
    return f"{', '.join(choices)}. {said}" if choices else said


def settings() -> dict[str, Any]:
    """What the file holds."""
    return {"command": "python docs/settings.py", "rows": list(rows(RunConfig, configure(task=EXAMPLE)))}


if __name__ == "__main__":
    FILE.write_text(json.dumps(settings(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
