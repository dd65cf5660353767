"""What rewards share that are taught by films of episodes: what a film tells, what a lesson is, and reading weights.

A learned reward is one module: its lesson (network, what is drawn from the films, losses) and its class, which says how
the network's answer becomes a number. Whoever teaches it (:mod:`vlmrl.learned`) knows no model.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vlmrl.encoders.base import as_batch
from vlmrl.errors import ConfigError
from vlmrl.find import name_of
from vlmrl.rewards._bases.embedding import Embedding
from vlmrl.rewards._taught import weights_file
from vlmrl.rewards.base import HistoryReward
from vlmrl.types import Frames, Scores, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

TOGETHER = 1024
"""Windows that go through a network at once."""
Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Film:
    """What is known of an episode: T frames as they were embedded, and what was true there.

    Attributes:
        name: for messages: the episode's number and where it lies.
        task: number of the task that it was played in.
        seen: float32 ``(T, D)``, embeddings.
        done: bool ``(T,)``, whether the task is done.
        succeeded: whether the episode did what was asked.
        stages: frames at which its later stages begin, rising, where somebody said so; else none.
        trace: by what the episode is known again; empty where nobody knows.
    """

    name: str
    task: int
    seen: Tensor
    done: Tensor
    succeeded: bool
    stages: tuple[int, ...] = ()
    trace: str = ""

    def __len__(self) -> int:
        """Frames."""
        return len(self.seen)

    @cached_property
    def end(self) -> int:
        """The frame at which it is done for good, the last one where it never is; the first done one where it is lost.

        A success leads there from frame 0; what follows adds nothing.
        """
        done = np.flatnonzero(self.done.numpy())
        undone = np.flatnonzero(~self.done.numpy())
        if not len(done):
            return len(self) - 1
        if not bool(self.done[-1]):
            return int(done[0])
        return int(undone[-1]) + 1 if len(undone) else 0

    @property
    def reach(self) -> int:
        """Frames worth showing: those of its way, and some at its end that show what it is to stay."""
        return min(len(self), self.end + max(4, self.end // 4))

    @cached_property
    def left(self) -> Tensor:
        """Frames that are left until :attr:`end`, float32 ``(T,)``: 0 after it, NaN where it was lost again by then."""
        ahead = self.end - torch.arange(len(self), dtype=torch.float32)
        return torch.where(ahead >= 0, ahead, torch.where(self.done, 0.0, torch.nan))


@dataclass(frozen=True, eq=False)
class Course:
    """Films to learn from, and the sentences that go with them.

    Attributes:
        films: at least one success of each task, and one failure.
        texts: float32 ``(S, D)``, embedded sentences.
        right: of each task the rows of ``texts`` that ask for it, one or more.
        wrong: of each task rows that ask for something else.
    """

    films: tuple[Film, ...]
    texts: Tensor
    right: tuple[tuple[int, ...], ...]
    wrong: tuple[tuple[int, ...], ...]

    @cached_property
    def successes(self) -> tuple[Film, ...]:
        """The films of episodes that succeeded, and did not begin where they were to end."""
        return tuple(film for film in self.films if film.succeeded and film.end > 0)

    @cached_property
    def longest(self) -> dict[int, int]:
        """Frames of the longest way to a success of each task."""
        tasks = range(len(self.right))
        return {task: max((one.end for one in self.successes if one.task == task), default=1) for task in tasks}

    @cached_property
    def failures(self) -> tuple[Film, ...]:
        """The films of episodes that failed."""
        return tuple(film for film in self.films if not film.succeeded)


class Lesson(ABC):
    """How a network is taught. A subclass is a frozen dataclass, whose fields are its settings."""

    @abstractmethod
    def network(self, dim: int) -> nn.Module:
        """A network for embeddings of length ``dim``, its weights drawn from torch's generator."""

    @abstractmethod
    def prepare(self, network: nn.Module, course: Course) -> None:
        """Set what is measured on the films and not learned, such as their mean."""

    @abstractmethod
    def draw(self, course: Course, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Draw what a step learns from, ``count`` examples; it depends on ``rng`` alone."""

    @abstractmethod
    def losses(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each part of the loss by its name, ``()``; their sum is what falls."""


class LearnedReward(Embedding, HistoryReward):
    """A reward whose network `vlmrl reward train` taught. A subclass names its lesson and fills in :meth:`score_seen`.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train`.

    Attributes:
        lesson: the class of its settings.
        learned: a hash of the weights.

    Raises:
        ConfigError: no weights, damaged ones, or such as are for another reward or encoder.
    """

    lesson: ClassVar[type[Lesson]]
    needs_training: ClassVar[bool] = True

    def __init__(self, encoder: Encoder, weights: str | Path | None = None) -> None:
        super().__init__(encoder)
        name = name_of(self)
        made_by = f"`vlmrl reward train reward={name} data=DATASET out=FILE.safetensors`"
        if weights is None:
            raise ConfigError(f"reward.weights: is missing; {made_by} makes a file of them")
        tensors, told = weights_file.load(Path(weights), "reward.weights", made_by)
        key = f"reward.weights={weights}"
        if told.get("reward") != name:
            raise ConfigError(f"{key}: is for reward={told.get('reward')}; this is reward={name}")
        if told.get("encoder") != encoder.fingerprint:
            raise ConfigError(
                f"{key}: was taught with another encoder ({told.get('encoder_name')}, {told.get('encoder')}); this is "
                f"{encoder.fingerprint}: name the encoder that it was taught with, or teach it anew"
            )
        try:
            self._taught = self.lesson(**told["lesson"])
            self._network = self._taught.network(encoder.dim)
            self._network.load_state_dict(tensors)
            self._size = int(told["size"][0]), int(told["size"][1])
            self._views = [dict(view) for view in told["views"]]
        except (KeyError, TypeError, ValueError, RuntimeError) as cause:
            raise ConfigError(f"{key}: is of another version of {name} ({cause}); teach it anew: {made_by}") from cause
        self._network.to(encoder.device).eval().requires_grad_(requires_grad=False)
        self.learned = str(told["digest"])[:16]
        self._traces = told.get("data", {}).get("traces")

    @property
    def taught_by(self) -> frozenset[str] | None:
        """Traces of all films that it was taught by or that told when to stop; None where its card names none."""
        return None if self._traces is None else frozenset(self._traces)

    def check_view(self, camera: Mapping[str, Any]) -> None:
        """Refuse a camera other than those of the films that it was taught by.

        Raises:
            ConfigError: the message says what differs.
        """
        here = json.loads(json.dumps(dict(camera)))
        if here in self._views:
            return
        differ = sorted(key for key in here if all(view.get(key) != here[key] for view in self._views))
        raise ConfigError(
            f"reward.weights: was taught through another camera (other {', '.join(differ) or 'settings'}); collect "
            "demonstrations of this task and teach it with them too"
        )

    def look(self, frames: Frames) -> Tensor:
        """The embeddings of uint8 ``(B, H, W, 3)`` frames, ``(B, D)``."""
        batch = as_batch(frames)
        if len(batch) and tuple(batch.shape[1:3]) != self._size:
            height, width = self._size
            raise ConfigError(
                f"frames {batch.shape[1]} x {batch.shape[2]}: the reward was taught by frames of {height} x {width} "
                f"pixels; draw them so (render.size=[{height},{width}])"
            )
        return self.encoder.images(batch)


class WindowReward(LearnedReward):
    """A learned reward whose network reads windows of frames. A subclass fills in :meth:`_values`.

    Attributes:
        window: frames in one, a setting of the lesson.
    """

    def __init__(self, encoder: Encoder, weights: str | Path | None = None) -> None:
        super().__init__(encoder, weights)
        self.window = int(vars(self._taught)["window"])

    def score_seen(self, seen: Sequence[Tensor], since: Sequence[int], words: Words) -> Scores:
        """Score the last frames of some episodes; ``(sum of T - since,)``."""
        parts = [
            self._values(self._network(rows, self._mean(words.goal).expand(len(rows), -1)), last)
            for rows, last in self._windows(seen, since)
        ]
        found = torch.cat(parts) if parts else torch.zeros(0, device=self.encoder.device)
        return found.clamp(self.low, self.high)

    def _windows(self, seen: Sequence[Tensor], since: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Windows ``(N, window, D)`` of the frames up to each wanted one, and where in them it is, ``(N,)``."""
        if not seen:
            return
        rows = torch.cat(list(seen))
        begins = np.cumsum([0, *map(len, seen)])
        ends = [np.arange(first, len(one)) for one, first in zip(seen, since, strict=True)]
        start = np.concatenate([np.full(len(one), at) for one, at in zip(ends, begins, strict=False)])
        end = np.concatenate(ends)
        for at in range(0, len(end), TOGETHER):
            some = end[at : at + TOGETHER]
            places, last = self._looked_at(some)
            yield rows[torch.from_numpy(places + start[at : at + TOGETHER, None])], torch.from_numpy(last)

    def _looked_at(self, ends: Numbers) -> tuple[Numbers, Numbers]:
        """Which frames of an episode are looked at for its frames number ``ends`` ``(N,)``, and where these then are.

        Returns:
            int64 ``(N, window)``, none after its end, and ``(N,)``.
        """
        return upto(ends, self.window), np.minimum(ends, self.window - 1)

    @abstractmethod
    def _values(self, answer: Any, last: Tensor) -> Tensor:
        """Numbers ``(N,)`` from the network's answer for ``(N, window)`` frames, at frame ``last`` ``(N,)`` of each."""


def upto(ends: Numbers, window: int) -> Numbers:
    """Which frames of an episode are looked at for its frame number ``end``: int64 ``(N, window)``.

    All up to it where they are few, the rest of the window repeating it; else so many evenly spread, the first one and
    it among them, as ReWiND has it.
    """
    all_of_them = np.minimum(np.arange(window), ends[:, None])
    spread = np.round(np.arange(window) * ends[:, None] / max(window - 1, 1)).astype(np.int64)
    return np.where(ends[:, None] < window, all_of_them, spread)
