"""A reward of the user's own: FILE.py:FUNCTION, run as such."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vlmrl.errors import ConfigError

OWN = re.compile(r"(?P<path>.+\.py):(?P<function>\w+)")


def load(path: Path, function: str) -> Callable[..., Any]:
    """The user's function.

    Raises:
        ConfigError: there is no such file or function, or the file cannot be run.
    """
    import importlib.util

    if not path.is_file():
        raise ConfigError(f"reward={path}:{function}: there is no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"reward={path}:{function}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as cause:
        raise ConfigError(f"reward={path}: cannot be run: {type(cause).__name__}: {cause}") from cause
    found = getattr(module, function, None)
    if not callable(found):
        known = ", ".join(name for name, value in vars(module).items() if callable(value) and name[0] != "_")
        raise ConfigError(f"reward={path}:{function}: the file has no such function; it has {known or 'none'}")
    called: Callable[..., Any] = found
    return called
