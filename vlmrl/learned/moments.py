"""What an optimiser remembers, as tensors under flat names, which a safetensors file can hold; and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def flat(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Its state by ``PARAMETER/ENTRY``, such as ``0/exp_avg``; empty before the first step."""
    return {
        f"{row}/{entry}": torch.as_tensor(value)
        for row, state in optimiser.state_dict()["state"].items()
        for entry, value in state.items()
    }


def put(optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """Go on from what :func:`flat` gave; rates and other settings stay as they are."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        row, _, entry = name.partition("/")
        state.setdefault(int(row), {})[entry] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def under(above: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names are ``ABOVE/…``, by what follows."""
    begin = f"{above}/"
    return {name.removeprefix(begin): one for name, one in tensors.items() if name.startswith(begin)}
