"""What MuJoCo does not ask EGL: which device is CUDA's, and whose context is current."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

DEVICE = "MUJOCO_EGL_DEVICE_ID"
"""The variable from which MuJoCo and dm_control take EGL's number of the device to draw on."""
CUDA_DEVICE = 0x323A
"""The attribute of EGL_NV_device_cuda."""


def cuda_numbers() -> list[int | None]:
    """CUDA's number of each EGL device, in EGL's order; None of one that does not compute with CUDA.

    The numbers are those of this process: a driver that hides devices (CUDA_VISIBLE_DEVICES) counts the others.

    Raises:
        Exception: of many kinds, where the library is none that MuJoCo could draw with.
    """
    egl: Any = importlib.import_module("mujoco.egl.egl_ext")
    address = egl.eglGetProcAddress("eglQueryDeviceAttribEXT")
    if not address:
        return [None for _ in egl.eglQueryDevicesEXT()]
    asked = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_ssize_t))(address)

    def number(device: Any) -> int | None:
        found = ctypes.c_ssize_t(-1)
        known = asked(ctypes.cast(device, ctypes.c_void_p), CUDA_DEVICE, found)
        return found.value if known and found.value >= 0 else None

    return [number(device) for device in egl.eglQueryDevicesEXT()]


def choose_device() -> None:
    """Draw on CUDA's device 0, unless the user chose a device or there is none: frames then stay on one GPU.

    EGL and CUDA number devices independently of each other: left alone, MuJoCo takes the first that EGL names, which on
    a machine of several GPUs may be another.
    """
    if DEVICE in os.environ:
        return
    numbers = cuda_numbers()
    if 0 in numbers:
        os.environ[DEVICE] = str(numbers.index(0))


def current() -> int | None:
    """The address of the context that is current in this thread; None where none is."""
    # Importing EGL before MuJoCo does would settle PyOpenGL on another library; and none can be current before.
    return _asks()() if "mujoco.egl" in sys.modules else None


@cache
def _asks() -> Callable[[], int | None]:
    """EGL's own function: PyOpenGL's takes as long as a twentieth of a frame."""
    loaded: Any = importlib.import_module("OpenGL.platform").PLATFORM
    asks: Callable[[], int | None] = ctypes.CFUNCTYPE(ctypes.c_void_p)(("eglGetCurrentContext", loaded.EGL))
    return asks


def returner() -> Callable[[], object]:
    """What makes the context that is current in this thread so again."""
    egl: Any = importlib.import_module("OpenGL.EGL")
    surfaces = [egl.eglGetCurrentSurface(side) for side in (egl.EGL_DRAW, egl.EGL_READ)]
    return partial(egl.eglMakeCurrent, egl.eglGetCurrentDisplay(), *surfaces, egl.eglGetCurrentContext())
