"""HalfCheetah of Gymnasium: two legs and a back, running along x."""

from vlmrl.envs.batch.robots._planar import Planar


class HalfCheetah(Planar):
    """HalfCheetah-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.half_cheetah_v5:HalfCheetahEnv",)
    normal_speeds = True
