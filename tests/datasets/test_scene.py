"""What is kept of an episode is all of it: pictures come out the same again, and so do its actions."""

from dataclasses import replace
from functools import partial

import gymnasium as gym
import numpy as np
import pytest

from vlmrl.datasets.cameras import camera_of, label_of
from vlmrl.datasets.pushes import Pushed, RandomPushes
from vlmrl.datasets.recorder import Recorder
from vlmrl.datasets.scene import Scene
from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Camera
from vlmrl.errors import ConfigError, RunError, ShapeError


@pytest.fixture(scope="module")
def scene(task):
    with Scene(task) as scene:
        yield scene


def tapped(task, seed=4):
    """An episode with pushes and the frames that were drawn while it was played."""
    pushes = RandomPushes(task.horizon, 0.04, strength=1.0)
    env = Recorder(Pushed(make_env(task, frames=True), pushes), task.goal[0])
    frames = []
    env.action_space.seed(0)
    for start in (seed + 1, seed):  # the second must owe nothing to the first
        _, info = env.reset(seed=start)
        frames, over = [info["frame"]], False
        while not over:
            *_, over, info = env.step(env.action_space.sample())
            frames.append(info["frame"])
    env.close()
    return env.episodes[-1], np.stack(frames)


def test_pictures_drawn_again_are_those_that_were_tapped(task, scene):
    episode, frames = tapped(task)
    assert {"geom_rgba", "body_mass"} <= set(episode.model)
    assert np.array_equal(scene.frames(episode), frames)
    other, others = tapped(task, seed=9)
    assert np.array_equal(scene.frames(other), others)
    assert np.array_equal(scene.frames(episode, moments=[3]), frames[3:4]), "nothing of the other is left"
    plain = replace(episode, model={})
    assert not np.array_equal(scene.frames(plain), frames), "the ball's own colour is part of the picture"


@pytest.mark.parametrize("name", ["cartpole/left", "double_pendulum/upright", "humanoid/kneeling", "walker/stand"])
def test_pictures_and_actions_of_other_robots_come_out_the_same(name):
    task = find_task(name).but(horizon=8, hold=1)
    episode, frames = tapped(task)
    assert episode.pushed
    with Scene(task) as scene:
        assert np.array_equal(scene.frames(episode), frames)
        assert scene.replayed(episode).digest == episode.digest


def test_actions_played_again_lead_through_the_same_states(task, scene, episodes):
    assert {episode.actor for episode in episodes} == {"script", "perturbed", "random"}
    for episode in episodes:
        again = replace(scene.replayed(episode), actor=episode.actor, about=episode.about)
        assert again.digest == episode.digest
    changed = episodes[0].actions.copy()
    changed[5] += 0.01
    assert scene.replayed(replace(episodes[0], actions=changed)).digest != episodes[0].digest


def test_another_start_is_not_played_on_silently(scene, episodes):
    with pytest.raises(RunError, match=r"seed=1.*another start"):
        scene.replayed(replace(episodes[0], seed=1))


def test_perturbed_ones_are_pushed_and_stray_by_what_is_drawn_for_the_episode(task, episodes):
    script, perturbed = episodes[:2], episodes[2:4]
    assert not any(episode.pushed for episode in script)
    assert all(episode.pushed for episode in perturbed)
    strayed = [np.abs(episode.actions - script[0].actions[0]).mean() for episode in perturbed]
    assert min(strayed) > 0
    assert strayed[0] != strayed[1]
    rows = perturbed[0].push
    assert (rows[:, 0] > 0).sum() == 6, "three pushes of a tenth of a second, at 25 steps a second"
    assert not rows[-4:].any(), "time is left to recover"


def test_pushes_of_a_seed_are_the_same_and_weigh_what_was_asked(task):
    env = make_env(task, frames=False)
    model = simulator(env)[0]
    plan = RandomPushes(50, 0.04, count=2, strength=0.5)
    rows = plan(7, model)
    assert np.array_equal(rows, plan(7, model))
    assert not np.array_equal(rows, plan(8, model))
    hit = rows[rows[:, 0] > 0]
    weights = np.linalg.norm(hit[:, 1:], axis=1) / (9.81 * model.body_subtreemass[hit[:, 0].astype(int)])
    assert np.allclose(weights, 0.5)
    assert not RandomPushes(50, 0.04, strength=0)(7, model).any()
    with pytest.raises(ConfigError, match="push=-1"):
        RandomPushes(50, 0.04, strength=-1)
    with pytest.raises(ConfigError, match="seed=None"):
        Pushed(env, plan).reset()
    env.close()


def test_another_camera_sees_it_from_elsewhere(task, scene, episodes):
    turned = camera_of("task:azimuth=45:elevation=-30", task)
    assert (turned.azimuth, turned.elevation, turned.name) == (45, -30, None)
    own, other = (scene.frames(episodes[0], camera, moments=[0]) for camera in (None, turned))
    assert not np.array_equal(own, other)
    assert camera_of("task", task) == task.camera
    assert camera_of("side", task) == Camera(name="side")
    assert camera_of("task:lookat=0;0;1:follow=arm", task).lookat == (0, 0, 1)
    assert label_of("task:azimuth=45") == "task_azimuth_45"
    for wrong in ("task:azimuth=x", "task:lookat=1;2", "task:colour=1", "side:azimuth=45", "task:azimuth"):
        with pytest.raises(ConfigError, match=f"camera={wrong.split(':')[0]}"):
            camera_of(wrong, task)
    with pytest.raises(ConfigError, match="no_such"):
        scene.frames(episodes[0], camera_of("no_such", task))


def test_another_robots_states_are_refused(episodes):
    with Scene(find_task("cartpole/left")) as scene:
        with pytest.raises(ConfigError, match="robot's model is another"):
            scene.frames(episodes[0])
        with pytest.raises(ShapeError, match="its robot is another one"):
            scene.frames(replace(episodes[0], model={}))


class Fading(gym.Wrapper):
    """The target fades while the episode goes on, as a button that is pressed changes its colour."""

    def reset(self, **asked):
        simulator(self.env)[0].geom("target").rgba[3] = 1.0
        return self.env.reset(**asked)

    def step(self, action):
        simulator(self.env)[0].geom("target").rgba[3] *= 0.9
        return self.env.step(action)


def fading(make):
    return Fading(make())


def test_what_steps_change_in_the_model_is_kept_step_by_step(task):
    task = task.but(make=partial(fading, task.make))
    episode, frames = tapped(task)
    assert set(episode.model_states) == {"geom_rgba"}
    assert "body_mass" in episode.model
    with Scene(task) as scene:
        assert np.array_equal(scene.frames(episode), frames)
        assert np.array_equal(scene.frames(episode, moments=[0]), frames[:1])
        assert not np.array_equal(scene.frames(replace(episode, model_states={})), frames)
        assert scene.replayed(episode).digest == episode.digest


def test_an_episode_without_a_seed_is_refused(task):
    env = Recorder(make_env(task, frames=False), "act")
    with pytest.raises(ConfigError, match="seed=None"):
        env.reset()
    env.close()


def test_arrays_that_do_not_fit_are_named(episodes):
    with pytest.raises(ShapeError, match=r"oracle \(15,\): must begin with 16"):
        replace(episodes[0], oracle=episodes[0].oracle[1:])
    with pytest.raises(ShapeError, match=r"push"):
        replace(episodes[0], push=episodes[0].push[1:])
