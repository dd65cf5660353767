"""How much cheaper a frame of the ``fast`` profile is than Gymnasium's default renderer, in one run on this machine.

python benchmarks/render.py [json=PATH]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gymnasium as gym
import mujoco
from rich.console import Console

from benchmarks.speed import alternated
from vlmrl.envs.frame_tap import default_camera
from vlmrl.envs.render import STYLES, Renderer
from vlmrl.envs.simulator import simulator

SIZE = 128
ROUNDS = 3


def measure() -> dict[str, float]:
    """Frames a second of every renderer, the median of three alternated rounds."""
    env = gym.make("Humanoid-v5", render_mode="rgb_array", width=SIZE, height=SIZE)
    env.reset(seed=0)
    model, data = simulator(env)
    mujoco.mj_forward(model, data)
    renderers = {name: Renderer(model, (SIZE, SIZE), default_camera(env), name) for name in STYLES}
    ways: dict[str, Callable[[], object]] = {"gymnasium": env.render}
    ways |= {name: partial(renderer.frame, data) for name, renderer in renderers.items()}
    found = alternated(ways, ROUNDS, seconds=2.0)
    for renderer in renderers.values():
        renderer.close()
    env.close()
    return {name: round(rate, 1) for name, rate in found.items()}


def main(arguments: list[str]) -> None:
    """Measure, print, and keep where ``json=PATH`` says."""
    rates = measure()
    ratios = {name: round(value / rates["gymnasium"], 1) for name, value in rates.items()}
    result = {"env": "Humanoid-v5", "pixels": SIZE, "frames_per_second": rates, "times_gymnasium": ratios}
    Console().print_json(json.dumps(result))
    for argument in arguments:
        if argument.startswith("json="):
            Path(argument.removeprefix("json=")).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
