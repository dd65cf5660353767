"""Poses on the floor: the lowest point of a robot of any shape touches it."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.poses import along, lowest, on_the_floor
from vlmrl.envs.suite import suite_model

SOLIDS = {
    "sphere": ("sphere", "0.1", 0.1),
    "capsule": ("capsule", "0.1 0.3", 0.1 + 0.3 * np.cos(0.5)),
    "cylinder": ("cylinder", "0.1 0.3", 0.3 * np.cos(0.5) + 0.1 * np.sin(0.5)),
    "ellipsoid": ("ellipsoid", "0.1 0.2 0.3", np.hypot(0.3 * np.cos(0.5), 0.2 * np.sin(0.5))),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_the_lowest_point_of_a_solid_that_is_turned(name):
    kind, size, below = SOLIDS[name]
    model = mujoco.MjModel.from_xml_string(
        f'<mujoco><compiler angle="radian"/><worldbody><geom type="plane" size="1 1 1"/><body pos="0 0 2">'
        f'<joint type="slide" axis="0 0 1"/><geom type="{kind}" size="{size}" euler="0.5 0 0"/></body>'
        "</worldbody></mujoco>"
    )
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    assert lowest(model, data) == pytest.approx(2 - below)


@pytest.mark.parametrize(
    ("domain", "task", "height"), [("walker", "stand", 0), ("quadruped", "walk", 2), ("humanoid", "stand", 2)]
)
def test_a_robot_put_on_the_floor_touches_it_and_no_more(domain, task, height):
    model, rng = suite_model(domain, task), np.random.default_rng(0)
    data = mujoco.MjData(model)
    qpos = np.tile(model.qpos0, (5, 1)) + rng.uniform(-0.3, 0.3, (5, model.nq))
    if height == 2:
        qpos[:, 3:7] = along(rng.standard_normal((5, 4)))
    for row in on_the_floor(model, qpos, height):
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        assert lowest(model, data) == pytest.approx(0, abs=1e-12)
        data.qpos[height] += 0.01
        mujoco.mj_forward(model, data)
        floor = [contact for contact in data.contact if 0 in (contact.geom1, contact.geom2)]
        assert all(contact.dist > 0 for contact in floor)
        data.qpos[height] -= 0.02
        mujoco.mj_forward(model, data)
        assert any(0 in (contact.geom1, contact.geom2) for contact in data.contact)
