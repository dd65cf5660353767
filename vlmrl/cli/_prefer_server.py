"""The page of questions on the web, for this machine alone: what is asked next, and answers that are kept at once."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import threading
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from vlmrl.cli._play_server import HERE
from vlmrl.cli._prefer_clips import Clips
from vlmrl.errors import ConfigError, VlmrlError
from vlmrl.preferences.answers import FILE, VALUES, Answer, read, write
from vlmrl.report.prefer_page import page

LONGEST = 4096
"""Bytes of an answer that are read."""


class Questions:
    """Every pair of films once, in an order drawn by a seed; answers are written as they come.

    Args:
        folder: of films and answers.
        clips: the films.
        seed: of the order.

    Attributes:
        path: the file of answers.
        answers: so far, the oldest first.

    Raises:
        ConfigError: the answers that are there cannot be read, or are about other films.
    """

    def __init__(self, folder: Path, clips: Clips, seed: int) -> None:
        self.clips, self.path = clips, folder / FILE
        self.answers = read(self.path, "out") if self.path.is_file() else []
        files = {clips.frames_of(name): name for name in clips.names}
        for one in self.answers:
            if one.a not in files or one.b not in files:
                raise ConfigError(f"out={self.path}: is about {one.a} and {one.b}, which are not both here")
        rng = np.random.default_rng(seed)
        pairs = np.stack(np.triu_indices(len(clips.names), 1), 1)
        turned = rng.random(len(pairs)) < 0.5
        pairs[turned] = pairs[turned][:, ::-1]
        self._pairs = [(clips.names[a], clips.names[b]) for a, b in rng.permutation(pairs).tolist()]
        self._guard = threading.Lock()

    @property
    def left(self) -> int:
        """Questions that are not answered."""
        return len(self._pairs) - len(self.answers)

    def next(self) -> tuple[str, str] | None:
        """The films of the next question, left and right; None where all are answered."""
        done = {one.pair for one in self.answers}
        for a, b in self._pairs:
            files = sorted((self.clips.frames_of(a), self.clips.frames_of(b)))
            if (files[0], files[1]) not in done:
                return a, b
        return None

    def answer(self, a: str, b: str, better: Any) -> None:
        """Keep an answer to the next question.

        Raises:
            ConfigError: it is not the next question, or no answer.
            RunError: it cannot be written; it does not count then.
        """
        with self._guard:
            if (a, b) != self.next():
                raise ConfigError("answer: that question is answered already; load the page again")
            if isinstance(better, bool) or better not in VALUES:
                raise ConfigError(f"answer: better={better} is none of 0, 1, 0.5 and null")
            one = Answer(self.clips.frames_of(a), self.clips.frames_of(b), better)
            self._keep([*self.answers, one])

    def undo(self) -> None:
        """Take the last answer back."""
        with self._guard:
            self._keep(self.answers[:-1])

    def _keep(self, answers: list[Answer]) -> None:
        write(self.path, answers, {"goal": "; ".join(self.clips.goal)})
        self.answers = answers

    def told(self) -> dict[str, Any]:
        """The next question as the page shows it."""
        pair = self.next()
        found: dict[str, Any] = {"answered": len(self.answers), "left": self.left, "pair": None}
        if pair is not None:
            found |= {"pair": pair, "films": [self._film(name) for name in pair]}
        return found

    def _film(self, name: str) -> str:
        return f"data:video/mp4;base64,{base64.b64encode(self.clips.film_of(name).read_bytes()).decode()}"


@dataclass
class Served:
    """A page that is about to be served.

    Attributes:
        url: where.
        questions: that it asks.
        server: run it with :meth:`run`; ``server.shutdown()`` ends it.
    """

    url: str
    questions: Questions
    server: HTTPServer

    def run(self) -> None:
        """Serve until Ctrl-C, which is how it is meant to end, or until it is told to."""
        try:
            self.server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass
        finally:
            self.server.server_close()


def serve(questions: Questions, bound: socket.socket) -> Served:
    """Put the page on a socket, below a path that only who is told it knows: others use this 127.0.0.1 too."""
    port, secret = bound.getsockname()[1], secrets.token_urlsafe(12)
    server = ThreadingHTTPServer((HERE, port), partial(_Handler, questions, secret), bind_and_activate=False)
    server.socket.close()
    server.socket = bound
    server.daemon_threads = True
    return Served(f"http://{HERE}:{port}/{secret}/", questions, server)


class _Handler(BaseHTTPRequestHandler):
    """Answers three addresses: the page, the next question, and what is said to it."""

    def __init__(self, questions: Questions, secret: str, *args: Any) -> None:
        self._questions, self._secret = questions, secret
        super().__init__(*args)

    def do_GET(self) -> None:
        """The page, or the next question."""
        if self._is("") and self._ours():
            self._send(200, page(self._questions.clips.goal).encode(), "text/html; charset=utf-8")
        elif self._is("next") and self._ours():
            self._tell()
        else:
            self._send(404, b"not here\n", "text/plain")

    def do_POST(self) -> None:
        """An answer, or the wish to take the last one back; the next question is told."""
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not self._ours() or not 0 <= length <= LONGEST or not (self._is("answer") or self._is("undo")):
            self._send(404, b"not here\n", "text/plain")
            return
        try:
            if self._is("undo"):
                self._questions.undo()
            else:
                said = json.loads(self.rfile.read(length))
                self._questions.answer(said["a"], said["b"], said["better"])
        except (ValueError, KeyError, TypeError, VlmrlError) as fault:
            self._send(400, str(fault).encode(), "text/plain; charset=utf-8")
            return
        self._tell()

    def _tell(self) -> None:
        try:
            told = json.dumps(self._questions.told()).encode()
        except OSError as fault:
            self._send(500, f"a film cannot be read: {fault}".encode(), "text/plain; charset=utf-8")
            return
        self._send(200, told, "application/json")

    def _is(self, name: str) -> bool:
        return secrets.compare_digest(self.path.encode(), f"/{self._secret}/{name}".encode())

    def _ours(self) -> bool:
        """A page of elsewhere whose name was turned to 127.0.0.1 comes with that name."""
        return (self.headers.get("Host") or "").partition(":")[0] in (HERE, "localhost")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged: the address is a secret."""
