"""What a number depends on besides the settings: the versions of packages, the machine, the commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, where the package was installed from one."""

SPEAKING = ("MUJOCO_GL", "PYOPENGL_PLATFORM", "MUJOCO_EGL_DEVICE_ID", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
"""Environment variables that change frames or speed."""


def packages() -> dict[str, str]:
    """The installed version of vlmrl and of everything it asks for, by name; what is not installed is left out."""
    asked = [re.split(r"[^\w.-]", line)[0] for line in metadata.requires("vlmrl") or ()]
    found = {}
    for name in ["vlmrl", *sorted(set(asked))]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The commit of the checkout that vlmrl runs from, with ``+changes`` if it is not clean; None outside of one."""
    if not (ROOT / ".git").exists():
        return None
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):  # git is missing, or the repository is not ours to read
        return None


def versions() -> dict[str, object]:
    """Everything above and the machine, ready for JSON."""
    return {
        "packages": packages(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "environment": {name: os.environ[name] for name in SPEAKING if name in os.environ},
        "commit": commit(),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()
