"""Small nets on frozen embeddings that learn from comparisons, and their file: the reward of RL-VLM-F.

Wang et al., "RL-VLM-F: Reinforcement Learning from Vision Language Foundation Model Feedback" (ICML 2024, arXiv
2402.03681). There a convolutional net reads the pixels; here nets of three layers read what an encoder made of them,
which two cores can train beside an agent. The loss is the paper's, Bradley and Terry's; its temperature, 1 there, is a
setting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch.nn.functional import leaky_relu, logsigmoid

from vlmrl.config import atomic, state_file
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught import weights_file

ENOUGH = 0.97
"""Share of the labels that the nets get right on average after which a round of learning ends, as in the paper."""
BATCH = 64
"""Labels in a step of the optimiser; fewer where there are fewer."""

Float = NDArray[np.float32]


class Nets:
    """E nets from embeddings ``(B, D)`` to scores in (-1, 1), each with weights of its own.

    Args:
        dim: D, length of the embeddings.
        members: E.
        width: of the two hidden layers.
        seed: of the first weights.

    Attributes:
        weights: float32 tensors by name, on the CPU, the leading axis the nets'; ``middle`` ``(D,)`` and ``spread``
            ``()`` bring embeddings to mean 0 and deviation 1.
        lessons: how often they were taught since they were made.
        digest: a hash of the weights, which changes as they learn.
    """

    def __init__(self, dim: int, members: int = 3, width: int = 64, seed: int = 0) -> None:
        draw = torch.Generator().manual_seed(seed)

        def layer(into: int, out: int) -> tuple[torch.Tensor, torch.Tensor]:
            spread = (2 / into) ** 0.5
            return torch.randn(members, into, out, generator=draw) * spread, torch.zeros(members, 1, out)

        self.weights = {"middle": torch.zeros(dim), "spread": torch.tensor(dim**-0.5)}
        for number, (into, out) in enumerate(((dim, width), (width, width), (width, 1))):
            self.weights[f"w{number}"], self.weights[f"b{number}"] = layer(into, out)
        self.lessons = 0
        self._sign()

    @classmethod
    def of(cls, weights: Mapping[str, torch.Tensor]) -> Nets:
        """Nets of these weights.

        Raises:
            ConfigError: they are no such nets.
        """
        nets = cls.__new__(cls)
        try:
            members, dim, width = weights["w0"].shape
            like = cls(dim, members, width).weights
        except (KeyError, ValueError):
            raise ConfigError("nets: hold no first layer (E, D, H); they are not ours") from None
        wrong = [name for name, one in like.items() if name not in weights or weights[name].shape != one.shape]
        if wrong or not all(torch.isfinite(weights[name]).all() for name in like):
            raise ConfigError(f"nets: {', '.join(wrong) or 'a weight'} is missing, of another shape or no number")
        nets.weights = {name: weights[name].detach().float().cpu().clone() for name in like}
        nets.lessons = 0
        nets._sign()
        return nets

    @property
    def dim(self) -> int:
        """Length of the embeddings that they read."""
        return len(self.weights["middle"])

    @property
    def members(self) -> int:
        """How many they are."""
        return len(self.weights["w0"])

    def __call__(self, embeddings: torch.Tensor) -> torch.Tensor:
        """What each says of embeddings ``(B, D)``, the same for all, or ``(E, B, D)``; ``(E, B)`` in (-1, 1)."""
        one = self.weights
        x = ((embeddings - one["middle"]) / one["spread"]).expand(self.members, -1, -1)
        x = leaky_relu(torch.baddbmm(one["b0"], x, one["w0"]))
        x = leaky_relu(torch.baddbmm(one["b1"], x, one["w1"]))
        return torch.tanh(torch.baddbmm(one["b2"], x, one["w2"])).squeeze(-1)

    @torch.no_grad()
    def score(self, embeddings: Float, most: int = 16_384) -> Float:
        """What they say on average of embeddings float32 ``(B, D)``, ``(B,)``; ``most`` at a time."""
        parts = torch.from_numpy(np.ascontiguousarray(embeddings, np.float32)).split(most)
        return torch.cat([self(part).mean(0) for part in parts]).numpy() if parts else np.empty(0, np.float32)

    def center_on(self, embeddings: torch.Tensor) -> None:
        """Bring embeddings like these ``(B, D)`` to mean 0 and deviation 1, all directions by one factor."""
        self.weights["middle"] = embeddings.mean(0)
        self.weights["spread"] = (embeddings - embeddings.mean(0)).std().clamp_min(1e-4)
        self._sign()

    def _sign(self) -> None:
        sign = hashlib.sha256()
        for name, one in sorted(self.weights.items()):
            sign.update(name.encode() + one.numpy().tobytes())
        self.digest = sign.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Label:
    """One answer.

    Attributes:
        a, b: float32 ``(T, D)`` each, embeddings of the frames on either side: one, or a few of a film.
        better: how probably ``b`` is the better side, in [0, 1].
    """

    a: Float
    b: Float
    better: float


@dataclass(frozen=True)
class Lesson:
    """How nets are taught.

    Attributes:
        passes: over all labels at most, at each round.
        rate: of Adam, which begins anew each round.
        temperature: a score higher by so much is preferred at 73 %; 1 in the paper. Small ones leave room between what
            is clearly worse and what is clearly better, for scores end at -1 and 1.

    Raises:
        ConfigError: one is out of range.
    """

    passes: int = 30
    rate: float = 1e-3
    temperature: float = 0.25

    def __post_init__(self) -> None:
        for name in ("passes", "rate", "temperature"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"reward.learn.{name}={getattr(self, name)}: must be above 0")

    def teach(self, nets: Nets, labels: Sequence[Label], rng: np.random.Generator) -> float:
        """Teach nets what the labels say, each in an order of its own; share of the labels that they then get right.

        Raises:
            ConfigError: there is no label.
        """
        if not labels:
            raise ConfigError("labels: are none; nothing can be learned from no answer")
        a, b, better = _stacked(labels)
        names = [name for name in nets.weights if name[0] in "wb"]
        told = [nets.weights[name].requires_grad_() for name in names]
        optimiser = torch.optim.Adam(told, self.rate)
        try:
            for _ in range(self.passes):
                orders = np.stack([rng.permutation(len(labels)) for _ in range(nets.members)])
                for rows in torch.from_numpy(orders).split(BATCH, dim=1):
                    loss = bradley_terry(nets, a, b, better, rows, self.temperature)
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                if (right := _right(nets, a, b, better)) > ENOUGH:
                    break
        finally:
            nets.weights |= {name: one.detach() for name, one in zip(names, told, strict=True)}
            nets.lessons += 1
            nets._sign()
        return right


def bradley_terry(
    nets: Nets, a: Side, b: Side, better: torch.Tensor, rows: torch.Tensor, temperature: float
) -> torch.Tensor:
    """The loss of Bradley and Terry's model, ``-log P(what was said)``, mean over all nets and labels.

    ``P(b better) = sigmoid((R(b) - R(a)) / temperature)``, with R of a side the mean score of its frames.

    Args:
        nets: tell the scores.
        a: one side of M labels.
        b: the other.
        better: how probably ``b`` is the better, ``(M,)``.
        rows: which labels each net learns from, ``(E, B)``.
        temperature: above 0.
    """
    apart = (_worth(nets, b, rows) - _worth(nets, a, rows)) / temperature
    said = better[rows]
    return -(said * logsigmoid(apart) + (1 - said) * logsigmoid(-apart)).mean()


@dataclass(frozen=True, eq=False)
class Side:
    """One side of M labels: ``frames`` ``(M, T, D)``, and how much each counts, ``(M, T)``, 0 for one not there."""

    frames: torch.Tensor
    weights: torch.Tensor


def _stacked(labels: Sequence[Label]) -> tuple[Side, Side, torch.Tensor]:
    return (
        _side([label.a for label in labels]),
        _side([label.b for label in labels]),
        torch.tensor([label.better for label in labels], dtype=torch.float32),
    )


def _side(films: Sequence[Float]) -> Side:
    longest = max(len(film) for film in films)
    frames = torch.zeros(len(films), longest, films[0].shape[1])
    weights = torch.zeros(len(films), longest)
    for row, film in enumerate(films):
        frames[row, : len(film)] = torch.from_numpy(film)
        weights[row, : len(film)] = 1 / len(film)
    return Side(frames, weights)


def _worth(nets: Nets, side: Side, rows: torch.Tensor) -> torch.Tensor:
    """The mean score of the frames of each label's side, ``(E, B)``."""
    frames, weights = side.frames[rows], side.weights[rows]
    return (nets(frames.flatten(1, 2)).view(weights.shape) * weights).sum(-1)


