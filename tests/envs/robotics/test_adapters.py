"""The adapters of other suites tell what the suites say themselves, and no more is in the picture than they draw."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit

from tests.worlds import PACKAGES
from vlmrl.envs import find_task, make_env, make_vec_env, task_names
from vlmrl.envs.batch.workers import Workers
from vlmrl.envs.render import Renderer
from vlmrl.envs.task_env import TaskEnv
from vlmrl.envs.world import put, state_of
from vlmrl.judge.collect import Actor, collect


@pytest.fixture(autouse=True)
def installed():
    for package in set(PACKAGES.values()):
        pytest.importorskip(package)


def script(task, env):
    assert task.expert is not None
    return task.expert(env)


def domain(name):
    return [task for task in task_names() if task.partition("/")[0] == name]


def test_all_of_each_suite_is_there():
    from gymnasium_robotics.envs.franka_kitchen.kitchen_env import OBS_ELEMENT_GOALS
    from metaworld.env_dict import ENV_CLS_MAP

    assert {f"metaworld/{name[:-3].replace('-', '_')}" for name in ENV_CLS_MAP} == set(domain("metaworld"))
    assert {f"kitchen/{name.replace(' ', '_')}" for name in OBS_ELEMENT_GOALS} == set(domain("kitchen"))
    assert [len(domain(name)) for name in ("adroit", "fetch", "ogbench")] == [4, 4, 7]


@pytest.mark.parametrize("name", ["metaworld/reach", "metaworld/button_press", "metaworld/pick_place"])
def test_meta_world_says_what_it_says_of_its_own_steps(name):
    task = find_task(name)
    env = task.make()
    observation, _ = env.reset(seed=2)
    policy, done, gripping = script(task, env), [], []
    for _ in range(90):
        action = policy(observation, {})
        seen, reward, _, _, info = env.stock.step(action)
        env._observation = seen
        observation, told = env.observe(), env.told()
        assert told[0] == float(info["success"])
        if action[3] == 1:
            assert told[1] == pytest.approx(reward / 10, abs=1e-6)
            gripping.append(reward)
        done.append(told[0])
    assert {0.0, 1.0} == set(done)
    assert gripping or name != "metaworld/pick_place"


@pytest.mark.parametrize("name", ["fetch/reach", "adroit/door", "adroit/hammer", "adroit/pen", "adroit/relocate"])
def test_gymnasium_robotics_says_what_it_says_of_its_own_steps(name):
    env = find_task(name).make()
    seen = set()
    for seed in range(12):
        env.reset(seed=seed)
        env.action_space.seed(seed)
        for _ in range(20):
            *_, info = env.stock.step(env.action_space.sample())
            done = bool(info["is_success"] if "is_success" in info else info["success"])
            assert bool(env.told()[0]) == done
            seen.add(done)
    assert False in seen
    assert True in seen or name in ("adroit/door", "adroit/hammer", "adroit/relocate"), "chance does not open doors"


def test_the_hand_made_goals_of_adroit_are_what_the_suite_calls_a_success():
    for name in ("adroit/door", "adroit/hammer"):
        task = find_task(name)
        env = task.make()
        put(env, task.goal_states(np.random.default_rng(0), 1), 0)
        *_, info = env.stock.step(np.zeros_like(env.action_space.sample()))
        assert info["success"]


def test_the_kitchen_counts_as_done_what_the_suite_completes():
    task = find_task("kitchen/microwave")
    env = task.make()
    for poses in (task.goal_states, task.bad_states):
        put(env, poses(np.random.default_rng(0), 1), 0)
        *_, info = env.stock.step(np.zeros(9))
        assert bool(env.told()[0]) == (info["step_task_completions"] == ["microwave"])


def test_a_button_stays_on_in_a_pose_and_in_the_picture():
    task = find_task("ogbench/button_left")
    env = task.make()
    observation, _ = env.reset(seed=1)
    policy = script(task, env)
    red = env.model.geom("btngeom_0").rgba.copy()
    while not env.told()[0]:
        observation, *_ = env.step(policy(observation, {}))
    on, white = state_of(env), env.model.geom("btngeom_0").rgba.copy()
    assert not np.allclose(red, white)
    goal = task.goal_states(np.random.default_rng(0), 1)
    env.reset(seed=5)
    np.testing.assert_allclose(env.model.geom("btngeom_0").rgba, red)
    assert not env.told()[0]
    put(env, goal, 0)
    assert env.told()[0]
    np.testing.assert_allclose(env.model.geom("btngeom_0").rgba, white)
    assert on.mocap_pos[..., :2].max() == 1
    env.step(np.zeros(5, np.float32))
    assert env.told()[0], "and when it is stepped from there"


@pytest.mark.parametrize("thing", ["drawer_open", "window_close"])
def test_ogbenchs_own_word_for_its_one_target_is_passed_on(thing):
    task = find_task(f"ogbench/{thing}")
    env = task.make()
    observation, _ = env.reset(seed=3)
    policy, done = script(task, env), []
    for _ in range(40):
        observation, *_ = env.step(policy(observation, {}))
        assert bool(env.told()[0]) == bool(env.stock._success)
        done.append(env.stock._success)
    assert {False, True} == {bool(one) for one in done}


def test_a_finished_cube_looks_as_any():
    task = find_task("ogbench/cube")
    env = task.make()
    observation, _ = env.reset(seed=1)
    policy, cube = script(task, env), env.stock._cube_geom_ids_list[0]
    before = env.model.geom_rgba[cube].copy()
    for _ in range(70):
        observation, *_ = env.step(policy(observation, {}))
    assert env.told()[0]
    np.testing.assert_array_equal(env.model.geom_rgba[cube], before)


@pytest.mark.parametrize("name", ["metaworld/reach", "fetch/reach", "ogbench/drawer_open"])
def test_pictures_stand_upright(name):
    task = find_task(name)
    env = task.make()
    env.reset(seed=0)
    with Renderer(env.unwrapped.model, (64, 64), task.camera) as renderer:
        renderer.frame(data_of(env))
        assert renderer.eye.up[2] > 0.5


def data_of(env):
    state_of(env)
    return env.unwrapped.data


@pytest.mark.slow
def test_many_are_stepped_in_processes_and_give_what_one_gives():
    envs = make_vec_env("metaworld/reach", 2, frames=False)
    assert isinstance(envs, Workers)
    alone = make_env("metaworld/reach", frames=False, seed=4)
    observations, infos = envs.reset(seed=3)
    np.testing.assert_array_equal(observations[1], alone.reset(seed=4)[0])
    actions = np.full((2, 4), 0.5, np.float32)
    for _ in range(5):
        observations, rewards, _, _, infos = envs.step(actions)
        observation, reward, *_ = alone.step(actions[1])
        np.testing.assert_array_equal(observations[1], observation)
        assert rewards[1] == reward == infos["oracle"][1]
    envs.close()
    alone.close()
    vec = gym.make_vec(find_task("metaworld/reach").env_id, num_envs=1)
    assert isinstance(vec, Workers)
    vec.close()


@pytest.mark.parametrize("name", ["metaworld/drawer_open", "fetch/pick_and_place", "fetch/push"])
def test_a_script_does_the_task_by_the_tasks_own_criterion(name):
    task = find_task(name)
    env = TimeLimit(TaskEnv(task), task.horizon)
    held = []
    for seed in range(3):
        observation, info = env.reset(seed=seed)
        policy, done, over = script(task, env), [], False
        while not over:
            observation, _, _, over, info = env.step(policy(observation, info))
            done.append(info["success"])
        held.append(task.succeeded(np.array(done)))
    assert sum(held) >= 2


def test_recorded_episodes_are_judged_in_their_own_worlds():
    task = find_task("metaworld/reach")
    policy = script(task, task.make())
    kept = collect(task, [Actor("script", lambda seen: np.stack([policy(one, {}) for one in seen]), 2)])
    assert kept.succeeded(task).all()
    assert not kept.success[:, 0].any()
    assert set(kept.poses(np.array([0, 5])).episode) == set(kept.seed)
