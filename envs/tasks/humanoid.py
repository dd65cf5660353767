"""Gymnasium's Humanoid-v5 in postures, as VLM-RM asked for them. Truth: conditions on its limbs.

Rocamonde et al., Vision-Language Models are Zero-Shot Reward Models for Reinforcement Learning (ICLR 2024), trained
this body from one sentence a posture; the sentences of their eight and the baseline are theirs, as published. Scene,
camera and truths (:mod:`vlmrl.envs.humanoid.truths`) are our own. Episodes start standing, last 1.5 s (lying and
sitting: 3 s), and never end for falling.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym

from vlmrl.envs.conjunction import Conjunction
from vlmrl.envs.humanoid import scripts, truths
from vlmrl.envs.humanoid.dress import dress
from vlmrl.envs.humanoid.postures import within, without
from vlmrl.envs.task import Camera, Task

HOLD = 10
"""Steps at the end of an episode; the paper's own criterion is as many at any time, which falling through a posture
meets."""


def make() -> gym.Env[Any, Any]:
    """Humanoid-v5 without an end for falling, dressed for the camera."""
    from gymnasium.envs.mujoco.humanoid_v5 import HumanoidEnv

    env = HumanoidEnv(terminate_when_unhealthy=False)
    dress(env.model)
    return env


def _task(behaviour: str, goal: str, negative: tuple[str, ...], horizon: int = 100) -> Task:
    truth: Conjunction = getattr(truths, behaviour.upper())
    return Task(
        name=f"humanoid/{behaviour}",
        make=make,
        horizon=horizon,
        hold=HOLD,
        goal=(goal,),
        baseline=("a humanoid robot",),
        negative=negative,
        camera=Camera(lookat=(0, 0, 0.85), distance=3.2, azimuth=150, elevation=-12, follow="pelvis"),
        oracle=truth.nearness,
        success=truth,
        goal_states=partial(within, name=behaviour, truth=truth),
        bad_states=partial(without, name=behaviour, truth=truth),
        expert=getattr(scripts, behaviour.upper(), None),
    )


FALLEN = "a humanoid robot lying on the floor"
UPRIGHT = "a humanoid robot standing up"

KNEELING = _task(
    "kneeling",
    "a humanoid robot kneeling",
    negative=(UPRIGHT, FALLEN, "a humanoid robot squatting on its feet"),
)
LOTUS = _task(
    "lotus",
    "a humanoid robot seated down, meditating in the lotus position",
    negative=(UPRIGHT, FALLEN, "a humanoid robot sitting with its legs straight"),
)
STANDING = _task(
    "standing",
    "a humanoid robot standing up",
    negative=(FALLEN, "a humanoid robot kneeling", "a humanoid robot sitting on the floor"),
)
ARMS_RAISED = _task(
    "arms_raised",
    "a humanoid robot standing up, with both arms raised",
    negative=("a humanoid robot standing up, with its arms down", FALLEN),
)
SPLITS = _task(
    "splits",
    "a humanoid robot practicing gymnastics, doing the side splits",
    negative=(UPRIGHT, "a humanoid robot sitting with its legs together", FALLEN),
)
HANDS_ON_HIPS = _task(
    "hands_on_hips",
    "a humanoid robot standing up with hands on hips",
    negative=("a humanoid robot standing up, with both arms raised", FALLEN),
)
ARMS_CROSSED = _task(
    "arms_crossed",
    "a humanoid robot standing up, with its arms crossed",
    negative=("a humanoid robot standing up, with its arms down", FALLEN),
)
ONE_LEG = _task(
    "one_leg",
    "a humanoid robot standing up on one leg",
    negative=("a humanoid robot standing up on both legs", FALLEN),
)
SITTING = _task(
    "sitting",
    "a humanoid robot sitting on the floor",
    negative=(UPRIGHT, FALLEN, "a humanoid robot kneeling"),
    horizon=200,
)
LYING = _task(
    "lying",
    "a humanoid robot lying on its back",
    negative=(UPRIGHT, "a humanoid robot lying on its belly", "a humanoid robot sitting on the floor"),
    horizon=200,
)
T_POSE = _task(
    "t_pose",
    "a humanoid robot standing up, with both arms stretched out sideways",
    negative=("a humanoid robot standing up, with its arms down", FALLEN),
)
