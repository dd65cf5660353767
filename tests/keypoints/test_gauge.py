"""What is read off episodes: alike for one and many, of the terminal state, with the thing in hand or not."""

import pickle
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from vlmrl.agents.vec_env import VectorView
from vlmrl.envs.batch.make import make_batch
from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.task import Points, State
from vlmrl.errors import Abstained, ConfigError
from vlmrl.keypoints.build import gauge_of
from vlmrl.keypoints.gauge import PlanGauge
from vlmrl.keypoints.plan import Plan

LOOK = {"obs": "state", "size": (64, 64), "frames": True, "healthy_end": False, "profile": None}
POINTED = ["reacher/touch", "point_mass/target", "tabletop/reach_red", "tabletop/press_button", "tabletop/close_drawer"]
POINTED += ["tabletop/open_drawer", "tabletop/lift_blue", "tabletop/push_green_to_left", "tabletop/put_red_in_drawer"]
POINTED += ["tabletop/put_red_in_orange", "tabletop/stack_red_on_blue", "tabletop/put_red_left_of_blue"]


def gauge(task, **settings):
    found = gauge_of("keypoints", settings, task, task.words)
    assert found is not None
    return found


def played(task, seed, **settings):
    """The script's episode: tracks ``(T + 1, 3)`` and success ``(T + 1,)``."""
    env = make_env(task, gauge=gauge(task, **settings))
    observation, info = env.reset(seed=seed)
    rows, success, over = [info["frame"]], [info["success"]], False
    policy = task.expert(env)
    while not over:
        observation, reward, _, over, info = env.step(policy(observation, info))
        assert reward == 0.0
        assert info["task_reward"] == info["oracle"]
        rows.append(info["frame"])
        success.append(info["success"])
    env.close()
    return np.array(rows), np.array(success)


@pytest.mark.parametrize("name", POINTED[1:])
def test_a_script_that_does_the_task_goes_the_whole_way(name):
    tracks, success = played(find_task(name), seed=3)
    there = tracks[:, 2] > 0
    assert success[-1]
    assert there[-1]
    assert (there == success).mean() > 0.9  # let go a step later, or just held above
    before = tracks[: np.argmax(there), 0] - tracks[: np.argmax(there), 1]
    assert before[0] == pytest.approx(0, abs=1e-6)
    assert before.max() > 0.5


def elsewhere(place, state):
    """A hand that is at a place, whatever the state."""
    return place[None]


@pytest.mark.parametrize("name", ["tabletop/put_red_in_orange", "tabletop/open_drawer"])
def test_a_hand_that_takes_nothing_gets_no_further_than_where_it_should_have(name):
    task = find_task(name)
    env = make_env(task, gauge=gauge(task))
    env.reset(seed=3)
    readings = env.readings
    first = env.unwrapped.data.qpos.copy()
    plan, whole = readings.plans[0], readings._gauge
    state = State.of(env.unwrapped.model, env.unwrapped.data)[None]
    shares = []
    for start, end in pairwise(readings._ways[0]):
        for place in np.linspace(start, end, 20):
            named = {**whole.points.named, "hand": partial(elsewhere, place)}
            readings._gauge = replace(whole, points=replace(whole.points, named=named))
            share, off, there = readings.read([0], state)[0]
            shares.append(share - off)
            assert not there
    spent = np.linalg.norm(np.diff(readings._ways[0], axis=0), axis=-1)
    assert max(shares) <= spent[: plan.grasped + 1].sum() / spent.sum() + 1e-6
    assert (env.unwrapped.data.qpos == first).all()
    env.close()


def test_reading_twice_changes_nothing_and_beginning_again_does():
    task = find_task("tabletop/put_red_in_orange")
    env = make_env(task, gauge=gauge(task))
    _, info = env.reset(seed=0)
    for _ in range(20):
        env.step(env.action_space.sample())
        first = env.frame()
        np.testing.assert_array_equal(first, env.frame())
    _, again = env.reset(seed=0)
    np.testing.assert_array_equal(info["frame"], again["frame"])
    env.close()


@pytest.mark.parametrize("name", ["reacher/touch", "tabletop/put_red_in_orange"])
def test_many_are_read_as_one_is_through_ends_and_starts(name):
    task = replace(find_task(name), horizon=7, hold=1)
    batch = make_batch(task, 3, 1, 1, **LOOK, gauge=gauge(task))
    assert batch.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    singles = [make_env(task, gauge=gauge(task)) for _ in range(3)]
    venv = VectorView(batch)
    venv.seed(5)
    venv.reset()
    alone = [env.reset(seed=5 + i)[1]["frame"] for i, env in enumerate(singles)]
    np.testing.assert_array_equal([info["frame"] for info in venv.reset_infos], alone)
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.uniform(-1, 1, batch.action_space.shape).astype(np.float32)
        _, rewards, done, infos = venv.step(actions)
        assert not rewards.any()
        for i, env in enumerate(singles):
            *_, over, info = env.step(actions[i])
            assert over == done[i]
            np.testing.assert_array_equal(infos[i]["frame"], info["frame"])  # of the last state, not the next first
            if over:
                np.testing.assert_array_equal(venv.reset_infos[i]["frame"], env.reset()[1]["frame"])
        np.testing.assert_array_equal(venv.env_method("frame"), [env.frame() for env in singles])
    venv.close()
    for env in singles:
        env.close()


