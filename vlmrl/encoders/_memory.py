"""Keep what a CPU encoder frees, so that the next batch need not ask the system for it page by page."""

from __future__ import annotations

import torch

_LARGEST = 32 * 2**20 - 2**16
"""Bytes; just below the 32 MiB above which glibc learns nothing from a block."""


def keep_freed() -> None:
    """Let up to 64 MiB that this process frees stay with it.

    glibc hands the end of its heap back as soon as more is free there than twice the largest mapped block that was ever
    freed. A tower frees about that much after every batch, and to take it anew faulted on 4000 pages for 64 frames,
    up to a quarter of the time. So one large block is freed here, which nobody touched and which therefore costs
    nothing. Elsewhere than on glibc, or where the environment sets ``MALLOC_TRIM_THRESHOLD_``, nothing changes.
    """
    torch.empty(_LARGEST, dtype=torch.uint8)
