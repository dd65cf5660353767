"""Tasks of instructions: said, named, listed or not."""

import pickle

import numpy as np
import pytest

from vlmrl.envs import find_task, make_env, make_vec_env, task_names
from vlmrl.envs.batch import BatchEnv, Workers
from vlmrl.envs.make import known_task
from vlmrl.envs.tabletop import Looks, instructions, task
from vlmrl.envs.task import Camera
from vlmrl.errors import UnknownName


def test_a_sentence_is_the_goal_beside_what_is_to_be_seen():
    asked = task("put the red block left of the blue one")
    assert asked.name == "tabletop/put_red_left_of_blue"
    assert asked.goal == ("the red block is left of the blue block", "put the red block left of the blue one")
    assert asked.negative == ("the red block is right of the blue block",)
    assert asked.world == "tabletop"


def test_a_sentence_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean open the drawer"):
        task("open the door")


def test_every_instruction_has_a_name_of_its_own_that_finds_it():
    tasks = [find_task(f"tabletop/{asked.name}") for asked in instructions()]
    assert len({one.name for one in tasks}) == len({one.env_id for one in tasks}) == len(instructions())
    for asked, found in zip(instructions(), tasks, strict=True):
        assert found.goal == task(asked).goal
        assert pickle.loads(pickle.dumps(found)).truth == found.truth


def test_listed_tasks_are_what_their_names_find():
    listed = [name for name in task_names() if name.startswith("tabletop/")]
    assert len(listed) == 15
    assert find_task(listed[0]) is find_task(listed[0])


def test_names_end_in_varied_where_looks_do():
    assert find_task("tabletop/press_button_varied").name == task("press the button", Looks()).name
    env = make_env("tabletop/press_button_varied", seed=1)
    assert env.reset(seed=1)[1]["frame"].shape == (64, 64, 3)
    env.close()


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean tabletop/stack_red_on_blue"):
        find_task("tabletop/stack_red_on_bleu")
    assert known_task("tabletop/stack_red_on_bleu") is None
    assert known_task(None) is None


def test_an_unlisted_task_is_batched_and_one_with_varied_looks_is_not():
    envs = make_vec_env("tabletop/put_green_behind_orange", 2, frames=False)
    assert isinstance(envs, BatchEnv)
    assert envs.reset(seed=0)[0].shape == (2, 30)
    envs.close()
    varied = make_vec_env("tabletop/put_green_behind_orange_varied", 2)
    assert isinstance(varied, Workers)
    frames = varied.reset(seed=0)[1]["frame"]
    assert (frames[0] != frames[1]).mean() > 0.5
    varied.close()


def test_the_wrist_camera_sees_what_the_hand_holds():
    asked = task("lift the blue block").but(camera=Camera(name="wrist"))
    env = make_env(asked)
    frame = env.reset(seed=0, options={"pose": "goal"})[1]["frame"].astype(int)
    blue = (frame[..., 2] > 120) & (frame[..., 2] > 1.8 * frame[..., :2].max(axis=-1))
    assert blue.mean() > 0.02
    columns = np.nonzero(blue)[1]
    assert abs(columns.mean() - 32) < 6
    env.close()