@pytest.mark.parametrize("name", POINTED)
def test_points_are_places_of_states_of_any_shape(name):
    task = find_task(name)
    env = make_env(task, frames=False)
    states = []
    for seed in range(4):
        env.reset(seed=seed)
        states.append(State.of(env.unwrapped.model, env.unwrapped.data))
    several = State.stack(states)
    for where in [*task.points.named.values(), task.points.way]:
        found = where(several)
        assert found.shape[0] == 4
        assert found.shape[-1] == 3
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, [where(state) for state in states])
    assert pickle.loads(pickle.dumps(task)).points.own == task.points.own
    env.close()


def test_the_named_points_are_where_the_model_has_them():
    env = make_env("reacher/touch", frames=False)
    env.reset(seed=1)
    model, data, points = env.unwrapped.model, env.unwrapped.data, find_task("reacher/touch").points
    state = State.of(model, data)
    np.testing.assert_allclose(points.named["fingertip"](state), data.geom("finger").xpos, atol=1e-6)
    np.testing.assert_allclose(points.named["ball"](state), data.geom("target").xpos, atol=1e-6)
    env.close()
    env = make_env("tabletop/reach_red", frames=False)
    env.reset(seed=1)
    model, data, points = env.unwrapped.model, env.unwrapped.data, find_task("tabletop/reach_red").points
    state = State.of(model, data)
    np.testing.assert_allclose(points.named["hand"](state), data.site("hand").xpos, atol=1e-6)
    np.testing.assert_allclose(points.named["blue"](state), data.body("blue").xpos, atol=1e-9)
    env.close()


def test_ground_truth_may_say_who_is_there():
    tracks, success = played(find_task("tabletop/press_button"), seed=1, success="truth")
    np.testing.assert_array_equal(tracks[:, 2] > 0, success)


def test_worlds_without_points_are_refused():
    for task in (None, find_task("cartpole/upright")):
        with pytest.raises(ConfigError, match=r"reward=keypoints: goes by points of a task.*reacher/touch"):
            gauge_of("keypoints", {}, task, find_task("cartpole/upright").words)
    task = find_task("reacher/touch")
    with pytest.raises(ConfigError, match=r"obs=pixels: this reward goes by keypoints"):
        make_env(task, obs="pixels", gauge=gauge(task))
    assert gauge_of("cosine", {}, None, task.words) is None


def test_a_task_that_is_done_otherwise_does_not_go_the_old_way():
    task = find_task("reacher/touch")
    assert task.but(horizon=50).points is task.points
    assert task.but(success=task.oracle).points is None
    assert task.but(success=task.oracle, points=task.points).points is task.points
    corner, middle = (find_task(f"point_mass/{name}").points for name in ("top_left", "target"))
    assert corner is not middle


def test_points_name_each_other_rightly():
    with pytest.raises(ConfigError, match=r"points\.target=bal: is none of the points; they are tip, ball"):
        Points({"tip": np.asarray, "ball": np.asarray}, own="tip", target="bal", way=np.asarray)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"way": np.zeros((0, 3))}, "one or more"),
        ({"way": np.zeros(3)}, "one or more"),
        ({"way": np.array([[0, np.nan, 0.0]])}, "no number"),
        ({"way": np.zeros((2, 3)), "grasped": 2}, "must be one of them"),
        ({"way": np.zeros((2, 3)), "grasp": "red", "target": "red"}, "two points"),
    ],
)
def test_a_plan_that_is_none_is_an_abstention(plan, said):
    with pytest.raises(Abstained, match=said):
        Plan(**plan)


class Longer:
    """Plans of different lengths: the environment's number and one."""

    def plans(self, points, states, look, envs):
        return [
            Plan(np.linspace(way[-1] + [0, 0, 0.1], way[-1], env + 1))
            for way, env in zip(points.way(states), envs, strict=True)
        ]


def test_plans_of_different_lengths_are_read_beside_each_other():
    task = find_task("reacher/touch")
    env = make_env(task, frames=False)
    states = []
    for seed in range(3):
        env.reset(seed=seed)
        states.append(State.of(env.unwrapped.model, env.unwrapped.data))
    env.close()
    together = PlanGauge(task.points, Longer()).readings(3)
    together.begin([0, 1, 2], State.stack(states), None)
    both = together.read([0, 1, 2], State.stack(states))
    for number in (0, 1, 2):
        alone = PlanGauge(task.points, Longer()).readings(3)
        alone.begin([number], State.stack([states[number]]), None)
        np.testing.assert_allclose(alone.read([number], State.stack([states[number]]))[0], both[number], atol=1e-6)
