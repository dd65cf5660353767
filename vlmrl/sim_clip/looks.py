"""Random looks of one simulated world: colours, light, camera, so that the model learns the scene and not its paint."""

from __future__ import annotations

import colorsys
import copy
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from vlmrl.envs.render import Renderer
from vlmrl.envs.task import Camera
from vlmrl.types import Array

HELD_OUT_HUES = (0.25, 0.42)
"""Greens: no random look of the training data paints a robot in them; the held-out looks use nothing else."""
UNSET = np.array([0.5, 0.5, 0.5, 1.0], np.float32)
"""The colour by which MuJoCo tells that a geom was given none."""


@dataclass(frozen=True)
class Spread:
    """How far random cameras stray from the task's own.

    Attributes:
        turn: degrees of azimuth and elevation.
        zoom: share of the distance.
        shift: share of the picture's half width.
    """

    turn: float = 7.0
    zoom: float = 0.10
    shift: float = 0.05


def repaint(
    model: mujoco.MjModel, rng: np.random.Generator, held_out: bool = False, coloured: tuple[str, ...] = ()
) -> mujoco.MjModel:
    """A copy of ``model`` in other colours.

    Args:
        model: the world.
        rng: draws the colours.
        held_out: take the robot's from the hues that training never uses.
        coloured: geoms that sentences call by their colour, which keep its hue.
    """
    was, model = model, copy.copy(model)
    for geom in range(model.ngeom):
        world = model.geom_bodyid[geom] == 0
        if model.geom(geom).name in coloured:
            shade = _shade(rng, shown(was, geom)[:3])
        else:
            shade = _colour(rng, held_out and not world, muted=world)
        colour = np.append(shade, model.geom_rgba[geom, 3])
        model.geom_rgba[geom] = colour
        if model.geom_matid[geom] >= 0 and not world:
            model.mat_rgba[model.geom_matid[geom]] = colour
        elif model.geom_matid[geom] >= 0:
            model.mat_rgba[model.geom_matid[geom], :3] = rng.uniform(0.5, 1.0, 3)
    for texture in range(model.ntex):
        start = model.tex_adr[texture]
        end = start + model.tex_height[texture] * model.tex_width[texture] * model.tex_nchannel[texture]
        pixels = model.tex_data[start:end].reshape(-1, model.tex_nchannel[texture]).astype(np.float32)
        gain, offset = rng.uniform(0.3, 1.5, 3), rng.uniform(0, 120)
        pixels[:, :3] = pixels[:, :3] * gain + offset
        model.tex_data[start:end] = np.clip(pixels, 0, 255).astype(np.uint8).ravel()
    model.vis.headlight.diffuse[:] *= rng.uniform(0.7, 1.2)
    model.vis.headlight.ambient[:] *= rng.uniform(0.7, 1.3)
    return model


def shown(model: mujoco.MjModel, geom: int) -> Array:
    """The colour that a geom is drawn in: its own, or its material's where its own is unset. ``(4,)`` in [0, 1]."""
    material, own = model.geom_matid[geom], model.geom_rgba[geom]
    colour: Array = own if material < 0 or not np.array_equal(own, UNSET) else model.mat_rgba[material]
    return colour


def _colour(rng: np.random.Generator, held_out: bool, muted: bool) -> Array:
    low, high = HELD_OUT_HUES
    hue = rng.uniform(low, high) if held_out else (high + rng.uniform(0, 1 - (high - low))) % 1.0
    saturation = rng.uniform(0.0, 0.4) if muted else rng.uniform(0.3, 1.0)
    return np.array(colorsys.hsv_to_rgb(hue, saturation, rng.uniform(0.45, 1.0)))


