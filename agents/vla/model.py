"""The network: what is seen, read and felt to tokens, attention among them, and a head that tells a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vlmrl.agents.vla.eyes import eye_of
from vlmrl.agents.vla.heads import HEADS, Head, Read
from vlmrl.agents.vla.settings import Form
from vlmrl.encoders.base import Encoder


@dataclass(frozen=True)
class Sizes:
    """What a network's form leaves to the data.

    Attributes:
        actions: numbers of one action.
        proprio: numbers that the robot feels of itself.
        text: numbers of a sentence.
    """

    actions: int
    proprio: int
    text: int


@dataclass(frozen=True)
class Seen:
    """A batch of moments.

    Attributes:
        pictures: of each camera what its eye prepared, ``(B, ...)``.
        proprio: float32 ``(B, P)``, brought to [-1, 1].
        text: float32 ``(B, D)``, brought to deviation 1; zeros: nothing was said.
    """

    pictures: Sequence[Tensor]
    proprio: Tensor
    text: Tensor


class Network(nn.Module):
    """Pictures, sentence and proprioception to a chunk of actions in [-1, 1].

    Each camera has an eye of its own, which the sentence modulates at every stage; its tokens, one of the sentence and
    one of the robot's own state attend to each other; each of the chunk's actions attends to them and to the others.
    A last token surveys all of them side by side: attention begins as a mean over tokens, and hardly learns from that
    which of many looks found the thing that was named. Every action begins at it, and :meth:`foresee` reads it.

    Args:
        form: what it is.
        sizes: what the data are.
        encoder: that of ``form.backbone``, if there is one.
    """

    def __init__(self, form: Form, sizes: Sizes, encoder: Encoder | None = None) -> None:
        super().__init__()
        self.form, self.sizes = form, sizes
        width = form.width
        self.read_text = nn.Sequential(nn.Linear(sizes.text, width), nn.GELU(), nn.Linear(width, width))
        self.feel = nn.Sequential(nn.Linear(sizes.proprio, width), nn.GELU(), nn.Linear(width, width))
        eyes = [eye_of(form, encoder) for _ in form.cameras]
        self.eyes = nn.ModuleList(eyes)
        self.places = nn.ParameterList(nn.Parameter(0.02 * torch.randn(eye.places, width)) for eye in eyes)
        self.kinds = nn.Parameter(0.02 * torch.randn(2, width))
        self.context = nn.ModuleList(
            nn.TransformerEncoderLayer(width, form.heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(form.context_layers)
        )
        self.before = nn.LayerNorm(width)
        seen = sum(eye.places for eye in eyes) + len(self.kinds)
        self.survey = nn.Sequential(nn.Linear(seen * width, width), nn.GELU(), nn.Linear(width, width))
        self.foresight = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, sizes.proprio))
        self.moments = nn.Parameter(0.02 * torch.randn(form.chunk, width))
        self.trunk = nn.ModuleList(
            nn.TransformerDecoderLayer(width, form.heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(form.layers)
        )
        self.after = nn.LayerNorm(width)
        self.head: Head = HEADS[form.head](form, sizes.actions)

    def plan(self, seen: Seen, generator: torch.Generator | None = None) -> Tensor:
        """A chunk for each moment, ``(B, H, A)`` in [-1, 1]; drawn at random with a generator."""
        return self.head.act(self.reader(seen), len(seen.proprio), generator)

    def draw(self, seen: Seen, temperature: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A chunk drawn for each moment, and how likely each action was; as :meth:`Head.draw`."""
        return self.head.draw(self.reader(seen), len(seen.proprio), temperature, generator)

    def log_likelihood(self, seen: Seen, done: Tensor, temperature: float = 1.0) -> Tensor:
        """Of each action done, ``(B, H, A)``; errors as for :meth:`Head.log_likelihood`."""
        return self.head.log_likelihood(self.reader(seen), done, temperature)

    def reader(self, seen: Seen) -> Read:
        """What answers a head: the moments' context, computed once."""
        return self.reader_of(self.gist(seen))

    def reader_of(self, context: Tensor) -> Read:
        """What answers a head from a :meth:`gist` ``(B, N, W)`` that is there already."""
        tokens, survey = context[:, :-1], context[:, -1:]

        def read(asked: Tensor) -> Tensor:
            answer = asked + self.moments + survey
            for layer in self.trunk:
                answer = layer(answer, tokens)
            found: Tensor = self.after(answer)
            return found

        return read

    def foresee(self, gist: Tensor) -> Tensor:
        """What the robot will feel when the episode ends, ``(B, P)`` in [-1, 1], from a :meth:`gist`."""
        found: Tensor = self.foresight(gist[:, -1])
        return found

    def gist(self, seen: Seen) -> Tensor:
        """Tokens ``(B, N, W)`` of all that is seen, at the end the sentence's, the robot's, and a survey of all.

        A critic may read them too.
        """
        words = self.read_text(seen.text)
        tokens = [
            eye(picture, words) + place
            for eye, picture, place in zip(self.eyes, seen.pictures, self.places, strict=True)
        ]
        own = torch.stack([words, self.feel(seen.proprio)], dim=1) + self.kinds
        context = torch.cat([*tokens, own], dim=1)
        survey = self.survey(context.flatten(1))
        for layer in self.context:
            context = layer(context)
        return torch.cat([self.before(context), survey[:, None]], dim=1)


def device() -> torch.device:
    """Where networks learn and act: a GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
