"""The one place that makes GL contexts: headless, one a thread, closed before the interpreter ends."""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import importlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from vlmrl import _triton_guard
from vlmrl.envs import egl
from vlmrl.errors import RenderError

BACKENDS = ("egl", "osmesa", "glfw")
LIBRARIES = {"egl": "EGL", "osmesa": "OSMesa"}
"""What draws without a screen, the faster first."""
INSTALL = "apt-get install -y libegl1 libgl1-mesa-dri libgles2"
"""The command that brings headless rendering to Debian and Ubuntu."""
REMEDY = f"on Debian or Ubuntu run '{INSTALL}'"
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader")
"""What draws on the processor, as it names itself."""
STRINGS = {"vendor": 0x1F00, "renderer": 0x1F01, "version": 0x1F02}
"""GL's numbers of what it says of itself."""
NVIDIA = Path("/proc/driver/nvidia/version")
"""There where an NVIDIA driver runs."""


class Context(Protocol):
    """What MuJoCo's context classes have in common."""

    def make_current(self) -> None:
        """Bind the context to the calling thread."""

    def free(self) -> None:
        """Release the context."""


def choose_backend() -> str:
    """The GL library to draw with: what MUJOCO_GL asks for, else EGL, OSMesa, or the machine's window system."""
    asked = os.environ.get("MUJOCO_GL", "").lower()
    if asked:
        return asked
    if sys.platform.startswith("linux"):
        for backend, library in LIBRARIES.items():
            if ctypes.util.find_library(library):
                return backend
    return "cgl" if sys.platform == "darwin" else "glfw"


def check_library(backend: str) -> None:
    """See that the library behind ``backend`` is there: without it ``import mujoco`` fails on an obscure attribute.

    Raises:
        RenderError: it is not; the message has the command that installs it.
    """
    library = LIBRARIES.get(backend)
    if sys.platform.startswith("linux") and library and not ctypes.util.find_library(library):
        raise RenderError(f"MUJOCO_GL={backend}: lib{library} is not installed; {REMEDY}")


# dm_control reads it at import, and would otherwise look for a display first.
os.environ.setdefault("MUJOCO_GL", choose_backend())
check_library(os.environ["MUJOCO_GL"].lower())


class _Contexts(threading.local):
    """The calling thread's context, its address where EGL made it, and which renderer used it last."""

    context: Context | None = None
    address: int | None = None
    user: object | None = None


class _Machine:
    """What the first context told of all of them."""

    software = False


_here = _Contexts()
_machine = _Machine()
_turn = threading.RLock()
_all: list[Context] = []
_before: list[Callable[[], object]] = []
_lock = threading.Lock()


def _make_context() -> Context:
    backend = choose_backend()
    if backend == "glfw" and sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        # GLFW would only print a warning, and MuJoCo end in a FatalError.
        raise RenderError(f"MUJOCO_GL={backend}: there is no screen, and no library that draws without one; {REMEDY}")
    _triton_guard.preload()
    try:
        module: Any = importlib.import_module(f"mujoco.{backend}")
        if backend == "egl":
            egl.choose_device()
        # 64 by 64 is the size of a window that nobody sees: frames go to MuJoCo's own offscreen buffer.
        context: Context = module.GLContext(64, 64)
    except Exception as cause:  # PyOpenGL raises AttributeError, ImportError, GLError or OSError, by what is missing
        raise RenderError(
            f"MUJOCO_GL={backend}: no GL context can be made ({cause}); {REMEDY}, or choose another of "
            f"{', '.join(BACKENDS)}"
        ) from cause
    with _lock:
        first = not _all
        if first:
            free_first_at_exit()
        _all.append(context)
    if first:
        context.make_current()
        renderer = drawn_by()["renderer"]
        _machine.software = any(name in renderer.lower() for name in SOFTWARE)
        _warn_of_software(renderer)
    return context


def drawn_by() -> dict[str, str]:
    """What the calling thread's current context draws with: ``vendor``, ``renderer`` and ``version``."""
    # The library that the context stands on, as PyOpenGL loaded it: to import OpenGL.GL takes half a second.
    loaded: Any = importlib.import_module("OpenGL.platform").PLATFORM
    asks = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(("glGetString", loaded.GL))
    return {key: (asks(name) or b"").decode(errors="replace") for key, name in STRINGS.items()}


def in_turns() -> bool:
    """Whether threads draw one after the other: a software driver's contexts are not safe beside each other.

    Mesa's llvmpipe, before it writes to a buffer, looks through what all contexts of the process are about to draw,
    while their threads go on adding to it and clearing it away: now and then it follows a list that is gone, which is a
    segmentation fault in ``mjr_render`` (seen in 22.3.6). Known with the first context.
    """
    return _machine.software


def _warn_of_software(renderer: str) -> None:
    """Say so where a GPU stands idle beside a processor that draws."""
    if _machine.software and NVIDIA.is_file():
        warnings.warn(
            f"frames are drawn by the processor ({renderer}), far slower, although there is an NVIDIA GPU; "
            "install the driver's GL library (libnvidia-gl), in a container set NVIDIA_DRIVER_CAPABILITIES=all, and "
            "see that MUJOCO_EGL_DEVICE_ID, where it is set, names the GPU",
            stacklevel=2,
        )


def free_first_at_exit() -> None:
    """Have contexts freed before anything registered so far runs at exit: none may outlive its display.

    MuJoCo ends the display at exit, and so does dm_control, from the moment that it is imported.
    """
    atexit.unregister(free_all)
    atexit.register(free_all)


@contextmanager
def current(user: object) -> Iterator[bool]:
    """Have this thread's context current in the block, for ``user``; then what was current before, if it was another's.

    Gymnasium's renderer, for one, makes its context current once, and draws in whatever is current later. Where threads
    draw :func:`in_turns`, the block waits for the others'.

    Yields:
        Whether somebody else drew in between, so that ``user`` must bind its buffers again.

    Raises:
        RenderError: no context can be made.
    """
    # A thread's first time makes a context, and tells whether threads take turns.
    with _turn if _machine.software or _here.context is None else nullcontext():
        there = egl.current()
        others = egl.returner() if there is not None and there != _here.address else None
        if _here.context is None:
            _here.context = _make_context()
        if there is None or others is not None:
            _here.context.make_current()
            _here.address = egl.current()
        changed, _here.user = _here.user is not user, user
        try:
            yield changed
        finally:
            if others is not None:
                others()


def forget(user: object) -> None:
    """Note that ``user`` draws no more in this thread."""
    if _here.user is user:
        _here.user = None


def before_freeing(end: Callable[[], object]) -> None:
    """Have ``end`` called before contexts are freed at exit: threads that draw with them must be gone by then."""
    _before.append(end)


def abandon() -> None:
    """Leave all contexts to the system: freeing one in which a driver hangs would hang as well."""
    with _lock:
        _all.clear()


def free_all() -> None:
    """Release every context of the process; the interpreter calls it at exit."""
    for end in _before:
        end()
    with _lock:
        contexts, _all[:] = list(_all), []
    for context in contexts:
        context.free()
    _here.context = _here.address = _here.user = None
