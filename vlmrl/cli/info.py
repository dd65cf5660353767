"""Print versions, machine, GL library and accelerator, for a bug report.

vlmrl info
vlmrl info json=info.json
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer


class InfoSettings(Answer):
    """Settings of ``vlmrl info``."""


SETTINGS = InfoSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb; 0 also where no frame can be drawn, for then that is what the report is about."""
    from vlmrl.config.compose import compose

    settings = compose(argv, InfoSettings)
    from vlmrl.config.versions import versions

    facts = {**versions(), "torch": _torch(), "rendering": _rendering()}
    packages: Any = facts.pop("packages")
    _out.table([{"fact": key, "value": value} for key, value in facts.items()])
    _out.say("")
    _out.table([{"package": name, "version": number} for name, number in packages.items()])
    _out.write(settings.json, {**facts, "packages": packages})
    return 0


def _torch() -> dict[str, Any]:
    import torch

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"cuda": torch.version.cuda, "devices": devices or ["cpu"], "threads": torch.get_num_threads()}


def _rendering() -> dict[str, Any]:
    """Which library draws, and on what: Mesa's llvmpipe means that frames are drawn by the processor."""
    from vlmrl.envs import egl, gl
    from vlmrl.errors import RenderError

    library = gl.choose_backend()
    try:
        with gl.current(_rendering):
            said: dict[str, Any] = {"library": library, **gl.drawn_by()}
    except RenderError as error:
        return {"library": library, "error": str(error)}
    gl.forget(_rendering)
    if library == "egl":
        said |= {"cuda_numbers": egl.cuda_numbers(), "device": os.environ.get(egl.DEVICE, "the first that works")}
    return said
