"""Environments: tasks in words, with a camera and a ground truth; headless rendering; frames taken in time.

Importing it registers every task with Gymnasium: ``gymnasium.make("vlmrl/Cartpole-Upright-v0")``.
"""

if __name__ != "vlmrl.envs":
    raise ImportError("import vlmrl.envs, not envs: the folder is only its place in the repository")

from vlmrl.envs import gl as _gl  # noqa: F401  # before MuJoCo and dm_control choose a GL library
from vlmrl.envs.batch import BatchEnv, make_vec_env
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.make import find_task, make_env, register, task_names
from vlmrl.envs.task import Camera, Pose, State, Task

register()

__all__ = [
    "BatchEnv",
    "Camera",
    "FrameTap",
    "Pose",
    "State",
    "Task",
    "find_task",
    "make_env",
    "make_vec_env",
    "register",
    "task_names",
]
