"""How often a check errs: five good rewards and five broken ones that its limits were not set by, judged once each.

    python benchmarks/checked.py
    make docs

The limits of the questions were set on the shipped prompts of all tasks and on the broken rewards of
``tests/judge/test_check.py``. None of these ten was looked at before.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.gather import DATA
from vlmrl import encoders, rewards
from vlmrl.config.atomic import write_json
from vlmrl.encoders.base import Encoder
from vlmrl.envs.batch.cores import physical_cores
from vlmrl.envs.make import find_task
from vlmrl.judge.check import check
from vlmrl.metrics.verdict import Verdict
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

Frames = NDArray[np.uint8]
Numbers = NDArray[np.float64]


class Case(NamedTuple):
    """A reward, what is right or wrong with it, and whether it should pass."""

    about: str
    task: str
    good: bool
    reward: Any
    words: Words | None = None


def cases(encoder: Encoder) -> Iterator[Case]:
    """The ten, in the order of the table."""
    words = find_task("pendulum/upright").words
    upright = Scorer(rewards.load("goal_baseline", encoder))
    yield Case("cosine alone, no baseline", "inverted_pendulum/balance", True, _reward(encoder, "cosine"))
    yield Case("softmax over negatives", "cartpole/right", True, _reward(encoder, "softmax_negatives"))
    yield Case(
        "a paraphrase", "reacher/touch", True, upright, Words.of("the fingertip is on the ball", "an arm and a ball")
    )
    yield Case("height of the rod, read from pixels", "pendulum/upright", True, _height)
    yield Case(
        "words, with noise of a tenth of their range",
        "pendulum/upright",
        True,
        _noisy(lambda f: upright.frames(f, words)),
    )
    yield Case("how bright the picture is", "pendulum/upright", False, _brightness)
    yield Case("noise that each picture has its own of", "cartpole/upright", False, _hash)
    yield Case("motion since the picture before", "walker/stand", False, _Motion())
    yield Case("words for the wrong object", "cartpole/balance", False, upright, find_task("cartpole/right").words)
    yield Case(
        "full pay from half-way on", "walker/stand", False, _full_from_half(upright, find_task("walker/stand").words)
    )


def _reward(encoder: Encoder, name: str) -> Scorer:
    return Scorer(rewards.load(name, encoder))


def _height(frames: Frames) -> Numbers:
    """Mean row of what is redder than it is blue: the rod and its ball, in a bluish world."""
    warm = np.clip(frames[..., 0].astype(float) - frames[..., 2], 0, None)
    rows = np.arange(frames.shape[1])
    total = warm.sum(axis=(1, 2)) + 1e-9
    low: Numbers = (warm.sum(axis=2) @ rows) / total
    return -low


def _noisy(score: Callable[[Frames], NDArray[Any]]) -> Callable[[Frames], Numbers]:
    """The same noise for the same picture, so that it is no matter of when."""

    def noisy(frames: Frames) -> Numbers:
        scores: Numbers = score(frames).astype(float)
        return scores + 0.05 * (_hash(frames) - 0.5)

    return noisy


def _brightness(frames: Frames) -> Numbers:
    mean: Numbers = frames.mean(axis=(1, 2, 3), dtype=float)
    return mean


def _hash(frames: Frames) -> Numbers:
    """A number in [0, 1) that no other picture shares."""
    digests = (hashlib.blake2b(frame.tobytes(), digest_size=4).digest() for frame in frames)
    return np.array([int.from_bytes(digest, "big") / 2**32 for digest in digests])


class _Motion:
    """Pays for whatever moved since the frame before."""

    def __init__(self) -> None:
        self._last: Frames | None = None

    def __call__(self, frames: Frames) -> Numbers:
        before = frames[:1] if self._last is None else self._last
        moved = np.abs(np.diff(np.concatenate([before, frames]).astype(float), axis=0))
        self._last = frames[-1:].copy()
        mean: Numbers = moved.mean(axis=(1, 2, 3))
        return mean


def _full_from_half(scorer: Scorer, words: Words) -> Callable[[Frames], Numbers]:
    """A score that stops rising half-way between its usual worst and best."""

    def clipped(frames: Frames) -> Numbers:
        scores: Numbers = np.minimum(scorer.frames(frames, words).astype(float), 0.5)
        return scores

    return clipped


def row(case: Case, verdict: Verdict) -> dict[str, Any]:
    """A row of the table."""
    red = [finding.question for finding in verdict.findings if finding.colour == "red"]
    amber = [finding.question for finding in verdict.findings if finding.colour == "amber"]
    return {
        "reward": case.about,
        "task": case.task,
        "should": "pass" if case.good else "be red",
        "verdict": verdict.colour,
        "right": (verdict.colour != "red") == case.good,
        "red": red,
        "amber": amber,
    }


def main() -> int:
    """Judge the ten and write the file."""
    encoder = encoders.load("sim_clip", device="cpu", precision="fp32")
    rows = []
    for case in cases(encoder):
        verdict = check(find_task(case.task), case.reward, case.words)
        rows.append(row(case, verdict))
        sys.stdout.write(f"{rows[-1]}\n")
    on = f"{platform.system()}, {physical_cores()} cores, Python {platform.python_version()}"
    write_json(DATA / "checked.json", {"command": "python benchmarks/checked.py", "on": on, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
