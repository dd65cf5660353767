"""What the episodes of each environment come to: the words' return, the task's return, and success."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Succeeded = Callable[[NDArray[np.bool_]], bool]
"""Whether an episode succeeded, from success on each of its steps, bool ``(T,)``."""


@dataclass
class _Episode:
    """Sums over one unfinished episode; None where the environment tells no ground truth."""

    vlm: float = 0.0
    task: float | None = None
    oracle: float | None = None
    success: list[bool] = field(default_factory=list)
    length: int = 0


class Tally:
    """Running sums of each environment, and the means over the last finished episodes.

    Ground truth passes through here on its way to the log, and to nowhere else.

    Args:
        n_envs: how many environments.
        window: over how many finished episodes to average.
        succeeded: tells whether an episode succeeded; None asks its last step.
    """

    def __init__(self, n_envs: int, window: int, succeeded: Succeeded | None = None) -> None:
        self._open = [_Episode() for _ in range(n_envs)]
        self._succeeded = succeeded or (lambda success: bool(success[-1]))
        self._finished: dict[str, deque[float]] = {}
        self._window = window

    def add(self, env: int, reward: float, info: dict[str, Any]) -> None:
        """Count one step of one environment: what it was paid, and the ground truth in its info, if any."""
        episode = self._open[env]
        episode.length += 1
        episode.vlm += reward
        if "task_reward" in info:
            episode.task = (episode.task or 0.0) + float(info["task_reward"])
        if "oracle" in info:
            episode.oracle = (episode.oracle or 0.0) + float(info["oracle"])
        if "success" in info:
            episode.success.append(bool(info["success"]))

    def finish(self, env: int) -> float:
        """Close the episode of one environment; its return as the words paid it."""
        episode, self._open[env] = self._open[env], _Episode()
        self._keep("vlm_return", episode.vlm)
        if episode.task is not None:
            self._keep("task_return", episode.task)
        if episode.oracle is not None:
            self._keep("oracle_return", episode.oracle / episode.length)
        if episode.success:
            self._keep("success", float(self._succeeded(np.array(episode.success))))
        return episode.vlm

    def means(self) -> Iterator[tuple[str, float]]:
        """Name and mean over the last finished episodes, of each quantity known."""
        for name, values in self._finished.items():
            yield name, float(np.mean(values))

    def _keep(self, name: str, value: float) -> None:
        self._finished.setdefault(name, deque(maxlen=self._window)).append(value)
