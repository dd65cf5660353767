"""The arm's geometry, against MuJoCo's own and against itself."""

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.envs.tabletop import arm, scene

PLACES = st.tuples(*(st.floats(low, high) for low, high in zip(arm.LOW, arm.HIGH, strict=True)))


@given(PLACES)
def test_the_hand_comes_where_it_is_sent(place):
    np.testing.assert_allclose(arm.hand(arm.joints_at(np.array(place))), place, atol=1e-9)


def test_the_simulator_has_the_hand_there_too_and_upright():
    model = scene.model()
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    for place in rng.uniform(arm.LOW, arm.HIGH, (50, 3)):
        data.qpos[: arm.JOINTS] = arm.joints_at(place)
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.site("hand").xpos, place, atol=1e-9)
        right, _, down = data.site("hand").xmat.reshape(3, 3).T[[1, 2, 0]]
        np.testing.assert_allclose([right, down], [[1, 0, 0], [0, 0, -1]], atol=1e-9)


def test_beyond_reach_it_stretches():
    assert np.isfinite(arm.joints_at(np.array([2.0, -3.0, 1.0]))).all()


@given(PLACES, PLACES, st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_commands_stay_in_the_box_and_near_the_hand(place, commanded, action):
    qpos = np.concatenate([arm.joints_at(np.array(place)), [0.02, 0.02]])
    ctrl = np.concatenate([arm.joints_at(np.array(commanded)), [0.02, 0.02]])
    told = arm.command(ctrl, qpos, np.array(action, np.float32))
    there = arm.hand(told)
    assert (np.array(arm.LOW) - 1e-9 <= there).all()
    assert (there <= np.array(arm.HIGH) + 1e-9).all()
    assert np.abs(there - place).max() <= arm.LEASH + 1e-9
    assert 0 <= told[5] == told[6] <= arm.OPENING / 2


def test_whoever_poses_the_arm_finds_it_staying_there():
    home, posed = (arm.joints_at(np.array(place)) for place in [(0.0, 0.0, 0.2), (0.2, 0.1, 0.1)])
    told = arm.command(np.append(home, [0.02] * 2), np.append(posed, [0.02] * 2), np.zeros(4, np.float32))
    np.testing.assert_allclose(told[:5], posed, atol=1e-9)


def test_no_action_holds_still():
    qpos = np.concatenate([arm.joints_at(np.array([0.1, 0.0, 0.1])), [0.02, 0.02]])
    told = arm.command(qpos, qpos, np.zeros(4, np.float32))
    np.testing.assert_allclose(told[:5], qpos[:5], atol=1e-12)
    assert told[5] == pytest.approx(arm.OPENING / 4)
