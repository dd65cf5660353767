"""Episodes that nobody had to learn: straight ways to the goal, half of the way, and habits."""

import numpy as np

from vlmrl.envs.make import find_task
from vlmrl.judge.collect import collect, habitual, truth_of
from vlmrl.judge.recorded import Recorded
from vlmrl.judge.stage import Stage


def episodes(name="pendulum/upright", count=4) -> Recorded:
    """``count`` successes and as many that stop half-way, and two of each habit."""
    task = find_task(name)
    rng = np.random.default_rng(0)
    steps = task.horizon + 1
    there = np.concatenate([np.linspace(0, 1, steps // 2), np.ones(steps - steps // 2)])
    with Stage(task) as stage:
        starts, goals = task.bad_states(rng, count), task.goal_states(rng, count)
        whole = stage.between(starts, goals, steps).qpos.reshape(count, steps, -1)
    way = whole[:, (there * (steps - 1)).astype(int)]
    half = whole[:, (there * (steps - 1) * 0.5).astype(int)]
    parts = [_of(task, way, "trained"), _of(task, half, "hacker")]
    return Recorded.join([collect(task, habitual(task, 2)), *parts])


def _of(task, qpos, actor):
    count, steps = qpos.shape[:2]
    with Stage(task) as stage:
        nv = stage._model.nv
    stored = (
        qpos.astype(np.float32),
        np.zeros((count, steps, nv), np.float32),
        np.zeros((count, steps, 0, 3), np.float32),
    )
    oracle, success = truth_of(task, *stored)
    return Recorded(
        task.name,
        task.version,
        *stored,
        oracle=oracle,
        success=success,
        actor=(actor,) * count,
        about=("",) * count,
        seed=np.arange(count, dtype=np.int64),
        held_out=np.arange(count) % 2 == 1,
    )
