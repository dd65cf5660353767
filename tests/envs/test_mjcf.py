"""Any robot from a file is an environment, single and batched alike, and a folder of one's own holds tasks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tests.envs.batch.stock import pair, walk_together
from vlmrl.envs import BatchEnv, find_task, make_vec_env
from vlmrl.envs.mjcf import MjcfEnv
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError

LAMP = Path(__file__).parents[2] / "docs/examples/my_tasks/lamp.xml"
BALL = """
<mujoco>
  <worldbody>
    <geom type="plane" size="1 1 0.1"/>
    <body name="ball" pos="0 0 1"><freejoint/><geom size="0.1"/></body>
    <body name="goal" mocap="true" pos="0 0 0.5"><geom size="0.05" contype="0" conaffinity="0"/></body>
    <body name="arm" pos="1 0 1">
      <joint name="turn"/><geom size="0.1"/>
    </body>
  </worldbody>
  <actuator><motor joint="turn" ctrllimited="true" ctrlrange="-2 2"/></actuator>
  <keyframe><key name="high" qpos="0 0 3 1 0 0 0 0.5"/></keyframe>
</mujoco>
"""


def ball_and_goal():
    return mujoco.MjModel.from_xml_string(BALL)


def somewhere(rng, model, data):
    data.mocap_pos[0] = rng.uniform(-1, 1, 3)


def gap(state):
    return state.mocap_pos[..., 0, :] - state.xpos[..., 1, :]


def playground(**changes):
    """A ball that falls, an arm that turns, a goal that is elsewhere in each episode."""
    return MjcfEnv(ball_and_goal, 0.01, **{"start": "high", "begin": somewhere, "sees": gap, **changes})


def test_it_is_an_environment_as_gymnasium_wants_it():
    env = playground()
    check_env(env, skip_render_check=True)
    assert env.observation_space.shape == (8 + 7 + 3,)
    assert (env.action_space.low, env.action_space.high) == (-2, 2)


def test_an_episode_starts_in_the_keyframe_and_what_begin_says():
    env = playground(noise=0.1)
    starts = [env.reset(seed=seed)[0] for seed in (3, 4, 3)]
    np.testing.assert_array_equal(starts[0], starts[2])
    assert abs(starts[0][2] - 3) <= 0.1
    assert np.linalg.norm(starts[0][3:7]) == pytest.approx(1), "noise leaves a quaternion one"
    assert not np.allclose(starts[0][-3:], starts[1][-3:])


def test_many_go_through_the_states_of_one():
    task = find_task("cartpole/left").but(name="own/ball", make=playground, horizon=12)
    ours, stock = pair(lambda: TaskEnv(task), 3)
    walk_together(ours, stock, steps=30)
    ours.close()
    stock.close()
    env = make_vec_env(task, 4, frames=False)
    assert isinstance(env, BatchEnv)
    env.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "low"}, r"start=low: the model has no keyframe of that name; it has high"),
        ({"model": Path("no.xml")}, r"model=no\.xml: there is no such file"),
    ],
)
def test_what_the_model_lacks_is_named(changes, message):
    given = {"model": ball_and_goal, "control_dt": 0.01, **changes}
    with pytest.raises(ConfigError, match=message):
        MjcfEnv(**given)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('joint="neck"', 'joint="nek"', r"MuJoCo cannot compile it: .*nek"),
        (
            '<motor name="neck" joint="neck" gear="2" ctrlrange="-1 1"/>',
            '<motor name="neck" joint="neck"/>',
            "neck: has",
        ),
        ("<worldbody>", "<worldbody><geom/></worldbody", "cannot compile it"),
    ],
)
def test_a_file_that_does_not_do_says_why(old, new, message, tmp_path):
    text = LAMP.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "lamp.xml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        MjcfEnv(tmp_path / "lamp.xml", 0.05)


def test_a_robot_that_cannot_act_is_refused():
    bare = BALL[: BALL.index("<actuator>")] + "</mujoco>"
    with pytest.raises(ConfigError, match="has no actuator"):
        MjcfEnv(lambda: mujoco.MjModel.from_xml_string(bare), 0.01)


def python(code: str, folder: Path | str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VLMRL_TASKS": str(folder)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_a_folder_of_ones_own_holds_tasks_that_are_like_any_other():
    code = """
import gymnasium, pickle
from vlmrl.envs import BatchEnv, find_task, task_names
assert "lamp/bow" in task_names()
assert pickle.loads(pickle.dumps(find_task("lamp/bow"))).truth.startswith("True while the bulb")
env = gymnasium.make_vec("vlmrl/Lamp-Bow-v0", num_envs=2)
assert isinstance(env, BatchEnv)
env.reset(seed=0)
for _ in range(60):
    *_, infos = env.step(env.action_space.sample())
print(infos["final_info"]["oracle"])
"""
    done = python(code, LAMP.parent)
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip()


def test_a_broken_task_of_ones_own_is_left_out_and_named(tmp_path):
    (tmp_path / "mine.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    done = python("from vlmrl.envs import task_names; print(task_names()[0])", tmp_path)
    assert done.returncode == 0
    assert "task=mine: of VLMRL_TASKS, cannot be loaded" in done.stderr
    assert "acrobot/balance" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"), [("walker.py", "task=walker: .*has a name that is taken"), (None, "there is no such folder")]
)
def test_a_folder_that_cannot_be_meant_is_refused(name, message, tmp_path):
    folder = tmp_path if name else tmp_path / "none"
    if name:
        (tmp_path / name).touch()
    done = python("import sys; from vlmrl.cli import main; sys.exit(main(['list', 'tasks']))", folder)
    assert done.returncode == 2, done.stderr
    assert re.search(message, done.stderr)
