"""Worlds whose own task knows more than MuJoCo's state: what they tell reaches every place that asks."""

import importlib
import pickle
import subprocess
import sys
from dataclasses import replace

import gymnasium as gym
import mujoco
import numpy as np
import pytest

from vlmrl.envs import Camera, Pose, State, Task, make_env
from vlmrl.envs.played import EPISODES, FIRST, KEPT, Played, Unknown, at_random, by_chance, done_by, set_by_hand
from vlmrl.envs.world import World, brought, near, nearness, put, state_of
from vlmrl.errors import ConfigError
from vlmrl.judge.stage import Stage

SLIDE = """
<mujoco><worldbody><light pos="0 0 3"/>
  <site name="target" pos="1 0 0" size="0.1" rgba="0 1 0 1"/>
  <body name="car"><joint name="x" type="slide" range="-2 2" limited="true"/><geom size="0.1" rgba="1 0 0 1"/></body>
</worldbody></mujoco>
"""


class Track(World):
    """A car on a line, and a target that no field of MuJoCo's state holds: the model's site shows it."""

    def __init__(self):
        self.model = mujoco.MjModel.from_xml_string(SLIDE)
        self.data, self.dt = mujoco.MjData(self.model), 0.05
        self.action_space = gym.spaces.Box(-1, 1, (1,), np.float32)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.target, self.after = 0.0, 0

    def begin(self, episode):
        mujoco.mj_resetData(self.model, self.data)
        self.target = float(np.random.default_rng(episode).uniform(0.5, 1.5))
        self.model.site("target").pos[0] = self.target
        mujoco.mj_forward(self.model, self.data)

    def act(self, action):
        self.data.qpos += 0.05 * np.asarray(action)
        mujoco.mj_forward(self.model, self.data)

    def posed(self):
        self.after += 1

    def observe(self):
        return np.array([self.data.qpos[0], self.target], np.float32)

    def told(self):
        gap = abs(self.data.qpos[0] - self.target)
        return np.array([gap < 0.1, near(gap, scale=1.0)])


def done(state):
    """True within 10 cm of the target."""
    return state.told[..., 0] > 0.5


def drive(env):
    return lambda observation, info: np.clip(5 * (observation[1:] - observation[:1]), -1, 1).astype(np.float32)


def there(world, rng):
    world.data.qpos[0] = world.target + rng.uniform(-0.05, 0.05)


def play(env, seed):
    return done_by(env, seed, drive, 60, every=1)


def by_hand(env, seed):
    return set_by_hand(env, seed, there)


TASK = Task(
    name="track/there",
    make=Track,
    horizon=60,
    goal=("there",),
    baseline=("a car",),
    negative=("away",),
    camera=Camera(lookat=(0, 0, 0), distance=5),
    oracle=nearness,
    success=done,
    goal_states=Played(Track, play, True),
    bad_states=Played(Track, at_random, False),
    hold=5,
    held="any",
    expert=drive,
)


def test_a_pose_brings_the_world_of_its_episode():
    env = Track()
    env.reset(seed=3)
    env.act([1.0])
    here = Pose(env.data.qpos[None].copy(), None, None, np.array([3]))
    told, target = env.told(), env.target
    env.reset(seed=4)
    assert env.target != target
    put(env, here, 0)
    assert (env.target, env.episode, env.after) == (target, 3, 1)
    np.testing.assert_array_equal(env.told(), told)
    assert state_of(env).site_xpos[0, 0] == target
    put(env, Pose(here.qpos), 0)
    assert env.episode == 3, "a pose of no episode stays where it is"


def test_an_episode_without_a_seed_has_one_all_the_same():
    env = Track()
    env.reset(seed=3)
    env.reset()
    drawn, target = env.episode, env.target
    env.reset(seed=9)
    env.enter(drawn)
    assert env.target == target


def test_what_is_told_is_a_part_of_states():
    env = Track()
    env.reset(seed=3)
    state = state_of(env)
    np.testing.assert_array_equal(state.told, env.told())
    several = State.stack([state, state, state])
    assert several.told.shape == (3, 2)
    assert several[1:].told.shape == (2, 2)
    bare = State.of(env.model, env.data)
    assert bare.told.shape == (0,)
    assert State.stack([bare, bare])[0].told.shape == (0,)


