"""How cheaply an episode can be laid over a preferred film, in embeddings aligned with preferences: RAPL.

Tian et al., ICLR 2024, arXiv 2310.07932. A reconstruction from knowledge of the paper. It pays each step its share
``-sum_j c_tj mu_tj`` of the transport's cost; the plan is known only when the episode is over, so here the sum of the
shares is paid on its last step. What is learned is a projection of the encoder's embeddings, by ``vlmrl align``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from torch.nn.functional import normalize

from vlmrl.rewards._bases.clips import EmbeddingClip, evenly
from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._bases.pictures import Shown
from vlmrl.rewards._taught.align import likeness, load
from vlmrl.rewards.base import Sight
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class Rapl(EmbeddingClip):
    """Minus what it costs to lay an episode over the preferred film that it is most like; in [-2, 0].

    The cost of a frame over another is 1 less their cosine; the plan is Sinkhorn's, all frames weighing alike. An
    episode is paid once, on its last step. Sentences are checked, and not read.

    Args:
        encoder: embeds frames.
        film: preferred films of the task being done: a file, several, or uint8 ``(T, H, W, 3)`` or
            ``(K, T, H, W, 3)``; None: whoever builds the reward beside a task draws straight ways to its own goals.
        projection: a ``.safetensors`` file that ``vlmrl align`` learned from preferences; None: embeddings as they are.
        epsilon: blur of the transport, in units of cost.
        frames: of a film that are looked at, evenly spread; 2 to 256.

    Raises:
        ConfigError: no film, one that cannot be read or has one frame alone, a projection for another encoder, or a
            number out of range.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"film": "way"}
    reads_words = False
    low, high = -2.0, 0.0

    def __init__(
        self,
        encoder: Encoder,
        film: Shown = None,
        projection: str | Path | None = None,
        epsilon: float = 0.05,
        frames: int = 32,
    ) -> None:
        super().__init__(encoder)
        self.epsilon = between("reward.epsilon", epsilon, 0.001, 100.0)
        self.frames = whole("reward.frames", frames, 2, 256)
        self.aligned = ""
        self._matrix: torch.Tensor | None = None
        if projection is not None:
            matrix, self.aligned = load(Path(projection), encoder.fingerprint, encoder.dim)
            self._matrix = matrix.to(encoder.device)
        films = self._films("film", film, 2)
        self._wanted = [self._seen(one[evenly(len(one), self.frames)]) for one in films]

    def _seen(self, film: torch.Tensor) -> torch.Tensor:
        return film if self._matrix is None else normalize(film @ self._matrix, dim=-1)

    def _worth(self, film: torch.Tensor, words: Words) -> torch.Tensor:
        return likeness([self._seen(film)], self._wanted, self.epsilon).amax()
