"""What a picture shows of the robot: the geometry against the picture itself."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs import make_env
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.in_view import robot_bodies
from vlmrl.envs.layers import layer_of
from vlmrl.envs.render import Renderer
from vlmrl.envs.task import Camera

DOT = """
<mujoco>
  <statistic extent="2"/>
  <visual><headlight ambient="1 1 1"/></visual>
  <worldbody>
    <camera name="side" pos="0.1 -3 1" xyaxes="1 0.2 0 0 0.1 1" fovy="40"/>
    <camera name="flat" pos="0.1 -3 1" xyaxes="1 0 0 0 0 1" projection="orthographic" fovy="2"/>
    <camera name="lens" pos="0 -3 1" xyaxes="1 0 0 0 0 1" focal="0.03 0.03" sensorsize="0.02 0.03"
            principal="0.001 0.002" resolution="40 60"/>
    <body name="dot" mocap="true"><geom size=".09" rgba="1 0 0 1"/></body>
  </worldbody>
</mujoco>
"""

ROBOT = """
<mujoco>
  <worldbody>
    <body name="base"><geom size=".1"/>
      <body name="arm" pos="0 0 .3"><joint name="a"/><geom size=".1"/>
        <body name="hand" pos="0 0 .3"><joint name="h"/><geom size=".1"/></body></body></body>
    <body name="cup" pos="1 0 0"><joint name="c" type="slide"/><geom size=".1"/></body>
    <body name="block" pos="2 0 0"><freejoint/><geom size=".1"/></body>
    <body name="hull" pos="3 0 0"><freejoint/><geom size=".1"/><site name="jet"/></body>
  </worldbody>
  <tendon><fixed name="string"><joint joint="c" coef="1"/></fixed></tendon>
  <actuator>{}</actuator>
</mujoco>
"""


@pytest.mark.parametrize("camera", ["side", "flat", "lens"])
@pytest.mark.parametrize("size", [(48, 80), (80, 48)])
def test_what_lies_in_the_frame_is_drawn_and_what_lies_outside_is_not(camera, size):
    model = mujoco.MjModel.from_xml_string(DOT)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    found = []
    with Renderer(model, size, Camera(camera)) as renderer:
        for place in rng.uniform((-2, -4, -1), (2, 0.5, 3), (200, 3)):
            data.mocap_pos[0] = place
            mujoco.mj_forward(model, data)
            red = renderer.frame(data)[..., 0].max() > 60
            # All of the dot, or nothing of it: at the edge a part of it is seen.
            corners = place + 0.11 * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
            around = renderer.sees(np.concatenate([place[None], corners]))
            if around.all() or not around.any():
                found.append((bool(around[0]), bool(red)))
    assert {seen for seen, _ in found} == {True, False}
    assert all(seen == red for seen, red in found)


@pytest.mark.parametrize(
    ("actuators", "bodies"),
    [
        ('<motor joint="a"/>', {"arm", "hand"}),
        ('<motor tendon="string"/>', {"cup"}),
        ('<motor joint="h"/><motor site="jet" gear="1 0 0 0 0 0"/>', {"arm", "hand", "hull"}),
        ("", {"arm", "hand", "cup", "block", "hull"}),
    ],
)
def test_the_robot_is_what_motors_move_and_no_block_that_it_pushes(actuators, bodies):
    model = mujoco.MjModel.from_xml_string(ROBOT.format(actuators))
    assert {model.body(index).name for index in robot_bodies(model)} == bodies


def test_a_robot_in_the_picture_is_seen_whole_and_one_that_left_it_is_not():
    env = make_env("cartpole/upright")
    tap = layer_of(env, FrameTap)
    assert tap is not None
    assert tap.in_view() is None
    env.reset(seed=0)
    assert tap.in_view() == 1.0
    env.unwrapped.data.qpos[0] = 100.0
    tap.frame()
    assert tap.in_view() == 0.0
    env.close()
