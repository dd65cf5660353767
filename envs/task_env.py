"""The environment of a task: the simulator's own truth as reward and info, and films through the task's camera."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.render import FILM_SIZE, Renderer
from vlmrl.envs.simulator import refresh, simulator
from vlmrl.envs.task import State, Task
from vlmrl.envs.world import put, state_of
from vlmrl.errors import ConfigError, RenderError


class TaskEnv(gym.Wrapper[Any, Any, Any, Any]):
    """Adds a task's ground truth to its environment.

    The reward is ``task.oracle`` in [0, 1]; ``info`` holds ``oracle`` (float) and ``success`` (bool) of the state
    reached. It never terminates, but for success in a task that ``ends`` so: an end for being unhealthy would tell the
    learner what the words should, and turns the sign of what a long episode is worth.
    ``reset(options={"pose": "goal"})`` starts in a goal state, ``"bad"`` in a bad one.

    Args:
        task: the task.
        render_mode: ``rgb_array`` draws 480 x 480 frames in the ``pretty`` profile; None draws nothing.

    Raises:
        RenderError: another render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012

    def __init__(self, task: Task, render_mode: str | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise RenderError(f"render_mode={render_mode}: must be rgb_array or None")
        super().__init__(task.make())
        self.task = task
        self._render_mode = render_mode
        self._film: Renderer | None = None
        dt = getattr(self.env.unwrapped, "dt", None)
        if dt:
            self.metadata = {**self.metadata, "render_fps": max(1, round(1 / dt))}

    @property  # Gymnasium's own wrapper has a property here, over an attribute of the environment
    def render_mode(self) -> str | None:  # type: ignore[override]
        """``rgb_array`` or None."""
        return self._render_mode

    def state(self) -> State:
        """The present state, its kinematics up to date."""
        return state_of(self.env)

    def truth(self) -> dict[str, Any]:
        """``oracle`` and ``success`` of the present state."""
        state = self.state()
        return {"oracle": float(self.task.oracle(state)), "success": bool(self.task.success(state))}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode, from the task's own start or from a posed state."""
        options = dict(options or {})
        pose = options.pop("pose", None)
        observation, info = self.env.reset(seed=seed, options=options or None)
        if pose is not None:
            observation = self._posed(pose)
        return observation, {**info, **self.truth()}

    def _posed(self, which: str) -> Any:
        makers = {"goal": self.task.goal_states, "bad": self.task.bad_states}
        if which not in makers:
            raise ConfigError(f"options.pose={which}: must be goal or bad")
        put(self.env, makers[which](self.env.unwrapped.np_random, 1), 0)
        inner: Any = self.env.unwrapped
        observe = getattr(inner, "observe", None) or inner._get_obs
        return observe()

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Step; the reward is the task's own, and a time limit around this wrapper ends most episodes."""
        observation, _, _, truncated, info = self.env.step(action)
        truth = self.truth()
        ended = self.task.ends and truth["success"]
        return observation, self.task.reward(truth["oracle"]), ended, truncated, {**info, **truth}

    def render(self) -> NDArray[np.uint8] | None:
        """The present state in the ``pretty`` profile, uint8 ``(480, 480, 3)``, or None without a render mode."""
        if self._render_mode is None:
            return None
        model, data = simulator(self.env)
        if self._film is None:
            self._film = Renderer(model, FILM_SIZE, self.task.camera, "pretty")
        refresh(model, data)
        return self._film.frame(data)

    def close(self) -> None:
        """Close the film's renderer and the environment."""
        if self._film is not None:
            self._film.close()
            self._film = None
        super().close()
