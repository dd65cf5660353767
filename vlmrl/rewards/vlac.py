"""How far an episode has come, from signed progress between pairs of its frames: after VLAC.

VLAC (Zhai et al., arXiv 2509.15937) asks a vision-language model how far it is from one frame to another and whether
the other is done. Here a small network says both of frozen embeddings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards._taught.learned import Film
from vlmrl.rewards._taught.pairs import PairLesson, PairReward, Places

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

MOST = 0.99
"""Of what is left that one step may do: VLAC's code, too, keeps a hundredth."""


@dataclass(frozen=True)
class VlacLesson(PairLesson):
    """How the critic and done are taught.

    Attributes:
        width, bins, dropout: of the network.
        pairs: of frames from each film that is drawn.
        wrong: share of the films that are shown beside a sentence which asks for something else: 0, and not done.
        prefer: weight of failures ending less far than successes (Bradley and Terry); 0 leaves failures out.
        blur: standard deviation of what is added to a sentence's embedding, in lengths.
    """

    says_done: ClassVar[bool] = True

    def far(self, before: Tensor, after: Tensor) -> Tensor:
        """The change of progress as a share of what is left at the less far of the two: there is as far as back.

        Forward it is VLAC's label, ``dt / (T - i)``. Backward VLAC's own has the same denominator and leaves [-1, 1]
        near the end; this one is the forward label of the swapped pair, negative, as its code swaps pairs.
        """
        left = 1 - torch.minimum(before, after)
        return torch.where(left > 0, (after - before) / left, torch.where(left.isnan(), torch.nan, 0.0))

    def places(self, rng: np.random.Generator, film: Film) -> tuple[Places, Places]:
        """VLAC's fours: a frame and the next, a frame and any, each in both orders."""
        count = film.reach
        first = rng.integers(count - 1, size=-(-self.pairs // 4))
        other = (first + rng.integers(1, count, size=len(first))) % count
        a = np.stack([first, first + 1, first, other], axis=1).ravel()
        b = np.stack([first + 1, first, other, first], axis=1).ravel()
        return a[: self.pairs], b[: self.pairs]


class Vlac(PairReward):
    """How far an episode has come since it began with what the goal sentences ask; in [-1, 1].

    VLAC's value begins at 0, and what a step of ``skip`` frames does fills up a share of what is left:

        v_0 = 0,  v' = v + (1 - v) c for c >= 0,  v' = 1 - (1 - v) / (1 + c) for c < 0

    with c the critic from the last multiple of ``skip`` to the frame. Both are in VLAC's code, the second as an option,
    which undoes exactly what the first did. Below its start an episode is worth the mirror image of what it is worth
    above, as the critic is mirrored, where the formula would fall without end: with g the sum of
    ``-sign(c) log(1 - |c|)``, the number is ``sign(g) (1 - exp(-|g|))``, which above 0 is v.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=vlac`.
        skip: frames from one frame that is compared with to the next.
        success: in [0, 1], how much of the number is the probability that the frame is done, the rest being progress.

    Raises:
        ConfigError: no weights, damaged ones, such as are for another reward or encoder, or a number out of range.
    """

    lesson = VlacLesson
    low, high = -1.0, 1.0

    def __init__(
        self, encoder: Encoder, weights: str | Path | None = None, skip: int = 5, success: float = 0.0
    ) -> None:
        self.success = between("reward.success", success, 0.0, 1.0)
        super().__init__(encoder, weights, skip)

    def _numbers(self, rows: Tensor, since: int, text: Tensor) -> Tensor:
        total, done = self._summed(rows, since, text, _filled)
        assert done is not None  # its lesson says so
        value = -total.sign() * torch.expm1(-total.abs())
        return (1 - self.success) * value + self.success * done


def _filled(critic: Tensor) -> Tensor:
    """Minus the logarithm of what a step leaves of what was left, and back."""
    return -critic.sign() * torch.log1p(-critic.abs().clamp_max(MOST))
