"""Scores of a dataset's frames, drawn from its states: any reward, words and camera, long after it was played.

A folder of scores lies beside the data: ``question.json`` says what was asked, and each episode has a file of its own,
so that whoever is stopped goes on where he was.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.config import atomic
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.minari import Dataset
from vlmrl.datasets.scene import Scene
from vlmrl.envs.task import Camera, Profile, Task
from vlmrl.errors import ConfigError, RunError
from vlmrl.metrics.plain import plain
from vlmrl.metrics.rank import auroc, spearman
from vlmrl.scoring.histories import HistoryScorer
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

SCORES, QUESTION, SUMMARY = "scores", "question.json", "summary.json"


@dataclass(frozen=True)
class Question:
    """What is asked of every state.

    Attributes:
        words: what frames are scored against.
        camera: where they are seen from.
        size: ``(height, width)`` of a frame in pixels.
        profile: how much drawing it is worth.
        model: fingerprint of the reward model with its encoder and settings.
        told: names of reward, encoder and camera, for people.
    """

    words: Words
    camera: Camera
    size: tuple[int, int]
    profile: Profile
    model: str
    told: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: equal for equal questions."""
        return dict(plain(self))


@dataclass(frozen=True)
class Ranking:
    """How well scores order what is true.

    Attributes:
        episodes, states: how many were scored.
        spearman: of scores and oracle over all states, in [-1, 1]; ``nan`` where it has no answer, as the two below.
        within: its mean over single episodes.
        auroc: how likely a state in which the task is done scores above one in which it is not, in [0, 1].
        actors: for each kind that acted, mean score, mean oracle and share of successes among its episodes.
    """

    episodes: int
    states: int
    spearman: float
    within: float
    auroc: float
    actors: Mapping[str, Mapping[str, float]]


def rescore(
    dataset: Dataset,
    task: Task,
    scorer: Scorer | HistoryScorer,
    question: Question,
    out: Path,
    skip_broken: bool = False,
    say: Callable[[str], object] = lambda line: None,
) -> Ranking:
    """Score every state of every episode, and keep the scores.

    Args:
        dataset: opened.
        task: its task.
        scorer: of the model that the question names; one that reads episodes so far is shown each in its order.
        question: what is asked.
        out: the folder of these scores; one that was begun with the same question is gone on with.
        skip_broken: leave out episodes that cannot be read.
        say: tells the user what is under way.

    Raises:
        ConfigError: the folder has the answers to another question, or the words or the camera are refused.
        RunError: an episode is broken, or a file cannot be written.
        Abstained: the model gave no number for a frame; the episodes before it are kept.
    """
    scorer.model.check(question.words)
    _begin(out, question)
    kept: list[tuple[Episode, NDArray[np.float32]]] = []
    drawn = 0
    with Scene(task) as scene:
        for index, episode in dataset.episodes(skip_broken, say):
            scores = read(out, index, episode)
            if scores is None:
                frames = scene.frames(episode, question.camera, question.size, question.profile)
                score = scorer.so_far if isinstance(scorer, HistoryScorer) else scorer.frames
                scores = score(frames, question.words)
                _write(out, index, scores)
                drawn += len(frames)
            kept.append((episode, scores))
            if (index + 1) % max(1, len(dataset) // 10) == 0 or index + 1 == len(dataset):
                say(f"{index + 1} of {len(dataset)} episodes scored, {drawn} frames drawn")
    if not kept:
        raise RunError(f"dataset={dataset.folder}: no episode of it can be read; fetch or collect it anew")
    ranking = ranked(task, kept)
    atomic.write_json(out / SUMMARY, plain(ranking))
    return ranking


def read(folder: Path, index: int, episode: Episode) -> NDArray[np.float32] | None:
    """The scores that are kept of an episode's T + 1 states, float32 ``(T + 1,)``; None where there are none."""
    try:
        scores = np.load(_place(folder, index), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return scores if scores.shape == (len(episode) + 1,) and scores.dtype == np.float32 else None


def ranked(task: Task, kept: Sequence[tuple[Episode, NDArray[np.float32]]]) -> Ranking:
    """How well scores order what is true in the states of episodes.

    Args:
        task: whose episodes they are.
        kept: each with its scores, float32 ``(T + 1,)``.
    """
    scores = np.concatenate([one for _, one in kept])
    oracle = np.concatenate([episode.oracle for episode, _ in kept])
    done = np.concatenate([episode.success for episode, _ in kept])
    within = np.array([spearman(one, episode.oracle) for episode, one in kept])
    actors: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(episode.actor for episode, _ in kept):
        mine = [(episode, one) for episode, one in kept if episode.actor == name]
        actors[name] = {
            "score": float(np.mean([one.mean(dtype=np.float64) for _, one in mine])),
            "oracle": float(np.mean([episode.oracle.mean() for episode, _ in mine])),
            "success": float(np.mean([episode.succeeded(task) for episode, _ in mine])),
        }
    return Ranking(
        len(kept),
        len(scores),
        spearman(scores, oracle),
        float(np.nanmean(within)) if np.isfinite(within).any() else float("nan"),
        auroc(scores, done),
        actors,
    )


def _begin(out: Path, question: Question) -> None:
    path = out / QUESTION
    asked = question.to_json()
    if path.is_file():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as cause:
            raise RunError(f"out={out}: {QUESTION} cannot be read ({cause}); give another folder") from cause
        if before != asked:
            differ = ", ".join(key for key in asked if before.get(key) != asked[key])
            raise ConfigError(f"out={out}: has scores of another {differ}; give another folder, or leave out= out")
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise RunError(f"out={out}: cannot be written ({cause.strerror}); give another folder") from cause
    atomic.write_json(path, asked)


def _write(out: Path, index: int, scores: NDArray[np.float32]) -> None:
    content = io.BytesIO()
    np.save(content, scores, allow_pickle=False)
    atomic.write_bytes(_place(out, index), content.getvalue())


def _place(folder: Path, index: int) -> Path:
    return folder / f"episode_{index:06d}.npy"
