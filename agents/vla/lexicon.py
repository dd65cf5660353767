"""Sentences as vectors of a frozen text tower, each computed once, and kept beside the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from vlmrl.encoders.base import Encoder
from vlmrl.errors import ConfigError

NOTHING = ""
"""What is told to a policy that is told nothing: its vector is zero."""


class Lexicon:
    """Vectors of sentences, brought to mean 0 and deviation 1 over those that were learned from.

    Args:
        known: sentences learned from, with vectors float32 ``(D,)`` as the encoder gives them.
        fingerprint: of the encoder that they are from.
        load: loads it, when a sentence is not among them.

    Raises:
        ConfigError: there is no sentence.
    """

    def __init__(self, known: Mapping[str, Tensor], fingerprint: str, load: Callable[[], Encoder]) -> None:
        if not known:
            raise ConfigError("sentences=[]: a policy that reads wants at least one to learn from")
        self.known, self.fingerprint, self._load = dict(known), fingerprint, load
        rows = torch.stack(list(known.values()))
        self._middle = rows.mean(0)
        spread = (rows - self._middle).square().mean().sqrt()
        # Of one sentence alone nothing is left but that it was said.
        self._scale = spread if spread > 1e-6 else rows.square().mean().sqrt()
        self._single = bool(spread <= 1e-6)
        self._more: dict[str, Tensor] = {}

    @classmethod
    def of(cls, sentences: Sequence[str], encoder: Encoder) -> Lexicon:
        """Of sentences to learn from.

        Raises:
            ConfigError: one is longer than the encoder's context, or there is none.
        """
        unique = list(dict.fromkeys(sentences))
        rows = encoder.texts(unique).float().cpu()
        return cls(dict(zip(unique, rows, strict=True)), encoder.fingerprint, lambda: encoder)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return len(self._middle)

    def vectors(self, sentences: Sequence[str]) -> Tensor:
        """``(N, D)``; zeros for :data:`NOTHING`.

        Raises:
            ConfigError: a sentence is longer than the encoder's context, or the encoder is another than it was.
        """
        new = [one for one in dict.fromkeys(sentences) if one not in self.known and one not in self._more and one]
        if new:
            self._learn(new)
        return torch.stack([self._vector(one) for one in sentences])

    def _vector(self, sentence: str) -> Tensor:
        if sentence == NOTHING:
            return torch.zeros(self.dim)
        row = self.known[sentence] if sentence in self.known else self._more[sentence]
        return (row if self._single else row - self._middle) / self._scale

    def _learn(self, sentences: Sequence[str]) -> None:
        encoder = self._load()
        if encoder.fingerprint != self.fingerprint:
            raise ConfigError(
                f"encoder: reads {sentences[0]!r} with weights {encoder.fingerprint}, and the policy learned to read "
                f"with {self.fingerprint}; take the same model, or one of its own sentences: {next(iter(self.known))!r}"
            )
        self._more |= dict(zip(sentences, encoder.texts(list(sentences)).float().cpu(), strict=True))
