"""The cameras of a policy in many environments that are stepped together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from vlmrl.agents.deferred.guards import layers
from vlmrl.agents.vec_env import VectorView
from vlmrl.agents.vla.senses import camera_for
from vlmrl.agents.vla.settings import Form
from vlmrl.datasets.cameras import label_of
from vlmrl.envs.batch import BatchEnv
from vlmrl.envs.batch.easel import Easel, Picture
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.task import Task
from vlmrl.types import Array


class Looking:
    """Draws what each environment's cameras see of its present state: the pictures of :class:`Senses`, for all at once.

    Args:
        venv: the environments, batched or one after the other.
        form: of the policy.
        task: names cameras; None knows ``task`` alone.
        contexts: drawing contexts; None is one a physical core, up to four.

    Raises:
        ConfigError: there is no such camera.
    """

    def __init__(self, venv: VecEnv, form: Form, task: Task | None, contexts: int | None) -> None:
        *_, base = layers(venv)
        cameras = {label_of(name): camera_for(name, task) for name in form.cameras}
        self._easels: dict[str, Easel] = {}
        self._taps: dict[str, list[FrameTap]] = {}
        if isinstance(base, VectorView) and isinstance(base.venv, BatchEnv):
            model, engine = base.venv.env.unwrapped.model, base.venv.engine  # type: ignore[attr-defined]
            for label, camera in cameras.items():
                self._easels[label] = Easel(model, engine, Picture(form.size, camera, form.profile, contexts))
        elif isinstance(base, DummyVecEnv):
            for label, camera in cameras.items():
                self._taps[label] = [FrameTap(env, form.size, camera, form.profile) for env in base.envs]

    def __call__(self) -> dict[str, Array]:
        """Of each camera, by its label, uint8 ``(N, H, W, 3)``.

        Raises:
            RenderError: nothing can be drawn.
        """
        drawn: dict[str, Array] = {label: easel.draw() for label, easel in self._easels.items()}
        return drawn | {label: np.stack([tap.frame() for tap in taps]) for label, taps in self._taps.items()}

    def close(self) -> None:
        """Release what draws; the environments stay."""
        for easel in self._easels.values():
            easel.close()
        for tap in (one for taps in self._taps.values() for one in taps):
            tap.release()


def begin_at(venv: VecEnv, seeds: Sequence[int]) -> Array:
    """Reset each environment with a seed of its own; equal seeds give equal states. Returns states ``(N, D)``."""
    *_, base = layers(venv)
    base._seeds = list(seeds)
    return np.asarray(venv.reset())
