"""States all over the table are whole, various, and as many as were asked for."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.tabletop import instructions, scene, truth
from vlmrl.envs.tabletop.anywhere import OVERLAP, anywhere
from vlmrl.envs.task import State


@pytest.fixture(scope="module")
def poses():
    return anywhere(np.random.default_rng(0), 3000)


@pytest.fixture(scope="module")
def states(poses):
    nothing = np.zeros((len(poses), 0))
    return State(poses.qpos, nothing, nothing, poses.mocap_pos, nothing, nothing, nothing, nothing)


@pytest.mark.parametrize("n", [0, 1, 700])
def test_there_are_as_many_as_asked_for_and_the_same_again(n):
    first, again = (anywhere(np.random.default_rng(3), n) for _ in range(2))
    assert len(first.qpos) == len(first.mocap_pos) == n
    np.testing.assert_array_equal(first.qpos, again.qpos)


def test_nothing_is_inside_another_thing(poses):
    model = scene.model()
    data = mujoco.MjData(model)
    for i in range(200):
        poses.apply(i, model, data)
        assert data.contact.dist.min(initial=0.0) > -OVERLAP - 1e-9


def test_every_instruction_is_somewhere_done_and_mostly_not(states):
    shares = {asked.name: truth.done(states, asked).mean() for asked in instructions()}
    assert not [name for name, share in shares.items() if share == 0]
    assert max(shares.values()) < 0.6


def test_drawer_and_button_are_at_every_depth_and_the_lamp_follows(poses):
    qpos = poses.qpos
    for place, most in ((scene.DRAWER, scene.DRAWER_RANGE), (scene.PRESSED, scene.BUTTON_TRAVEL)):
        assert (np.histogram(qpos[:, place], 8, (0, most))[0] > 5).all()
    np.testing.assert_allclose(qpos[:, scene.LIT], scene.LAMP * qpos[:, scene.PRESSED])
