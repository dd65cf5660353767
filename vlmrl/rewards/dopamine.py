"""How far an episode has come, by hops between frames read from its start, from the goal and on the way: Robo-Dopamine.

After Robo-Dopamine's general reward model (arXiv 2512.23703, CVPR 2026): labels, the three readings, their fusion and
the filter are the paper's; here a small network over frozen embeddings says the hops, a film is one stage, since nobody
marked keyframes in it, and frames come from one view, of which several would be averaged there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._taught.learned import Course, Film
from vlmrl.rewards._taught.pairs import Answer, PairLesson, PairNetwork, PairReward, Places, told

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

FUSIONS = ("filter", "mean", "forward", "backward", "incremental")
HOPS, GAPS = 25, 4
"""Bins of hops, and of distances in time in each of them, from which as many pairs are drawn."""
STILL = 0.05
"""Share of the pairs that are a frame beside itself."""
ALIKE = 1e-4
"""Cosines of sentences that differ less are the same."""
EPSILON = 1e-6


class HopNetwork(PairNetwork):
    """Says hops, and keeps pictures of the goals.

    Args:
        dim: length of an embedding.
        lesson: the network's sizes.
        goals: pictures that are kept.
    """

    goals: Tensor
    asked: Tensor

    def __init__(self, dim: int, lesson: PairLesson, goals: int) -> None:
        super().__init__(dim, lesson, mirrored=False, says_done=False)
        self.register_buffer("goals", torch.zeros(goals, dim))
        self.register_buffer("asked", torch.zeros(goals, dim))
        self.goal = nn.Parameter(torch.zeros(lesson.width))

    def pictures(self, text: Tensor) -> Tensor:
        """Goals ``(N, D)`` of the task whose sentences are nearest to this one, ``(D,)``."""
        alike = self.asked @ text
        return self.goals[alike >= alike.max() - ALIKE]


@dataclass(frozen=True)
class HopLesson(PairLesson):
    """How hops are taught.

    Attributes:
        width, bins, dropout: of the network.
        pairs: of frames from each film that is drawn; a quarter of them start from another film's goal.
        wrong: share of the films that are shown beside a sentence which asks for something else: progress 0.
        prefer: weight of failures ending less far than successes (Bradley and Terry); 0 leaves failures out.
        blur: standard deviation of what is added to a sentence's embedding, in lengths.
        goals: pictures of goals that are kept with the weights, of all tasks together.

    Raises:
        ConfigError: a setting out of range.
    """

    wrong: float = 0.35
    goals: int = 16

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        whole("reward.goals", self.goals, 1, 1024)

    def far(self, before: Tensor, after: Tensor) -> Tensor:
        """The hop: forward the change of progress as a share of what is left, backward of what is there."""
        change = after - before
        share = torch.where(change > 0, 1 - before, before)
        return torch.where(change == 0, 0.0, change / share)

    def places(self, rng: np.random.Generator, film: Film) -> tuple[Places, Places]:
        """Pairs balanced over hops and, within them, over distances in time; some are a frame beside itself."""
        count = film.reach
        drawn = rng.choice(count * count, size=self.pairs, p=_odds(max(film.end, 1), count))
        a, b = drawn // count, drawn % count
        return a, np.where(rng.random(self.pairs) < STILL, a, b)

    def network(self, dim: int) -> HopNetwork:
        """Reader, head and goals."""
        return HopNetwork(dim, self, self.goals)

    def prepare(self, network: nn.Module, course: Course) -> None:
        """Have the reader centre frames by those of the course, and keep pictures of its goals."""
        super().prepare(network, course)
        assert isinstance(network, HopNetwork)
        tasks = len(course.right)
        if self.goals < tasks:
            raise ConfigError(f"reward.goals={self.goals}: is too few for {tasks} tasks; one for each or more are kept")
        for row in range(self.goals):
            turn, task = divmod(row, tasks)
            able = [film for film in course.successes if film.task == task]
            film = able[turn % len(able)]
            network.goals[row] = film.seen[(film.end + len(film) - 1) // 2]
            network.asked[row] = normalize(course.texts[list(course.right[task])].mean(0), dim=0)

    def answer(self, network: nn.Module, batch: Mapping[str, Tensor]) -> Answer:
        """What the network says of a batch, a marked where it is a goal."""
        assert isinstance(network, HopNetwork)
        found: Answer = network(batch["a"], batch["b"], batch["text"], batch["goal"][..., None] * network.goal)
        return found

    def row(
        self, course: Course, rng: np.random.Generator, film: Film, places: tuple[Places, Places], right: bool
    ) -> dict[str, Tensor]:
        """Pairs of one film beside a sentence; in the first quarter a is a goal, as of a film of the same task.

        Beside a wrong sentence it is one of any task.
        """
        found = super().row(course, rng, film, places, right)
        able = [one for one in course.successes if not right or one.task == film.task]
        count = self.pairs // 4
        other = able[rng.integers(len(able))]
        at = torch.from_numpy(rng.integers(other.end, len(other), count))
        after = told(film, right)[torch.from_numpy(places[1][:count])]
        goal = torch.arange(self.pairs) < count
        a, far = found["a"].clone(), found["far"].clone()
        a[:count], far[:count] = other.seen[at], self.far(torch.ones(count), after)
        return found | {"a": a, "far": far, "goal": goal.float()}


@cache
def _odds(end: int, count: int) -> NDArray[np.float64]:
    """How likely each pair of a film's first ``count`` frames is drawn, ``(count * count,)``.

    Hops fall into equal bins, in each the distances in time; a bin is as likely as another, and so is a pair within.
    """
    a, b = np.divmod(np.arange(count * count), count)
    progress = torch.from_numpy(np.minimum(np.arange(count) / end, 1).astype(np.float32))
    hops = HopLesson().far(progress[a], progress[b]).numpy()
    gaps = np.abs(a - b)
    hop = np.minimum((hops + 1) / 2 * HOPS, HOPS - 1).astype(np.int64)
    odds = np.zeros(count * count)
    bins = [np.flatnonzero((hop == one) & (gaps > 0)) for one in np.unique(hop[gaps > 0])]
    for some in bins:
        low, high = gaps[some].min(), gaps[some].max() + 1
        gap = (gaps[some] - low) * GAPS // (high - low)
        parts, place, sizes = np.unique(gap, return_inverse=True, return_counts=True)
        odds[some] = 1 / (len(bins) * len(parts) * sizes[place])
    found: NDArray[np.float64] = odds / odds.sum()
    return found


class Dopamine(PairReward):
    """How far an episode has come with what the goal sentences ask, by hops read in three ways; in [0, 1].

    With H(a, b) the hop between two frames, s the stone before frame t (the last multiple of ``skip``), and a prime for
    what is clipped to [0, 1]:

        forward      F = H(first frame, t)'
        backward     B = (1 + H(goal, t))', the mean over the goals of the sentence that were kept
        incremental  I = Phi(s) + (1 - Phi(s)) H(s, t) for H >= 0, Phi(s) + Phi(s) H(s, t) for H < 0
        mean         Phi(t) = (I + F + B) / 3
        filter       Phi(t) = Phi(s) + w / 2 (P - Phi(s) + I - Phi(s)),  P = (F + B) / 2,
                     w = exp(-alpha D^2),  D = |B - F| / (P + eps)

    so that where forward and backward disagree the value is held. The paper's value begins at 0; this one at B, which
    is 0 for an episode that begins at the start, and where it is for one that does not. Numbers for ``alpha`` and
    ``eps`` were not to be found, nor are F and B clipped in the paper's code.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=dopamine`.
        skip: frames from one stone to the next.
        fuse: ``filter``, ``mean``, or one reading alone: ``forward``, ``backward``, ``incremental``.
        alpha: how much the filter minds disagreement; 0 or more.

    Raises:
        ConfigError: no weights, damaged ones, such as are for another reward or encoder, or a setting out of range.
    """

    lesson = HopLesson
    low, high = 0.0, 1.0

    def __init__(
        self,
        encoder: Encoder,
        weights: str | Path | None = None,
        skip: int = 5,
        fuse: str = "filter",
        alpha: float = 1.0,
    ) -> None:
        if fuse not in FUSIONS:
            raise ConfigError(f"reward.fuse={fuse}: is not known; known: {', '.join(FUSIONS)}")
        self.fuse, self.alpha = fuse, between("reward.alpha", alpha, 0, 100)
        super().__init__(encoder, weights, skip)

    def _numbers(self, rows: Tensor, since: int, text: Tensor) -> Tensor:
        starts, ends, onto = self._way(len(rows), since)
        there = rows[torch.from_numpy(ends)]
        hops = self._compared(rows[torch.from_numpy(starts)], there, text)[0].tolist()
        forward = self._compared(rows[:1].expand_as(there), there, text)[0].clamp(0, 1).tolist()
        backward = self._backward(there, text).tolist()
        reached: list[float] = []
        for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if end:
                fused = self._fused(reached[start // self.skip], hops[at], forward[at], backward[at])
            reached.append(fused if end else backward[at])
        return torch.tensor(reached[onto:])

    def _backward(self, there: Tensor, text: Tensor) -> Tensor:
        """1 and the hop from the goal to each row ``(N, D)``, the mean over the goals of the sentence."""
        network = self._network
        assert isinstance(network, HopNetwork)
        goals = network.pictures(text)
        a = goals.repeat_interleave(len(there), 0)
        hops = self._compared(a, there.repeat(len(goals), 1), text, network.goal)[0]
        return (1 + hops.view(len(goals), -1).mean(0)).clamp(0, 1)

    def _fused(self, before: float, hop: float, forward: float, backward: float) -> float:
        """Progress at a frame by that at the stone before it and the three readings."""
        change = (1 - before) * hop if hop >= 0 else before * hop
        if self.fuse == "filter":
            both = (forward + backward) / 2
            doubt = abs(backward - forward) / (both + EPSILON)
            return before + math.exp(-self.alpha * doubt**2) / 2 * (both - before + change)
        return {
            "mean": (before + change + forward + backward) / 3,
            "forward": forward,
            "backward": backward,
            "incremental": before + change,
        }[self.fuse]
