"""A calibrated camera: from places in the world to pixels, and back where the depth or the height is known."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError, ShapeError

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pinhole:
    """A camera's matrices, as textbooks have them: ``pixel ~ K [R | -R eye] place``.

    The picture's x axis is right, y down, and depth away from the camera. A pixel's coordinates run from 0 to the
    picture's width and height, so that the centre of the first pixel is (0.5, 0.5).

    Attributes:
        size: ``(height, width)`` in pixels.
        intrinsic: K, float64 ``(3, 3)``, focal lengths and centre [pixels].
        rotation: R, float64 ``(3, 3)``: rows are the picture's right, its down and the way it looks, in the world.
        eye: float64 ``(3,)``, where the camera is [m].

    Raises:
        ShapeError: matrices of another shape, or that are no camera's.
    """

    size: tuple[int, int]
    intrinsic: Points
    rotation: Points
    eye: Points

    def __post_init__(self) -> None:
        shapes = np.shape(self.intrinsic), np.shape(self.rotation), np.shape(self.eye)
        if shapes != ((3, 3), (3, 3), (3,)):
            raise ShapeError(f"camera: intrinsic, rotation, eye are {shapes}; must be (3, 3), (3, 3), (3,)")
        if not np.allclose(self.rotation @ self.rotation.T, np.eye(3), atol=1e-6):
            raise ShapeError("camera: rotation is none; its rows must be of length 1 and at right angles")
        if self.intrinsic[0, 0] <= 0 or self.intrinsic[1, 1] <= 0:
            raise ShapeError("camera: intrinsic has no focal length; [0, 0] and [1, 1] must be above 0 pixels")

    @classmethod
    def of_scene(cls, scene: mujoco.MjvScene, size: tuple[int, int]) -> Pinhole:
        """The camera that MuJoCo last drew a scene through, without stereo.

        Raises:
            ConfigError: it has no perspective.
        """
        one = scene.camera[0]
        if one.orthographic:
            raise ConfigError("camera: is orthographic; keypoints need one with perspective")
        height, width = size
        # A scene has a left and a right eye for stereo; a picture for one eye is drawn from between them.
        eye = np.array([each.pos for each in scene.camera], np.float64).mean(axis=0)
        forward, up = np.array(one.forward, np.float64), np.array(one.up, np.float64)
        # MuJoCo keeps them in single precision.
        forward /= np.linalg.norm(forward)
        up -= (up @ forward) * forward
        up /= np.linalg.norm(up)
        near, tall = float(one.frustum_near), float(one.frustum_top - one.frustum_bottom)
        wide = 2 * float(one.frustum_width) or tall * width / height
        across, down = width * near / wide, height * near / tall
        middle = width / 2 - across * float(one.frustum_center) / near
        level = height * float(one.frustum_top) / tall
        matrix = np.array([[across, 0.0, middle], [0.0, down, level], [0.0, 0.0, 1.0]])
        return cls(size, matrix, np.stack([np.cross(forward, up), -up, forward]), eye)

    def project(self, places: Points) -> tuple[Points, Points]:
        """Where places in the world are in the picture.

        Args:
            places: float64 ``(..., 3)`` [m].

        Returns:
            float64 ``(..., 2)`` x and y [pixels], NaN for what lies behind the camera, and depth ``(...)`` [m].
        """
        seen = (np.asarray(places, np.float64) - self.eye) @ self.rotation.T @ self.intrinsic.T
        depth = seen[..., 2]
        ahead = np.where(depth > 0, depth, np.nan)
        return seen[..., :2] / ahead[..., None], depth

    def at_depth(self, pixels: Points, depth: Points) -> Points:
        """The places in the world, ``(..., 3)`` [m], that pixels ``(..., 2)`` show at a depth ``(...)`` [m]."""
        places: Points = self.eye + self._rays(pixels) * np.asarray(depth, np.float64)[..., None]
        return places

    def at_height(self, pixels: Points, height: Points | float) -> Points:
        """The places in the world, ``(..., 3)`` [m], that pixels ``(..., 2)`` show on level planes.

        Args:
            pixels: x and y.
            height: of the planes, ``z`` in the world, one or ``(...)`` [m].

        Raises:
            ShapeError: a pixel shows the sky: its ray never meets the plane.
        """
        rays = self._rays(pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (np.asarray(height, np.float64) - self.eye[2]) / rays[..., 2]
        if not (np.isfinite(depth) & (depth > 0)).all():
            raise ShapeError(f"pixels: show nothing at a height of {height} m; name ones below the horizon")
        return self.at_depth(pixels, depth)

    def inside(self, pixels: Points) -> NDArray[np.bool_]:
        """Which pixels ``(..., 2)`` lie in the picture; NaN does not."""
        height, width = self.size
        x, y = np.moveaxis(np.asarray(pixels, np.float64), -1, 0)
        found: NDArray[np.bool_] = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
        return found

    def _rays(self, pixels: Points) -> Points:
        """Ways from the camera through pixels, ``(..., 3)``, of depth 1."""
        flat = np.asarray(pixels, np.float64)
        whole = np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1)
        rays: Points = whole @ np.linalg.inv(self.intrinsic).T @ self.rotation
        return rays
