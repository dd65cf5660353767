"""Every random generator of a run: written down together, put back together.

The algorithm's own ``seed`` sets them all at the start.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from vlmrl.types import Array

TORCH = "random/torch"
"""Name of torch's CPU generator among the arrays; CUDA device ``i`` is ``random/cuda/i``."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever the block draws from Python's, NumPy's or torch's generators, those outside go on as if it had not."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def capture(model: BaseAlgorithm) -> tuple[dict[str, Any], dict[str, Array]]:
    """Write down where every generator stands.

    Returns:
        What fits into JSON (Python, NumPy, the environments, the action space), and torch's generators as uint8 arrays.
    """
    version, words, gauss = random.getstate()
    state = {
        "python": [version, list(words), gauss],
        "numpy": _plain(np.random.get_state(legacy=False)),
        "action_space": _plain(model.action_space.np_random.bit_generator.state),
        "envs": [_plain(generator.bit_generator.state) for generator in _vec_env(model).get_attr("np_random")],
    }
    arrays: dict[str, Array] = {TORCH: torch.get_rng_state().numpy()}
    if torch.cuda.is_available():
        for index, cuda in enumerate(torch.cuda.get_rng_state_all()):
            arrays[f"random/cuda/{index}"] = cuda.numpy()
    return state, arrays


def put_back(model: BaseAlgorithm, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Set every generator to where :func:`capture` found it; those of environments and devices gone are left out."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(_arrays(state["numpy"]))
    model.action_space.np_random.bit_generator.state = _arrays(state["action_space"])
    venv = _vec_env(model)
    venv.unwrapped._reset_seeds()  # else the next reset would start from the run's seed once more
    for index, kept in enumerate(state["envs"][: venv.num_envs]):
        bits = getattr(np.random, kept["bit_generator"])()
        bits.state = _arrays(kept)
        venv.set_attr("np_random", np.random.Generator(bits), indices=index)
    torch.set_rng_state(torch.from_numpy(arrays[TORCH].copy()))
    for index in range(torch.cuda.device_count()):
        if (name := f"random/cuda/{index}") in arrays:
            torch.cuda.set_rng_state(torch.from_numpy(arrays[name].copy()), index)


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """A NumPy generator's state with its one array, the Mersenne twister's key, as a list."""
    inner = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in state["state"].items()}
    return {**state, "state": inner}


def _arrays(state: Mapping[str, Any]) -> dict[str, Any]:
    inner = {
        name: np.array(value, np.uint32) if isinstance(value, list) else value for name, value in state["state"].items()
    }
    return {**state, "state": inner}


def _vec_env(model: BaseAlgorithm) -> VecEnv:
    venv = model.get_env()
    if venv is None:
        raise RuntimeError("the algorithm has no environment")
    return venv
