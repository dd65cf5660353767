"""Episodes that look different and ask the same: colours, lights, the camera's place, things in the background.

Looks are the model's, not the state's. So an environment that varies them has a model of its own, is stepped in
processes where many are, and a state drawn later by another has the plain looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.tabletop import scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.tabletop_env import Begin, Observation, TabletopEnv, begin
from vlmrl.errors import ConfigError
from vlmrl.types import Array

SPOTS = ((0.285, -0.03), (0.285, -0.13), (-0.285, -0.15), (0.13, 0.205), (-0.13, 0.205), (0.295, 0.205))
"""Where distractors stand: at the table's edges, where no hand and no block comes [m]."""
NAMED = (*scene.COLOURS, *scene.ZONES)
"""What sentences call by its colour, which must stay that colour."""


@dataclass(frozen=True)
class Looks:
    """How far looks vary around the plain ones; 0 leaves a thing as it is.

    Attributes:
        hues: of blocks and zones: red, green and blue each move by at most this, so that names stay true; in [0, 0.12].
        surfaces: of everything else: how far towards a colour drawn at random, in [0, 1].
        light: brightness is multiplied by 1 plus or minus this, in [0, 0.6].
        sun: the light's direction turns by at most this to each side, in [0, 0.8] [rad].
        camera: each coordinate of every camera's eye moves by at most this, in [0, 0.05] [m].
        distractors: at most so many things that no sentence names, in 0..3.

    Raises:
        ConfigError: out of range.
    """

    hues: float = 0.08
    surfaces: float = 0.35
    light: float = 0.35
    sun: float = 0.4
    camera: float = 0.025
    distractors: int = 3

    def __post_init__(self) -> None:
        most = {"hues": 0.12, "surfaces": 1.0, "light": 0.6, "sun": 0.8, "camera": 0.05, "distractors": 3}
        for name, limit in most.items():
            if not 0 <= getattr(self, name) <= limit:
                raise ConfigError(f"looks.{name}={getattr(self, name)}: must lie in 0..{limit}")


class VariedTabletopEnv(TabletopEnv):
    """The tabletop, looking different in every episode; the same seed gives the same looks, and the plain start.

    Args:
        begin: draws where an episode begins.
        looks: how far they vary.
    """

    def __init__(self, begin: Begin, looks: Looks) -> None:
        super().__init__(begin)
        self.looks, self._plain = looks, scene.model()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode, and draw its looks after its start."""
        observation, info = super().reset(seed=seed, options=options)
        vary(self.model, self._plain, self.looks, self.np_random)
        self.data.mocap_pos[len(scene.ZONES) :] = standing(self.looks, self.np_random)
        mujoco.mj_forward(self.model, self.data)
        return observation, info


def vary(model: mujoco.MjModel, plain: mujoco.MjModel, looks: Looks, rng: np.random.Generator) -> None:
    """Give ``model`` looks around those of ``plain``, whatever it had."""
    for number in range(model.ngeom):
        colour, name = plain.geom_rgba[number, :3], plain.geom(number).name.removesuffix(" zone")
        if name in NAMED:
            mixed = colour + rng.uniform(-looks.hues, looks.hues, 3)
        else:
            share = looks.surfaces * rng.uniform()
            mixed = (1 - share) * colour + share * rng.uniform(0.1, 0.95, 3)
        model.geom_rgba[number, :3] = np.clip(mixed, 0, 1)
    brightness = 1 + looks.light * rng.uniform(-1, 1, 2)
    model.light_diffuse[:] = plain.light_diffuse * brightness[0]
    model.vis.headlight.diffuse[:] = plain.vis.headlight.diffuse * brightness[1]
    model.vis.headlight.ambient[:] = plain.vis.headlight.ambient * brightness[1]
    model.light_dir[:] = plain.light_dir + np.tan(looks.sun) * rng.uniform(-1, 1, (model.nlight, 3)) * (1, 1, 0)
    model.light_dir[:] /= np.sqrt((model.light_dir**2).sum(axis=1, keepdims=True))
    model.cam_pos[:] = plain.cam_pos + rng.uniform(-looks.camera, looks.camera, (model.ncam, 3))


def standing(looks: Looks, rng: np.random.Generator) -> Array:
    """Where the distractors of an episode are: ``(3, 3)``, some at the table's edges, the others out of view [m]."""
    places = scene.parked()
    spots = rng.permutation(len(SPOTS))
    for number in rng.permutation(len(places))[: rng.integers(looks.distractors + 1)]:
        places[number] = [*(np.array(SPOTS[spots[number]]) + rng.uniform(-0.008, 0.008, 2)), 0.0]
    return places


def make_varied(asked: Instruction, looks: Looks) -> gym.Env[Any, Any]:
    """The environment of :func:`~vlmrl.envs.tabletop.tabletop_env.make`, its looks varied."""
    return VariedTabletopEnv(partial(begin, asked=asked), looks)
