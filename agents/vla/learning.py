"""Updates of a network from demonstrations, each drawn from the run's seed and its own number: any can be redone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from vlmrl.agents.vla.demos import Demonstrations
from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Seen
from vlmrl.agents.vla.quantiles import Quantiles
from vlmrl.agents.vla.settings import Settings

WARM = 0.05
"""Share of the run in which the learning rate rises."""
CLIP = 1.0
"""Longest gradient."""
EARLY = 4
"""Steps from an episode's beginning that count as early."""
NEAR = 0.1
"""Of what is foreseen, in units of its range: nearer than this an error counts by its square."""


class Learner:
    """A network that learns, and the average of its weights, which acts.

    Args:
        network: to be taught.
        demos: to learn from.
        lexicon: reads their sentences.
        settings: how.
        total: updates of the whole run.
        seed: of the run.

    Attributes:
        network: as it is now.
        average: float tensors of its ``state_dict``, averaged over updates.
        updates: done so far.
        batch_size: steps of an update.
        proprio, actions: quantiles of what is felt and done, over all that is learned from.
    """

    def __init__(
        self, network: Network, demos: Demonstrations, lexicon: Lexicon, settings: Settings, total: int, seed: int
    ) -> None:
        self.network, self._demos, self._settings, self._total, self._seed = network, demos, settings, total, seed
        learned = ~demos.held
        self.proprio = Quantiles.of(demos.state[learned])
        self.actions = Quantiles.of(demos.actions[learned])
        # Steps that count for nothing need not be drawn.
        self._rows = np.flatnonzero(learned & (demos.weight > 0))
        self._early = self._rows[since_begin(demos.episode)[self._rows] < EARLY]
        self._held = np.flatnonzero(demos.held)
        self._ends = np.arange(len(demos)) + demos.left - 1
        self._felt = self.proprio.to_unit(demos.state)
        self._done = self.actions.to_unit(demos.actions)
        self._said = [lexicon.vectors(several) for several in demos.sentences]
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(
            network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.99)
        )
        self.batch_size = settings.batch_size
        self.average = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.updates = 0

    def update(self) -> float:
        """Learn from one batch; its weighted loss."""
        random = np.random.default_rng([self._seed, self.updates])
        rows = self._drawn(random)
        for group in self.optimizer.param_groups:
            group["lr"] = self._settings.learning_rate * rate(self.updates / max(self._total, 1))
        self.network.train()
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        loss = self._loss(rows, random, generator, self._settings.forget_text, self._settings.foresight)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.updates += 1
        self._take_in()
        return float(loss.detach())

    def weights(self) -> dict[str, Mapping[str, Tensor]]:
        """Those that learn, and their average."""
        return {"network": self.network.state_dict(), "average": self.average}

    def take(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Go on from what :meth:`weights` gave."""
        self.network.load_state_dict(dict(weights["network"]))
        self.average = dict(weights["average"])

    def held_out(self, most: int = 128) -> float | None:
        """The loss of the average on steps of held-out episodes, ``most`` of them; None where none were held out."""
        if not len(self._held):
            return None
        random = np.random.default_rng(self._seed)
        rows = random.permutation(self._held)[:most]
        with self.averaged(), torch.no_grad():
            generator = torch.Generator().manual_seed(self._seed)
            parts = np.array_split(rows, math.ceil(len(rows) / self._settings.batch_size))
            losses = [float(self._loss(part, random, generator, 0.0)) * len(part) for part in parts]
        return sum(losses) / len(rows)

    @contextmanager
    def averaged(self) -> Iterator[Network]:
        """The network with its averaged weights, for as long as the block lasts."""
        now = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        try:
            yield self.network
        finally:
            self.network.load_state_dict(now)

    def _drawn(self, random: np.random.Generator) -> NDArray[np.intp]:
        """The steps of an update, some of them early ones if any of those count."""
        count = self._settings.batch_size
        early = round(self._settings.early * count) if len(self._early) else 0
        rest = random.choice(self._rows, count - early)
        return np.concatenate([rest, random.choice(self._early, early)]) if early else rest

    def _loss(
        self,
        rows: NDArray[np.intp],
        random: np.random.Generator,
        generator: torch.Generator,
        forget: float,
        foresight: float = 0.0,
    ) -> Tensor:
        """Mean over what was done, each step by its weight; and over what is foreseen."""
        wanted, there = self._chunks(rows)
        weight = torch.from_numpy(self._demos.weight[rows]).to(there)
        gist = self.network.gist(self._seen(rows, random, forget))
        loss = self.network.head.loss(self.network.reader_of(gist), wanted, generator).mean(-1)
        counts = there * weight[:, None]
        found = (loss * counts).sum() / counts.sum().clamp(min=1e-6)
        if not foresight:
            return found
        ends = torch.from_numpy(self._felt[self._ends[rows]]).to(gist)
        missed = F.smooth_l1_loss(self.network.foresee(gist), ends, beta=NEAR, reduction="none").mean(-1)
        return found + foresight * (missed * weight).sum() / weight.sum().clamp(min=1e-6)

    def _chunks(self, rows: NDArray[np.intp]) -> tuple[Tensor, Tensor]:
        demos = self._demos
        ahead = np.arange(self._settings.chunk)
        there = ahead < demos.left[rows, None]
        wanted = self._done[rows[:, None] + np.minimum(ahead, demos.left[rows, None] - 1)]
        device = self.network.kinds.device
        return torch.from_numpy(wanted).to(device), torch.from_numpy(there.astype(np.float32)).to(device)

    def _seen(self, rows: NDArray[np.intp], random: np.random.Generator, forget: float) -> Seen:
        """Those steps, each told one of its task's sentences, or nothing."""
        device = self.network.kinds.device
        drawn = random.random(len(rows))
        said = [self._said[task] for task in self._demos.task[rows]]
        text = torch.stack([one[int(share * len(one))] for one, share in zip(said, drawn, strict=True)])
        text[torch.from_numpy(random.random(len(rows)) < forget)] = 0.0
        pictures = [torch.from_numpy(rows_of[rows]).to(device) for rows_of in self._demos.pictures]
        return Seen(pictures, torch.from_numpy(self._felt[rows]).to(device), text.to(device))

    def _take_in(self) -> None:
        """Average: at first over all there are, so that the beginning is soon forgotten."""
        keep = min(self._settings.averaging, self.updates / (self.updates + 10))
        for name, value in self.network.state_dict().items():
            kept = self.average[name]
            if kept.is_floating_point():
                kept.mul_(keep).add_(value.detach(), alpha=1 - keep)
            else:
                kept.copy_(value)


def since_begin(episode: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps since its episode began, int64 ``(S,)``, of steps that lie episode by episode, in their order."""
    begins = np.flatnonzero(np.diff(episode, prepend=episode[0] - 1))
    return np.arange(len(episode)) - np.repeat(begins, np.diff(np.append(begins, len(episode))))


def rate(done: float) -> float:
    """Share of the full learning rate at a share of the run: up in a line, then down along a cosine to a hundredth."""
    if done < WARM:
        return (done + 1e-3) / (WARM + 1e-3)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, (done - WARM) / (1 - WARM)))) / 2
