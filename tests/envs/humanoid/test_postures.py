"""Postures rest on the floor within the joints' limits; what is drawn in one is true, and without it is not."""

import numpy as np
import pytest

from vlmrl.envs import find_task, make_env
from vlmrl.envs.humanoid.dress import COLOURS, dress
from vlmrl.envs.humanoid.postures import CLEARLY_NOT, POSTURES, drawn, model, within, without
from vlmrl.envs.poses import lowest, states


@pytest.mark.parametrize("name", POSTURES)
def test_it_rests_on_the_floor_within_the_limits(name):
    import mujoco

    known = {model().joint(i).name for i in range(1, model().njnt)}
    assert set(POSTURES[name].joints) <= known
    data = mujoco.MjData(model())
    low, high = model().jnt_range[1:].T
    for row in drawn(np.random.default_rng(0), POSTURES[name], 8):
        assert (low - 1e-12 <= row[7:]).all()
        assert (row[7:] <= high + 1e-12).all()
        assert np.linalg.norm(row[3:7]) == pytest.approx(1)
        data.qpos[:] = row
        mujoco.mj_kinematics(model(), data)
        assert lowest(model(), data) == pytest.approx(0, abs=1e-9)


def test_near_misses_are_among_the_bad_states():
    truth, rng = find_task("humanoid/arms_raised").success, np.random.default_rng(0)
    good, bad = within(rng, 20, "arms_raised", truth), without(rng, 200, "arms_raised", truth)
    assert truth(states(model(), good.qpos)).all()
    near = truth.nearness(states(model(), bad.qpos))
    assert near.max() < CLEARLY_NOT
    assert (near > 0.5).mean() > 0.05, "some stand, with their arms elsewhere"
    assert (near < 0.2).mean() > 0.3, "some do not stand at all"


def test_dressing_changes_what_is_seen_and_nothing_that_moves():
    import mujoco
    from gymnasium.envs.mujoco.humanoid_v5 import HumanoidEnv

    plain, dressed = HumanoidEnv().model, HumanoidEnv().model
    dress(dressed)
    assert len({tuple(row) for row in dressed.geom_rgba}) > 5
    assert (dressed.geom("head").rgba[:3] == np.float32(COLOURS["head"])).all()
    one, other = mujoco.MjData(plain), mujoco.MjData(dressed)
    for data in (one, other):
        data.ctrl[:] = 0.2
    for _ in range(50):
        mujoco.mj_step(plain, one)
        mujoco.mj_step(dressed, other)
    np.testing.assert_array_equal(one.qpos, other.qpos)


def test_the_whole_body_is_in_the_picture_in_every_posture():
    """Nothing but sky and floor at the frame's border."""
    env = make_env("humanoid/arms_raised", size=(96, 96), seed=0)
    from vlmrl.envs.simulator import refresh, simulator

    sim, data = simulator(env)
    for name, posture in POSTURES.items():
        for row in drawn(np.random.default_rng(3), posture, 4):
            data.qpos[:] = row
            refresh(sim, data)
            frame = env.get_wrapper_attr("frame")().astype(int)
            border = np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]])
            robot = (border.max(axis=-1) - border.min(axis=-1)) > 90  # colours of the robot are saturated
            assert not robot.any(), name
    env.close()
