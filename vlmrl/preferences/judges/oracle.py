"""The simulator's own answer, a chosen share of it wrong: what other judges are compared with. Privileged."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.preferences.judges.base import Float, Judge, Shown
from vlmrl.preferences.levels import decide
from vlmrl.rewards._bases.embedding import between
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class Oracle(Judge):
    """The side nearer to done by the task's own ground truth; a share of its answers is wrong.

    Which answers are wrong hangs on the pair alone, whichever side is named first: asked again it errs again.

    Args:
        encoder: not asked; every judge is given one.
        wrong: share of answers that are turned round, in [0, 0.5].
        margin: of the truth, in [0, 1], within which it abstains.
        seed: of the wrong ones.

    Raises:
        ConfigError: a number out of range.
    """

    def __init__(self, encoder: Encoder, wrong: float = 0.0, margin: float = 0.0, seed: int = 0) -> None:
        super().__init__(encoder)
        self.wrong = between("reward.wrong", wrong, 0.0, 0.5)
        self.margin = between("reward.margin", margin, 0.0, 1.0)
        self.seed = seed

    @property
    def privileged(self) -> bool:
        """Always."""
        return True

    @property
    def needs_facts(self) -> tuple[str, ...]:
        """How near to done a state is."""
        return ("oracle",)

    def check(self, words: Words) -> None:
        """Any words do: it does not read them."""

    def _prefer(self, a: Shown, b: Shown, words: Words) -> Float:
        if "oracle" not in a.facts or "oracle" not in b.facts:
            raise ConfigError("reward.judge=oracle: no ground truth is known here; take a task, or judge=encoder")
        answers, _ = decide([np.asarray(a.facts["oracle"])], [np.asarray(b.facts["oracle"])], [self.margin])
        turned = np.array([self._errs(*sides) for sides in zip(a.frames, b.frames, strict=True)])
        self._count(turned=int((turned & ~np.isnan(answers)).sum()))
        return np.where(turned, 1 - answers, answers).astype(np.float32)

    def _errs(self, *sides: np.ndarray) -> bool:
        shown = sorted(hashlib.blake2b(np.ascontiguousarray(side).data, digest_size=16).digest() for side in sides)
        drawn = hashlib.blake2b(b"".join(shown) + str(self.seed).encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64 < self.wrong
