"""What the questions about a reward look at: states of every kind, their truth, and what the reward says of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.task import Camera, Pose, Task
from vlmrl.errors import Abstained, ShapeError
from vlmrl.judge.stage import Shots, Stage
from vlmrl.metrics.intervals import Interval, cluster_bootstrap
from vlmrl.scoring.arrays import as_numpy
from vlmrl.types import Array

Score: TypeAlias = Callable[[NDArray[np.uint8]], object]
"""From frames uint8 ``(B, H, W, 3)`` to ``(B,)`` numbers."""

POSES = 64
"""Goal states, and as many bad ones."""
EPISODES = 4
"""Of a random agent."""
EVERY = 3
"""Steps between its frames: neighbours look alike."""
PATHS, POINTS = 16, 24
"""Straight ways from a bad state to a goal, and poses on each."""
RESTS = 24
"""Poses from which the robot is left to itself."""
NUDGED = 32
"""Goal states that are looked at through moved cameras, and as many bad ones."""
RESAMPLES = 200
"""For the intervals of answers."""
CHUNK = 13
"""Frames in a call of the second reading; the first reads all at once."""


@dataclass(frozen=True)
class Scored(Shots):
    """Shots with their scores, float64 ``(B,)``."""

    score: Array


@dataclass(frozen=True)
class Evidence:
    """All that was measured of one reward in one task.

    Attributes:
        task: the task.
        goal, bad: posed states in which it is done, and in which it clearly is not.
        random: what a random agent reaches.
        rest: where the robot comes to rest when nobody acts.
        paths: straight ways to the goal, path after path, :data:`POINTS` each.
        cameras: the first goal and bad states through moved cameras, by the name of the change: scores ``(2 n,)``.
        pictures: the same states in changed pictures, likewise.
        again: the scores of :attr:`pool` in a second reading, backwards and a few at a time.
        others: scores of :attr:`ends` with other sentences, by the sentence; empty for a reward that reads none.
        milliseconds: for one frame [ms].
    """

    task: Task
    goal: Scored
    bad: Scored
    random: Scored
    rest: Scored
    paths: Scored
    cameras: Mapping[str, Array]
    pictures: Mapping[str, Array]
    again: Array
    others: Mapping[str, Array]
    milliseconds: float

    @cached_property
    def pool(self) -> Scored:
        """Every state, each kind after the other."""
        return Scored.join([self.goal, self.bad, self.random, self.rest, self.paths])

    @cached_property
    def ends(self) -> Scored:
        """Goal states, then bad ones."""
        return Scored.join([self.goal, self.bad])

    @property
    def nudged(self) -> Scored:
        """The states of :attr:`cameras` and :attr:`pictures` as they are: goal states, then as many bad ones."""
        return Scored.join([self.goal[:NUDGED], self.bad[:NUDGED]])

    def interval(self, statistic: Callable[..., float], *columns: Array) -> Interval:
        """A statistic of columns ``(B,)`` over :attr:`pool`, with its 95 % interval.

        What was drawn together is drawn anew together: a posed state by itself, an episode whole, a way whole.
        """
        single = len(self.goal), len(self.bad), len(self.rest)
        sizes = [1] * (single[0] + single[1]) + [len(self.random) // EPISODES] * EPISODES
        sizes += [1] * single[2] + [POINTS] * (len(self.paths) // POINTS)
        ends = np.cumsum(sizes)[:-1]
        return cluster_bootstrap(statistic, *(np.split(column, ends) for column in columns), resamples=RESAMPLES)

    @property
    def spread(self) -> float:
        """How far apart scores lie: from the 5th to the 95th percentile of all."""
        low, high = np.percentile(self.pool.score, [5, 95])
        return float(high - low)

    @property
    def gap(self) -> float:
        """How much more a goal state scores than a bad one, by their medians; at most 0 where it scores no more."""
        return float(np.median(self.goal.score) - np.median(self.bad.score))


def gather(
    task: Task,
    score: Score,
    others: Mapping[str, Score],
    size: tuple[int, int],
    seed: int = 0,
    say: Callable[[str], object] = lambda line: None,
) -> Evidence:
    """Draw states of a task and have them scored.

    Args:
        task: the task.
        score: the reward that is checked.
        others: the same with other sentences, by the sentence.
        size: ``(height, width)`` of frames in pixels.
        seed: of all that is drawn.
        say: tells the user what is under way.

    Raises:
        Abstained: the reward gave no number for a frame.
        ShapeError: it gave another number of scores than of frames.
    """
    rng = np.random.default_rng(seed)
    with Stage(task, size, seed=seed) as stage:
        goals, bads = task.goal_states(rng, POSES), task.bad_states(rng, POSES)
        goal, bad = stage.posed(goals), stage.posed(bads)
        ways = stage.between(bads[:PATHS], goals[:PATHS], POINTS)
        paths = stage.posed(ways)
        random = Shots.join([stage.played(seed + episode, EVERY) for episode in range(EPISODES)])
        rest = stage.at_rest(_spread_out(ways, RESTS), task.horizon // 2)
        say(f"{sum(map(len, (goal, bad, paths, random, rest))):,} states drawn: posed, on ways to the goal, at random")
        moved = {
            name: Shots.join([stage.posed(goals[:NUDGED], camera), stage.posed(bads[:NUDGED], camera)])
            for name, camera in nudges(task.camera).items()
        }
    kinds = (goal, bad, random, rest, paths)
    frames = np.concatenate([kind.frames for kind in kinds])
    start = time.perf_counter()
    scores = numbers(score, frames)
    milliseconds = 1000 * (time.perf_counter() - start) / len(frames)
    parts = np.split(scores, np.cumsum([len(kind) for kind in kinds])[:-1])
    seen = [Scored(kind.frames, kind.oracle, kind.success, part) for kind, part in zip(kinds, parts, strict=True)]
    say("scored; now in another order, through moved cameras, in changed pictures and with other words")
    ends, near = Shots.join([goal, bad]), Shots.join([goal[:NUDGED], bad[:NUDGED]])
    return Evidence(
        task,
        goal=seen[0],
        bad=seen[1],
        random=seen[2],
        rest=seen[3],
        paths=seen[4],
        cameras={name: numbers(score, shots.frames) for name, shots in moved.items()},
        pictures={name: numbers(score, changed) for name, changed in altered(near.frames).items()},
        again=_again(score, frames),
        others={name: numbers(other, ends.frames) for name, other in others.items()},
        milliseconds=milliseconds,
    )


def numbers(score: Score, frames: NDArray[np.uint8]) -> Array:
    """Scores as float64 ``(B,)``, all finite.

    Raises:
        ShapeError: another number of scores than of frames.
        Abstained: one is no finite number.
    """
    found = as_numpy(score(frames), np.float64)
    if found.shape != (len(frames),):
        raise ShapeError(f"reward: gave scores {found.shape} for {len(frames)} frames; must be ({len(frames)},)")
    if not np.isfinite(found).all():
        raise Abstained(
            f"reward: gave {found[~np.isfinite(found)][0]} for a frame; every score must be a finite number"
        )
    return found


def nudges(camera: Camera) -> dict[str, Camera]:
    """Cameras a little beside the task's own; none beside one of the model's, which has a name and stays."""
    if camera.name is not None:
        return {}
    return {
        "8 degrees to the left": replace(camera, azimuth=camera.azimuth + 8),
        "8 degrees to the right": replace(camera, azimuth=camera.azimuth - 8),
        "5 degrees higher": replace(camera, elevation=camera.elevation - 5 if camera.elevation > -85 else -85.0),
        "a tenth further away": replace(camera, distance=1.1 * camera.distance),
    }


def shifted(frames: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """The same frames, uint8 ``(B, H, W, 3)``, moved by a pixel; the row or column that comes in is its neighbour."""
    return {
        "a pixel to the right": np.concatenate([frames[:, :, :1], frames[:, :, :-1]], axis=2),
        "a pixel down": np.concatenate([frames[:, :1], frames[:, :-1]], axis=1),
    }


def altered(frames: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """The same frames shifted by a pixel, brighter, darker and tinted."""

    def times(red: float, green: float, blue: float) -> NDArray[np.uint8]:
        tinted: NDArray[np.uint8] = np.clip(np.round(frames * np.array([red, green, blue])), 0, 255).astype(np.uint8)
        return tinted

    return {
        **shifted(frames),
        "a tenth brighter": times(1.1, 1.1, 1.1),
        "a tenth darker": times(0.9, 0.9, 0.9),
        "a little red": times(1.1, 1.0, 0.95),
    }


def _again(score: Score, frames: NDArray[np.uint8]) -> Array:
    """The scores of a second reading: backwards, a few at a time."""
    back = frames[::-1]
    parts = [numbers(score, np.ascontiguousarray(back[at : at + CHUNK])) for at in range(0, len(back), CHUNK)]
    return np.concatenate(parts)[::-1]


def _spread_out(poses: Pose, count: int) -> Pose:
    """So many poses, evenly spread over all."""
    return poses[np.linspace(0, len(poses) - 1, count).round().astype(int)]
