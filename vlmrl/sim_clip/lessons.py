"""Everything a training reads: every domain's frames, captions and their taught vectors, made once and kept on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vlmrl.sim_clip import vocabulary
from vlmrl.sim_clip.corpus import Thesaurus, corpus
from vlmrl.sim_clip.data import Drawn, domain_of, draw
from vlmrl.sim_clip.grammar import sample
from vlmrl.sim_clip.settings import Settings
from vlmrl.sim_clip.teacher import Teacher
from vlmrl.types import Array

Say = Callable[[str], None]


class Teaches(Protocol):
    """A sentence encoder with a list of frequent words."""

    def words(self) -> list[str]:
        """Lower-case words, the most frequent first."""

    def vectors(self, sentences: Sequence[str]) -> Array:
        """Float32 ``(K, 384)``, rows of length 1."""


WORDS = 14_000
"""How many of the teacher's words the thesaurus knows."""


@dataclass
class Lesson:
    """One domain's frames and captions.

    Attributes:
        frames: uint8 ``(N, 64, 64, 3)``.
        near: float32 ``(N, V)``. seen: float32 ``(N,)``.
        texts: M captions. first, second: int64 ``(M,)``, what they say.
        taught: float32 ``(M, 384)``, the teacher's vectors.
        share: as in :class:`~vlmrl.sim_clip.grammar.Domain`.
    """

    frames: Tensor
    near: Tensor
    seen: Tensor
    texts: list[str]
    first: Tensor
    second: Tensor
    taught: Tensor
    share: int = 1

    def rows(self, rng: np.random.Generator, count: int, of: int | None = None) -> Tensor:
        """Draw frames, of the first ``of`` where that is given: int64 ``(count * share,)``."""
        return torch.from_numpy(rng.integers(0, of or len(self.frames), count * self.share))

    def captions(self, rng: np.random.Generator, count: int) -> Tensor:
        """Draw captions so that every value and the neutral ones come up alike: int64 ``(count * share,)``."""
        if not hasattr(self, "_groups"):
            key = self.first.numpy() * 100 + np.where(self.second.numpy() >= 0, 50, 0)
            # Pairs are one group for each value they start with; weigh them less than plain captions.
            self._groups = [np.flatnonzero(key == k) for k in np.unique(key)]
            self._weights = np.array(
                [0.5 if (self.second[g[0]] >= 0) else 1.5 if self.first[g[0]] < 0 else 1.0 for g in self._groups]
            )
        chosen = rng.choice(len(self._groups), count * self.share, p=self._weights / self._weights.sum())
        return torch.from_numpy(np.array([rng.choice(self._groups[g]) for g in chosen]))


def _frames(settings: Settings, name: str) -> Path:
    """Where one domain's frames are."""
    return settings.work / f"frames_{name}.npz"


def _draw(settings: Settings, name: str) -> None:
    path = _frames(settings, name)
    part = path.with_suffix(".part.npz")
    draw(name, settings.frames * domain_of(name).share, settings.seed).save(part)
    part.replace(path)


def _draw_all(settings: Settings, say: Say) -> None:
    """Draw the frames of every domain that has none yet, a process for each core."""
    missing = [name for name in settings.worlds if not _frames(settings, name).exists()]
    if not missing:
        return
    say(f"drawing the frames of {len(missing)} domains")
    with ProcessPoolExecutor(settings.threads or os.cpu_count(), get_context("spawn")) as pool:
        for name, done in [(name, pool.submit(_draw, settings, name)) for name in missing]:
            done.result()
            say(f"drew {settings.frames * domain_of(name).share} frames of {name}")


def lessons(settings: Settings, say: Say, teacher: Callable[[], Teaches] = Teacher) -> dict[str, Lesson]:
    """Frames and captions of every domain found; made where they are not yet in ``settings.work``.

    Args:
        settings: the recipe, and where things are kept.
        say: told what is being done.
        teacher: makes the teacher; called only where its vectors are not yet kept.
    """
    found = {}
    _draw_all(settings, say)
    sentences = _sentences(settings, say, teacher)
    for name in settings.worlds:
        drawn = Drawn.load(_frames(settings, name))
        says = np.array([[*s, -1, -1][:2] for s in sentences[name]["says"]], dtype=np.int64)
        found[name] = Lesson(
            torch.from_numpy(drawn.frames), torch.from_numpy(drawn.near), torch.from_numpy(drawn.seen),
            sentences[name]["texts"], torch.from_numpy(says[:, 0]), torch.from_numpy(says[:, 1]),
            torch.from_numpy(np.load(settings.work / f"taught_{name}.npy")), domain_of(name).share,
        )  # fmt: skip
    return found


def _sentences(settings: Settings, say: Say, make_teacher: Callable[[], Teaches]) -> dict[str, dict[str, list]]:  # type: ignore[type-arg]
    path = settings.work / "captions.json"
    if path.exists():
        known: dict[str, dict[str, list]] = json.loads(path.read_text())  # type: ignore[type-arg]
        return known
    teacher = make_teacher()
    captions: dict[str, dict[str, list]] = {}  # type: ignore[type-arg]
    for name in settings.worlds:
        drawn = sample(
            domain_of(name), np.random.default_rng([settings.seed, 1, *name.encode()]), settings.singles, settings.pairs
        )
        captions[name] = {"texts": [s.text for s in drawn], "says": [list(s.says) for s in drawn]}
        say(f"asking the teacher about {len(drawn)} captions of {name}")
        np.save(settings.work / f"taught_{name}.npy", teacher.vectors(captions[name]["texts"]))
    every = [text for part in captions.values() for text in part["texts"]]
    _corpus(settings, teacher, every, say)
    path.write_text(json.dumps(captions))
    return captions


def _corpus(settings: Settings, teacher: Teaches, captions: list[str], say: Say) -> None:
    words = teacher.words()[:WORDS]
    say(f"asking the teacher about {len(words)} words")
    vectors = teacher.vectors(words)
    rng = np.random.default_rng([settings.seed, 2])
    said = corpus(captions, Thesaurus(words, vectors), settings.corpus, rng)
    say(f"asking the teacher about {len(said)} sentences without a picture")
    np.save(settings.work / "corpus.npy", teacher.vectors(said).astype(np.float16))
    (settings.work / "corpus.json").write_text(json.dumps(said))
    merges = vocabulary.learn_merges(words, captions, settings.vocabulary)
    (settings.work / "merges.json").write_text(json.dumps(merges))
    np.save(settings.work / "words.npy", vectors)
    (settings.work / "words.json").write_text(json.dumps(words))


def read(path: Path) -> tuple[list[str], Array]:
    """A list of sentences and their vectors, ``path.json`` and ``path.npy``."""
    texts: list[str] = json.loads(path.with_suffix(".json").read_text())
    return texts, np.load(path.with_suffix(".npy"))
