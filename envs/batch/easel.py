"""Frames of many simulations: a renderer a thread, each drawing its share of them."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs import gl
from vlmrl.envs.batch.cores import physical_cores
from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.own_thread import OwnThread
from vlmrl.envs.blank import BlankCheck
from vlmrl.envs.pinhole import Pinhole
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import refresh
from vlmrl.envs.task import Camera, Profile
from vlmrl.errors import ConfigError, RenderError

MOST_CONTEXTS = 4
"""By default at most: drivers serve a few contexts well, and some hang with many."""
PATIENCE = 60.0
"""Seconds without a frame after which the driver counts as hung: the slowest frames take one or two."""


@dataclass(frozen=True)
class Picture:
    """What a frame looks like.

    Attributes:
        size: ``(height, width)`` in pixels.
        camera: where to look from; None is the model's default view.
        profile: the render profile.
        contexts: that draw, each in a thread of its own; None is one a physical core, up to four. A software driver
            draws with one, whatever is asked: its contexts are not safe beside each other.
    """

    size: tuple[int, int] = (64, 64)
    camera: Camera | None = None
    profile: Profile = "fast"
    contexts: int | None = None


class Easel:
    """Draws the states of an engine as they are at the call.

    Args:
        model: the model, left as it was found.
        engine: the simulations.
        picture: what a frame looks like.

    Raises:
        ConfigError: fewer than one context.
    """

    def __init__(self, model: mujoco.MjModel, engine: Engine, picture: Picture) -> None:
        asked = picture.contexts
        if asked is not None and asked < 1:
            raise ConfigError(
                f"contexts={asked}: must be at least 1, or None for one a physical core, up to {MOST_CONTEXTS}"
            )
        self._model, self._engine, self._picture = model, engine, picture
        self._contexts = min(engine.count, asked or min(MOST_CONTEXTS, physical_cores()))
        self._painters: list[_Painter] = []
        self._check = BlankCheck()

    def begin(self, sims: Iterable[int]) -> None:
        """Take in the first states of episodes; pictures remember nothing of them."""

    def draw(self, sims: Iterable[int] | None = None) -> NDArray[np.uint8]:
        """Frames of simulations, of all by default: a new uint8 ``(k, H, W, 3)``.

        Raises:
            RenderError: nothing can be drawn, the driver hangs, or the first frame ever is one colour all over.
        """
        chosen = list(range(self._engine.count)) if sims is None else [int(sim) for sim in sims]
        frames = np.empty((len(chosen), *self._picture.size, 3), np.uint8)
        if not chosen:
            return frames
        if not self._painters:
            self._prepare()
        shares = np.array_split(np.arange(len(chosen)), len(self._painters))
        waiting = [
            painter.paint(self._engine, [(chosen[place], frames[place]) for place in share])
            for painter, share in zip(self._painters, shares, strict=True)
            if len(share)
        ]
        self._await(waiting)
        self._check(frames, lambda row: f"env {chosen[row]}")
        return frames

    def _prepare(self) -> None:
        """Make painters; their renderers one after the other, before any draws: making one changes the model."""
        try:
            while len(self._painters) < (1 if gl.in_turns() else self._contexts):
                self._painters.append(_Painter(self._model, self._picture))
                self._await([self._painters[-1].prepare()])
        except BaseException:
            self._painters = []  # none that cannot draw stays
            raise
        if gl.in_turns() and (self._picture.contexts or 1) > 1 and self._engine.count > 1:
            warnings.warn(
                f"render.contexts={self._picture.contexts}: one is used, as frames are drawn by the processor, whose "
                "driver is not safe with several",
                stacklevel=2,
            )

    def _await(self, waiting: Sequence[Future[None]]) -> None:
        """Wait until all is drawn, as long as frames come."""
        pending, drawn = set(waiting), self._drawn
        while pending:
            _, pending = wait(pending, PATIENCE)
            if pending and self._drawn == drawn:
                contexts, self._painters = len(self._painters), []  # whatever they do, nobody waits for it
                gl.abandon()
                fewer = "fewer contexts may help (render.contexts=1), and " if contexts > 1 else ""
                raise RenderError(
                    f"contexts={contexts}: no frame was drawn in {PATIENCE:.0f} s, the graphics driver hangs; "
                    f"{fewer}MUJOCO_GL=osmesa draws without the driver"
                )
            drawn = self._drawn
        for one in waiting:
            one.result()

    @property
    def _drawn(self) -> int:
        return sum(painter.drawn for painter in self._painters)

    def close(self) -> None:
        """Release renderers and threads; drawing again makes new ones."""
        painters, self._painters = self._painters, []
        for painter in painters:
            painter.close()


class _Painter:
    """A thread with a renderer of its own: contexts belong to threads.

    Attributes:
        drawn: frames so far.
    """

    def __init__(self, model: mujoco.MjModel, picture: Picture) -> None:
        self.drawn = 0
        self._thread = OwnThread("painter")
        self._model, self._picture = model, picture
        self._data = mujoco.MjData(model)
        self._renderers: list[Renderer] = []
        self._left = weakref.finalize(self, _leave, self._thread, self._renderers)
        self._left.atexit = False  # contexts are freed elsewhere then

    def prepare(self) -> Future[None]:
        """Begin to make the renderer."""
        return self._thread.submit(self._prepare)

    def _prepare(self) -> None:
        look = self._picture
        self._renderers.append(Renderer(self._model, look.size, look.camera, look.profile))

    def paint(self, engine: Engine, work: list[tuple[int, NDArray[np.uint8]]]) -> Future[None]:
        """Begin to draw simulations into arrays."""
        return self._thread.submit(partial(self._paint, engine, work))

    def _paint(self, engine: Engine, work: list[tuple[int, NDArray[np.uint8]]]) -> None:
        for sim, frame in work:
            engine.load(sim, self._data)
            refresh(self._model, self._data)
            frame[:] = self._renderers[0].frame(self._data)
            self.drawn += 1

    @property
    def camera(self) -> Pinhole:
        """Through which it drew last."""
        return self._renderers[0].pinhole

    def close(self) -> None:
        """Release the renderer in the thread that made it, and end the thread."""
        self._left()
        self._thread.join(PATIENCE)


def _leave(thread: OwnThread, renderers: list[Renderer]) -> None:
    """Release what nobody closed, without waiting: this may run in the very thread."""
    thread.submit(partial(_release, renderers))
    thread.end()


def _release(renderers: list[Renderer]) -> None:
    while renderers:
        renderers.pop().close()
