"""What of a pose can be set by hand, with ranges that hold the states that occur."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.coordinates import STEP, coordinates, posture

WORLD = """
<mujoco>
  <worldbody>
    <body name="robot">
      <freejoint name="root"/>
      <geom size=".1"/>
      <body><joint name="bend" range="-45 45" limited="true"/><geom size=".1"/></body>
      <body><joint name="spin"/><geom size=".1"/></body>
      <body><joint type="ball"/><geom size=".1"/></body>
    </body>
    <body name="cart"><joint name="walk" type="slide" axis="1 0 0"/><joint name="rise" type="slide" axis="0 0 1"/>
      <joint type="slide" axis="0 1 0" range="-.5 .5" limited="true"/><geom size=".1"/></body>
    <body name="ball" mocap="true"><geom size=".1"/></body>
  </worldbody>
</mujoco>
"""


@pytest.fixture
def model():
    return mujoco.MjModel.from_xml_string(WORLD)


@pytest.fixture
def seen(model):
    rows = np.zeros((2, model.nq + 3))
    rows[1, 7] = 1.0  # bend, beyond its limit of 0.785
    rows[1, -3] = 0.4  # the ball, along x alone
    return rows


def test_every_kind_of_joint_and_body_has_its_names_units_and_range(model, seen):
    found = {one.name: one for one in coordinates(model, seen)}
    # A ball joint and the orientation of a free one are left out; the ball moves along x alone.
    assert list(found) == ["root x", "root y", "root z", "bend", "spin", "walk", "rise", "joint 6", "ball x"]
    assert (found["bend"].low, found["bend"].high, found["bend"].unit) == (-0.79, 1.0, "rad")
    assert (found["spin"].low, found["spin"].high, found["spin"].turns) == (-3.14, 3.14, True)
    assert (found["joint 6"].low, found["joint 6"].high, found["joint 6"].unit) == (-0.5, 0.5, "m")
    assert (found["ball x"].low, found["ball x"].high) == (0.0, 0.4)
    assert [name for name, one in found.items() if one.sideways] == ["root x", "root y", "walk"]


def test_a_range_is_of_whole_steps_and_holds_what_was_seen(model, seen):
    for one in coordinates(model, seen):
        for end in (one.low, one.high):
            assert end / STEP == pytest.approx(round(end / STEP), abs=1e-9)
        assert one.low <= seen[:, one.index].min()
        assert one.high >= seen[:, one.index].max()


def test_the_index_is_the_place_in_a_posture(model, seen):
    data = mujoco.MjData(model)
    data.joint("spin").qpos[:] = 0.25
    data.mocap_pos[0] = (7.0, 8.0, 9.0)
    row = posture(data.qpos, data.mocap_pos)
    at = {one.name: one.index for one in coordinates(model, seen)}
    assert row[at["spin"]] == 0.25
    assert row[at["ball x"]] == 7.0
