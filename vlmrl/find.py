"""Find a task, robot, reward, encoder, question, judge or verb by its name: the place of its file is its registration.

``find("reward", "goal_baseline")`` is the module ``vlmrl/rewards/goal_baseline.py``. Other packages take part through
entry points of the group ``vlmrl.<kind>``, whose name is the part's name and whose value is its module. Nothing is
imported before it is asked for, and nothing outside these places can be named.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TypeVar

from vlmrl.errors import ConfigError, UnknownName

PACKAGES = {
    "task": "vlmrl.envs.tasks",
    "robot": "vlmrl.envs.batch.robots",
    "reward": "vlmrl.rewards",
    "encoder": "vlmrl.encoders",
    "shaping": "vlmrl.shaping",
    "question": "vlmrl.judge.questions",
    "judge": "vlmrl.preferences.judges",
    "verb": "vlmrl.cli",
    "language": "vlmrl.sim_clip.language",
}
"""Where each kind lives. A module or folder whose name starts with an underscore, or ``base``, is no part."""

T = TypeVar("T")


def name_of(part: object) -> str:
    """The name of a part, a class or one of its objects: that of its module."""
    return part.__module__.rpartition(".")[2]


@cache
def _own(kind: str) -> tuple[str, ...]:
    package = importlib.import_module(PACKAGES[kind])
    found: list[str] = []
    for folder in package.__path__:
        here = {m.name for m in pkgutil.iter_modules([folder]) if not m.name.startswith("_") and m.name != "base"}
        twice = sorted(here & set(found))
        if twice:
            raise ConfigError(f"{kind}={twice[0]}: {folder}/{twice[0]}.py has a name that is taken; rename the file")
        found += sorted(here)
    return tuple(found)


def plugins(kind: str) -> dict[str, EntryPoint]:
    """Parts that other installed packages declare for ``kind``, by name."""
    return _declared(kind, tuple(sys.path))


@cache
def _declared(kind: str, path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """What packages on ``path``, which is ``sys.path``, declare: hundreds of files are read for it, so once."""
    return {point.name: point for point in entry_points(group=f"vlmrl.{kind}")}


def names(kind: str) -> tuple[str, ...]:
    """All names of ``kind``, our own and those of other packages, sorted."""
    return tuple(sorted({*_own(kind), *plugins(kind)}))


def find(kind: str, name: str) -> ModuleType:
    """The module of that name.

    Raises:
        UnknownName: there is none; the message names the nearest.
        ConfigError: another package declares it, and it cannot be imported; the cause is chained.
    """
    if name in _own(kind):
        return importlib.import_module(f"{PACKAGES[kind]}.{name}")
    point = plugins(kind).get(name)
    if point is None:
        raise UnknownName(kind, name, names(kind))
    try:
        module = point.load()
    except ImportError as cause:
        raise ConfigError(
            f"{kind}={name}: its package declares {point.value}, which cannot be imported: {cause}"
        ) from cause
    if not isinstance(module, ModuleType):
        raise ConfigError(
            f"{kind}={name}: {point.value} is a {type(module).__name__}; the entry point must name a module"
        )
    return module


def find_class(kind: str, name: str, base: type[T]) -> type[T]:
    """The one public subclass of ``base`` that the module of that name defines.

    Raises:
        UnknownName: no such module.
        ConfigError: the module defines none, or more than one.
    """
    module = find(kind, name)
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, base) and member.__module__ == module.__name__ and not member.__name__.startswith("_")
    ]
    if len(found) != 1:
        what = ", ".join(member.__name__ for member in found) or "none"
        raise ConfigError(f"{kind}={name}: {module.__name__} must define one public {base.__name__}; it defines {what}")
    return found[0]
