"""Takes the frame inside the environment, where the terminal state's picture is still the terminal state's."""

from __future__ import annotations

from typing import Any, Literal, SupportsFloat

import gymnasium as gym
import mujoco
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlmrl.envs.blank import BlankCheck
from vlmrl.envs.in_view import robot_bodies
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import has_simulator, refresh, simulator
from vlmrl.envs.suite import SuiteEnv
from vlmrl.envs.task import Camera, Profile
from vlmrl.errors import RenderError

Tapped = bool | Literal["ends"]
"""Whether infos hold frames: those of all steps, of none, or of the first and last states of episodes alone."""


class FrameTap(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Puts a frame of every state into ``info["frame"]`` and keeps the environment's reward from the learner.

    Vector environments reset inside ``step``; a frame taken afterwards belongs to the next episode. So this wrapper
    sits inside, next to the environment. The environment's own reward moves to ``info["task_reward"]``; the reward
    returned is 0.

    Args:
        env: a MuJoCo environment, or any other made with ``render_mode="rgb_array"``.
        size: ``(height, width)`` of the frame in pixels.
        camera: where to look from; None takes the environment's own camera.
        profile: the render profile; without MuJoCo it does not apply.
        every_step: False taps the first and last states of episodes alone, which nobody can draw later; of the others
            :meth:`frame` gives the frame to whoever asks.

    Raises:
        RenderError: the environment can draw no frame, or its first frame is a single colour.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        size: tuple[int, int] = (64, 64),
        camera: Camera | None = None,
        profile: Profile = "fast",
        every_step: bool = True,
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, size=size, camera=camera, profile=profile, every_step=every_step)
        super().__init__(env)
        self._size, self._camera, self._profile, self._every_step = size, camera, profile, every_step
        self._renderer: Renderer | None = None
        self._shown: mujoco.MjData | None = None
        self._robot: NDArray[np.intp] | None = None
        self._check = BlankCheck()
        if not has_simulator(env) and env.render_mode != "rgb_array":
            raise RenderError(f"env={env}: draws no frames; make it with render_mode='rgb_array'")

    def frame(self) -> NDArray[np.uint8]:
        """The present state's frame, uint8 ``(H, W, 3)``."""
        if has_simulator(self.env):
            model, data = simulator(self.env)
            if self._renderer is None or self._shown is None:
                self._renderer = Renderer(model, self._size, self._camera or default_camera(self.env), self._profile)
                self._shown = mujoco.MjData(model)
            # A copy: Humanoid and Ant compare positions that MuJoCo left one substep behind, and are paid by that.
            mujoco.mj_copyState(model, data, self._shown, mujoco.mjtState.mjSTATE_INTEGRATION)
            refresh(model, self._shown)
            frame = self._renderer.frame(self._shown)
        else:
            frame = _resized(self.env.render(), self._size)
        self._check(frame[None], lambda _: f"env={self.env}")
        return frame

    def in_view(self) -> float | None:
        """Share of the robot's bodies whose centres of mass lie inside the last frame, in [0, 1].

        None where nobody knows: there is no MuJoCo behind the environment, nothing in it moves, or no frame was drawn.
        """
        if self._renderer is None or self._shown is None:
            return None
        if self._robot is None:
            self._robot = robot_bodies(simulator(self.env)[0])
        return float(self._renderer.sees(self._shown.xipos[self._robot]).mean()) if len(self._robot) else None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and tap the first state."""
        observation, info = self.env.reset(seed=seed, options=options)
        return observation, {**info, "frame": self.frame()}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Step, and tap the state that it led to, before anybody can reset it."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info = {**info, "task_reward": float(reward)}
        if self._every_step or terminated or truncated:
            info["frame"] = self.frame()
        return observation, 0.0, terminated, truncated, info

    def release(self) -> None:
        """Close the renderer; the environment stays, and another frame makes a new one."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = self._shown = None

    def close(self) -> None:
        """Close the renderer and the environment."""
        self.release()
        super().close()


def default_camera(env: gym.Env[Any, Any]) -> Camera | None:
    """The camera that an environment looks through by itself: the suite's own, or Gymnasium's with what it follows."""
    inner: Any = env.unwrapped
    if isinstance(inner, SuiteEnv):
        return inner.view
    config = getattr(getattr(inner, "mujoco_renderer", None), "default_cam_config", None)
    if not config:
        return None
    model, _ = simulator(env)
    body = config.get("trackbodyid")
    if body is not None and body < 0:  # Gymnasium's way to say that Pusher's camera follows nothing
        body = None
    x, y, z = (float(part) for part in config.get("lookat", model.stat.center))
    if body is not None:  # the point looked at is the body's own place, at the height that the environment names
        x, y = 0.0, 0.0
    return Camera(
        lookat=(x, y, z),
        distance=float(config.get("distance", 1.5 * model.stat.extent)),
        azimuth=float(config.get("azimuth", 90.0)),
        elevation=float(config.get("elevation", -45.0)),
        follow=None if body is None else str(model.body(body).name),
    )


def _resized(picture: Any, size: tuple[int, int]) -> NDArray[np.uint8]:
    frame = np.asarray(picture)
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise RenderError(f"render(): gave {frame.dtype} {frame.shape}; frames must be uint8 (H, W, 3)")
    if frame.shape[:2] == size:
        return frame.copy()
    return np.array(Image.fromarray(frame).resize((size[1], size[0]), Image.Resampling.BICUBIC))
