"""A small client of chat endpoints that speak OpenAI's protocol: a question with pictures in, a text out."""

from __future__ import annotations

import base64
import io
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from vlmrl.config.complaints import validate
from vlmrl.errors import Abstained, ConfigError

KEY = "VLMRL_API_KEY"
"""The environment variable that holds the endpoint's key. It is sent, and neither written nor said anywhere."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LARGEST = 2**20
"""Bytes of an answer that are read."""
LONGEST_WAIT = 30.0
"""Before another try [s], whatever the endpoint asks for."""
AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""Answers after which another try may do."""


class Endpoint(BaseModel):
    """Where a model answers, and how long it is waited for."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    base_url: str
    """Up to and with the version, such as http://127.0.0.1:8000/v1; https, or this machine itself."""
    model: str = Field(min_length=1)
    """As the endpoint calls it."""
    timeout: float = Field(60.0, gt=0)
    """For one answer [s]."""
    retries: int = Field(3, ge=0, le=20)
    """Further tries where it is busy, down or late."""
    temperature: float = Field(0.7, ge=0, le=2)
    """Of the model's sampling; at 0 all samples are one."""
    samples: int = Field(3, ge=1, le=25)
    """Answers asked for, which are put to the vote."""
    cache: str | None = None
    """A folder that keeps answers; none: they are kept while the program runs."""


def endpoint_of(settings: dict[str, Any] | None) -> Endpoint:
    """The endpoint that settings describe.

    Raises:
        ConfigError: a setting is missing, unknown or out of range, or the address is not https and not this machine.
    """
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    for key, example in (("base_url", "http://127.0.0.1:8000/v1"), ("model", "NAME")):
        if key not in given:
            raise ConfigError(f"reward.endpoint.{key}: is missing; give reward.endpoint.{key}={example}")
    try:
        found = validate(Endpoint, given)
    except ConfigError as cause:
        raise ConfigError("\n".join(f"reward.endpoint.{line}" for line in str(cause).splitlines())) from None
    try:
        parts = urlsplit(found.base_url)
        host = parts.hostname
    except ValueError as cause:
        raise ConfigError(f"reward.endpoint.base_url={given['base_url']}: is no address ({cause})") from None
    if parts.username or parts.password or parts.query:
        raise ConfigError(f"reward.endpoint.base_url: holds more than an address; a key belongs into {KEY}")
    if not host or (parts.scheme, host in LOOPBACK) not in (("https", False), ("https", True), ("http", True)):
        raise ConfigError(
            f"reward.endpoint.base_url={found.base_url}: must be https://…, or http://127.0.0.1:PORT/v1 on this machine"
        )
    return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends elsewhere would get the key there too."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Unanswered(Abstained):
    """The endpoint gave no answer at all."""


class Chat:
    """Asks an endpoint.

    Args:
        endpoint: where.
        sleep: waits before another try [s].

    Attributes:
        asked: questions sent, further tries included.
    """

    def __init__(self, endpoint: Endpoint, sleep: Callable[[float], object] = time.sleep) -> None:
        self.endpoint, self._sleep = endpoint, sleep
        self.asked = 0

    def __call__(self, text: str, *pictures: NDArray[np.uint8]) -> str:
        """What the model says to a text and pictures, uint8 ``(H, W, 3)`` each; none for a text alone.

        Raises:
            ConfigError: the endpoint refuses the question: no key, no such model.
            Unanswered: it gave no answer, however often it was asked.
        """
        shown = [{"type": "image_url", "image_url": {"url": _coded(picture)}} for picture in pictures]
        content = [{"type": "text", "text": text}, *shown]
        asked = {
            "model": self.endpoint.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": self.endpoint.temperature,
        }
        body = json.dumps(asked).encode()
        told, wait = "nothing", None
        for attempt in range(1 + self.endpoint.retries):
            if attempt:
                self._sleep(min(LONGEST_WAIT, wait or 0.5 * 2 ** (attempt - 1)))
            self.asked += 1
            try:
                return _text(self._post(body))
            except _Busy as busy:
                told, wait = str(busy), busy.wait
        raise Unanswered(
            f"reward.endpoint.base_url={self.endpoint.base_url}: gave no answer in {1 + self.endpoint.retries} tries "
            f"({told}); start the endpoint, or raise reward.endpoint.timeout or retries"
        )

    def _post(self, body: bytes) -> bytes:
        url, headers = f"{self.endpoint.base_url.rstrip('/')}/chat/completions", {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        near = urlsplit(url).hostname in LOOPBACK
        opener = urllib.request.build_opener(_NoRedirect, *([urllib.request.ProxyHandler({})] if near else []))
        try:
            with opener.open(urllib.request.Request(url, body, headers), timeout=self.endpoint.timeout) as answer:
                found: bytes = answer.read(LARGEST + 1)
        except urllib.error.HTTPError as fault:
            with fault:
                if fault.code in AGAIN:
                    raise _Busy(f"status {fault.code}", _seconds(fault.headers.get("Retry-After"))) from None
                raise ConfigError(
                    f"reward.endpoint.base_url={self.endpoint.base_url}: answers with status {fault.code}; "
                    f"{_advice(fault.code, self.endpoint.model)}"
                ) from None
        except (OSError, HTTPException) as fault:  # refused, cut off, too late
            raise _Busy(str(getattr(fault, "reason", "") or fault) or type(fault).__name__) from None
        if len(found) > LARGEST:
            raise _Busy(f"an answer of more than {LARGEST} bytes")
        return found


def _coded(picture: NDArray[np.uint8]) -> str:
    sheet = io.BytesIO()
    Image.fromarray(picture).save(sheet, "PNG")
    return f"data:image/png;base64,{base64.b64encode(sheet.getvalue()).decode()}"


class _Busy(Exception):
    """No answer this time."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def _text(answer: bytes) -> str:
    """The text in an answer."""
    try:
        text = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise _Busy("an answer that is none of this protocol") from None
    if not isinstance(text, str):
        raise _Busy("an answer without text")
    return text


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:  # a date
        return None


def _advice(code: int, model: str) -> str:
    if code in (401, 403):
        return f"put its key into the environment variable {KEY}"
    if code == 404:
        return f"check the address, and that it has a model {model}"
    if 300 <= code < 400:
        return "it sends elsewhere; give the address where it answers itself"
    return f"check that {model} takes pictures"
