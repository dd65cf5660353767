"""Frozen embeddings aligned with what a person prefers: a linear map, learned from pairs of films, and its file.

After RAPL (Tian et al., ICLR 2024, arXiv 2310.07932), which trains an image encoder so that films a person prefers
match a preferred film better than the others. A reconstruction from knowledge of the paper: here the encoder stays as
it is, and only a projection of its embeddings is learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn.functional import normalize, softplus
from torch.nn.utils.rnn import pad_sequence

from vlmrl.errors import ConfigError
from vlmrl.rewards._taught import weights_file

HELD = 5
"""Of preferences every so many are held out, where there are twice as many."""
RATE = 0.02
"""Of Adam's, for a matrix whose columns begin at length 1."""
BATCH = 16
"""Preferences in a step."""
ROUNDS = 100
"""Iterations of Sinkhorn's while learning: what is left of the error is far below that of few preferences."""


def sinkhorn(costs: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, epsilon: float, most: int) -> torch.Tensor:
    """The plan between two sides that costs least, blurred by its entropy times ``epsilon`` (Cuturi, NeurIPS 2013).

    Args:
        costs: ``(..., T, S)``.
        rows: ``(..., T)``, how much each row gives; 0 for one that is not there.
        columns: ``(..., S)``, how much each column takes, likewise, with the same sum.
        epsilon: above 0; small ones cost iterations.
        most: iterations at most.

    Returns:
        ``(..., T, S)``, not negative; columns sum to what they take, rows to what they give within a thousandth of the
        mean unless ``most`` was met.
    """
    # In double, or a small epsilon stops short of the least cost; on the CPU, where such small steps are faster.
    scaled, gives, takes = (one.detach().cpu().double() for one in (-costs / epsilon, rows, columns))
    across, plan = torch.zeros_like(takes.log()), scaled
    for turn in range(most):
        down = gives.log() - torch.logsumexp(scaled + across[..., None, :], dim=-1)
        across = takes.log() - torch.logsumexp(scaled + down[..., None], dim=-2)
        if turn % 10 == 9 or turn == most - 1:
            plan = torch.exp(scaled + down[..., None] + across[..., None, :])
            if (plan.sum(-1) - gives).abs().max() * costs.shape[-2] < 1e-3:
                break
    return plan.to(costs)


def likeness(
    films: Sequence[torch.Tensor], demos: Sequence[torch.Tensor], epsilon: float, most: int = 500
) -> torch.Tensor:
    """Minus what it costs to lay each film over each other one: in [-2, 0], 0 for the same frames in any order.

    A frame over another costs 1 less their cosine; all frames of a film weigh alike. The plan counts as given: where it
    is the best one, the cost's derivative is that with the plan held fixed.

    Args:
        films: N of embeddings ``(T, D)``, rows of length 1.
        demos: K of ``(S, D)``.
        epsilon: blur of the plan, in units of cost.
        most: iterations of Sinkhorn's at most.

    Returns:
        ``(N, K)``.
    """
    (one, gives), (other, takes) = _padded(films), _padded(demos)
    costs = 1 - torch.einsum("ntd,ksd->nkts", one, other)
    plan = sinkhorn(costs, gives[:, None].expand(-1, len(other), -1), takes.expand(len(one), -1, -1), epsilon, most)
    return -(costs * plan).sum((-2, -1))