@torch.no_grad()
def _right(nets: Nets, a: Side, b: Side, better: torch.Tensor) -> float:
    rows = torch.arange(len(better)).expand(nets.members, -1)
    return _agree(_worth(nets, b, rows) - _worth(nets, a, rows), better)


@torch.no_grad()
def foretold(nets: Nets, labels: Sequence[Label]) -> float:
    """Share of labels whose better side scores higher on average, in [0, 1]; honest before they are learned from."""
    a, b, better = _stacked(labels)
    rows = torch.arange(len(better)).expand(nets.members, -1)
    return _agree(_worth(nets, b, rows).mean(0) - _worth(nets, a, rows).mean(0), better)


def _agree(apart: torch.Tensor, better: torch.Tensor) -> float:
    """How often the sign of ``(..., M)`` is what was said; sides called as good do not count, and are 1 alone."""
    sure = better != 0.5
    return float(((apart > 0) == (better > 0.5))[..., sure].float().mean()) if sure.any() else 1.0


@torch.no_grad()
def disagreement(nets: Nets, a: Float, b: Float, temperature: float) -> Float:
    """How much the nets differ on pairs of frames: the deviation of their ``P(b better)``, float32 ``(B,)``.

    Args:
        nets: are asked.
        a: embeddings float32 ``(B, D)``.
        b: likewise.
        temperature: of the loss.
    """
    apart = (nets(torch.from_numpy(b)) - nets(torch.from_numpy(a))) / temperature
    differ: Float = torch.sigmoid(apart).std(0, correction=0).numpy()
    return differ


def save(path: Path, nets: Nets, about: Mapping[str, str]) -> None:
    """Write nets as one ``.safetensors`` in one piece; ``about`` says what they are for, among it ``encoder``.

    Raises:
        RunError: it cannot be written.
    """
    atomic.write_bytes(path, safetensors.torch.save(nets.weights, metadata=dict(about)))


def load(path: Path, encoder: str, dim: int, key: str = "reward.nets") -> tuple[Nets, dict[str, str]]:
    """Read what :func:`save` wrote.

    Args:
        path: of the file.
        encoder: fingerprint of the encoder whose embeddings they shall read.
        dim: their length.
        key: what a message calls the file by.

    Returns:
        The nets, and what was said about them.

    Raises:
        ConfigError: the file is missing, cut off or something else, or its nets are for another encoder.
    """
    try:
        tensors, about = state_file.contents(path, "pt")
        nets = Nets.of(tensors)
    except (OSError, SafetensorError, ConfigError) as cause:
        raise ConfigError(
            f"{key}={path}: cannot be read ({cause}); `vlmrl train reward=preference` writes it"
        ) from cause
    weights_file.refuse_other(f"{key}={path}", about, encoder, nets.dim == dim, "name the one that it learned with")
    return nets, about
