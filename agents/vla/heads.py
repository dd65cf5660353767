"""Two ways to tell a chunk of actions, behind one interface: tokens, all at once, or noise that flows to actions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vlmrl.agents.vla.bins import middles, tokens
from vlmrl.agents.vla.settings import Form
from vlmrl.errors import ConfigError

Read: TypeAlias = Callable[[Tensor], Tensor]
"""From what a head asks of each action, ``(B, H, W)``, to what the trunk answers, ``(B, H, W)``."""

UNLIKELY = "agent.params.head=flow: tells no likelihood of actions; take agent.params.head=tokens"
"""What is said of a head that policy gradients can do nothing with."""

PERIODS = (4e-3, 4.0)
"""Shortest and longest period of the waves that tell the flow's time, which runs from 1 to 0."""


class Head(nn.Module, ABC):
    """Turns what the trunk says of a chunk into H actions of A numbers each, in [-1, 1].

    Args:
        form: of the policy.
        actions: numbers of one action.
    """

    def __init__(self, form: Form, actions: int) -> None:
        super().__init__()
        self.chunk, self.actions, self.width = form.chunk, actions, form.width

    @abstractmethod
    def loss(self, read: Read, wanted: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """How far from ``wanted`` ``(B, H, A)`` it would tell: ``(B, H, A)``, to be made small."""

    @abstractmethod
    def act(self, read: Read, count: int, generator: torch.Generator | None = None) -> Tensor:
        """``count`` chunks ``(count, H, A)``: with a generator drawn at random, without always the same."""

    def draw(self, read: Read, count: int, temperature: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``count`` chunks drawn at random, and the :meth:`log_likelihood` of each action, both ``(count, H, A)``.

        Raises:
            ConfigError: this head knows none.
        """
        raise ConfigError(UNLIKELY)

    def log_likelihood(self, read: Read, done: Tensor, temperature: float = 1.0) -> Tensor:
        """Of actions ``(B, H, A)`` drawn at a temperature, ``(B, H, A)``: what policy gradients want.

        Raises:
            ConfigError: this head knows none.
        """
        raise ConfigError(UNLIKELY)


class TokenHead(Head):
    """Logits of all bins of all actions in one pass, independent given what is seen.

    A parallel decoder in the manner of OpenVLA-OFT (Kim, Finn and Liang, 2025, arXiv 2502.19645), with bins.
    """

    def __init__(self, form: Form, actions: int) -> None:
        super().__init__(form, actions)
        self.bins, self.decode = form.bins, form.decode
        self.logits = nn.Linear(form.width, actions * form.bins)

    def loss(self, read: Read, wanted: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Cross-entropy [nats]."""
        return -self.log_likelihood(read, wanted)

    def act(self, read: Read, count: int, generator: torch.Generator | None = None) -> Tensor:
        """The mean over bins or the middle of the likeliest, as the form says, or of drawn ones."""
        logits = self._logits(read, count)
        if generator is None and self.decode == "mode":
            return middles(logits.argmax(-1), self.bins)
        if generator is None:
            every = middles(torch.arange(self.bins, device=logits.device), self.bins)
            return logits.softmax(-1) @ every
        return middles(_drawn(logits, generator), self.bins)

    def draw(self, read: Read, count: int, temperature: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The middles of drawn bins, and the logarithms of their probabilities."""
        logits = self._logits(read, count) / temperature
        found = _drawn(logits, generator)
        return middles(found, self.bins), _log_probability(logits, found)

    def log_likelihood(self, read: Read, done: Tensor, temperature: float = 1.0) -> Tensor:
        """Logarithm of the probability of each action's bin, ``(B, H, A)``."""
        return _log_probability(self._logits(read, len(done)) / temperature, tokens(done, self.bins))

    def _logits(self, read: Read, count: int) -> Tensor:
        asked = torch.zeros(count, self.chunk, self.width, device=self.logits.weight.device)
        logits: Tensor = self.logits(read(asked))
        return logits.view(count, self.chunk, self.actions, self.bins)


def _drawn(logits: Tensor, generator: torch.Generator) -> Tensor:
    """A bin each, int64, drawn on the CPU, where the generator is."""
    found = torch.multinomial(logits.softmax(-1).flatten(0, -2).cpu(), 1, generator=generator)
    return found.view(logits.shape[:-1]).to(logits.device)


def _log_probability(logits: Tensor, found: Tensor) -> Tensor:
    return -F.cross_entropy(logits.flatten(0, -2), found.flatten(), reduction="none").view(found.shape)


class FlowHead(Head):
    """Flow matching: learns which way noise must go to become actions, and goes there in Euler's steps.

    With time t from 1 (noise e) to 0 (actions a), ``x = t e + (1 - t) a`` moves at ``e - a``, which is learned by its
    squared error, t drawn as 0.001 + 0.999 Beta(1.5, 1): as in pi-zero (Black et al., 2024, arXiv 2410.24164).

    Without a generator every plan begins at the same noise, drawn once and kept with the weights: a plan then depends
    on what is seen alone, and the next one takes the same of several ways.
    """

    start: Tensor

    def __init__(self, form: Form, actions: int) -> None:
        super().__init__(form, actions)
        self.steps = form.flow_steps
        self.enter = nn.Linear(actions, form.width)
        self.time = nn.Sequential(nn.Linear(form.width, form.width), nn.SiLU(), nn.Linear(form.width, form.width))
        self.leave = nn.Linear(form.width, actions)
        self.register_buffer("start", torch.randn(form.chunk, actions))

    def loss(self, read: Read, wanted: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Squared error of the velocity, at a time and from a noise of each row's own."""
        noise = torch.randn(wanted.shape, generator=generator).to(wanted)
        # Beta(1.5, 1) has the distribution function t ** 1.5.
        time = 0.001 + 0.999 * torch.rand(len(wanted), generator=generator).to(wanted) ** (1 / 1.5)
        return self.loss_at(read, wanted, noise, time)

    def loss_at(self, read: Read, wanted: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """The same with the noise ``(B, H, A)`` and times ``(B,)`` given."""
        mixed = time[:, None, None] * noise + (1 - time[:, None, None]) * wanted
        return (self.velocity(read, mixed, time) - (noise - wanted)).square()

    def act(self, read: Read, count: int, generator: torch.Generator | None = None) -> Tensor:
        """From noise to actions."""
        if generator is None:
            found = self.start.expand(count, -1, -1)
        else:
            found = torch.randn((count, *self.start.shape), generator=generator).to(self.start)
        for step in range(self.steps):
            time = torch.full((count,), 1 - step / self.steps, device=found.device)
            found = found - self.velocity(read, found, time) / self.steps
        return found.clamp(-1.0, 1.0)

    def velocity(self, read: Read, mixed: Tensor, time: Tensor) -> Tensor:
        """Where ``mixed`` ``(B, H, A)`` moves at ``time`` ``(B,)``, towards noise: ``(B, H, A)``."""
        answer: Tensor = self.leave(read(self.enter(mixed) + self.time(waves(time, self.width))[:, None]))
        return answer


def waves(time: Tensor, width: int) -> Tensor:
    """Sines and cosines of ``(B,)`` times: ``(B, W)``; periods of :data:`PERIODS`, evenly apart in their logarithm."""
    share = torch.linspace(0.0, 1.0, width // 2, device=time.device)
    periods = PERIODS[0] * (PERIODS[1] / PERIODS[0]) ** share
    angles = 2 * torch.pi * time[:, None] / periods
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


HEADS: dict[str, type[Head]] = {"tokens": TokenHead, "flow": FlowHead}