def _padded(films: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Films of any lengths in one ``(N, T, D)``, and how much each frame weighs, ``(N, T)``; 0 for those added."""
    whole = pad_sequence(list(films), batch_first=True)
    weights = whole.new_zeros(whole.shape[:2])
    for row, film in zip(weights, films, strict=True):
        row[: len(film)] = 1 / len(film)
    return whole, weights


@dataclass(frozen=True)
class Learned:
    """How an alignment came out.

    Attributes:
        encoder: fingerprint of the encoder whose embeddings it is for.
        preferences: pairs that it learned from.
        right: share of these whose preferred film scores higher, in [0, 1].
        before: the same without the alignment.
        held: pairs that it did not learn from, though perhaps from their films in other pairs; 0 where there were too
            few to hold any.
        held_right, held_before: the same shares of these; None where there are none.
    """

    encoder: str
    preferences: int
    right: float
    before: float
    held: int = 0
    held_right: float | None = None
    held_before: float | None = None


@dataclass(frozen=True)
class Aligner:
    """Settings of :meth:`learn`.

    Attributes:
        dim: columns of the map, at most the embeddings' length.
        steps: of the optimiser.
        epsilon: blur of the transport.
        temperature: difference of two likenesses that makes a preference 73 % sure.
        seed: of the batches.

    Raises:
        ConfigError: a number out of range.
    """

    dim: int = 32
    steps: int = 200
    epsilon: float = 0.05
    temperature: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("dim", "steps", "epsilon", "temperature"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name}={getattr(self, name)}: must be above 0")

    def learn(
        self,
        films: Sequence[torch.Tensor],
        preferences: Sequence[tuple[int, int]],
        demos: Sequence[torch.Tensor],
        encoder: str,
    ) -> tuple[torch.Tensor, Learned]:
        """Learn a map under which preferred films match the demonstrations better than those they were preferred to.

        The loss is Bradley and Terry's, ``-log sigma((r(better) - r(worse)) / temperature)``, with r the mean
        :func:`likeness` to the demonstrations. The map begins with the directions in which the frames vary most, which
        keeps what the embeddings say.

        Args:
            films: embeddings ``(T, D)`` of each film's frames, rows of length 1.
            preferences: pairs (better, worse) of places in ``films``.
            demos: embeddings of preferred films, as ``films``.
            encoder: fingerprint of what embedded them.

        Returns:
            The map ``(D, dim)`` float32, and how it came out.

        Raises:
            ConfigError: no preference or no demonstration, a film preferred to itself, or two pairs that contradict.
        """
        _check(preferences, demos)
        held = list(preferences[HELD - 1 :: HELD]) if len(preferences) >= 2 * HELD else []
        told = [pair for place, pair in enumerate(preferences) if not held or place % HELD != HELD - 1]
        frames = torch.cat([*films, *demos]).float().cpu()
        start = torch.linalg.svd(frames, full_matrices=False).Vh[: self.dim].T.contiguous()
        rows, ends = [film.float().cpu() for film in films], [demo.float().cpu() for demo in demos]
        found = self._descend(start, rows, told, ends)

        def right(pairs: Sequence[tuple[int, int]], by: torch.Tensor) -> float:
            with torch.no_grad():
                return float(torch.mean((self._apart(by, rows, pairs, ends) > 0).float()))

        plain = torch.eye(frames.shape[1])
        learned = Learned(encoder, len(told), right(told, found), right(told, plain))
        if held:
            learned = Learned(
                encoder, len(told), learned.right, learned.before, len(held), right(held, found), right(held, plain)
            )
        return found, learned

    def _descend(
        self,
        start: torch.Tensor,
        films: Sequence[torch.Tensor],
        pairs: Sequence[tuple[int, int]],
        demos: Sequence[torch.Tensor],
    ) -> torch.Tensor:
        draw = torch.Generator().manual_seed(self.seed)
        matrix = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([matrix], RATE)
        for _ in range(self.steps):
            some = torch.randperm(len(pairs), generator=draw)[:BATCH].tolist()
            apart = self._apart(matrix, films, [pairs[place] for place in some], demos)
            loss = softplus(-apart / self.temperature).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return matrix.detach()

    def _apart(
        self,
        matrix: torch.Tensor,
        films: Sequence[torch.Tensor],
        pairs: Sequence[tuple[int, int]],
        demos: Sequence[torch.Tensor],
    ) -> torch.Tensor:
        """By how much the preferred film of each pair is nearer to the demonstrations, ``(B,)``."""
        asked = sorted({place for pair in pairs for place in pair})
        seen, wanted = (
            [normalize(film @ matrix, dim=-1) for film in some] for some in ([films[place] for place in asked], demos)
        )
        scores = dict(zip(asked, likeness(seen, wanted, self.epsilon, ROUNDS).mean(1), strict=True))
        return torch.stack([scores[better] - scores[worse] for better, worse in pairs])


def _check(preferences: Sequence[tuple[int, int]], demos: Sequence[torch.Tensor]) -> None:
    if not preferences:
        raise ConfigError("preferences: are none; name pairs of films, the better one first")
    if not demos:
        raise ConfigError("demo: is missing; name a film of the task done as it should be")
    said = set(preferences)
    for better, worse in preferences:
        if better == worse or (worse, better) in said:
            raise ConfigError(
                f"preferences: film {better} and film {worse} are each preferred to the other; keep one of the two"
            )


def save(path: Path, matrix: torch.Tensor, learned: Learned) -> None:
    """Write a map, and how it came out beside it; errors as for :func:`vlmrl.rewards._taught.weights_file.save`."""
    weights_file.save(path, {"matrix": matrix}, asdict(learned))


def load(path: Path, encoder: str, dim: int, key: str = "reward.projection") -> tuple[torch.Tensor, str]:
    """Read what :func:`save` wrote.

    Args:
        path: of the safetensors.
        encoder: fingerprint of the encoder whose embeddings it shall map.
        dim: their length.
        key: what a message calls the file by.

    Returns:
        The map ``(dim, d)``, and a hash of it.

    Raises:
        ConfigError: a file is missing or damaged, the two do not belong together, or they are for another encoder.
    """
    tensors, told = weights_file.load(path, key, "`vlmrl align`")
    matrix = tensors.get("matrix")
    if matrix is None:
        raise ConfigError(f"{key}={path}: cannot be read (holds no matrix); `vlmrl align` writes it, a .json beside it")
    fits = matrix.ndim == 2 and len(matrix) == dim
    weights_file.refuse_other(f"{key}={path}", told, encoder, fits, "align anew with it")
    return matrix.float(), str(told["digest"])[:16]
