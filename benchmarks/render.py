"""How much cheaper a frame of the ``fast`` profile is than Gymnasium's default renderer, in one run on this machine.

python benchmarks/render.py [json=PATH]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import mujoco
from rich.console import Console

from vlmrl.envs.frame_tap import default_camera
from vlmrl.envs.render import STYLES, Renderer
from vlmrl.envs.simulator import simulator

SIZE = 128
ROUNDS = 3


def rate(draw: Callable[[], object], seconds: float = 2.0) -> float:
    """Frames a second, after one frame to warm up."""
    draw()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        draw()
        count += 1
    return count / (time.perf_counter() - began)


def measure() -> dict[str, float]:
    """Frames a second of every renderer, the median of three alternated rounds."""
    env = gym.make("Humanoid-v5", render_mode="rgb_array", width=SIZE, height=SIZE)
    env.reset(seed=0)
    model, data = simulator(env)
    mujoco.mj_forward(model, data)
    renderers = {name: Renderer(model, (SIZE, SIZE), default_camera(env), name) for name in STYLES}
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        found.setdefault("gymnasium", []).append(rate(env.render))
        for name, renderer in renderers.items():
            found.setdefault(name, []).append(rate(lambda renderer=renderer: renderer.frame(data)))  # type: ignore[misc]
    for renderer in renderers.values():
        renderer.close()
    env.close()
    return {name: round(sorted(rates)[ROUNDS // 2], 1) for name, rates in found.items()}


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
