"""The config groups and their options: which there are, by the files that are there."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from vlmrl import find
from vlmrl.config.schema import ORACLE, RunConfig
from vlmrl.errors import UnknownName

CONF = Path(__file__).parent.parent / "conf"
GROUPS = ("encoder", "reward", "shaping", "agent", "render", "track", "experiment")
EMPTY = "_empty"
"""The YAML that stands for a part without one of its own, which lives by its constructor's defaults."""


def groups_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The config groups that fill sections of ``model``."""
    return tuple(
        group for group in GROUPS if group in model.model_fields or (group == "experiment" and model is RunConfig)
    )


def options(group: str) -> tuple[str, ...]:
    """The names that ``group=`` takes, sorted: YAML files, and what other packages declare by entry point.

    An encoder may also be any name that open_clip knows, and a reward any module of ours, or the oracle.
    """
    folder = CONF / group
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("[!_]*.yaml")}
    if group in ("encoder", "shaping"):
        names |= set(find.plugins(group))
    if group == "reward":
        names |= {*find.names("reward"), ORACLE}
    return tuple(sorted(names))


def yaml_of(group: str, choice: str) -> str:
    """The YAML, or YAMLs in Hydra's own notation, that a choice stands for.

    Args:
        group: a config group.
        choice: an option; for shaping also several in a row, ``[calibrate,potential]``.

    Raises:
        UnknownName: there is no such option.
    """
    if group == "shaping" and choice.startswith("["):
        return f"[{','.join(yaml_of(group, one.strip()) for one in choice.strip('[]').split(','))}]"
    known = options(group)
    open_clip = group == "encoder" and ("/" in choice or ":" in choice)  # name/tag, hf-hub:org/name, local-dir:/path
    if choice not in known and not open_clip:
        raise UnknownName(group, choice, known)
    return choice if choice in known and (CONF / group / f"{choice}.yaml").is_file() else EMPTY
