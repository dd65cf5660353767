"""Frames of the batched environment: those of FrameTap, drawn before the reset, and only of whom one asks."""

import re
import subprocess
import sys
import threading
from contextlib import nullcontext
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from tests.envs.batch.stock import assert_same_infos, batched
from vlmrl.envs import Camera, find_task, gl, make_env, make_vec_env
from vlmrl.envs.batch import easel
from vlmrl.envs.batch.easel import Picture
from vlmrl.errors import ConfigError, RenderError


def tapped(task):
    return make_env(task, size=(32, 48))


@pytest.mark.parametrize("name", ["cartpole/upright", "double_pendulum/upright"])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_frame_is_that_of_the_tap_and_the_terminal_one_is_the_terminal_states(name, threads):
    task = find_task(name).but(horizon=6, hold=1)
    ours = make_vec_env(task, 3, size=(32, 48), threads=threads)
    stock = SyncVectorEnv([partial(tapped, task)] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    assert_same_infos(ours.reset(seed=2)[1], stock.reset(seed=2)[1])
    ends = 0
    for step in range(13):
        actions = np.sin(step + np.arange(3))[:, None].astype(np.float32)
        (_, reward, _, truncated, infos), expected = ours.step(actions), stock.step(actions)
        assert not reward.any()
        assert_same_infos(infos, expected[4])
        ends += int(truncated.sum())
        if truncated.any():
            assert (infos["final_info"]["frame"][0] != infos["frame"][0]).any()
    assert ends == 6
    ours.close()
    stock.close()


@pytest.mark.parametrize("name", ["Hopper-v5", "Humanoid-v5", "Pusher-v5"])
def test_an_id_is_seen_through_its_own_camera(name):
    ours, alone = make_vec_env(name, 2), make_env(name)
    ours.reset(seed=0), alone.reset(seed=0)
    actions = np.full(ours.action_space.shape or (), 0.3, np.float32)
    for _ in range(4):
        infos, info = ours.step(actions)[4], alone.step(actions[0])[4]
    np.testing.assert_array_equal(infos["frame"][0], info["frame"])
    assert infos["task_reward"][0] == info["task_reward"]
    ours.close()
    alone.close()


def test_only_those_watched_are_drawn_each_step_and_all_at_the_ends():
    ours = make_vec_env(find_task("pendulum/upright").but(horizon=3, hold=1), 4)
    ours.reset(seed=0)
    ours.watched = [2]
    for step in range(3):
        infos = ours.step(np.zeros((4, 1), np.float32))[4]
        assert infos["_frame"].tolist() == [step == 2, step == 2, True, step == 2]
        assert infos["frame"][2].any()
        assert infos["frame"][0].any() == (step == 2)
        assert ("final_info" in infos) == (step == 2)
    assert infos["final_info"]["_frame"].all()
    ours.close()


def test_frames_of_chosen_environments_are_those_of_all():
    ours = make_vec_env("cartpole/balance", 5)
    ours.reset(seed=0)
    everyone = ours.frames()
    assert everyone.shape == (5, 64, 64, 3)
    np.testing.assert_array_equal(ours.frames([3, 1]), everyone[[3, 1]])
    assert ours.frames([]).shape == (0, 64, 64, 3)
    ours.close()
    np.testing.assert_array_equal(ours.frames([0])[0], everyone[0])  # drawing again makes new renderers
    ours.close()


def test_a_camera_that_sees_nothing_is_refused():
    blind = find_task("inverted_pendulum/balance").but(camera=Camera(lookat=(0, 0, 500), distance=1, elevation=80))
    ours = make_vec_env(blind, 2)
    with pytest.raises(RenderError, match="one colour"):
        ours.reset(seed=0)
    ours.close()


def test_whoever_cannot_draw_says_so_each_time(monkeypatch):
    ours = make_vec_env("cartpole/balance", 2)

    def broken(*settings):
        raise RenderError("no GL")

    with monkeypatch.context() as patched:
        patched.setattr(easel, "Renderer", broken)
        for _ in range(2):
            with pytest.raises(RenderError, match="no GL"):
                ours.reset(seed=0)
    assert ours.reset(seed=0)[1]["frame"].any()
    ours.close()


def test_no_contexts_are_refused():
    with pytest.raises(ConfigError, match="contexts=0: must be at least 1"):
        batched(partial(gym.make, "Hopper-v5"), 1, Picture(contexts=0))


HANGS = """
import time
from vlmrl.envs import make_vec_env
from vlmrl.envs.batch import easel, own_thread
from vlmrl.envs.render import Renderer

easel.PATIENCE = 0.5
own_thread.end_all.__defaults__ = (0.2,)
env = make_vec_env("cartpole/balance", 4, threads=2)
env.reset(seed=0)
quick = Renderer.frame
Renderer.frame = lambda self, data: (time.sleep(0.3), quick(self, data))[1]
assert env.frames().shape == (4, 64, 64, 3)  # slower than patience altogether, yet frames come
Renderer.frame = lambda self, data: time.sleep(60)
env.frames()
"""


def test_a_driver_that_hangs_is_named_and_keeps_nobody():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=50)
    assert done.returncode == 1
    assert re.search(r"RenderError: contexts=\d: no frame was drawn in 0 s, the graphics driver hangs", done.stderr)
    assert "MUJOCO_GL=osmesa" in done.stderr


def test_a_software_driver_draws_with_one_context_and_says_so_to_whoever_asks_for_more():
    env = batched(partial(gym.make, "Hopper-v5"), 4, Picture(contexts=2))
    said = pytest.warns(UserWarning, match="render.contexts=2: one is used") if _software() else nullcontext()
    before = _painters()
    with said:
        env.reset(seed=0)
    assert len(_painters() - before) == (1 if _software() else 2)
    env.close()


def _painters() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "painter"}


def _software() -> bool:
    with gl.current(None):
        return gl.in_turns()


def test_films_are_drawn_of_each_environment():
    env = gym.make_vec("vlmrl/Pendulum-Upright-v0", num_envs=2, render_mode="rgb_array")
    env.reset(seed=0)
    first, second = env.render() or ()
    assert first.shape == second.shape == (480, 480, 3)
    assert (first != second).any()
    alone = gym.make("vlmrl/Pendulum-Upright-v0", render_mode="rgb_array")
    alone.reset(seed=0)
    np.testing.assert_array_equal(alone.render(), first)
    env.close()
    alone.close()


def test_a_process_ends_well_when_nobody_closed():
    code = (
        "from vlmrl.envs import make_vec_env; e = make_vec_env('cartpole/upright', 3); e.reset(seed=0); print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
    assert "Error" not in done.stderr
