"""How often a check errs: ten good rewards and ten broken ones that its limits were not set by, judged once each.

    python benchmarks/checked.py
    make docs

The limits of the questions were set on the shipped prompts of all tasks and on the broken rewards of
``tests/judge/test_check.py``. None of the first ten was looked at before; then ties with the goal came to count half in
the question ``summit``, and none of the second ten was looked at before that.
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
    """A reward, what is right or wrong with it, and whether it should pass; judged in which round."""

    about: str
    task: str
    good: bool
    reward: Any
    words: Words | None = None
    round: int = 1


def cases(encoder: Encoder) -> Iterator[Case]:
    """The first ten, in the order of the table."""
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


def more_cases(encoder: Encoder) -> Iterator[Case]:
    """The second ten."""
    usual = Scorer(rewards.load("goal_baseline", encoder))

    def asked(task: str) -> Callable[[Frames], NDArray[Any]]:
        words = find_task(task).words
        return lambda frames: usual.frames(frames, words)

    balance, upright = asked("inverted_pendulum/balance"), asked("cartpole/balance")
    yield Case(
        "words without a projection, alpha 0", "walker/stand", True, _reward(encoder, "goal_baseline", alpha=0.0)
    )
    yield Case("cosine alone, no baseline", "pendulum/upright", True, _reward(encoder, "cosine"))
    yield Case(
        "a paraphrase", "cartpole/left", True, usual, Words.of("the cart is on the far left", "a pole on a cart")
    )
    yield Case(
        "the words' score, stretched by exp", "inverted_pendulum/balance", True, lambda f: np.exp(4 * balance(f))
    )
    yield Case("height of the poles' top, read from pixels", "double_pendulum/upright", True, _top)
    yield Case(
        "full pay from half-way on",
        "pendulum/upright",
        False,
        _full_from_half(usual, find_task("pendulum/upright").words),
    )
    yield Case(
        "the opposite words", "cartpole/upright", False, usual, Words.of("a pole hanging down", "a pole on a cart")
    )
    yield Case("a random projection of the pixels", "walker/stand", False, _projected)
    yield Case("how red the picture is", "reacher/touch", False, _redness)
    yield Case("the words' score, standardised within the batch", "cartpole/balance", False, _standardised(upright))


def _redness(frames: Frames) -> Numbers:
    mean: Numbers = frames[..., 0].mean(axis=(1, 2), dtype=float)
    return mean


def _top(frames: Frames) -> Numbers:
    """Minus the highest row in which something is much redder than it is blue."""
    warm = np.any(frames[..., 0].astype(np.int64) - frames[..., 2] > 40, axis=2)
    rows: Numbers = np.where(warm.any(axis=1), warm.argmax(axis=1), frames.shape[1]).astype(float)
    return -rows


def _projected(frames: Frames) -> Numbers:
    ways = np.random.default_rng(0).normal(size=frames[0].size)
    along: Numbers = frames.reshape(len(frames), -1).astype(float) @ ways
    return along


def _standardised(score: Callable[[Frames], NDArray[Any]]) -> Callable[[Frames], Numbers]:
    def standardised(frames: Frames) -> Numbers:
        scores: Numbers = score(frames).astype(float)
        level: Numbers = (scores - scores.mean()) / (scores.std() + 1e-6)
        return level

    return standardised


def _reward(encoder: Encoder, name: str, **settings: Any) -> Scorer:
    return Scorer(rewards.load(name, encoder, **settings))


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
        "round": case.round,
        "reward": case.about,
        "task": case.task,
        "should": "pass" if case.good else "be red",
        "verdict": verdict.colour,
        "right": (verdict.colour != "red") == case.good,
        "red": red,
        "amber": amber,
    }


def main() -> int:
    """Judge all and write the file."""
    encoder = encoders.load("sim_clip", device="cpu", precision="fp32")
    rows = []
    for case in [*cases(encoder), *(one._replace(round=2) for one in more_cases(encoder))]:
        verdict = check(find_task(case.task), case.reward, case.words)
        rows.append(row(case, verdict))
        sys.stdout.write(f"{rows[-1]}\n")
    on = f"{platform.system()}, {physical_cores()} cores, Python {platform.python_version()}"
    write_json(DATA / "checked.json", {"command": "python benchmarks/checked.py", "on": on, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
