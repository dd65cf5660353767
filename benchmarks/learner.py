"""How many updates a second SAC makes as runs build it, beside Stable-Baselines3's own update of the same networks.

python benchmarks/learner.py [env=InvertedPendulum-v5] [hidden=128] [batch=256] [seconds=3] [rounds=3] [json=PATH]

One thread, as runs learn. ``sb3`` is the stock SAC, ``sb3, fused`` with the fused Adam that ours has as well.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from rich.console import Console
from stable_baselines3 import SAC
from stable_baselines3.common.logger import configure

from benchmarks.speed import alternated
from vlmrl.agents.learner.sac_update import speed_up

STEPS = 20
"""Updates a call."""
ROWS = 5_000
DEFAULTS = {
    "env": "InvertedPendulum-v5",
    "hidden": "128",
    "batch": "256",
    "seconds": "3",
    "rounds": "3",
    "json": "",
}


def learner(env: str, hidden: int, fused: bool) -> SAC:
    """A SAC with some random steps to learn from."""
    networks: dict[str, Any] = {"net_arch": [hidden, hidden]} | ({"optimizer_kwargs": {"fused": True}} if fused else {})
    model = SAC("MlpPolicy", gym.make(env), policy_kwargs=networks, buffer_size=ROWS, device="cpu", seed=0)
    model.set_logger(configure(None, []))
    seen, act, rng = model.observation_space, model.action_space, np.random.default_rng(0)
    assert model.replay_buffer is not None
    for _ in range(ROWS):
        before, after = rng.normal(size=(2, 1, *(seen.shape or ())))
        action = rng.uniform(-1, 1, (1, *(act.shape or ())))
        model.replay_buffer.add(before, after, action, rng.normal(size=1), np.zeros(1), [{}])
    return model


def measure(env: str, hidden: int, batch: int, seconds: float, rounds: int) -> dict[str, float]:
    """Updates a second of every way, the median of alternated rounds."""
    torch.set_num_threads(1)
    models = {"ours": learner(env, hidden, True), "sb3": learner(env, hidden, False)}
    models["sb3, fused"] = learner(env, hidden, True)
    if not speed_up(models["ours"]):
        raise SystemExit("this SAC keeps its own update: there is nothing to compare")
    ways = {name: partial(model.train, STEPS, batch) for name, model in models.items()}
    return {name: round(STEPS * rate, 1) for name, rate in alternated(ways, rounds, seconds).items()}


def main(arguments: list[str]) -> None:
    """Measure, print, and keep where ``json=PATH`` says."""
    asked = DEFAULTS | dict(argument.split("=", 1) for argument in arguments)
    hidden, batch = int(asked["hidden"]), int(asked["batch"])
    rates = measure(asked["env"], hidden, batch, float(asked["seconds"]), int(asked["rounds"]))
    times = {way: round(rates["ours"] / value, 2) for way, value in rates.items()}
    settings = {"env": asked["env"], "hidden": hidden, "batch": batch}
    result = {**settings, "updates_per_second": rates, "times_faster": times}
    Console().print_json(json.dumps(result))
    if asked["json"]:
        Path(asked["json"]).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
