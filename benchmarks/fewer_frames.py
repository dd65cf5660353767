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

from benchmarks.gather import gather, plain
from benchmarks.results import EVERY_FRAME, TRAINED, Judged, grouped, over_seeds, row
from vlmrl.errors import ConfigError
from vlmrl.metrics.intervals import Interval, difference


def fewer_frames(folder: Path) -> dict[str, Any]:
    """What the file holds: a row for each way of scoring, and how far its success lies from that of every frame.

    Raises:
        ConfigError: there is no run of fewer frames, or none of every frame to compare it with.
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
        apart = plain(difference(_success(fewer), _success(every)))
        rows.append({**told, "every_frame": beside["success_by_seed"], "difference": apart})
    if not rows:
        raise ConfigError(f"{folder}: holds no run with scoring.every=2 or more")
    rows.sort(key=lambda one: (one["task"], one["scored"]))
    return {"command": f"python benchmarks/fewer_frames.py {folder}", "on": machines, "rows": rows}


def _success(group: Sequence[Judged]) -> Interval:
    """Over the agents of a group and their episodes.

    Raises:
        ConfigError: nobody knows what success is there.
    """
    found = over_seeds([one.named(TRAINED) for one in group], "success")
    if found is None:
        raise ConfigError(f"{group[0].run.path}: its task does not tell success")
    return found


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to compare."""
    return gather(arguments, "fewer_frames", fewer_frames)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
