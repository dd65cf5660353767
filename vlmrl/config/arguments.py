"""Take a command line apart: what is a sentence or a path stays as typed, the rest follows Hydra's grammar.

Hydra's grammar gives a meaning to commas, quotes, brackets, ``$`` and ``=``; a sentence may hold any of them. So the
keys whose value is text are taken out before Hydra sees the line, and nothing in them is interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from vlmrl.errors import ConfigError

PAIR = re.compile(r"(?P<sign>\+\+|\+|~)?(?P<key>[A-Za-z_][\w.@/-]*)=(?P<value>.*)", re.DOTALL)
DELETION = re.compile(r"~[A-Za-z_][\w.]*")
NESTED_TEXT = ("encoder.model",)
"""Text below the top level: where a model lies may be a path with any character in it."""


@dataclass(frozen=True)
class Arguments:
    """A command line in three piles, each in the order of the line.

    Attributes:
        texts: values taken verbatim, by key; a key given several times has several.
        choices: the option chosen for a config group; the last one given counts.
        values: what Hydra is to parse, as ``key=value`` or ``~key``.
    """

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()


def text_keys(model: type[BaseModel]) -> dict[str, bool]:
    """The top-level keys of ``model`` whose value is text or a path; True where several may be given."""
    found = {}
    for name, known in model.model_fields.items():
        kinds = {known.annotation, *get_args(known.annotation)}
        if kinds & {tuple[str, ...], tuple[Path, ...]}:
            found[name] = True
        elif kinds & {str, Path}:
            found[name] = False
    return found


def split(
    argv: Sequence[str], texts: Mapping[str, bool], groups: Collection[str], positional: str | None = None
) -> Arguments:
    """Sort the arguments of one verb.

    Args:
        argv: without the program and the verb.
        texts: see :func:`text_keys`.
        groups: the names of the config groups.
        positional: the text key that arguments without ``=`` are meant for; None refuses them.

    Raises:
        ConfigError: a text key that takes one value is given twice, an argument is no ``key=value`` where none else is
            taken, or a key belongs to Hydra itself.
    """
    verbatim: dict[str, tuple[str, ...]] = {}
    choices: dict[str, str] = {}
    values: list[str] = []
    for argument in argv:
        key, value, sign = _pair(argument, positional)
        if sign == "~":
            values.append(argument)
        elif key in texts or key in NESTED_TEXT:
            if key in verbatim and not texts.get(key, False):
                raise ConfigError(f"{key}={value}: is given twice; give it once")
            verbatim[key] = (*verbatim.get(key, ()), value)
        elif key in groups:
            choices[key] = value
        else:
            values.append(f"++{key}={value}")
    return Arguments(verbatim, choices, tuple(values))


def _pair(argument: str, positional: str | None) -> tuple[str, str, str]:
    """Key, value and Hydra's sign before the key, if there is one."""
    pair = PAIR.fullmatch(argument)
    if pair is None:
        if DELETION.fullmatch(argument):
            return argument[1:], "", "~"
        if argument.startswith("-"):
            raise ConfigError(f"{argument}: is no option; settings are key=value, and --help lists them")
        if positional is None:
            raise ConfigError(f"{argument}: is no setting; write key=value, for example task=cartpole/upright")
        return positional, argument, ""
    if re.split(r"[./@]", pair["key"])[0] == "hydra":
        raise ConfigError(f"{argument}: Hydra's own settings have no effect here; --help lists the settings")
    return pair["key"], pair["value"], pair["sign"] or ""
