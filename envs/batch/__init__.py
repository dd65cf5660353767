"""Many environments at once: MuJoCo's own threads step them, NumPy observes and judges them, no Python each."""

from vlmrl.envs.batch.make import Look, make_batch, make_vec_env
from vlmrl.envs.batch.vector_env import BatchEnv
from vlmrl.envs.batch.workers import Workers

__all__ = ["BatchEnv", "Look", "Workers", "make_batch", "make_vec_env"]
