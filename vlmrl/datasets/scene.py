"""Episodes seen again from their states, through any camera; and played again from their actions."""

from __future__ import annotations

from types import TracebackType

import mujoco
import numpy as np
from gymnasium.wrappers import TimeLimit
from numpy.typing import NDArray

from vlmrl.datasets.episode import Episode
from vlmrl.datasets.model_fields import ModelFields
from vlmrl.datasets.pushes import Pushed, as_recorded
from vlmrl.datasets.recorder import INTEGRATION, Recorder, integration_state
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import refresh, simulator
from vlmrl.envs.task import Camera, Profile, Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import RunError, ShapeError
from vlmrl.types import Array


class Scene:
    """One simulator of a task, into which states are put back.

    Args:
        task: the task whose episodes are seen again.

    Raises:
        RenderError: frames cannot be drawn.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._env = TaskEnv(task)
        self._model, _ = simulator(self._env)
        self._fields = ModelFields(self._model)
        self._data = mujoco.MjData(self._model)  # of its own, as where frames are tapped: nothing is left of a step
        self._renderers: dict[tuple[Camera, tuple[int, int], Profile], Renderer] = {}

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the model's own cameras."""
        return tuple(self._model.camera(index).name for index in range(self._model.ncam))

    def frames(
        self,
        episode: Episode,
        camera: Camera | None = None,
        size: tuple[int, int] = (64, 64),
        profile: Profile | None = None,
        moments: Array | None = None,
    ) -> NDArray[np.uint8]:
        """Draw an episode's states.

        Args:
            episode: of this task.
            camera: where to look from; None is the task's own.
            size: ``(height, width)`` of a frame in pixels.
            profile: how much drawing a frame is worth; None is the task's own.
            moments: which states; None draws all T + 1.

        Returns:
            uint8 ``(K, H, W, 3)``, the very pixels that were tapped while it was played, on the same machine.

        Raises:
            ShapeError: the episode's states are another robot's.
            ConfigError: the model has no such camera, or the episode's model is another robot's.
        """
        renderer = self._renderer(camera or self.task.camera, size, profile or self.task.profile)
        self._fields.put(episode.model)
        picked = range(len(episode) + 1) if moments is None else moments
        return np.stack([self._frame(renderer, episode, int(at)) for at in picked])

    def replayed(self, episode: Episode) -> Episode:
        """Play an episode's actions and pushes again, from its seed and its start: the states must come out the same.

        Raises:
            RunError: its seed leads to another start than it had, as the environment's own code has changed.
        """
        env = Recorder(
            Pushed(TimeLimit(TaskEnv(self.task), len(episode)), as_recorded(episode.push)), episode.instruction
        )
        try:
            env.reset(seed=episode.seed)
            model, data = simulator(env)
            if not np.array_equal(_settled(model, integration_state(model, data)), _settled(model, episode.start)):
                raise RunError(
                    f"seed={episode.seed}: a reset leads to another start than the episode had; it was played by "
                    "another version of the environment, and its states stand for themselves"
                )
            # The solver starts from where the episode before left it, which a reset may keep: so did this one.
            mujoco.mj_setState(model, data, episode.start, INTEGRATION)
            mujoco.mj_forward(model, data)
            mujoco.mj_setState(model, data, episode.start, INTEGRATION)
            for action in episode.actions:
                env.step(action)
        finally:
            env.close()
        return env.episodes[0]

    def close(self) -> None:
        """Close renderers and simulator."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()
        self._env.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frame(self, renderer: Renderer, episode: Episode, at: int) -> NDArray[np.uint8]:
        if episode.model_states:
            moved = {name: values[at] for name, values in episode.model_states.items()}
            self._fields.put({**episode.model, **moved})
        for name, values in episode.states.items():
            if name == "time":
                self._data.time = float(values[at])
                continue
            place = getattr(self._data, name)
            if place.shape != values[at].shape:
                raise ShapeError(
                    f"states/{name} {values[at].shape}: {self.task.name} has {place.shape}; its robot is another one"
                )
            place[...] = values[at]
        refresh(self._model, self._data)
        return renderer.frame(self._data)

    def _renderer(self, camera: Camera, size: tuple[int, int], profile: Profile) -> Renderer:
        key = camera, size, profile
        if key not in self._renderers:
            self._renderers[key] = Renderer(self._model, size, camera, profile)
        return self._renderers[key]


def _settled(model: mujoco.MjModel, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """An integration state without the solver's first guess."""
    kept = int(INTEGRATION) & ~int(mujoco.mjtState.mjSTATE_WARMSTART)
    if len(state) != mujoco.mj_stateSize(model, INTEGRATION):
        return state
    found = np.empty(mujoco.mj_stateSize(model, kept))
    mujoco.mj_extractState(model, state, INTEGRATION, found, kept)
    return found