def test_the_way_there_counts_and_being_there_counts_more():
    def state(done, share):
        return replace(State(np.zeros(1), *[np.zeros(0)] * 7), told=np.array([done, share]))

    assert nearness(state(0, 0.0)) == 0
    assert nearness(state(0, 1.0)) == 0.5
    assert nearness(state(1, 0.0)) == 0.5
    assert nearness(state(1, 7.0)) == 1


def test_info_holds_what_the_suite_tells():
    env = make_env(TASK, frames=False, seed=1)
    policy, (observation, info) = drive(env), env.reset(seed=1)
    done = [info["success"]]
    while not done[-1]:
        observation, reward, terminated, truncated, info = env.step(policy(observation, info))
        assert not terminated
        assert not truncated
        assert reward == info["oracle"]
        done.append(info["success"])
    assert len(done) > 5
    env.close()


def test_states_come_from_episodes_and_know_which():
    rng = np.random.default_rng(0)
    goal, bad = TASK.goal_states(rng, 20), TASK.bad_states(rng, 20)
    assert len(np.unique(goal.episode)) == EPISODES
    with Stage(TASK, (32, 32)) as stage:
        assert stage.posed(goal).success.all()
        assert not stage.posed(bad).success.any()
        ways = stage.between(bad, goal, 5)
        np.testing.assert_array_equal(ways.episode, np.repeat(goal.episode, 5))
        assert stage.truth(ways)[1].reshape(20, 5)[:, -1].all(), "a way ends in the goal's world"
        assert len(goal[:3]) == 3
        np.testing.assert_array_equal(goal[[4, 2]].episode, goal.episode[[4, 2]])


def test_the_same_generator_draws_the_same_and_no_state_twice():
    first, second = (TASK.goal_states(np.random.default_rng(5), 12) for _ in range(2))
    np.testing.assert_array_equal(first.qpos, second.qpos)
    assert len({(float(q), int(e)) for q, e in zip(first.qpos[:, 0], first.episode, strict=True)}) == 12
    assert len(TASK.goal_states(np.random.default_rng(5), 500)) == 500


@pytest.mark.parametrize("way", [by_hand, by_chance])
def test_goal_states_may_be_set_by_hand_or_come_up_by_chance(way):
    drawn = Played(Track, way, way is by_hand)(np.random.default_rng(0), 30)
    with Stage(TASK) as stage:
        assert (stage.truth(drawn)[1] == (way is by_hand)).all()
    assert len(np.unique(drawn.episode)) >= EPISODES
    assert way is by_hand or min(drawn.episode) >= FIRST + EPISODES, "starts of its own"


def test_no_episode_gives_more_than_its_share():
    drawn = Played(Track, play, True)(np.random.default_rng(0), EPISODES * KEPT)
    assert max((drawn.episode == seed).sum() for seed in np.unique(drawn.episode)) <= 2 * KEPT


def test_episodes_without_such_a_state_say_so():
    with pytest.raises(ConfigError, match="had no state to keep"):
        Played(Track, at_random, True)(np.random.default_rng(0), 1)
    unknown = pickle.loads(pickle.dumps(Unknown("nobody can")))
    with pytest.raises(ConfigError, match="nobody can"):
        unknown(np.random.default_rng(0), 1)


def test_a_missing_package_names_the_extra():
    with pytest.raises(ConfigError, match=r"comes with no_such_package.*pip install 'vlmrl\[robotics\]'"):
        brought("no_such_package.envs")


def test_a_package_that_lacks_something_itself_says_what(tmp_path, monkeypatch):
    (tmp_path / "half_a_package.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        brought("half_a_package")


BLOCKED = """
import sys
for name in ("metaworld", "ogbench", "gymnasium_robotics"):
    sys.modules[name] = None
import vlmrl.envs as e, vlmrl.errors
for name in ("metaworld/reach", "ogbench/cube", "fetch/push", "adroit/door", "kitchen/kettle"):
    assert name in e.task_names()
    try:
        e.make_env(name, frames=False)
    except vlmrl.errors.ConfigError as error:
        print(error)
"""


def test_without_the_packages_tasks_are_listed_and_making_one_names_the_extra():
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=100)
    lines = done.stdout.splitlines()
    assert len(lines) == 5, done.stderr
    assert all("pip install 'vlmrl[robotics]'" in line for line in lines)


def test_no_task_file_imports_its_suite():
    code = (
        "import sys, vlmrl.envs; "
        "print([n for n in ('metaworld', 'ogbench', 'gymnasium_robotics', 'dm_control.suite') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100).stdout == "[]\n"
