"""The tabletop as a Gymnasium environment: the hand moves in steps along three axes, the fingers open and close."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.states import starts
from vlmrl.envs.task import Pose
from vlmrl.types import Array

Observation = NDArray[np.float32]
Begin: TypeAlias = Callable[[np.random.Generator], Pose]
"""Draws the one pose in which an episode begins."""

SUBSTEPS = 16
"""Timesteps between actions: 0.08 s."""


class TabletopEnv(gym.Env[Observation, NDArray[np.float32]]):
    """A table with an arm, four blocks, two zones, a drawer and a button; no reward, and no end.

    An action is float32 ``(4,)`` in [-1, 1]: how far the hand's commanded place moves right, away and up, 1 is 4 cm,
    and how far the fingers are apart, 1 is open, -1 closed. Zero holds still, the fingers half open. The hand points
    down.

    The observation is float32 ``(30,)``, whatever is asked: the hand's place (3), between the fingers (1), from the
    hand to its commanded place (3), the arm's joint velocities (5), from the hand to the centres of the red, green,
    blue and yellow block (12), and of the purple and orange zone across the table (4), how far the drawer is out (1)
    and the button down (1) [m, rad/s].

    Args:
        begin: draws where an episode begins, from the episode's own generator.

    Attributes:
        model, data: the simulator, its own.
        substeps: timesteps of the model between actions.
        dt: seconds between actions.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # Gymnasium's own annotation

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self.model: mujoco.MjModel = scene.model()
        self.data = mujoco.MjData(self.model)
        self.substeps, self.dt = SUBSTEPS, SUBSTEPS * scene.TIMESTEP
        self.action_space = spaces.Box(-1.0, 1.0, (4,), np.float32)
        self.observation_space = spaces.Box(-np.inf, np.inf, (30,), np.float32)

    def observe(self) -> Observation:
        """The present state as the learner sees it: float32 ``(30,)``."""
        data = self.data
        return observation(data.qpos, data.qvel, data.ctrl, data.mocap_pos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; the same seed gives the same start."""
        super().reset(seed=seed)
        mujoco.mj_resetData(self.model, self.data)
        pose = self.begin(self.np_random)
        self.data.qpos[:] = pose.qpos[0]
        if pose.mocap_pos is not None:
            self.data.mocap_pos[:] = pose.mocap_pos[0]
        # The servos hold what they are given, so the first command starts from the hand's place.
        self.data.ctrl[:] = self.data.qpos[: self.model.nu]
        mujoco.mj_forward(self.model, self.data)
        return self.observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Act for 0.08 s."""
        self.data.ctrl[:] = arm.command(self.data.ctrl, self.data.qpos, np.asarray(action))
        mujoco.mj_step(self.model, self.data, self.substeps)
        return self.observe(), 0.0, False, False, {}


def observation(qpos: Array, qvel: Array, ctrl: Array, mocap_pos: Array) -> Observation:
    """What :class:`TabletopEnv` observes: float32 ``(..., 30)`` of states with the same leading shape."""
    place = arm.hand(qpos)
    # From the hand: a network that must find small differences of large numbers first learns late.
    blocks = scene.blocks(qpos) - place[..., None, :]
    zones = mocap_pos[..., : len(scene.ZONES), :2] - place[..., None, :2]
    lead = qpos.shape[:-1]
    parts = (
        place,
        scene.opening(qpos)[..., None],
        arm.hand(ctrl) - place,
        qvel[..., : arm.JOINTS],
        blocks.reshape(*lead, -1),
        zones.reshape(*lead, -1),
        qpos[..., scene.DRAWER : scene.PRESSED + 1],
    )
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def begin(rng: np.random.Generator, asked: Instruction) -> Pose:
    """One pose in which an episode of ``asked`` begins."""
    return starts(asked, rng, 1).pose()


def make(asked: Instruction) -> gym.Env[Any, Any]:
    """The environment whose episodes begin with room to do what is asked, and it not done."""
    return TabletopEnv(partial(begin, asked=asked))
