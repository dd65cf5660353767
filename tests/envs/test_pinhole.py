"""From places to pixels and back: by the camera's matrices, against pictures themselves."""

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.envs.test_in_view import DOT
from vlmrl.envs.pinhole import Pinhole
from vlmrl.envs.render import Renderer
from vlmrl.envs.task import Camera
from vlmrl.errors import ConfigError, ShapeError

SIZE = (240, 320)
FREE = Camera(lookat=(0.1, 0.0, 0.9), distance=2.5, azimuth=60, elevation=-35)


def centroid(frame):
    """x and y of the red pixels' middle, in coordinates in which a pixel's own middle is at a half."""
    red = frame[..., 0].astype(int) - frame[..., 1:].max(-1)
    rows, columns = np.nonzero(red > 100)
    assert len(rows) > 4
    return np.array([columns.mean(), rows.mean()]) + 0.5


@pytest.mark.parametrize("camera", [Camera(name="side"), Camera(name="lens"), FREE], ids=["side", "lens", "free"])
def test_a_projected_place_is_where_the_picture_shows_it(camera):
    model = mujoco.MjModel.from_xml_string(DOT)
    model.geom_size[:] = 0.03  # the picture of a large ball off the axis is no circle round its middle
    data = mujoco.MjData(model)
    rng, seen = np.random.default_rng(0), 0
    with Renderer(model, SIZE, camera, "vlm") as renderer:
        while seen < 8:
            data.mocap_pos[0] = rng.uniform((-0.6, -0.5, 0.4), (0.6, 0.5, 1.4))
            mujoco.mj_forward(model, data)
            frame = renderer.frame(data)
            pixel, depth = renderer.pinhole.project(data.mocap_pos[0])
            middle = 12 < pixel[0] < SIZE[1] - 12 and 12 < pixel[1] < SIZE[0] - 12
            assert renderer.pinhole.inside(pixel) == renderer.sees(data.mocap_pos)[0]
            if middle:
                seen += 1
                np.testing.assert_allclose(pixel, centroid(frame), atol=0.6)
                assert depth == pytest.approx((data.mocap_pos[0] - renderer.pinhole.eye) @ renderer.eye.forward, 1e-5)


def looking(eye, target, focal=300.0):
    forward = np.subtract(target, eye) / np.linalg.norm(np.subtract(target, eye))
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.array([[focal, 0, 160.0], [0, focal, 120.0], [0, 0, 1]])
    return Pinhole(SIZE, matrix, np.stack([right, np.cross(forward, right), forward]), np.array(eye, float))


places = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-0.5, 0.5))


@given(
    places=st.lists(places, min_size=1, max_size=5), eye=st.tuples(st.floats(2, 4), st.floats(-3, 3), st.floats(1, 3))
)
def test_there_and_back_is_the_same_place(places, eye):
    camera, found = looking(eye, (0.0, 0.0, 0.0)), np.array(places)
    pixels, depth = camera.project(found)
    np.testing.assert_allclose(camera.at_depth(pixels, depth), found, atol=1e-9)
    np.testing.assert_allclose(camera.at_height(pixels, found[:, 2]), found, atol=1e-6)


def test_what_is_behind_the_camera_has_no_pixel_and_the_sky_no_place():
    camera = looking((3.0, 0.0, 1.0), (0.0, 0.0, 1.0))
    pixels, depth = camera.project(np.array([[4.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    assert np.isnan(pixels[0]).all()
    assert depth[0] == pytest.approx(-1)
    np.testing.assert_allclose(pixels[1], (160, 120))
    assert camera.inside(pixels).tolist() == [False, True]
    for level in (119.0, 120.0):  # above the horizon, and on it
        with pytest.raises(ShapeError, match="below the horizon"):
            camera.at_height(np.array([160.0, level]), 0.0)


def test_what_is_no_camera_is_refused():
    good = looking((3.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    for change, said in (
        ({"rotation": 2 * good.rotation}, "right angles"),
        ({"eye": np.zeros(2)}, r"must be \(3, 3\)"),
        ({"intrinsic": np.zeros((3, 3))}, "focal"),
    ):
        with pytest.raises(ShapeError, match=said):
            Pinhole(**{"size": SIZE, "intrinsic": good.intrinsic, "rotation": good.rotation, "eye": good.eye, **change})
    model = mujoco.MjModel.from_xml_string(DOT)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with Renderer(model, SIZE, Camera(name="flat")) as renderer:
        renderer.frame(data)
        with pytest.raises(ConfigError, match="orthographic"):
            _ = renderer.pinhole
