"""Keeps Mesa's software GL and triton from ending the process.

Both carry an LLVM of their own. Where Mesa's is loaded first, the first ``import triton`` (which ``torch._dynamo``
does, and with it optimisers, timm and ``torch.compile``) dies with SIGSEGV; the other order is fine. Two measures
cover every order: :func:`preload` imports triton before the first GL context of ours, and :func:`install` lets a
later first import fail with ImportError, which torch takes as "no triton here", when somebody else's GL context
came first.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

MESA = ("libLLVM", "libgallium", "swrast_dri", "libOSMesa")
"""Shared objects that bring Mesa's software rasteriser, and its LLVM, into the process."""


def mesa_is_loaded() -> bool:
    """Whether this process has Mesa's software rasteriser loaded; False where the system cannot tell (not Linux)."""
    try:
        return any(name in line for line in Path("/proc/self/maps").read_text().splitlines() for name in MESA)
    except OSError:
        return False


class _Guard(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse the first import of triton once Mesa is loaded; leave everything else to the other finders."""
        if fullname == "triton" and mesa_is_loaded():
            raise ModuleNotFoundError(
                "triton is not imported after Mesa's software GL: both carry an LLVM", name="triton"
            )
        return None


def install() -> None:
    """Guard every later import in this process; costs nothing until triton is asked for."""
    if not any(isinstance(finder, _Guard) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Guard())


def preload() -> None:
    """Import triton now, where it is installed, so that the GL context to come cannot hurt it."""
    if "triton" not in sys.modules and not mesa_is_loaded() and importlib.util.find_spec("triton") is not None:
        importlib.import_module("triton")
