"""MuJoCo's C functions for batches (``mjbatch.h``), with the types of their arguments.

``mujoco.batch`` wraps the same thread pool, but leaves out ``mjb_apply``. Without that, nobody can run
``mj_rnePostConstraint`` on each simulation after a step, and the contact forces that Humanoid and Ant observe would be
those of an earlier moment: a sensor makes MuJoCo compute them at the start of a Runge-Kutta step only.
"""

from __future__ import annotations

import ctypes
import platform
from ctypes import POINTER, c_bool, c_char_p, c_int, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Final

import mujoco

from vlmrl.errors import ConfigError

IDS: Final = c_void_p
"""``const int*``: the simulations of a call, sorted; null for all."""


class BatchConfig(ctypes.Structure):
    """``mjBatchConfig``: threads with the caller's, and whether each simulation keeps an ``mjData`` of its own."""

    _fields_ = (("nthread", c_int), ("persistent", c_bool))


SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "mjb_makeBatch": (c_void_p, [c_void_p, c_int, POINTER(BatchConfig), c_char_p, c_int]),
    "mjb_deleteBatch": (None, [c_void_p]),
    "mjb_nstate": (c_int, [c_void_p]),
    "mjb_state": (c_void_p, [c_void_p]),
    "mjb_stateComponent": (c_void_p, [c_void_p, c_int, POINTER(c_int)]),
    "mjb_warning": (c_void_p, [c_void_p]),
    "mjb_step": (c_int, [c_void_p, IDS, c_int, c_int, c_int]),
    "mjb_forward": (c_int, [c_void_p, IDS, c_int, c_int]),
    "mjb_reset": (c_int, [c_void_p, IDS, c_int, c_void_p, c_int]),
    "mjb_apply": (c_int, [c_void_p, IDS, c_int, c_void_p, c_void_p, c_int]),
    "mjb_status": (POINTER(c_int), [c_void_p]),
    "mjb_error": (c_char_p, [c_void_p, c_int]),
    "mjb_output": (c_void_p, [c_void_p, c_char_p, POINTER(c_int), POINTER(c_int)]),
}
"""Result and arguments of each function; a batch comes first, and ``ids`` with their number after it."""

NAMES = {"Windows": "mujoco.dll", "Darwin": "libmujoco*.dylib"}


@cache
def library() -> ctypes.CDLL:
    """MuJoCo's own library, the very one that the ``mujoco`` package has loaded; its calls let other threads run.

    Raises:
        ConfigError: the installed MuJoCo has no batches; they came with 3.17.
    """
    folder = Path(mujoco.__file__).parent
    found = sorted(folder.glob(NAMES.get(platform.system(), "libmujoco.so*")))
    if not found:
        raise ConfigError(f"mujoco={mujoco.__version__}: no MuJoCo library lies in its package; reinstall mujoco>=3.17")
    loaded = ctypes.CDLL(str(found[0]))
    for name, (result, arguments) in SIGNATURES.items():
        try:
            function = getattr(loaded, name)
        except AttributeError as cause:
            raise ConfigError(
                f"mujoco={mujoco.__version__}: has no {name}; batched simulation needs mujoco>=3.17"
            ) from cause
        function.restype, function.argtypes = result, arguments
    return loaded


@cache
def address(name: str) -> int:
    """Where the library's function ``name`` of ``(const mjModel*, mjData*)`` lies, to be applied to each simulation.

    A function to apply is given two arguments more; C lets one that asks for fewer ignore them.
    """
    found = ctypes.cast(getattr(library(), name), c_void_p).value
    if found is None:
        raise ConfigError(f"mujoco={mujoco.__version__}: {name} has no address")
    return found
