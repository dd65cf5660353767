"""Walker2d of Gymnasium: two legs and a torso, walking along x."""

from vlmrl.envs.batch.robots._planar import UprightPlanar


class Walker2d(UprightPlanar):
    """Walker2d-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.walker2d_v5:Walker2dEnv",)
