"""The oracle of these tests: stock environments stepped one after the other by Gymnasium's own vector environment."""

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from vlmrl.envs.batch.easel import Picture
from vlmrl.envs.batch.form import form_of
from vlmrl.envs.batch.vector_env import BatchEnv
from vlmrl.envs.make import make_env


def pair(
    make: Callable[[], gym.Env[Any, Any]], num_envs: int, picture: Picture | None = None
) -> tuple[BatchEnv, SyncVectorEnv]:
    """The batched form of what ``make`` makes, and the stock environments beside it."""
    return batched(make, num_envs, picture), SyncVectorEnv([make] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)


def batched(make: Callable[[], gym.Env[Any, Any]], num_envs: int, picture: Picture | None = None) -> BatchEnv:
    """The batched form of what ``make`` makes."""
    env = make()
    form = form_of(env)
    assert form is not None
    return BatchEnv(env, form, num_envs, tapped=picture)


def task(name: str) -> Callable[[], gym.Env[Any, Any]]:
    """Makes the environment of a task, as a learner on the oracle meets it."""
    return partial(make_env, name, frames=False)


def assert_same_infos(ours: dict[str, Any], stock: dict[str, Any]) -> None:
    """What ours tell is told by the stock environments, in the same words and bits."""
    for name, values in ours.items():
        if name == "final_info":
            assert set(values) == set(stock[name])
            assert_same_infos(values, stock[name])
        elif name == "final_obs":
            for mine, theirs in zip(values, stock[name], strict=True):
                assert_same(mine, theirs, name)
        else:
            assert_same(values, stock[name], name)


def assert_same(ours: Any, stock: Any, what: str) -> None:
    """Bit for bit, dtype and shape included."""
    ours, stock = np.asarray(ours), np.asarray(stock)
    assert (ours.dtype, ours.shape) == (stock.dtype, stock.shape), what
    np.testing.assert_array_equal(ours, stock, err_msg=what)


def walk_together(ours: BatchEnv, stock: SyncVectorEnv, steps: int, seed: int = 3) -> int:
    """Reset and step both with the same actions, comparing everything; the number of episodes that ended."""
    assert ours.single_observation_space == stock.single_observation_space
    assert ours.single_action_space == stock.single_action_space
    stock.action_space.seed(seed)
    (first, infos), (expected, expected_infos) = ours.reset(seed=seed), stock.reset(seed=seed)
    assert_same(first, expected, "reset")
    assert_same_infos(infos, expected_infos)
    exact = form_of(ours.env).robot.exact
    ended = 0
    for step in range(steps):
        actions = stock.action_space.sample()
        got, want = ours.step(actions), stock.step(actions)
        for what, mine, theirs in zip(("observation", "reward", "terminated", "truncated"), got, want, strict=False):
            if exact or what != "reward":
                assert_same(mine, theirs, f"{what} of step {step}")
            else:
                np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-15)
        if exact:
            assert_same_infos(got[4], want[4])
        assert ("final_obs" in got[4]) == ("final_obs" in want[4])
        ended += int((got[2] | got[3]).sum())
    return ended
