"""Stage and progress within it, learned from films of a task: after SARM (Chen et al., ICLR 2026, arXiv 2509.25358).

Two small transformers, one that says which stage an episode is in and one that says, given the stage, how much of it is
over. Progress is what the stages before take of the way, in the mean of the demonstrations, and that share of the
present one. A reconstruction after notes on the paper and on LeRobot's port of it, for frozen embeddings of one view
and without the robot's joints. The port looks at frames to come, and learns from what fills short windows up; neither
is done here. Where the stages begin is said by people in the paper; see ``_taught/stages.py`` for where nobody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from vlmrl.rewards._bases.embedding import whole
from vlmrl.rewards._taught.causal import CausalReader, WindowLesson, head
from vlmrl.rewards._taught.learned import Course, Numbers, WindowReward
from vlmrl.rewards._taught.shown import asked, reach, rewound, row
from vlmrl.rewards._taught.stages import shares, starts_of, within

FORCED = 0.75
"""Share of the batches in which the true stage is told to who says how much of it is over (the paper's)."""


class Answer(NamedTuple):
    """What the network says of frames: logits of stages ``(B, T, K)``, the stage's share and progress ``(B, T)``."""

    stage: Tensor
    share: Tensor
    progress: Tensor


class SarmNetwork(nn.Module):
    """A causal reader for the stage and one for the share of it that is over."""

    parts: Tensor

    def __init__(self, readers: tuple[CausalReader, CausalReader], width: int, stages: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("parts", torch.full((stages,), 1 / stages))
        self.stage_reader, self.share_reader = readers
        self.stage, self.share = (
            head(wide, width, out, dropout) for wide, out in ((width, stages), (width + stages, 1))
        )

    def forward(self, frames: Tensor, text: Tensor, forced: Tensor | None = None) -> Answer:
        """Read embeddings ``(B, T, D)`` after sentences ``(B, D)``.

        Args:
            frames: what is seen.
            text: what is asked.
            forced: stages int64 ``(B, T)`` that the second reader is told; None tells it what the first one says.
        """
        stage = self.stage(self.stage_reader(frames, text))
        told = stage.argmax(-1) if forced is None else forced
        read = torch.cat([self.share_reader(frames, text), one_hot(told, len(self.parts)).to(frames.dtype)], dim=-1)
        share = self.share(read).squeeze(-1).sigmoid()
        return Answer(stage, share, decoded(told, share, self.parts))


def decoded(stage: Tensor, share: Tensor, parts: Tensor) -> Tensor:
    """Progress ``(...)`` in [0, 1] from stages int64 and shares of them ``(...)``, and the stages' parts ``(K,)``."""
    before = parts.cumsum(0) - parts
    return before[stage] + parts[stage] * share


@dataclass(frozen=True)
class SarmLesson(WindowLesson):
    """How stages are taught.

    Attributes:
        stages: of the way; where the datasets have a ``stages.json`` it must have as many.
        window: frames that are looked at, the newest and those before it, 2 or more.
        gap: frames from one of them to the next; less while an episode is too short for it.
        width, layers, heads, dropout: of either network.
        rewind: share of the windows that are shown rewound, backwards or shuffled.
        wrong: share of the windows that are shown beside a sentence which asks for something else: stage 0, share 0.
        blur: standard deviation of what is added to a sentence's embedding, in lengths.

    Raises:
        ConfigError: a setting out of range.
    """

    window: int = 9
    stages: int = 3
    gap: int = 2

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        for name in ("stages", "gap"):
            whole(f"reward.{name}", getattr(self, name), 1, 1024)

    def network(self, dim: int) -> SarmNetwork:
        """Readers and heads."""
        return SarmNetwork((self.reader(dim), self.reader(dim)), self.width, self.stages, self.dropout)

    def prepare(self, network: nn.Module, course: Course) -> None:
        """Have frames centred by those of the course, and measure what part of the way each stage is.

        Raises:
            ConfigError: films whose annotated stages do not fit.
        """
        assert isinstance(network, SarmNetwork)
        seen = torch.cat([film.seen for film in course.films])
        network.stage_reader.measure(seen)
        network.share_reader.measure(seen)
        network.parts.copy_(shares(course, self.stages))

    def draw(self, course: Course, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Draw ``count`` windows.

        Returns:
            ``frames`` ``(B, window, D)``, ``text`` ``(B, D)``, ``stage`` and ``share`` ``(B, window)``, NaN where
            nothing is learned from, ``last`` ``(B,)``, the last frame of each, and ``forced``, whether the true stage
            is told.
        """
        rows = [self._shown(course, rng) for _ in range(count)]
        names = ("frames", "text", "stage", "share", "last")
        stacked = {name: torch.stack([one[at] for one in rows]) for at, name in enumerate(names)}
        return stacked | {"forced": torch.tensor(rng.random() < FORCED)}

    def losses(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy of the stage and squared error of the share, over the frames that are there."""
        known = ~batch["stage"].isnan()
        stage = batch["stage"].nan_to_num(0).long()
        answer: Answer = network(batch["frames"], batch["text"], stage if batch["forced"] else None)
        return {
            "stage": cross_entropy(answer.stage[known], stage[known]),
            "share": mse_loss(answer.share[known], batch["share"][known]),
        }

    def _shown(self, course: Course, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """One window as it is shown: frames, sentence, stage, share, and its last frame."""
        wrong = rng.random() < self.wrong
        several = course.films if wrong else course.successes
        film = several[rng.integers(len(several))]
        end = int(rng.integers(reach(rng, film)))
        places, last = back(np.array([end]), self.window, int(rng.integers(1, self.gap + 1)))
        shown = rewound(rng, places[0][: last[0] + 1], self.window, self.rewind)
        right = not (wrong and course.wrong[film.task])
        if right and not film.succeeded:
            return self._shown(course, rng)
        text = asked(course, rng, film, right, self.blur)
        nothing = torch.zeros(len(film))
        told = within(film, starts_of(course, self.stages)[film]) if right else (nothing, nothing)
        return row(film, shown, text, self.window, *told)


def back(ends: Numbers, window: int, gap: int) -> tuple[Numbers, Numbers]:
    """Which frames of an episode are looked at for its frame number ``end``, and where among them that is.

    It and those before it, ``gap`` apart or as far as there is room, every one of a short episode; none comes after it.

    Args:
        ends: int64 ``(N,)``.
        window: frames.
        gap: 1 or more.

    Returns:
        int64 ``(N, window)``, filled up with the end, and ``(N,)``.
    """
    step = np.clip(ends // (window - 1), 1, gap)
    last = np.minimum(ends // step, window - 1)
    after = np.minimum(np.arange(window), last[:, None])
    return ends[:, None] - step[:, None] * (last[:, None] - after), last


class Sarm(WindowReward):
    """How far an episode has come with what the goal sentences ask, by its stage and the share of it; in [0, 1].

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=sarm`.

    Raises:
        ConfigError: no weights, damaged ones, or such as are for another reward or encoder.
    """

    lesson = SarmLesson
    low, high = 0.0, 1.0

    def _looked_at(self, ends: Numbers) -> tuple[Numbers, Numbers]:
        assert isinstance(self._taught, SarmLesson)
        return back(ends, self.window, self._taught.gap)

    def _values(self, answer: Any, last: Tensor) -> Tensor:
        values: Tensor = answer.progress[torch.arange(len(last)), last]
        return values
