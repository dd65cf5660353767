"""Who takes part in a benchmark: a reward model with its encoder and words, or anybody's function of frames."""

from __future__ import annotations

import hashlib
import inspect
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from vlmrl.encoders.base import Encoder
from vlmrl.envs.gauge import Gauge
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.judge.evidence import numbers
from vlmrl.judge.recorded import Recorded
from vlmrl.judge.sentences import can_score, wrong_words
from vlmrl.metrics.board import Contender
from vlmrl.rewards.base import ClipReward, HistoryReward, RewardModel
from vlmrl.scoring.clips import ClipScorer, scorer_for
from vlmrl.scoring.histories import HistoryScorer
from vlmrl.scoring.remembered import Remembered
from vlmrl.scoring.scorer import Scorer
from vlmrl.scoring.tracks import TrackScorer
from vlmrl.types import Array, Words

WordsOf: TypeAlias = Callable[[Task], "Words | None"]
"""The sentences for a task; None leaves the task out."""

AnyFrames: TypeAlias = Scorer | ClipScorer | HistoryScorer
"""What scores frames, by themselves or as a clip's."""

TIMED = 64
"""Frames by which cost is measured."""


@dataclass(frozen=True)
class Entry:
    """A reward that takes part.

    Attributes:
        contender: its row.
        fingerprint: tells its numbers from those of any other reward.
        size: ``(height, width)`` of the frames that it reads, in pixels.
        score: from frames uint8 ``(B, H, W, 3)`` and words to float64 ``(B,)``, all finite.
        words: the sentences for a task; None where it takes no part.
        others: sentences that should not find a task's goal, by themselves.
        cost: for one of these frames [ms].
        reads_clips: whether it reads clips, or episodes so far: its frames are then those of one clip in the order of
            time, and a score is what the clip was worth up to a frame.
        taught_by: traces of the episodes that it learned from; None where nobody knows them.
        unseen: why it cannot see a task; empty where it can.
        reading: of a reward that reads episodes instead: from a task and its sentences to a gauge, and what scores its
            numbers.
    """

    contender: Contender
    fingerprint: str
    size: tuple[int, int]
    score: Callable[[NDArray[np.uint8], Words], Array]
    words: WordsOf
    others: Callable[[Task, Words], Mapping[str, Words]]
    cost: Callable[[NDArray[np.uint8], Words], float]
    reads_clips: bool = False
    taught_by: frozenset[str] | None = frozenset()
    unseen: Callable[[Task], str] = lambda task: ""
    reading: tuple[Callable[[Task, Words], Gauge], TrackScorer] | None = None


def of_model(
    contender: Contender,
    make: Callable[[Encoder], RewardModel],
    encoder: Encoder,
    remembered: Remembered,
    words: WordsOf,
) -> Entry:
    """A reward model.

    Args:
        contender: its row.
        make: builds it around an encoder.
        encoder: as it is, by which cost is measured.
        remembered: the same encoder, shared by all rewards that look at the same frames.
        words: the sentences for a task.
    """
    plain, fast = make(encoder), make(remembered)
    scorer = scorer_for(fast)

    def score(frames: NDArray[np.uint8], asked: Words) -> Array:
        return _scores(scorer, frames, asked)

    def words_or_none(task: Task) -> Words | None:
        found = words(task)
        return found if found is not None and can_score(fast, found) else None

    def unseen(task: Task) -> str:
        try:
            fast.check_view(asdict(task.camera))
        except ConfigError as cause:
            return str(cause)
        return ""

    return Entry(
        contender,
        fast.fingerprint,
        encoder.image_size,
        score,
        words_or_none,
        lambda task, asked: wrong_words(task, asked, fast),
        lambda frames, asked: _milliseconds(_once(plain, asked), frames),
        not isinstance(scorer, Scorer),
        fast.taught_by,
        unseen,
    )