def _shade(rng: np.random.Generator, of: Array) -> Array:
    """A colour that is called the same: its hue within 0.03, as white or as black as it was, darker or lighter."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(part) for part in of))
    hue = (hue + rng.uniform(-0.03, 0.03)) % 1.0
    saturation = float(np.clip(saturation * rng.uniform(0.75, 1.1), 0, 1))
    return np.array(colorsys.hsv_to_rgb(hue, saturation, float(np.clip(value * rng.uniform(0.75, 1.15), 0, 1))))


class Stage:
    """Draws poses of one model through cameras near the task's own, and tells how much of the robot is in view.

    Args:
        model: the world, in whatever look.
        camera: the task's camera.
        bodies: names of the geoms that are the robot.
        size: pixels of the square frame.
    """

    def __init__(self, model: mujoco.MjModel, camera: Camera, bodies: tuple[str, ...], size: int) -> None:
        if camera.name is not None:
            model = copy.copy(model)
            model.vis.global_.fovy = model.camera(camera.name).fovy[0]  # as wide as the named one sees
        self._model, self._data, self._camera = model, mujoco.MjData(model), camera
        mujoco.mj_forward(model, self._data)
        self._renderer = Renderer(model, (size, size), _free(model, self._data, camera), "fast")
        self._geoms = [model.geom(name).id for name in bodies]
        self._half = np.tan(np.radians(model.vis.global_.fovy) / 2)

    @property
    def data(self) -> mujoco.MjData:
        """Set the pose here before :meth:`shoot`."""
        return self._data

    @property
    def model(self) -> mujoco.MjModel:
        """The world that is drawn."""
        return self._model

    def shoot(self, rng: np.random.Generator, spread: Spread | None, away: bool) -> tuple[Array, float]:
        """Draw the present pose.

        Args:
            rng: draws the camera.
            spread: how far it strays; None looks through the task's own camera.
            away: look so far aside that the robot is partly or wholly out of view.

        Returns:
            The frame, and the share of the robot that is in view, in [0, 1].
        """
        view, base = self._renderer.camera, _free(self._model, self._data, self._camera)
        view.azimuth, view.elevation, view.distance = base.azimuth, base.elevation, base.distance
        shift = np.zeros(2)
        if spread is not None:
            view.azimuth += rng.uniform(-spread.turn, spread.turn)
            view.elevation = max(-90.0, view.elevation + rng.uniform(-spread.turn, spread.turn))
            view.distance *= 1 + rng.uniform(-spread.zoom, spread.zoom)
            shift = rng.uniform(-spread.shift, spread.shift, 2)
        if away:
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 2.0)
            shift = far * np.array([np.cos(angle), np.sin(angle)])
        right, up = _axes(view.azimuth, view.elevation)
        offset = (shift[0] * right + shift[1] * up) * view.distance * self._half
        self._renderer.lookat = np.array(base.lookat) + offset
        frame = self._renderer.frame(self._data)
        # Half the robot in view counts as seen: at the ends of its rail a cart's pole may stick out of the picture.
        return frame, float(np.clip(self._seen() / 0.5, 0, 1))

    def _seen(self) -> float:
        points = []
        for geom in self._geoms:
            centre, axis = self._data.geom_xpos[geom], self._data.geom_xmat[geom].reshape(3, 3)[:, 2]
            reach = (
                self._model.geom_size[geom, 1] if self._model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0
            )
            points += [centre - reach * axis, centre, centre + reach * axis]
        return float(self._renderer.sees(np.array(points)).mean())

    def close(self) -> None:
        """Release the renderer."""
        self._renderer.close()


def _axes(azimuth: float, elevation: float) -> tuple[Array, Array]:
    a, e = np.radians(azimuth), np.radians(elevation)
    forward = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([np.sin(a), -np.cos(a), 0.0])
    return right, np.cross(right, forward)


def _free(model: mujoco.MjModel, data: mujoco.MjData, camera: Camera) -> Camera:
    """A free camera that sees what a named one sees at this moment, so that it can stray."""
    if camera.name is None:
        return camera
    index = model.camera(camera.name).id
    position, (right, up, back) = data.cam_xpos[index], data.cam_xmat[index].reshape(3, 3).T
    if abs(right[2]) > 1e-6 or up[2] < -1e-6:
        raise ValueError(f"camera={camera.name}: no free camera is rolled as this one is")
    distance = float((data.subtree_com[model.cam_bodyid[index]] - position) @ -back)
    x, y, z = (float(part) for part in position - distance * back)
    return replace(
        camera,
        name=None,
        lookat=(x, y, z),
        distance=distance,
        azimuth=float(np.degrees(np.arctan2(right[0], -right[1]))),
        elevation=float(np.degrees(np.arcsin(np.clip(-back[2], -1, 1)))),
    )
