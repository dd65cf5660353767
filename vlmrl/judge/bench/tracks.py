"""Rewards that read episodes state by state, on the leaderboard beside those that look at frames."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.gauge import Gauge, Look
from vlmrl.envs.task import State, Task
from vlmrl.errors import ConfigError
from vlmrl.judge.bench.entry import Entry
from vlmrl.judge.recorded import Recorded, in_a_row
from vlmrl.judge.stage import Stage
from vlmrl.keypoints.build import gauge_of
from vlmrl.metrics.board import Contender
from vlmrl.metrics.order import cycle_order
from vlmrl.rewards.base import TrackReward
from vlmrl.scoring.tracks import TrackScorer
from vlmrl.types import Array, Words

PLANNED = "planned ways"
"""Instead of sentences: ways through the task's own points, which the simulator knows."""


@dataclass(frozen=True)
class Followed:
    """What a reward says of E episodes.

    Attributes:
        score: float64 ``(E, K)`` at the moments asked for, every state before them read.
        cycle: of successes by their row, how well it goes up and down with the way to the goal and back.
        milliseconds: for one state [ms].
    """

    score: Array
    cycle: Mapping[int, float]
    milliseconds: float


def of_tracks(contender: Contender, model: TrackReward, name: str, settings: Mapping[str, Any]) -> Entry:
    """A reward that reads tracks.

    Args:
        contender: its row.
        model: scores what is read.
        name: of the reward.
        settings: keywords of its constructor.
    """

    def words_or_none(task: Task) -> Words | None:
        return task.words if task.points is not None else None

    def refuse(frames: NDArray[np.uint8], words: Words) -> Any:
        raise ConfigError(f"reward={name}: reads episodes, not frames")

    def gauge(task: Task, words: Words) -> Gauge:
        found = gauge_of(name, settings, task, words, lambda: model.encoder)
        assert found is not None
        return found

    return Entry(
        contender,
        model.fingerprint,
        model.encoder.image_size,
        refuse,
        words_or_none,
        lambda task, words: {},
        refuse,
        reading=(gauge, TrackScorer(model)),
    )


def follow(
    task: Task,
    recorded: Recorded,
    entry: Entry,
    words: Words,
    moments: NDArray[np.int64],
    ways: Mapping[int, tuple[NDArray[np.int64], int]],
) -> Followed:
    """Have episodes read from their first state to their last, and successes on to the goal and back.

    Args:
        task: the task.
        recorded: its episodes.
        entry: the reward.
        words: what it is asked.
        moments: ``(K,)``, which states of each episode count.
        ways: by the rows of successes, places among the moments there and back, and where they turn.

    Raises:
        Abstained: an episode could not be planned.
    """
    assert entry.reading is not None
    make, scorer = entry.reading
    count = len(recorded)
    with Stage(task, (64, 64)) as stage:
        poses = in_a_row(recorded.qpos, recorded.qvel, recorded.mocap_pos, recorded.seed)
        flat = stage.states(poses)
        states = State(
            **{name: value.reshape(count, recorded.horizon + 1, *value.shape[1:]) for name, value in vars(flat).items()}
        )
        look: Look = lambda env: stage.view(poses, env * (recorded.horizon + 1))  # noqa: E731
        start = time.perf_counter()
        gauge = make(task, words)
        readings = gauge.readings(count)
        everyone = list(range(count))
        readings.begin(everyone, states[:, 0], look)
        tracks = np.stack([readings.read(everyone, states[:, at]) for at in range(recorded.horizon + 1)], axis=1)
        rows = tracks.reshape(-1, tracks.shape[-1])
        scores = np.asarray(scorer.frames(rows, words), np.float64)
        spent = 1000 * (time.perf_counter() - start) / len(scores)
        cycle = {}
        for row, (to_and_fro, turn) in ways.items():
            again = gauge.readings(count)
            again.begin([row], states[[row], 0], look)
            last = int(moments[to_and_fro[turn]])
            visited = [*range(last + 1), *range(last - 1, -1, -1)]
            read = np.concatenate([again.read([row], states[[row], at]) for at in visited])
            at = np.where(np.arange(len(to_and_fro)) <= turn, moments[to_and_fro], 2 * last - moments[to_and_fro])
            cycle[row] = cycle_order(np.asarray(scorer.frames(read, words), np.float64)[at], turn)
    return Followed(scores.reshape(count, -1)[:, moments], cycle, spent)
