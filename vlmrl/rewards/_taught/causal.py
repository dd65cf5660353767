"""A small transformer that reads a sentence and then frames, each seeing those before it; and numbers as histograms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._taught.learned import Lesson

LEAST_SPREAD = 1e-4
"""Embeddings that differ less than this along a direction do not differ there."""


class FrameReader(nn.Module):
    """From frames beside a sentence to a vector for each, and one for the sentence.

    Frames of one world look much alike to an encoder, so they are centred and scaled by what was measured; beside each
    stands its product with the sentence, which is what their cosine is made of.

    Args:
        dim: length of an embedding.
        width: of the vectors.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("spread", torch.full((dim,), dim**-0.5))
        self.frame, self.text = nn.Linear(2 * dim, width), nn.Linear(dim, width)

    def measure(self, frames: Tensor) -> None:
        """Centre and scale by embeddings ``(N, D)``."""
        self.centre.copy_(frames.mean(0))
        self.spread.copy_(frames.std(0).clamp_min(LEAST_SPREAD))

    def read(self, frames: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings ``(B, T, D)`` beside sentences ``(B, D)``, rows of length 1: ``(B, T, width)``, ``(B, width)``."""
        seen = (frames - self.centre) / self.spread
        said = text * text.shape[-1] ** 0.5
        return self.frame(torch.cat([seen, seen * said[:, None]], dim=-1)), self.text(said)


class CausalReader(FrameReader):
    """From a sentence and frames to a vector for each frame that knows nothing of later ones.

    The sequence is that of ReWiND (arXiv 2505.10911): the sentence, then the frames, with a learned mark on the first
    frame and no other sign of time.

    Args:
        dim: length of an embedding.
        width: of the network.
        layers, heads: of the transformer.
        dropout: in [0, 1).
    """

    def __init__(self, dim: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__(dim, width)
        self.first = nn.Parameter(torch.zeros(width))
        block = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor, text: Tensor) -> Tensor:
        """Read embeddings ``(B, T, D)`` after sentences ``(B, D)``, rows of length 1; ``(B, T, width)``."""
        tokens, said = self.read(frames, text)
        tokens = torch.cat([tokens[:, :1] + self.first, tokens[:, 1:]], dim=1)
        tokens = self.dropout(torch.cat([said[:, None], tokens], dim=1))
        length = tokens.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)
        read: Tensor = self.blocks(tokens, mask=hidden)
        return read[:, 1:]


def head(inner: int, width: int, out: int, dropout: float) -> nn.Sequential:
    """From vectors ``(..., inner)``, by a layer half as wide as the network, to ``(..., out)``."""
    return nn.Sequential(nn.Linear(inner, width // 2), nn.GELU(), nn.Dropout(dropout), nn.Linear(width // 2, out))


@dataclass(frozen=True)
class WindowLesson(Lesson):
    """What lessons share whose network is a causal reader of windows of frames.

    Attributes:
        window: frames of an episode that are looked at, 2 or more.
        width, layers, heads, dropout: of the reader.
        rewind: share of the films that are shown rewound, backwards or shuffled; without them a count of frames would
            do (ReWiND).
        wrong: share of the films that are shown beside a sentence which asks for something else.
        blur: standard deviation of what is added to a sentence's embedding, in lengths, so that other wordings are
            read alike.

    Raises:
        ConfigError: a setting out of range.
    """

    window: int = 16
    width: int = 64
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    rewind: float = 0.5
    wrong: float = 0.2
    blur: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, low in (("window", 2), ("width", 8), ("layers", 1), ("heads", 1)):
            whole(f"reward.{name}", getattr(self, name), low, 1024)
        if self.width % self.heads or self.width % 2:
            raise ConfigError(f"reward.width={self.width}: must be even and a multiple of reward.heads={self.heads}")
        for name, high in (("dropout", 0.9), ("rewind", 1.0), ("wrong", 0.9), ("blur", 10.0)):
            between(f"reward.{name}", getattr(self, name), 0, high)

    def reader(self, dim: int) -> CausalReader:
        """A reader of these sizes."""
        return CausalReader(dim, self.width, self.layers, self.heads, self.dropout)


def two_hot(values: Tensor, bins: int) -> Tensor:
    """Numbers in [0, 1] as histograms ``(..., bins)`` whose mean they are: their mass on the two nearest of the bins.

    The bins stand at 0, 1 / (bins - 1), …, 1.
    """
    place = values.clamp(0, 1) * (bins - 1)
    low = place.floor().clamp(max=bins - 2).long()
    share = (place - low)[..., None]
    histogram = torch.zeros(*values.shape, bins, dtype=values.dtype, device=values.device)
    histogram.scatter_(-1, low[..., None], 1 - share)
    return histogram.scatter_(-1, low[..., None] + 1, share)


def expectation(logits: Tensor) -> Tensor:
    """The mean ``(...)`` of histograms whose logits are ``(..., bins)``, their bins as in :func:`two_hot`."""
    return logits.softmax(-1) @ torch.linspace(0, 1, logits.shape[-1], dtype=logits.dtype, device=logits.device)
