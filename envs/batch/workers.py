"""Environments without a batched form, in processes of their own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, AutoresetMode


class Workers(AsyncVectorEnv):
    """Gymnasium's own processes with shared memory, resetting in the step that ends an episode as ``BatchEnv`` does.

    Args:
        make: makes one environment; must pickle.
        num_envs: how many processes.
        layers: the wrappers around each environment, outermost first.
        tapped: whether their infos hold frames.
    """

    def __init__(
        self, make: Callable[[], gym.Env[Any, Any]], num_envs: int, layers: Sequence[type], tapped: bool
    ) -> None:
        self.layers, self.tapped = tuple(layers), tapped
        # A forked child would inherit drawing contexts and thread pools that only work in their own process.
        known = multiprocessing.get_all_start_methods()
        context = "forkserver" if "forkserver" in known else "spawn"
        super().__init__([make] * num_envs, context=context, autoreset_mode=AutoresetMode.SAME_STEP)

    def frames(self, sims: Sequence[int] | None = None) -> Any:
        """Frames of the present states of environments, of all by default: a list of uint8 ``(H, W, 3)``."""
        frames = self.call("frame")
        return list(frames) if sims is None else [frames[sim] for sim in sims]
