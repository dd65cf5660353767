"""Reads a gauge inside the environment, where the terminal state is still there, in the place of a frame."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.gauge import SIGHT, Gauge, View
from vlmrl.envs.task import Camera, Profile
from vlmrl.envs.world import state_of


class TrackTap(FrameTap):
    """Puts a gauge's numbers of every state into ``info["frame"]``, where a reward looks, and pays nothing.

    What there is to score then is a row float32 ``(W,)``, no picture. All else is as in :class:`FrameTap`.

    Args:
        env: a MuJoCo environment.
        gauge: what to read.
        camera: through which it is shown the first states of episodes, where it asks for them.
        profile: how much drawing these is worth.

    Attributes:
        readings: of the present episode.
    """

    def __init__(
        self, env: gym.Env[Any, Any], gauge: Gauge, camera: Camera | None = None, profile: Profile = "vlm"
    ) -> None:
        super().__init__(env, SIGHT, camera, profile)
        self._saved_kwargs = {"gauge": gauge, "camera": camera, "profile": profile}
        self.readings = gauge.readings(1)

    def frame(self) -> NDArray[Any]:
        """The present state's numbers, float32 ``(W,)``."""
        track: NDArray[Any] = self.readings.read([0], state_of(self.env)[None])[0]
        return track

    def in_view(self) -> None:
        """Nobody knows: no frame is drawn."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and begin an episode's readings."""
        observation, info = self.env.reset(seed=seed, options=options)
        self.readings.begin([0], state_of(self.env)[None], lambda _: self.view())
        return observation, {**info, "frame": self.frame()}

    def view(self) -> View:
        """The present state's picture, and the camera that took it; drawn for this call alone."""
        frame = np.asarray(super().frame(), np.uint8)
        assert self._renderer is not None  # it has just drawn
        return View(frame, self._renderer.pinhole)
