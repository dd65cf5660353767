"""A reward of preferences, taught on datasets and measured on episodes that no question was about.

The nets are those of :mod:`vlmrl.preferences`; here are the frames that they are asked about, drawn from the episodes
that are not held out, and the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vlmrl.datasets.cameras import camera_of
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.minari import Dataset
from vlmrl.datasets.scene import Scene
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.learned.course import parted
from vlmrl.learned.evaluation import known
from vlmrl.learned.films import Films, Look
from vlmrl.learned.trainer import Say
from vlmrl.metrics.order import value_order
from vlmrl.metrics.rank import auroc, spearman
from vlmrl.preferences.learner import Learner
from vlmrl.preferences.offline import Notebook, Part, teach
from vlmrl.rewards._taught.bradley_terry import Nets
from vlmrl.rewards._taught.learned import Film
from vlmrl.rewards.preference import Preference
from vlmrl.types import Array, Words

TO_CHOOSE_FROM = 4
"""Frames that are drawn for each that the pool keeps."""


@dataclass(frozen=True)
class Data:
    """What there is to compare.

    Attributes:
        folders: of the datasets, all of one task.
        films: of all their episodes, in the same order.
        look: how they were drawn.
        seed: of the frames that are chosen, of the questions and the order of learning.

    Raises:
        ConfigError: datasets of several tasks.
    """

    folders: tuple[Path, ...]
    films: Films
    look: Look
    seed: int = 0

    def __post_init__(self) -> None:
        names = [task.name for task in self.films.tasks]
        if len(names) > 1:
            raise ConfigError(
                f"data: holds {' and '.join(names)}; nets of preferences learn one goal, so name datasets of one task"
            )

    @property
    def task(self) -> Task:
        """What was played."""
        return self.films.tasks[0]

    def episodes(self) -> Iterator[tuple[Film, Episode]]:
        """Every film beside its episode."""
        films = iter(self.films.films)
        for folder in self.folders:
            with Dataset(folder) as dataset:
                for _, episode in dataset.episodes():
                    yield next(films), episode

    def parts(self, wanted: int) -> Iterator[Part]:
        """So many frames at most, drawn alike from the episodes that are not held out, with what is true there."""
        taught = {film.name for film in parted(self.films)[0]}
        total = sum(len(film) for film in self.films.films if film.name in taught)
        rng = np.random.default_rng([self.seed, 2])
        chosen = np.zeros(total, dtype=bool)
        chosen[rng.permutation(total)[:wanted]] = True
        camera, at = camera_of(self.look.camera, self.task), 0
        with Scene(self.task) as scene:
            for film, episode in self.episodes():
                if film.name not in taught:
                    continue
                moments = np.flatnonzero(chosen[at : at + len(film)])
                at += len(film)
                if len(moments):
                    frames = scene.frames(episode, camera, self.look.size, self.task.profile, moments)
                    yield frames, {"oracle": episode.oracle[moments], "success": episode.success[moments]}


def compared(model: Preference, data: Data, words: Words, notebook: Notebook, say: Say) -> Learner:
    """Teach the nets of a reward by its judge's answers, asked of frames of datasets.

    Raises:
        ConfigError, Abstained, RunError: as :func:`vlmrl.preferences.offline.teach`.
    """
    return teach(model, data.parts(TO_CHOOSE_FROM * model.ask.pool), words, data.seed, say, notebook)


def measured(nets: Nets, data: Data) -> list[dict[str, Any]]:
    """A table of what nets make of the episodes that were held out, beside a count of frames."""
    held = {film.name for film in parted(data.films)[1]}
    found = [(film, episode.oracle) for film, episode in data.episodes() if film.name in held]
    films = [film for film, _ in found]
    truth = [oracle for _, oracle in found]
    scores = [nets.score(film.seen.numpy()) for film in films]
    count = [np.arange(len(film), dtype=np.float64) for film in films]
    ours, clock = _measures(scores, truth, films), _measures(count, truth, films)
    return [
        {"measure": name, "found": known(ours[name]), "a count of frames": known(clock[name]), "about": about}
        for name, about in ABOUT.items()
    ]


ABOUT = {
    "oracle": "Spearman with nearness to done, over all held-out frames",
    "success": "AUROC of successes among ends of episodes",
    "forward": "order on the way to success (Spearman's with time)",
    "gap": "end of successes less end of failures, in deviations of all scores",
}


def _measures(scores: Sequence[Array], truth: Sequence[Array], films: Sequence[Film]) -> dict[str, float]:
    """Every number of :data:`ABOUT`, ``nan`` where there is none."""
    good = np.array([film.succeeded for film in films], dtype=bool)
    ends = np.array([float(one[-1]) for one in scores])
    flat = np.concatenate(scores) if scores else np.zeros(0)
    ways = [value_order(one[: film.end + 1]) for one, film in zip(scores, films, strict=True) if film.succeeded]
    told = [one for one in ways if np.isfinite(one)]
    spread = float(flat.std()) if len(flat) else 0.0
    apart = good.any() and not good.all() and spread > 0
    return {
        "oracle": spearman(flat, np.concatenate(truth)) if len(flat) > 1 else float("nan"),
        "success": auroc(ends, good),
        "forward": float(np.mean(told)) if told else float("nan"),
        "gap": float(ends[good].mean() - ends[~good].mean()) / spread if apart else float("nan"),
    }