def of_pictures(
    contender: Contender,
    make: Callable[[Task], Callable[[Encoder], RewardModel]],
    encoder: Encoder,
    remembered: Remembered,
    words: WordsOf,
    reads_clips: bool = False,
) -> Entry:
    """A reward that looks at pictures of each task's own: in every task it is another model.

    Args:
        contender: its row.
        make: from a task, whose pictures it draws, to what builds the reward around an encoder.
        encoder: as it is, by which cost is measured.
        remembered: the same encoder, shared by all rewards that look at the same frames.
        words: the sentences for a task; None leaves the task out.
        reads_clips: whether it reads clips.
    """
    models: dict[str, tuple[RewardModel, AnyFrames]] = {}  # as it is, and with the remembered encoder

    def words_or_none(task: Task) -> Words | None:
        said = words(task)
        if said is None:
            return None
        build = make(task)
        plain, fast = build(encoder), build(remembered)
        if not can_score(fast, said):
            return None
        models[fast.fingerprint] = plain, scorer_for(fast)
        return _Shown(said.goal, said.baseline, said.negative, fast.fingerprint)

    def score(frames: NDArray[np.uint8], asked: Words) -> Array:
        return _scores(_of(asked)[1], frames, asked)

    def cost(frames: NDArray[np.uint8], asked: Words) -> float:
        return _milliseconds(_once(_of(asked)[0], asked), frames)

    def _of(asked: Words) -> tuple[RewardModel, AnyFrames]:
        assert isinstance(asked, _Shown)
        return models[asked.fingerprint]

    def others(task: Task, asked: Words) -> dict[str, Words]:
        assert isinstance(asked, _Shown)
        wrong = wrong_words(task, Words(asked.goal, asked.baseline, asked.negative), _of(asked)[0])
        shown = asked.fingerprint
        return {said: _Shown(one.goal, one.baseline, one.negative, shown) for said, one in wrong.items()}

    about = hashlib.sha256(json.dumps([contender.reward, encoder.fingerprint]).encode()).hexdigest()[:16]
    size = encoder.image_size
    return Entry(contender, about, size, score, words_or_none, others, cost, reads_clips)


@dataclass(frozen=True)
class _Shown(Words):
    """The sentences of a task, and by its fingerprint the model that was shown the task's own pictures."""

    fingerprint: str = ""


def of_function(
    contender: Contender, function: Callable[..., Any], source: bytes, size: tuple[int, int] = (64, 64)
) -> Entry:
    """Anybody's function of frames, or of frames and words.

    Args:
        contender: its row.
        function: from frames uint8 ``(B, H, W, 3)`` to ``(B,)`` numbers; a second argument is given the words.
        source: the file it comes from: another text is another reward.
        size: ``(height, width)`` of the frames that it is given.
    """
    reads = reads_words(function)

    def asked_for(words: Words) -> Callable[[Any], Any]:
        return lambda frames: function(frames, words) if reads else function(frames)

    return Entry(
        contender,
        hashlib.sha256(source + contender.reward.encode()).hexdigest()[:16],
        size,
        lambda frames, words: numbers(asked_for(words), frames),
        lambda task: task.words,
        lambda task, words: {},
        lambda frames, words: _milliseconds(asked_for(words), frames),
    )


def refuse_known(entry: Entry, task: Task, recorded: Recorded, say: Callable[[str], object]) -> None:
    """Refuse episodes that a reward was taught by.

    Args:
        entry: the reward.
        task: the task.
        recorded: its episodes.
        say: tells the user where nobody knows.

    Raises:
        ConfigError: the message names the first one.
    """
    if entry.taught_by is None:
        say(f"{entry.contender}: nobody knows which episodes it was taught by; teach it anew to be sure of others")
        return
    for row, trace in enumerate(recorded.traces if entry.taught_by else ()):
        if trace in entry.taught_by:
            raise ConfigError(
                f"episodes: {entry.contender} was taught by number {row} of {task.name} ({recorded.actor[row]}, seed "
                f"{recorded.seed[row]}); `vlmrl collect task={task.name} seed=900000 out=FILE.npz` plays new ones"
            )


def reads_words(function: Callable[..., Any]) -> bool:
    """Whether a function asks for words beside frames."""
    needed = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    return len(needed) > 1


def _scores(scorer: AnyFrames, frames: NDArray[np.uint8], words: Words) -> Array:
    """Of each frame, or of a clip up to each of its frames; all finite."""
    score = scorer.frames if isinstance(scorer, Scorer) else scorer.so_far
    return numbers(lambda some: score(some, words), frames)


def _once(model: RewardModel, words: Words) -> Callable[[NDArray[np.uint8]], object]:
    """Has frames read as in use, each of them once."""
    if isinstance(model, HistoryReward):
        return lambda some: HistoryScorer(model).so_far(some, words)
    if isinstance(model, ClipReward):
        return lambda some: ClipScorer(model).clips([some], words)
    return lambda some: Scorer(model).frames(some, words)


def _milliseconds(score: Callable[[NDArray[np.uint8]], Any], frames: NDArray[np.uint8]) -> float:
    """For one frame [ms], the fastest of five calls: the first of a task still find the drawing's threads at work."""
    some = frames[:TIMED]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        score(some)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000 * min(times) / len(some)
