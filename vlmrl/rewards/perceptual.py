"""Stages found in a handful of films: Unsupervised Perceptual Rewards (Sermanet, Xu and Levine, RSS 2017).

arXiv 1612.06699. This is a reconstruction from knowledge of the paper, not from its text or code: films are cut into
stages whose frames vary least, each stage is told from the others by its few most discriminative features, independent
Gaussians, and the rewards of the stages are added with weights that double from stage to stage. The paper reads a layer
of Inception; here the encoder's embedding is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._bases.pictures import PictureReward, Shown
from vlmrl.rewards.base import Sight
from vlmrl.types import Array, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

SHORTEST = 2
"""Frames of a stage in each film, at least: one frame alone does not vary."""

STILL = 1e-5
"""A film is still where its features deviate less, in embeddings of length 1."""


def cuts(film: Array, stages: int) -> list[int]:
    """Where to cut a film so that frames vary least within its stages: the exact least of all ways to cut it.

    Args:
        film: float64 ``(T, D)``, a feature vector a frame; T at least ``SHORTEST * stages``.
        stages: G, at least 1.

    Returns:
        the G - 1 frames with which stages 2 to G begin; of equally good ways any one.
    """
    count = len(film)
    sums = np.concatenate([np.zeros((1, film.shape[1])), np.cumsum(film, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((film**2).sum(1))])

    def within(first: int, last: int) -> float:
        """Squared distances of frames ``[first, last)`` from their mean, summed."""
        total = sums[last] - sums[first]
        return float(squares[last] - squares[first] - total @ total / (last - first))

    # best[g][t]: of the first t frames in g stages, the least that they vary, and where the last stage begins.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for stage in range(1, stages + 1):
        ends = range(SHORTEST * stage, count - SHORTEST * (stages - stage) + 1)
        best.append(
            {
                end: min(
                    (varied + within(begin, end), begin)
                    for begin, (varied, _) in best[-1].items()
                    if end - begin >= SHORTEST
                )
                for end in (ends if stage < stages else [count])
            }
        )
    begins, end = [], count
    for stage in range(stages, 0, -1):
        end = best[stage][end][1]
        begins.append(end)
    return begins[-2::-1]


def stage_score(images: torch.Tensor, mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """How well frames fit one stage: the geometric mean over features of Gaussians that are 1 at their peak.

    Args:
        images: ``(B, M)``, the stage's own features of each frame.
        mean: ``(M,)``.
        deviation: ``(M,)``, above 0.

    Returns:
        ``(B,)`` in [0, 1]. The mean, not the product: of many features the product would be 0 nearly everywhere.
    """
    return torch.exp(-((images - mean) / deviation).square().mean(-1) / 2)


class Perceptual(PictureReward):
    """How far a frame has come through the stages of a few films of the task; in [0, 1].

    Every film is cut into the same number of stages, those of all films are put together, and the first, in which
    nothing was done yet, pays nothing: ``sum_i 2^(i-1) R_i / sum_i 2^(i-1)`` over stages i from 2 on, the paper's
    weights, divided by their sum. ``R_i`` is :func:`stage_score` over the features that score highest by the paper's
    ``contrast |mean_in - mean_out| - (deviation_in + deviation_out)``.

    Args:
        encoder: embeds frames.
        film: films of the task being done: a file, several, or uint8 ``(T, H, W, 3)`` or ``(K, T, H, W, 3)``; None:
            whoever builds the reward beside a task draws straight ways to the task's own goal states.
        stages: into which each film is cut, 2 to 20.
        features: of the embedding, for each stage; all of a shorter embedding.
        contrast: how much the distance of means counts against the deviations.
        softness: a feature's deviation is at least this share of the deviation that features have over whole films.

    Raises:
        ConfigError: no film, one that cannot be read or is too short for its stages, a film in which nothing changes,
            or a number out of range.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"film": "way"}
    low, high = 0.0, 1.0

    def __init__(
        self,
        encoder: Encoder,
        film: Shown = None,
        stages: int = 4,
        features: int = 32,
        contrast: float = 5.0,
        softness: float = 0.5,
    ) -> None:
        super().__init__(encoder)
        self.stages = whole("reward.stages", stages, 2, 20)
        self.features = whole("reward.features", features, 1, 4096)
        self.contrast = between("reward.contrast", contrast, 0.0, 1000.0)
        self.softness = between("reward.softness", softness, 0.01, 100.0)
        films = [one.cpu().double().numpy() for one in self._films("film", film, SHORTEST * self.stages)]
        self._parts = [
            tuple(torch.as_tensor(part, device=encoder.device) for part in one) for one in self._learned(films)
        ]

    def _learned(self, films: Sequence[Array]) -> list[tuple[Array, Array, Array]]:
        """Of each stage from the second on: which features, their means and deviations."""
        if any(np.sqrt(film.var(0).mean()) < STILL for film in films):
            raise ConfigError("reward.film: nothing changes in a film that the encoder sees; show the task being done")
        stages: list[list[Array]] = [[] for _ in range(self.stages)]
        for film in films:
            for stage, frames in zip(stages, np.split(film, cuts(film, self.stages)), strict=True):
                stage.append(frames)
        members = [np.concatenate(stage) for stage in stages]
        least = self.softness * float(np.sqrt(np.concatenate(films).var(0).mean()))
        found = []
        for place in range(1, self.stages):
            inside = members[place]
            outside = np.concatenate([*members[:place], *members[place + 1 :]])
            mean, deviation = inside.mean(0), inside.std(0)
            told = self.contrast * np.abs(mean - outside.mean(0)) - (deviation + outside.std(0))
            chosen = np.argsort(-told, kind="stable")[: self.features]
            wide = np.maximum(deviation[chosen], least).astype(np.float32)
            found.append((chosen, mean[chosen].astype(np.float32), wide))
        return found

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        weights = [2.0**place for place in range(1, self.stages)]
        paid = torch.zeros_like(images[:, 0])
        for weight, (chosen, mean, deviation) in zip(weights, self._parts, strict=True):
            paid = paid + weight / sum(weights) * stage_score(images[:, chosen], mean, deviation)
        return paid
