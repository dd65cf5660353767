"""Environments without a batched form, in processes of their own."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.vector.async_vector_env import AsyncState

from vlmrl.envs.batch.engine import SimulationError

_LAST_BREATH = 5.0
"""Seconds that a process whose pipe broke is given to have ended, so that the message can say how."""


class Workers(AsyncVectorEnv):
    """Gymnasium's own processes with shared memory, resetting in the step that ends an episode as ``BatchEnv`` does.

    Args:
        make: makes one environment; must pickle.
        num_envs: how many processes.
        layers: the wrappers around each environment, outermost first.
        tapped: whether their infos hold frames.

    Raises:
        SimulationError: (from every call that needs them) a process has died; names it and how it ended.
    """

    def __init__(
        self, make: Callable[[], gym.Env[Any, Any]], num_envs: int, layers: Sequence[type], tapped: bool
    ) -> None:
        self.layers, self.tapped = tuple(layers), tapped
        # A forked child would inherit drawing contexts and thread pools that only work in their own process.
        known = multiprocessing.get_all_start_methods()
        context = "forkserver" if "forkserver" in known else "spawn"
        super().__init__([make] * num_envs, context=context, autoreset_mode=AutoresetMode.SAME_STEP)

    def reset(self, **asked: Any) -> Any:
        """Start episodes, as Gymnasium's own."""
        with self._alive():
            return super().reset(**asked)

    def step(self, actions: Any) -> Any:
        """Act in every environment once, as Gymnasium's own."""
        with self._alive():
            return super().step(actions)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method, or read an attribute, of every environment."""
        with self._alive():
            return super().call(name, *args, **kwargs)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of every environment."""
        with self._alive():
            super().set_attr(name, values)

    def close_extras(self, timeout: float | None = None, terminate: bool = False) -> None:
        """End all processes; those that are left after one has died, or while one is busy, without asking them."""
        idle = self._state is AsyncState.DEFAULT and all(process.is_alive() for process in self.processes)
        self._state = AsyncState.DEFAULT
        super().close_extras(timeout, terminate or not idle)

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, ConnectionError) as cause:  # ConnectionError: of a pipe broken or reset
            # What was being sent hangs on the traceback, and its end in a reference cycle crashes Python 3.12.1.
            traceback.clear_frames(cause.__traceback__)
            wait([process.sentinel for process in self.processes], _LAST_BREATH)
            ended = [f"{one.name} ({_how(one.exitcode)})" for one in self.processes if one.exitcode is not None]
            raise SimulationError(
                f"{', '.join(ended) or 'a process'} of {self.num_envs} died while it simulated; its last words, if "
                "any, are above. Killed from outside, it most often took too much memory: make fewer environments"
            ) from cause

    def frames(self, sims: Sequence[int] | None = None) -> Any:
        """Frames of the present states of environments, of all by default: a list of uint8 ``(H, W, 3)``."""
        frames = self.call("frame")
        return list(frames) if sims is None else [frames[sim] for sim in sims]


def _how(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"
