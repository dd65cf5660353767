"""Agents paid by every k-th frame beside the same agents paid by every frame: what success that costs.

    python benchmarks/fewer_frames.py runs/fewer_frames
    make docs

The folder holds finished runs of both kinds, alike but for ``scoring`` and the seed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gather import gather
from benchmarks.results import EVERY_FRAME, grouped, row
from vlmrl.errors import ConfigError
from vlmrl.metrics.intervals import Interval, difference
from vlmrl.metrics.plain import plain


def fewer_frames(folder: Path) -> dict[str, Any]:
    """What the file holds: a row for each way of scoring, and how far its success lies from that of every frame.

    Raises:
        ConfigError: there is no run of fewer frames, none of every frame to compare it with, or nobody knows success.
        RunError: one cannot be read.
    """
    groups, machines = grouped(folder)
    rows = []
    for (*alike, frames), fewer in groups.items():
        if frames == EVERY_FRAME:
            continue
        every = groups.get((*alike, EVERY_FRAME))
        if every is None:
            raise ConfigError(f"{folder}: holds no run of {alike[0]} that scored every frame, to compare with")
        told, beside = row(fewer), row(every)
        told = {key: told[key] for key in ("task", "steps", "scored", "seeds", "success", "success_by_seed")}
        if told["success"] is None or beside["success"] is None:
            raise ConfigError(f"{folder}: {alike[0]} does not tell success")
        apart = plain(difference(Interval(**told["success"]), Interval(**beside["success"])))
        rows.append({**told, "every_frame": beside["success_by_seed"], "difference": apart})
    if not rows:
        raise ConfigError(f"{folder}: holds no run with scoring.every=2 or more")
    rows.sort(key=lambda one: (one["task"], one["scored"]))
    return {"command": f"python benchmarks/fewer_frames.py {folder}", "on": machines, "rows": rows}


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to compare."""
    return gather(arguments, "fewer_frames", fewer_frames)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
