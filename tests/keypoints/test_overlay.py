"""Plans as pictures: every line lands where the world has it, and a person finds it."""

import io

import numpy as np
import pytest
from PIL import Image

from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.world import state_of
from vlmrl.errors import ConfigError
from vlmrl.keypoints.build import gauge_of
from vlmrl.keypoints.episode import plan_picture
from vlmrl.keypoints.overlay import MARK, TAKEN, WAY, grid, led, marked

BLANK = np.full((480, 480, 3), 128, np.uint8)


def near(picture, colour, pixel, radius):
    """How many pixels of a colour are within so many of a place."""
    rows, columns = np.nonzero((picture == colour).all(-1))
    return int((np.hypot(columns - pixel[0], rows - pixel[1]) <= radius).sum())


def test_marks_and_ways_are_where_they_should_be():
    picture = led(BLANK, [(50, 60), (200, 300), (400, 310)], grasped=0)
    assert near(picture, WAY, (125, 180), 6)  # halfway along the first part
    assert near(picture, WAY, (396, 310), 8) > near(picture, WAY, (300, 305), 8)  # the arrow's head
    assert near(picture, TAKEN, (200, 300), 15) > 40
    assert not near(picture, TAKEN, (400, 310), 20)
    assert near(marked(BLANK, {"7": (80, 90)}), MARK, (80, 90), 12) > 60
    assert (BLANK == 128).all()


def test_the_grid_has_five_columns_and_five_rows():
    lines = grid(BLANK).astype(int) - BLANK
    across, down = (lines[20, :, 0] > 20).nonzero()[0], (lines[:, 30, 0] > 20).nonzero()[0]
    assert across.tolist() == [96, 192, 288, 384]
    assert down.tolist() == [96, 192, 288, 384]


@pytest.mark.parametrize("name", ["reacher/touch", "tabletop/put_red_in_orange"])
def test_the_picture_of_a_plan_shows_its_points(name):
    task = find_task(name)
    gauge = gauge_of("keypoints", {}, task, task.words)
    picture = np.array(Image.open(io.BytesIO(plan_picture(make_env(task, gauge=gauge), 4))))
    env = make_env(task, gauge=gauge)
    env.reset(seed=4)
    camera, state = env.view().camera, state_of(env)
    own = camera.project(task.points.named[task.points.own](state))[0]
    assert near(picture, MARK, own, 12) > 40
    middle = (own + camera.project(env.readings.plans[0].way[0])[0]) / 2
    assert near(picture, WAY, middle, 4) > 3
    assert picture.shape[0] > 480
    assert picture.shape[1] == 480
    env.close()


def test_an_environment_that_nobody_plans_has_no_plan():
    with pytest.raises(ConfigError, match="nobody plans its episodes"):
        plan_picture(make_env("reacher/touch"), 0)
