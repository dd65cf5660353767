"""Frames of many simulations: a renderer a thread, each drawing its share of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.batch.cores import physical_cores
from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.blank import BlankCheck
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import refresh
from vlmrl.envs.task import Camera, Profile
from vlmrl.errors import ConfigError

MOST_THREADS = 4
"""Drawing contexts by default at most: drivers serve a few well, and some hang with many."""


@dataclass(frozen=True)
class Picture:
    """What a frame looks like.

    Attributes:
        size: ``(height, width)`` in pixels.
        camera: where to look from; None is the model's default view.
        profile: the render profile.
        threads: that draw; None is one a physical core, up to four.
    """

    size: tuple[int, int] = (64, 64)
    camera: Camera | None = None
    profile: Profile = "fast"
    threads: int | None = None


class Easel:
    """Draws the states of an engine as they are at the call.

    Args:
        model: the model, left as it was found.
        engine: the simulations.
        picture: what a frame looks like.

    Raises:
        ConfigError: fewer than one thread.
    """

    def __init__(self, model: mujoco.MjModel, engine: Engine, picture: Picture) -> None:
        if picture.threads is not None and picture.threads < 1:
            raise ConfigError(
                f"threads={picture.threads}: must be at least 1, or None for one a physical core, up to {MOST_THREADS}"
            )
        self._model, self._engine, self._picture = model, engine, picture
        self._threads = min(engine.count, picture.threads or min(MOST_THREADS, physical_cores()))
        self._painters: list[_Painter] = []
        self._check = BlankCheck()

    def draw(self, sims: Iterable[int] | None = None) -> NDArray[np.uint8]:
        """Frames of simulations, of all by default: a new uint8 ``(k, H, W, 3)``.

        Raises:
            RenderError: nothing can be drawn, or the first frame ever is one colour all over.
        """
        chosen = list(range(self._engine.count)) if sims is None else [int(sim) for sim in sims]
        frames = np.empty((len(chosen), *self._picture.size, 3), np.uint8)
        if not chosen:
            return frames
        if not self._painters:
            self._painters = self._prepared()
        shares = np.array_split(np.arange(len(chosen)), len(self._painters))
        waiting = [
            painter.paint(self._engine, [(chosen[place], frames[place]) for place in share])
            for painter, share in zip(self._painters, shares, strict=True)
            if len(share)
        ]
        for one in waiting:
            one.result()
        self._check(frames, lambda row: f"env {chosen[row]}")
        return frames

    def _prepared(self) -> list[_Painter]:
        """Painters whose renderers were made one after the other, before any draws: making one changes the model."""
        painters = [_Painter(self._model, self._picture) for _ in range(self._threads)]
        for painter in painters:
            painter.prepare().result()
        return painters

    def close(self) -> None:
        """Release renderers and threads; drawing again makes new ones."""
        painters, self._painters = self._painters, []
        for painter in painters:
            painter.close()


class _Painter:
    """A thread with a renderer of its own: contexts belong to threads."""

    def __init__(self, model: mujoco.MjModel, picture: Picture) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="painter")
        self._model, self._picture = model, picture
        self._data = mujoco.MjData(model)
        self._renderers: list[Renderer] = []
        self._left = weakref.finalize(self, _leave, self._thread, self._renderers)

    def prepare(self) -> Future[None]:
        """Begin to make the renderer."""
        return self._thread.submit(self._prepare)

    def _prepare(self) -> None:
        look = self._picture
        self._renderers.append(Renderer(self._model, look.size, look.camera, look.profile))

    def paint(self, engine: Engine, work: list[tuple[int, NDArray[np.uint8]]]) -> Future[None]:
        """Begin to draw simulations into arrays."""
        return self._thread.submit(self._paint, engine, work)

    def _paint(self, engine: Engine, work: list[tuple[int, NDArray[np.uint8]]]) -> None:
        for sim, frame in work:
            engine.load(sim, self._data)
            refresh(self._model, self._data)
            frame[:] = self._renderers[0].frame(self._data)

    def close(self) -> None:
        """Release the renderer in the thread that made it, and end the thread."""
        self._left.detach()
        with suppress(RuntimeError):  # as below
            self._thread.submit(_release, self._renderers).result()
        self._thread.shutdown()


def _leave(thread: ThreadPoolExecutor, renderers: list[Renderer]) -> None:
    """Release what nobody closed, without waiting: this may run in the very thread."""
    with suppress(RuntimeError):  # at exit no thread takes work any more, and contexts are freed elsewhere
        thread.submit(_release, renderers)
    thread.shutdown(wait=False)


def _release(renderers: list[Renderer]) -> None:
    while renderers:
        renderers.pop().close()
