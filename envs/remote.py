"""An environment that lives in another virtual environment, over loopback.

LIBERO, ManiSkill and robosuite pin versions that cannot stand beside ours. They are installed into an environment of
their own, whose Python this one starts; the two talk over 127.0.0.1, in JSON and raw arrays.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs import remote_server
from vlmrl.envs.batch.engine import SimulationError
from vlmrl.errors import ConfigError
from vlmrl.types import Array

LAST_WORDS = 2000
"""Characters of what the other side said last that an error repeats."""


class RemoteEnv(gym.Env[Any, Any]):
    """One environment of another Python, as if it were here. It ends with this one, even if that is killed.

    Args:
        python: the other environment's interpreter, such as ``libero/bin/python``.
        id: a Gymnasium id that is known there; or
        make: FILE.py:FUNCTION, run there, which returns the environment: for simulators whose interface must be bent
            to Gymnasium's first.
        kwargs: handed to ``gymnasium.make`` or to the function; must fit into JSON.
        render_mode: ``rgb_array`` is handed on there and lets :meth:`render` ask for frames.
        patience: seconds that the other side may take to start, and for any one call.

    Raises:
        ConfigError: there is no such interpreter, or neither or both of ``id`` and ``make`` are given.
        SimulationError: the other side died, is silent for too long, or raised; with its last words.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012

    def __init__(
        self,
        python: str | Path,
        id: str | None = None,
        make: str | None = None,
        kwargs: dict[str, Any] | None = None,
        render_mode: str | None = None,
        patience: float = 120.0,
    ) -> None:
        if (id is None) == (make is None):
            raise ConfigError(f"id={id}, make={make}: give one of the two")
        if not Path(python).is_file():
            raise ConfigError(f"python={python}: there is no such interpreter; give the path to another environment's")
        self._patience, self._name, self.render_mode = patience, id or make or "", render_mode
        given = {**(kwargs or {}), **({"render_mode": render_mode} if render_mode else {})}
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the other side lives
        self._process, self._link = self._started(str(python), {"id": id, "make": make, "kwargs": given})
        told = self._ask(call="spaces")
        self.observation_space, self.action_space = space(told["observation"]), space(told["action"])
        if told["render_fps"]:
            self.metadata = {**self.metadata, "render_fps": told["render_fps"]}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        super().reset(seed=seed)
        told = self._ask(call="reset", seed=seed, options=options)
        return fitting(self.observation_space, told["observation"]), told["info"]

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act."""
        told = self._ask(call="step", action=action)
        seen = fitting(self.observation_space, told["observation"])
        return seen, told["reward"], told["terminated"], told["truncated"], told["info"]

    def render(self) -> Array | None:
        """A frame, uint8 ``(H, W, 3)``; None without a render mode."""
        frame: Array | None = self._ask(call="render")["frame"] if self.render_mode else None
        return frame

    def close(self) -> None:
        """End the other side; closing twice is no error."""
        self._link.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()

    def _started(self, python: str, spec: dict[str, Any]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        token = secrets.token_hex()
        command = [python, remote_server.__file__, json.dumps(spec)]
        # Ours would hide the other environment's packages from it.
        theirs = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        theirs[remote_server.TOKEN] = token
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._words, env=theirs)
        assert process.stdout is not None
        ready = select.select([process.stdout], [], [], self._patience)[0]
        port = process.stdout.readline() if ready else b""
        process.stdout.close()
        if not port.strip().isdigit():
            process.kill()
            raise SimulationError(f"remote {self._name}: did not start{self._said(process)}")
        link = socket.create_connection(("127.0.0.1", int(port)), timeout=self._patience)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        remote_server.send(link, {"token": token})
        return process, link

    def _ask(self, **message: Any) -> dict[str, Any]:
        try:
            remote_server.send(self._link, message)
            told = remote_server.receive(self._link)
        except TimeoutError as cause:
            raise SimulationError(
                f"remote {self._name}: said nothing to {message['call']} for {self._patience:g} s{self._said()}"
            ) from cause
        except OSError:
            told = None
        if told is None:
            raise SimulationError(f"remote {self._name}: died{self._said()}")
        if "error" in told:
            raise SimulationError(f"remote {self._name}: {told['error']}")
        return told

    def _said(self, process: subprocess.Popen[bytes] | None = None) -> str:
        """How the other side ended, and its last words."""
        process = process or self._process
        code = None
        for _ in range(50):  # it may be on its way out
            code = process.poll()
            if code is not None:
                break
            time.sleep(0.02)
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").strip()[-LAST_WORDS:]
        ended = "" if code is None else f" (exit status {code})"
        return f"{ended}; its last words: {words or 'none'}"


def space(told: dict[str, Any]) -> spaces.Space[Any]:
    """A space from its description.

    Raises:
        ConfigError: a kind that is not known.
    """
    kind = told["kind"]
    if kind == "Box":
        return spaces.Box(told["low"], told["high"], dtype=np.dtype(told["dtype"]).type)
    if kind == "Discrete":
        return spaces.Discrete(told["n"], start=told["start"])
    if kind == "MultiBinary":
        return spaces.MultiBinary(told["shape"])
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(told["nvec"])
    if kind == "Dict":
        return spaces.Dict({key: space(part) for key, part in told["spaces"].items()})
    if kind == "Tuple":
        return spaces.Tuple([space(part) for part in told["spaces"]])
    raise ConfigError(f"space={kind}: is not known")


def fitting(wanted: spaces.Space[Any], seen: Any) -> Any:
    """An observation in the types of its space, which JSON loses: tuples, NumPy integers, dtypes."""
    if isinstance(wanted, spaces.Dict):
        return {key: fitting(part, seen[key]) for key, part in wanted.spaces.items()}
    if isinstance(wanted, spaces.Tuple):
        return tuple(fitting(part, one) for part, one in zip(wanted.spaces, seen, strict=True))
    if isinstance(wanted, spaces.Discrete):
        return np.int64(seen)
    return np.asarray(seen, dtype=wanted.dtype)
