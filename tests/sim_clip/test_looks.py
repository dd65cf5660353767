"""Random looks: what a sentence calls red stays red, and the held-out colours are those that training never has."""

import colorsys

import mujoco
import numpy as np
import pytest

from vlmrl.envs.make import find_task
from vlmrl.envs.simulator import simulator
from vlmrl.find import names
from vlmrl.sim_clip.data import domain_of
from vlmrl.sim_clip.looks import HELD_OUT_HUES, repaint, shown

COLOURED = [name for name in names("language") if domain_of(name).coloured]


def hue(colour):
    return colorsys.rgb_to_hsv(*(float(part) for part in colour[:3]))[0]


@pytest.fixture(scope="module")
def model():
    env = find_task("reacher/touch").make()
    yield simulator(env)[0]
    env.close()


@pytest.mark.parametrize("name", COLOURED)
def test_what_sentences_call_by_its_colour_keeps_it(name):
    domain = domain_of(name)
    env = find_task(domain.tasks[0]).make()
    env.reset(seed=0)
    model, rng = simulator(env)[0], np.random.default_rng(0)
    for _ in range(5):
        painted = repaint(model, rng, coloured=domain.coloured)
        for geom in (model.geom(part).id for part in domain.coloured):
            before, after = shown(model, geom), shown(painted, geom)
            apart = abs((hue(before) - hue(after) + 0.5) % 1 - 0.5)
            grey = before[:3].max() - before[:3].min() < 0.1  # has no hue to keep
            assert grey or apart < 0.05
    env.close()


def test_the_robot_is_painted_in_held_out_hues_there_and_there_alone(model):
    low, high = HELD_OUT_HUES
    rng, robot = np.random.default_rng(0), np.flatnonzero(model.geom_bodyid > 0)
    for _ in range(20):
        usual, held_out = (repaint(model, rng, strange, ("target",)) for strange in (False, True))
        for geom in robot:
            if model.geom(geom).name == "target":
                continue
            assert low - 0.01 <= hue(shown(held_out, geom)) <= high + 0.01
            assert not low + 0.01 < hue(shown(usual, geom)) < high - 0.01


def test_the_model_itself_stays_as_it_was(model):
    kept = model.geom_rgba.copy(), model.mat_rgba.copy(), model.tex_data.copy()
    repaint(model, np.random.default_rng(0))
    for before, now in zip(kept, (model.geom_rgba, model.mat_rgba, model.tex_data), strict=True):
        np.testing.assert_array_equal(before, now)


def test_a_geoms_own_colour_hides_its_materials_as_mujoco_draws_it():
    xml = (
        '<mujoco><asset><material name="m" rgba="1 0 0 1"/></asset><worldbody>'
        '<geom name="own" size="1" material="m" rgba="0 1 0 1"/><geom name="none" size="1" material="m"/>'
        "</worldbody></mujoco>"
    )
    model = mujoco.MjModel.from_xml_string(xml)
    assert shown(model, model.geom("own").id).tolist() == [0, 1, 0, 1]
    assert shown(model, model.geom("none").id).tolist() == [1, 0, 0, 1]
