"""Which tasks a test goes through: ours always, of other suites' a few in the fast lane and all in the slow one."""

from importlib.util import find_spec
from typing import Any

import pytest

from vlmrl.envs import task_names

PACKAGES = {
    "adroit": "gymnasium_robotics",
    "fetch": "gymnasium_robotics",
    "kitchen": "gymnasium_robotics",
    "metaworld": "metaworld",
    "ogbench": "ogbench",
}
"""Domains of other suites, and the package that each comes with."""
SAMPLE = (
    "adroit/door",
    "adroit/relocate",
    "fetch/push",
    "kitchen/microwave",
    "metaworld/drawer_open",
    "metaworld/reach",
    "ogbench/cube",
)
"""Those of other suites that the fast lane tries."""


def ours() -> list[str]:
    """The tasks whose worlds come with vlmrl's own requirements."""
    return [name for name in task_names() if name.partition("/")[0] not in PACKAGES]


def sample() -> list[Any]:
    """Ours, and a few of each other suite."""
    return [*map(_parameter, ours()), *map(_parameter, SAMPLE)]


def every_task() -> list[Any]:
    """All, those of other suites outside the sample marked as slow; skipped where their package is missing."""
    return [_parameter(name) for name in task_names()]


def _parameter(name: str) -> Any:
    package = PACKAGES.get(name.partition("/")[0])
    marks: list[Any] = []
    if package is not None and find_spec(package) is None:
        marks.append(pytest.mark.skip(reason=f"{package} is not installed: pip install 'vlmrl[robotics]'"))
    elif package is not None and name not in SAMPLE:
        marks.append(pytest.mark.slow)
    return pytest.param(name, marks=marks)
