"""Limbs are where MuJoCo says they are, however the robot lies or is turned."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.humanoid import body
from vlmrl.envs.humanoid.postures import POSTURES, drawn, model
from vlmrl.envs.poses import states


def test_names_are_the_models():
    assert tuple(model().body(i).name for i in range(model().nbody)) == body.BODIES
    assert tuple(model().geom(i).name for i in range(model().ngeom)) == body.GEOMS
    assert model().geom("left_foot").size[0] == body.FOOT
    assert model().geom("butt").size[0] == body.SEAT


def test_knees_are_the_anchors_of_the_knees():
    qpos = drawn(np.random.default_rng(0), POSTURES["lunging"], 3)
    data = mujoco.MjData(model())
    for row, found in zip(qpos, body.knees(states(model(), qpos)), strict=True):
        data.qpos[:] = row
        mujoco.mj_kinematics(model(), data)
        by_hand = [data.xanchor[model().joint(f"{side}_knee").id] for side in ("right", "left")]
        np.testing.assert_allclose(found, by_hand, atol=1e-12)


@pytest.mark.parametrize("name", ["standing", "lying", "on_all_fours"])
def test_the_trunks_frame_turns_with_the_robot(name):
    qpos = drawn(np.random.default_rng(1), POSTURES[name], 1)
    turned = qpos.copy()
    quarter = np.array([np.sqrt(0.5), 0, 0, np.sqrt(0.5)])
    mujoco.mju_mulQuat(turned[0, 3:7], quarter, qpos[0, 3:7])
    here, there = states(model(), qpos), states(model(), turned)
    hands, moved = (body.within(one, body.both(one, "hand")) for one in (here, there))
    np.testing.assert_allclose(hands, moved, atol=1e-9)
    axes = body.frame(here)[0]
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1)


def test_a_standing_robot_has_its_left_hand_on_the_left():
    standing = states(model(), drawn(np.random.default_rng(2), POSTURES["t_pose"], 4))
    hands = body.within(standing, body.both(standing, "hand"))
    assert (hands[:, 0, 1] < -0.4).all(), "right hand"
    assert (hands[:, 1, 1] > 0.4).all(), "left hand"
    assert (body.uprightness(standing) > 0.95).all()
    assert (body.head_height(standing) > 1.45).all()
