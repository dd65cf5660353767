"""Frames from a simulator's state: offscreen, at the size that will be scored, and no dearer than they are worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs import gl
from vlmrl.envs.in_view import in_frame
from vlmrl.envs.pinhole import Pinhole
from vlmrl.envs.task import Camera, Profile
from vlmrl.errors import ConfigError, RenderError

FILM_SIZE = (480, 480)
"""Of a film's frame that an environment draws, height and width in pixels."""


@dataclass(frozen=True)
class Style:
    """What a render profile draws, and how finely."""

    shadows: bool
    reflections: bool
    samples: int
    slices: int | None
    """Facets of round shapes; None keeps the model's own mesh quality and floor grid."""


STYLES: dict[Profile, Style] = {
    "fast": Style(shadows=False, reflections=False, samples=0, slices=10),
    "vlm": Style(shadows=False, reflections=False, samples=4, slices=None),
    "pretty": Style(shadows=True, reflections=True, samples=4, slices=None),
}


class Renderer:
    """Draws frames of one model at one size.

    Args:
        model: the model; left as it was found.
        size: ``(height, width)`` in pixels.
        camera: where to look from; None takes the model's default view.
        profile: ``fast``, ``vlm`` or ``pretty``.

    Attributes:
        lookat: the point that a free camera looks at, relative to the body that it follows, if any [m]; may be changed.

    Raises:
        ConfigError: an unknown profile, camera or body, or a size below one pixel.
        RenderError: no GL context can be made; the message names the package to install.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        size: tuple[int, int] = (64, 64),
        camera: Camera | None = None,
        profile: Profile = "fast",
    ) -> None:
        if profile not in STYLES:
            raise ConfigError(f"render.profile={profile}: is not known; known: {', '.join(STYLES)}")
        if min(size) < 1:
            raise ConfigError(f"render.size={size}: must be (height, width) of at least one pixel each")
        self.size, self.profile = size, profile
        self._model = model
        self._scene = mujoco.MjvScene(model, maxgeom=max(1000, 2 * model.ngeom))
        self._option = mujoco.MjvOption()
        self._camera, self._follow = _mjv_camera(model, camera)
        self.lookat = np.array(self._camera.lookat)
        self._rect = mujoco.MjrRect(0, 0, size[1], size[0])
        self._buffer = np.empty((*size, 3), np.uint8)
        self._context: mujoco.MjrContext | None = None
        self._terrain = model.hfield_data.copy()
        style = STYLES[profile]
        with gl.current(self), _drawn_as(model, style, size):
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = style.shadows
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = style.reflections

    def frame(self, data: mujoco.MjData) -> NDArray[np.uint8]:
        """Draw the state in ``data``, whose kinematics must be up to date.

        Returns:
            uint8 ``(H, W, 3)``, RGB, row 0 at the top; the caller's own copy.

        Raises:
            RenderError: the renderer is closed.
        """
        if self._context is None:
            raise RenderError("frame: the renderer is closed; make a new one")
        self._camera.lookat[:] = self.lookat
        if self._follow is not None:
            # Sideways only: a camera that bobs with the robot would hide whether it stands or lies.
            self._camera.lookat[:2] += data.xpos[self._follow, :2]
        mujoco.mjv_updateScene(
            self._model, data, self._option, None, self._camera, mujoco.mjtCatBit.mjCAT_ALL, self._scene
        )
        with gl.current(self) as changed:
            if changed:
                mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
            if self._terrain.size and not np.array_equal(self._terrain, self._model.hfield_data):
                self._upload_terrain(self._context)
            mujoco.mjr_render(self._rect, self._scene, self._context)
            mujoco.mjr_readPixels(self._buffer, None, self._rect, self._context)
        return self._buffer[::-1].copy()  # GL counts rows from the bottom

    def _upload_terrain(self, context: mujoco.MjrContext) -> None:
        """Give the ground that has been shaped anew to the driver (dm_control's quadruped/escape does so)."""
        self._terrain = self._model.hfield_data.copy()
        for index in range(self._model.nhfield):
            mujoco.mjr_uploadHField(self._model, context, index)

    @property
    def eye(self) -> mujoco.MjvGLCamera:
        """Where the last frame was taken from: position, forward and up [m]."""
        return self._scene.camera[0]

    @property
    def pinhole(self) -> Pinhole:
        """The camera that the last frame was taken through.

        Raises:
            ConfigError: it has no perspective.
        """
        return Pinhole.of_scene(self._scene, self.size)

    def sees(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which places in the world, float64 ``(n, 3)`` [m], lie inside the last frame; bool ``(n,)``."""
        return in_frame(self._scene, self.size, points)

    @property
    def camera(self) -> mujoco.MjvCamera:
        """MuJoCo's own camera: move it between frames to look from elsewhere."""
        return self._camera

    def close(self) -> None:
        """Release what the renderer holds; closing twice is no error."""
        if self._context is not None:
            with gl.current(self):
                self._context.free()
            self._context = None
            gl.forget(self)

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mjv_camera(model: mujoco.MjModel, camera: Camera | None) -> tuple[mujoco.MjvCamera, int | None]:
    view = mujoco.MjvCamera()
    mujoco.mjv_defaultFreeCamera(model, view)
    if camera is None:
        return view, None
    if camera.name is not None:
        view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        view.fixedcamid = _id(model, mujoco.mjtObj.mjOBJ_CAMERA, "camera", camera.name)
        return view, None
    view.lookat[:], view.distance = camera.lookat, camera.distance
    view.azimuth, view.elevation = camera.azimuth, camera.elevation
    follow = None if camera.follow is None else _id(model, mujoco.mjtObj.mjOBJ_BODY, "camera.follow", camera.follow)
    return view, follow


def _id(model: mujoco.MjModel, kind: mujoco.mjtObj, what: str, name: str) -> int:
    index = mujoco.mj_name2id(model, kind, name)
    if index < 0:
        count = model.ncam if kind == mujoco.mjtObj.mjOBJ_CAMERA else model.nbody
        known = [mujoco.mj_id2name(model, kind, i) for i in range(count)]
        raise ConfigError(
            f"{what}={name}: the model has none of that name; it has {', '.join(map(str, known)) or 'none'}"
        )
    return int(index)


@contextmanager
def _drawn_as(model: mujoco.MjModel, style: Style, size: tuple[int, int]) -> Iterator[None]:
    """Set what MuJoCo reads from the model while it builds a drawing context, and put it back afterwards."""
    quality, glob = model.vis.quality, model.vis.global_
    kept = {name: getattr(quality, name) for name in ("offsamples", "shadowsize", "numslices", "numstacks", "numquads")}
    kept_size, kept_geoms = (glob.offheight, glob.offwidth), model.geom_size.copy()
    try:
        quality.offsamples = style.samples
        if not style.shadows:
            quality.shadowsize = 0
        if style.slices is not None:
            quality.numslices, quality.numstacks, quality.numquads = style.slices, max(2, style.slices // 2), 1
            planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
            model.geom_size[planes, 2] = model.geom_size[planes, :2].max(axis=1, initial=1.0)  # one tile, not hundreds
        glob.offheight, glob.offwidth = max(glob.offheight, size[0]), max(glob.offwidth, size[1])
        yield
    finally:
        for name, value in kept.items():
            setattr(quality, name, value)
        glob.offheight, glob.offwidth = kept_size
        model.geom_size[:] = kept_geoms
