"""Scripts do what is asked, in every kind of instruction; and whoever acts at random does not."""

import numpy as np
import pytest

from tests.envs.batch.stock import assert_same, pair
from tests.envs.batch.stock import task as made
from vlmrl.envs import find_task, make_env, task_names
from vlmrl.envs.tabletop import instructions, task
from vlmrl.judge.random_policy import RandomPolicy

NAMED = [name for name in task_names() if name.startswith("tabletop/")]
FORMS = list({asked.form: asked for asked in instructions()}.values())


def played(task, seed, choose=None):
    """Whether one episode succeeds: with the task's script, or with a policy of the observation alone."""
    env = make_env(task, frames=False)
    observation, info = env.reset(seed=seed)
    script, success, over = script_of(task, env), [], False
    while not over:
        action = script(observation, info) if choose is None else choose(observation)
        observation, _, _, over, info = env.step(action)
        success.append(info["success"])
    env.close()
    return task.succeeded(np.array(success))


def script_of(asked, env):
    """The task's policy for the episode that has just begun."""
    assert asked.expert is not None
    return asked.expert(env)


def at_random(task, seed):
    env = make_env(task, frames=False)
    policy = RandomPolicy(env.action_space)
    env.close()
    policy.start([seed])
    return played(task, seed, lambda observation: policy(observation)[0])


@pytest.mark.parametrize("asked", FORMS, ids=lambda asked: asked.form)
def test_a_script_for_every_kind(asked):
    assert played(task(asked), seed=4)


def test_a_script_that_is_over_holds_still_and_keeps_the_fingers_as_they_are():
    asked = task("lift the green block")
    env = make_env(asked, frames=False)
    observation, info = env.reset(seed=0)
    policy = script_of(asked, env)
    for _ in range(asked.horizon):
        action = policy(observation, info)
        observation, _, _, _, info = env.step(action)
    env.close()
    np.testing.assert_array_equal(action, [0, 0, 0, -1])
    assert action.dtype == np.float32
    assert env.action_space.contains(action)


def test_batched_and_single_agree_while_a_block_is_gripped_and_set_down():
    ours, stock = pair(made("tabletop/put_red_left_of_blue"), 2)
    doer = make_env("tabletop/put_red_left_of_blue", frames=False)
    seen = doer.reset(seed=9)
    policy = script_of(find_task("tabletop/put_red_left_of_blue"), doer)
    ours.reset(seed=[9, 30])
    stock.reset(seed=[9, 30])
    done = []
    for step in range(45):
        action = policy(*seen)
        observation, *_, info = doer.step(action)
        seen = observation, info
        got, want = (envs.step(np.stack([action, action])) for envs in (ours, stock))
        for what, mine, theirs in zip(("observation", "reward"), got, want, strict=False):
            assert_same(mine, theirs, f"{what} of step {step}")
        assert_same(got[0][0], observation, f"observation of step {step}")
        done.append(got[4]["success"][0])
    assert done[-1]
    for envs in (ours, stock, doer):
        envs.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMED)
def test_scripts_succeed_and_chance_does_not(name):
    """Ten seeds; the table in the documentation has fifty."""
    asked = find_task(name)
    assert np.mean([played(asked, seed) for seed in range(500, 510)]) >= 0.9
    assert np.mean([at_random(asked, seed) for seed in range(500, 510)]) <= 0.2


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("split", ["train", "held_out"])
def test_scripts_follow_the_grammar(split):
    rng = np.random.default_rng(0)
    some = rng.permutation(np.array(instructions(split), dtype=object))[:20]
    assert np.mean([played(task(asked), seed) for seed, asked in enumerate(some)]) >= 0.9
