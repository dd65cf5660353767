"""One trainer for every learned reward: steps, early stopping, and a file from which a killed training goes on.

What a step draws depends on seed and step alone, and so does dropout: a training that was killed and taken up again
ends in the very weights of one that was not.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vlmrl.config import atomic, state_file
from vlmrl.errors import ConfigError
from vlmrl.learned import moments
from vlmrl.learned.course import Split
from vlmrl.rewards._taught.learned import Lesson

HELD_BATCHES = 4
"""Batches of held-out films by which it is told when to stop."""
MOST_GRADIENT = 1.0
"""Length to which a gradient is cut."""
WARM_UP = 0.05
"""Share of the steps in which the rate rises."""

Say = Callable[[str], object]


@dataclass(frozen=True)
class Plan:
    """How long and how fast it is learned.

    Attributes:
        steps: of the optimiser at most.
        batch: examples in a step.
        rate: of AdamW at its highest; it rises, then falls along a cosine.
        decay: of the weights.
        every: steps between looks at the held-out films, at each of which all is saved.
        patience: looks without a better one after which it stops.
        seed: of weights, batches and dropout.

    Raises:
        ConfigError: a number out of range.
    """

    steps: int = 1000
    batch: int = 48
    rate: float = 1e-3
    decay: float = 1e-2
    every: int = 100
    patience: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("steps", "batch", "rate", "every", "patience"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name}={getattr(self, name)}: must be above 0")


@dataclass(frozen=True)
class Learned:
    """How a training went.

    Attributes:
        steps: that were taken.
        best: the step whose weights are kept.
        losses: each part on the held-out films then, and their sum as ``all``.
    """

    steps: int
    best: int
    losses: Mapping[str, float]


class Training:
    """A network that learns its lesson.

    Args:
        lesson: what is taught.
        split: by what, and what tells when to stop.
        plan: for how long.
        about: whatever else the outcome depends on, as text; a saved state of another training is not gone on with.
        state: the file from which a killed training goes on.
        say: tells the user.

    Attributes:
        network: with the best weights once :meth:`run` is over.
        step: that were taken so far.
    """

    def __init__(
        self, lesson: Lesson, split: Split, plan: Plan, about: str, state: Path, say: Say = lambda line: None
    ) -> None:
        self._lesson, self._split, self._plan, self._state, self._say = lesson, split, plan, state, say
        asked = json.dumps([type(lesson).__name__, vars(lesson), asdict(plan), about], sort_keys=True)
        self._about = hashlib.sha256(asked.encode()).hexdigest()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.network = lesson.network(split.taught.texts.shape[1])
        lesson.prepare(self.network, split.taught)
        self._optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, weight_decay=plan.decay)
        self.step = 0
        self._best: dict[str, Tensor] = {}
        self._found = Learned(0, 0, {"all": math.inf})
        self._since = 0  # looks without a better one

    def run(self) -> Learned:
        """Learn until the steps are over or the held-out films are met no better; the best weights are kept.

        Raises:
            RunError: the state cannot be written.
        """
        plan = self._plan
        if self._take_up():
            self._say(f"going on from step {self.step} of {self._state.name}")
        bar = tqdm(
            total=plan.steps, initial=self.step, unit="step", dynamic_ncols=True, disable=not sys.stderr.isatty()
        )
        with bar:
            while self.step < plan.steps and self._since < plan.patience:
                self._learn()
                bar.update()
                if self.step % plan.every == 0 or self.step == plan.steps:
                    losses = self._look()
                    self._save()
                    told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
                    if bar.disable:
                        self._say(f"step {self.step} of {plan.steps}: held-out loss {told}")
                    else:
                        bar.set_postfix_str(told)
        self.network.load_state_dict(self._best)
        self.network.eval()
        return Learned(self.step, self._found.best, self._found.losses)

    def forget(self) -> None:
        """Remove the file from which it would go on: what came of it is kept elsewhere."""
        self._state.unlink(missing_ok=True)

    def _learn(self) -> None:
        plan, network = self._plan, self.network
        for group in self._optimiser.param_groups:
            group["lr"] = plan.rate * _share(self.step, plan.steps)
        batch = self._lesson.draw(self._split.taught, np.random.default_rng([plan.seed, self.step]), plan.batch)
        network.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed * 1_000_003 + self.step)
            loss = torch.stack(list(self._lesson.losses(network, batch).values())).sum()
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), MOST_GRADIENT)
        self._optimiser.step()
        self.step += 1

    def _look(self) -> dict[str, float]:
        """The losses on held-out films, always the same ones; the best weights so far are kept."""
        self.network.eval()
        sums: dict[str, float] = {}
        with torch.no_grad():
            for turn in range(HELD_BATCHES):
                rng = np.random.default_rng([self._plan.seed, turn, 1])
                batch = self._lesson.draw(self._split.held, rng, self._plan.batch)
                for name, value in self._lesson.losses(self.network, batch).items():
                    sums[name] = sums.get(name, 0.0) + float(value) / HELD_BATCHES
        losses = {"all": sum(sums.values()), **sums}
        if losses["all"] < self._found.losses["all"]:
            self._found, self._since = Learned(self.step, self.step, losses), 0
            self._best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        else:
            self._since += 1
        return losses

    def _save(self) -> None:
        """Everything from which it goes on, in one file and one piece."""
        now = {f"now/{name}": tensor for name, tensor in self.network.state_dict().items()}
        best = {f"best/{name}": tensor for name, tensor in self._best.items()}
        steps = {f"optimiser/{name}": tensor for name, tensor in moments.flat(self._optimiser).items()}
        told = {"about": self._about, "step": self.step, "since": self._since, "found": asdict(self._found)}
        tensors = {name: tensor.detach().contiguous().clone() for name, tensor in (now | best | steps).items()}
        atomic.write_bytes(self._state, safetensors.torch.save(tensors, state_file.header(told)))

    def _take_up(self) -> bool:
        """Go on from the file, if there is one of this very training."""
        found = state_file.read(self._state, "pt")
        if found is None:
            if self._state.exists():
                self._say(f"{self._state}: cannot be read, so it is begun anew")
            return False
        tensors, told = found
        if told["about"] != self._about:
            self._say(f"{self._state}: is of other data or settings, so it is begun anew")
            return False
        self.network.load_state_dict(moments.under("now", tensors))
        self._best = moments.under("best", tensors)
        moments.put(self._optimiser, moments.under("optimiser", tensors))
        self.step, self._since, self._found = int(told["step"]), int(told["since"]), Learned(**told["found"])
        return True


def _share(step: int, steps: int) -> float:
    """Of the highest rate: a rise, then a cosine down to a tenth."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.1 + 0.9 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2
