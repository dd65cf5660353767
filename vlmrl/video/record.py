"""Films of an agent beside a random one, on the same seed, in the pretty render profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from PIL import Image

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.make import known_task, make_env
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.types import Array, Words
from vlmrl.video.film import Film
from vlmrl.video.overlay import Numbers, Panel, bounds_of, side_by_side
from vlmrl.video.play import AnyScorer, Policy, Scores, play
from vlmrl.video.spool import Spool

FILM_FPS = 30
"""Films show real time in about this many frames a second; of a faster simulator not every state is shown."""
GIF_FPS = 15
GIF_WIDTH = 640


@dataclass(frozen=True)
class Look:
    """How a film looks.

    Attributes:
        size: ``(height, width)`` of one agent's picture in pixels.
        caption: the agent's name; the random one is called "random agent".
        note: what else to say of the agent ("64,000 steps").
        footer: a line in grey under the sentence; None says the task and the seed.
        beside: show a random agent beside it.
        linger: seconds for which the last picture stays.
    """

    size: tuple[int, int] = (360, 360)
    caption: str = "trained agent"
    note: str = ""
    footer: str | None = None
    beside: bool = True
    linger: float = 1.5


@dataclass(frozen=True)
class Recording:
    """Films written, and what happened in them.

    Attributes:
        paths: the files, as asked for.
        agent: numbers of the agent's episode.
        random: numbers of the random agent's, or None.
        fps: states shown a second.
    """

    paths: tuple[Path, ...]
    agent: Numbers
    random: Numbers | None
    fps: float


def record(
    policy: Policy,
    task: Task | str,
    out: Path | Sequence[Path],
    seed: int = 0,
    scorer: AnyScorer | None = None,
    words: Words | None = None,
    make: Callable[[], gym.Env[Any, Any]] | None = None,
    look: Look = Look(),
) -> Recording:
    """Play an agent and a random one on the same seed, and film them beside each other.

    The reward drawn is the scorer's for the frame that the reward model sees (``info["frame"]``), not for the prettier
    picture of the film. Without a scorer the ground truth is drawn.

    Args:
        policy: from stacked observations ``(1, ...)`` to actions ``(1, ...)``.
        task: a task, its name, or a Gymnasium id.
        out: one file or several, each ending in ``.mp4`` or ``.gif``; gifs are smaller and slower.
        seed: of both episodes.
        scorer: scores frames against ``words``.
        words: the sentences; the first goal is the film's title. None takes the task's own where a scorer is given;
            without one nobody was asked anything, and the film has no title.
        make: builds the environment, with frames where a scorer is given; None makes ``task``, the state observed.
        look: size, captions, and whether a random agent stands beside.

    Raises:
        ConfigError: an ending that is no film's, or a scorer without words.
        RenderError: the environment can draw no picture.
        RunError: a file cannot be written; earlier films stay whole.
    """
    known = _known(task)
    if scorer is not None and words is None and known is not None:
        words = known.words
    paths = (Path(out),) if isinstance(out, (str, Path)) else tuple(Path(path) for path in out)
    if not paths:
        raise ConfigError("out: names no file; give a path that ends in .mp4 or .gif")
    with ExitStack() as stack:
        env = (make or partial(make_env, known or str(task)))()
        stack.callback(env.close)
        eye = FrameTap(env, look.size, known.camera if known else None, "pretty")
        stack.callback(eye.close)
        rate = float(env.metadata.get("render_fps") or FILM_FPS)
        every = max(1, round(rate / FILM_FPS))
        films = [stack.enter_context(_Reel(path, rate / every)) for path in paths]  # before minutes of playing
        spools, episodes = [], []
        for actor in (policy, None) if look.beside else (policy,):
            spool = stack.enter_context(Spool())
            spools.append(spool)
            episodes.append(play(actor, env, eye, spool, seed, Scores(scorer, words), known, every))
        footer = look.footer if look.footer is not None else f"{known.name if known else task}, seed {seed}"
        title = words.goal[0] if words else ""
        for frame in _frames(spools, _panels(episodes, look), title, footer, every):
            for film in films:
                film.write(frame)
        for film in films:
            film.hold(look.linger)
    return Recording(paths, episodes[0], episodes[1] if look.beside else None, rate / every)


def _known(task: Task | str) -> Task | None:
    return task if isinstance(task, Task) else known_task(task)


def _panels(episodes: Sequence[Numbers], look: Look) -> list[Panel]:
    bounds, steps = bounds_of(episodes), max(numbers.steps for numbers in episodes)
    names = ((look.caption, look.note), ("random agent", "same start"))
    return [
        Panel(caption, note, numbers, look.size, bounds, steps)
        for (caption, note), numbers in zip(names, episodes, strict=False)
    ]


def _frames(spools: Sequence[Spool], panels: Sequence[Panel], title: str, footer: str, every: int) -> Iterator[Array]:
    """The film's frames: every so many states, and the last one; who ended earlier stands still."""
    pictures = [iter(spool) for spool in spools]
    shown: list[Array] = [next(one) for one in pictures]
    for index in range(max(len(spool) for spool in spools)):
        if index:
            shown = [next(one, last) for one, last in zip(pictures, shown, strict=True)]
        # The last picture may come before its turn; a panel shows its last state for any index beyond.
        drawn = [panel.at(one, index * every) for panel, one in zip(panels, shown, strict=True)]
        yield side_by_side(drawn, title, footer)


class _Reel(Film):
    """A film that drops and shrinks frames if it is a gif, and can hold its last one."""

    def __init__(self, path: Path, fps: float) -> None:
        self._every = max(1, round(fps / GIF_FPS)) if path.suffix.lower() == ".gif" else 1
        super().__init__(path, fps / self._every)
        self._seen = 0
        self._last: Array | None = None

    def write(self, frame: Array) -> None:
        """Add a frame, or drop it."""
        self._seen += 1
        self._last = frame
        if (self._seen - 1) % self._every == 0:
            super().write(self._sized(frame))

    def hold(self, seconds: float) -> None:
        """Show the last frame for some more seconds."""
        if self._last is not None:
            frame = self._sized(self._last)
            for _ in range(max(1, round(seconds * self.fps))):
                super().write(frame)

    def _sized(self, frame: Array) -> Array:
        height, width = frame.shape[:2]
        if self.path.suffix.lower() != ".gif" or width <= GIF_WIDTH:
            return frame
        small = Image.fromarray(frame).resize((GIF_WIDTH, round(height * GIF_WIDTH / width)), Image.Resampling.LANCZOS)
        return np.array(small)
