"""Rendering: the profiles, the camera, and the model left as it was."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.render import Renderer
from vlmrl.envs.task import Camera
from vlmrl.errors import ConfigError, RenderError

XML = """
<mujoco>
  <visual><global offwidth="32" offheight="32"/></visual>
  <worldbody>
    <light pos="0 0 3"/>
    <camera name="side" pos="0 -3 1" xyaxes="1 0 0 0 0 1"/>
    <geom type="plane" size="5 5 .1" rgba=".4 .5 .6 1"/>
    <body name="ball" pos="0 0 1"><joint name="x" type="slide" axis="1 0 0"/><geom size=".3" rgba="1 0 0 1"/></body>
  </worldbody>
</mujoco>
"""


@pytest.fixture
def world():
    model = mujoco.MjModel.from_xml_string(XML)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def redness(frame):
    """Where the red ball is: its mean column, or None."""
    red = (frame[..., 0].astype(int) - frame[..., 1]) > 60
    return np.argwhere(red)[:, 1].mean() if red.any() else None


@pytest.mark.parametrize("profile", ["fast", "vlm", "pretty"])
def test_every_profile_draws_at_the_asked_size_even_above_the_models_buffer(world, profile):
    model, data = world
    with Renderer(model, (48, 80), Camera("side"), profile) as renderer:
        frame = renderer.frame(data)
    assert frame.shape == (48, 80, 3)
    assert frame.dtype == np.uint8
    assert redness(frame) == pytest.approx(39.5, abs=1.5)


def test_the_top_row_is_the_top_of_the_picture(world):
    model, data = world
    with Renderer(model, (64, 64), Camera("side")) as renderer:
        frame = renderer.frame(data)
    assert frame[:8].std() < frame[-8:].mean()  # sky above, lit floor below
    assert frame[-8:].mean() > frame[:8].mean()


def test_the_model_is_left_as_it_was_found(world):
    model, _ = world
    before = (
        model.geom_size.copy(),
        model.vis.quality.offsamples,
        model.vis.quality.shadowsize,
        model.vis.global_.offwidth,
    )
    Renderer(model, (64, 64)).close()
    after = (model.geom_size, model.vis.quality.offsamples, model.vis.quality.shadowsize, model.vis.global_.offwidth)
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_two_renderers_in_turn_do_not_mix_their_pictures(world):
    model, data = world
    with Renderer(model, (64, 64), Camera("side")) as first, Renderer(model, (32, 32), Camera("side"), "vlm") as second:
        one, other = first.frame(data), second.frame(data)
        for _ in range(3):
            np.testing.assert_array_equal(first.frame(data), one)
            np.testing.assert_array_equal(second.frame(data), other)


def test_a_following_camera_keeps_the_body_in_place(world):
    model, data = world
    view = Camera(lookat=(0, 0, 1), distance=4, elevation=0)
    with (
        Renderer(model, camera=view) as still,
        Renderer(model, camera=Camera(**{**vars(view), "follow": "ball"})) as follows,
    ):
        data.qpos[0] = 1.0
        mujoco.mj_forward(model, data)
        assert redness(still.frame(data)) > 40
        assert redness(follows.frame(data)) == pytest.approx(31.5, abs=1.5)
        data.qpos[0] = 40.0
        mujoco.mj_forward(model, data)
        assert redness(still.frame(data)) is None
        assert redness(follows.frame(data)) == pytest.approx(31.5, abs=1.5)


def test_a_frame_is_the_callers_own(world):
    model, data = world
    with Renderer(model) as renderer:
        first = renderer.frame(data)
        kept = first.copy()
        data.qpos[0] = 0.5
        mujoco.mj_forward(model, data)
        renderer.frame(data)
    np.testing.assert_array_equal(first, kept)


def test_bad_input_is_named(world):
    model, data = world
    with pytest.raises(ConfigError, match=r"camera=front.*it has side"):
        Renderer(model, camera=Camera("front"))
    with pytest.raises(ConfigError, match=r"camera\.follow=cube.*ball"):
        Renderer(model, camera=Camera(follow="cube"))
    with pytest.raises(ConfigError, match=r"render\.profile=best.*fast, vlm, pretty"):
        Renderer(model, profile="best")
    with pytest.raises(ConfigError, match=r"render\.size=\(0, 64\)"):
        Renderer(model, (0, 64))
    renderer = Renderer(model)
    renderer.close()
    renderer.close()
    with pytest.raises(RenderError, match="closed"):
        renderer.frame(data)
