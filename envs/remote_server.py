"""One environment of another virtual environment, served to one client on this machine.

Run as a script by :class:`vlmrl.envs.remote.RemoteEnv`, with the Python of that other environment: so it needs nothing
but NumPy and a Gymnasium (0.26 or newer), imports nothing of vlmrl, and keeps to Python 3.8. It listens on 127.0.0.1
alone, serves the one client that knows the token, and ends with it. Messages are JSON and raw arrays, never pickles.
"""

from __future__ import annotations

import hmac
import importlib.util
import json
import os
import socket
import struct
import sys
import traceback
from typing import Any

import numpy as np

TOKEN = "VLMRL_REMOTE_TOKEN"
LARGEST = 1 << 28
"""Bytes of a message; more is no message of ours."""
KINDS = "biuf"
"""Of numbers in arrays: truth values, whole numbers and floats."""


def send(link: socket.socket, message: dict[str, Any]) -> None:
    """Send a message; arrays in it travel as they are."""
    parts: list[bytes] = []
    header = json.dumps(_plain(message, parts)).encode()
    link.sendall(b"".join([struct.pack(">IQ", len(header), sum(map(len, parts))), header, *parts]))


def receive(link: socket.socket) -> dict[str, Any] | None:
    """The next message, or None where the other side is gone.

    Raises:
        ValueError: it is no message of ours.
    """
    head = _exactly(link, 12)
    if head is None:
        return None
    size, rest = struct.unpack(">IQ", head)
    if size > LARGEST or rest > LARGEST:
        raise ValueError(f"a message of {size + rest} bytes is larger than any of ours")
    header, body = _exactly(link, size), _exactly(link, rest)
    if header is None or body is None:
        return None
    message = _rich(json.loads(header), body)
    if not isinstance(message, dict):
        raise ValueError("a message must be an object")
    return message


def _exactly(link: socket.socket, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        more = link.recv(min(size - len(found), 1 << 20))
        if not more:
            return None
        found += more
    return bytes(found)


def _plain(value: Any, parts: list[bytes]) -> Any:
    """What JSON can hold of ``value``; arrays go to ``parts``, and what neither can hold is left out."""
    if isinstance(value, np.generic):
        value = value.item() if value.dtype.kind in KINDS else str(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        start = sum(map(len, parts))
        parts.append(np.ascontiguousarray(value).tobytes())
        return {"__array__": [value.dtype.str, list(value.shape), start]}
    if isinstance(value, dict):
        return {str(key): _plain(inner, parts) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, parts) for inner in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else None


def _rich(value: Any, body: bytes) -> Any:
    if isinstance(value, dict) and set(value) == {"__array__"}:
        code, shape, start = value["__array__"]
        dtype = np.dtype(code)
        if dtype.kind not in KINDS:
            raise ValueError(f"an array of {code} is none of ours")
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(body, dtype, count, start).reshape(shape).copy()
    if isinstance(value, dict):
        return {key: _rich(inner, body) for key, inner in value.items()}
    return [_rich(inner, body) for inner in value] if isinstance(value, list) else value


def described(space: Any) -> dict[str, Any]:
    """A space as a message: Box, Discrete, MultiBinary, MultiDiscrete, Dict or Tuple of these.

    Raises:
        ValueError: another kind.
    """
    kind = type(space).__name__
    if kind == "Box":
        return {"kind": kind, "low": space.low, "high": space.high, "dtype": space.dtype.str}
    if kind == "Discrete":
        return {"kind": kind, "n": int(space.n), "start": int(space.start)}
    if kind == "MultiBinary":
        return {"kind": kind, "shape": [int(n) for n in np.atleast_1d(space.shape)]}
    if kind == "MultiDiscrete":
        return {"kind": kind, "nvec": np.asarray(space.nvec)}
    if kind == "Dict":
        return {"kind": kind, "spaces": {key: described(part) for key, part in space.spaces.items()}}
    if kind == "Tuple":
        return {"kind": kind, "spaces": [described(part) for part in space.spaces]}
    raise ValueError(f"a space of {kind} cannot be served; wrap the environment so that it is a Box or a Dict of them")


def made(spec: dict[str, Any]) -> Any:
    """The environment of a spec: ``id`` of Gymnasium, or ``make``, FILE.py:FUNCTION."""
    if spec.get("make"):
        path, _, function = spec["make"].rpartition(":")
        module_spec = importlib.util.spec_from_file_location("served", path)
        if module_spec is None or module_spec.loader is None:
            raise ValueError(f"make={spec['make']}: must be FILE.py:FUNCTION")
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        return getattr(module, function)(**spec["kwargs"])
    import gymnasium

    return gymnasium.make(spec["id"], **spec["kwargs"])


def answer(env: Any, message: dict[str, Any]) -> dict[str, Any]:
    """What the environment says to one message."""
    call = message["call"]
    if call == "spaces":
        rate = dict(getattr(env, "metadata", None) or {}).get("render_fps")
        seen, done = described(env.observation_space), described(env.action_space)
        return {"observation": seen, "action": done, "render_fps": rate}
    if call == "reset":
        observation, info = env.reset(seed=message["seed"], options=message["options"])
        return {"observation": observation, "info": info}
    if call == "step":
        observation, reward, terminated, truncated, info = env.step(message["action"])
        ends = {"terminated": bool(terminated), "truncated": bool(truncated)}
        return {"observation": observation, "reward": float(reward), "info": info, **ends}
    if call == "render":
        frame = env.render()
        return {"frame": frame if frame is None else np.asarray(frame)}
    raise ValueError(f"call={call}: is none of spaces, reset, step, render")


def serve(link: socket.socket, spec: dict[str, Any]) -> None:
    """Make the environment and answer until the client is gone; an exception is an answer too."""
    env: Any = None
    while True:
        message = receive(link)
        if message is None:
            break
        try:
            env = made(spec) if env is None else env
            send(link, answer(env, message))
        except Exception as cause:
            traceback.print_exc()
            send(link, {"error": f"{type(cause).__name__}: {cause}"})
    if env is not None:
        env.close()


def main() -> None:
    """Listen, tell the port on standard output, and serve one client."""
    spec = json.loads(sys.argv[1])
    token = os.environ.pop(TOKEN)
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the environment prints must not stand between port and reader
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(1)
        told.write(f"{door.getsockname()[1]}\n")
        told.close()
        link = door.accept()[0]
    with link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        first = receive(link) or {}
        if hmac.compare_digest(str(first.get("token")), token):
            serve(link, spec)


if __name__ == "__main__":
    main()
