"""A trained network as a function from what is observed to actions, as judging, filming and debugging call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlmrl.agents.vla.eyes import prepare
from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Seen
from vlmrl.agents.vla.plans import Plans
from vlmrl.agents.vla.quantiles import Quantiles
from vlmrl.agents.vla.senses import INSTRUCTION, MOMENT, STATE
from vlmrl.agents.vla.settings import Form
from vlmrl.datasets.cameras import label_of
from vlmrl.errors import ShapeError
from vlmrl.types import Array


@dataclass(frozen=True)
class Mind:
    """All that acts: the network, what it reads with, and in which units it thinks.

    Attributes:
        network: its weights.
        lexicon: sentences as vectors.
        proprio: what is felt, brought to [-1, 1].
        actions: what is done, likewise.
        bounds: lowest and highest of each number of an action, float32 ``(2, A)``.
    """

    network: Network
    lexicon: Lexicon
    proprio: Quantiles
    actions: Quantiles
    bounds: NDArray[np.float32]

    @property
    def form(self) -> Form:
        """The network's."""
        return self.network.form

    def seen(self, observed: Any, rows: NDArray[np.intp]) -> Seen:
        """Some rows of N stacked observations, as the network takes them.

        Raises:
            ShapeError: a camera is missing, pictures are of another size, or the state is shorter than it was.
        """
        pictures = []
        for name, eye in zip(self.form.cameras, self.network.eyes, strict=True):
            frames = np.asarray(observed.get(label_of(name), np.zeros(0)))
            if frames.shape[1:] != (*self.form.size, 3):
                raise ShapeError(
                    f"{label_of(name)} {frames.shape}: the policy looks through camera {name} at (N, "
                    f"{self.form.size[0]}, {self.form.size[1]}, 3); wrap the environment in vlmrl.agents.vla.senses"
                )
            prepared = prepare(eye, frames[rows])
            pictures.append(torch.from_numpy(prepared).to(self._device))
        state = np.asarray(observed[STATE])[rows]
        if state.shape[1] < len(self.proprio):
            raise ShapeError(f"state {state.shape}: the policy learned to feel {len(self.proprio)} numbers of it")
        felt = torch.from_numpy(self.proprio.to_unit(state[:, : len(self.proprio)]))
        words = self.lexicon.vectors([str(observed[INSTRUCTION][row]) for row in rows])
        return Seen(pictures, felt.to(self._device), words.to(self._device))

    @property
    def _device(self) -> torch.device:
        return self.network.kinds.device


class VLAPolicy:
    """Plans a chunk where one is due, and carries plans out; rows of a batch do not know of each other.

    It tells by the moments observed when episodes begin, so it may be asked about any episodes in any order, as long as
    a row stays one environment's.

    Args:
        mind: what thinks.
    """

    gamma = 1.0
    """Nothing discounts in imitation."""

    def __init__(self, mind: Mind) -> None:
        self.mind = mind
        form = mind.form
        self._plans = Plans(form.chunk, form.replan, form.ensemble)
        mind.network.eval()

    def __call__(self, observations: Any) -> Array:
        """Actions float32 ``(N, A)``, within their bounds, for N stacked observations of :class:`Senses`.

        Raises:
            ShapeError: what :meth:`Mind.seen` refuses.
            ConfigError: an instruction that cannot be read.
        """
        moments = np.asarray(observations[MOMENT])
        due = self._plans.due(moments)
        if len(due):
            with torch.no_grad():
                plans: Tensor = self.mind.network.plan(self.mind.seen(observations, due))
            self._plans.add(due, moments, self.mind.actions.from_unit(plans.float().cpu().numpy()))
        low, high = self.mind.bounds
        return np.asarray(np.clip(self._plans.actions(moments), low, high), dtype=np.float32)
