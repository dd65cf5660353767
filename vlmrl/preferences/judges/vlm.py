"""A vision-language model that is shown both, in both orders: the judge of RL-VLM-F (ICML 2024, arXiv 2402.03681).

It is asked in two stages, as there: first what the two pictures show and how they differ for the goal, then, by that
text alone, which is nearer. The wording is ours, and so is the second order, which takes out a leaning to one place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlmrl.config import atomic
from vlmrl.errors import Abstained, ConfigError
from vlmrl.keypoints.endpoint import Chat, Unanswered, endpoint_of
from vlmrl.preferences.judges.base import Float, Judge, Shown
from vlmrl.rewards._bases.embedding import whole
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

LOOK = """You see two {kind} of one robot's world: first {one} 1, then {one} 2. The goal is: {goal}.
Describe what {one} 1 shows of this goal. Describe what {one} 2 shows of it.
Then say whether the two differ in how near they are to the goal, and in what."""
DECIDE = """Somebody described two {kind} of one robot's world. The goal is: {goal}.
The description:
{told}

By this description, which {one} is nearer to the goal? Answer with one JSON object and nothing else:
{{"nearer": 1}}, {{"nearer": 2}}, or {{"nearer": 0}} if neither is or it cannot be told."""
LEAST = 256
"""Pixels of a picture's shorter side that a model is shown; smaller frames are enlarged."""
STRIP = 4
"""Frames of a film that are shown, side by side."""


class Vlm(Judge):
    """Which side a vision-language model calls nearer, whichever is shown first; abstains where it contradicts itself.

    Args:
        encoder: not asked; every judge is given one.
        endpoint: of OpenAI's protocol: ``base_url`` and ``model``; also ``timeout``, ``retries``, ``temperature`` (0
            here), ``cache``, a folder for answers. The key is in the environment variable ``VLMRL_API_KEY``, if any.
        parallel: questions under way at once, 1 to 64.

    Attributes:
        told: beside the rest, answers that ``contradicted`` one another, were ``unsure``, ``unreadable``, ``cached``,
            or never came (``unanswered``).

    Raises:
        ConfigError: the endpoint's settings are none.
    """

    def __init__(self, encoder: Encoder, endpoint: Mapping[str, Any] | None = None, parallel: int = 4) -> None:
        super().__init__(encoder)
        given = {key: value for key, value in dict(endpoint or {}).items() if value is not None}
        if "samples" in given:
            raise ConfigError(
                f"reward.endpoint.samples={given['samples']}: each order is asked about once; leave it out"
            )
        self.chat = Chat(endpoint_of({"temperature": 0.0, **given}))
        self.parallel = whole("reward.parallel", parallel, 1, 64)

    def check(self, words: Words) -> None:
        """Any words do."""

    def _prefer(self, a: Shown, b: Shown, words: Words) -> Float:
        down = Event()
        self.fault = ""

        def ask(row: int) -> tuple[float, Counter[str]]:
            return self._both_orders(a.frames[row], b.frames[row], words, down)

        with ThreadPoolExecutor(self.parallel) as pool:
            found = list(pool.map(ask, range(len(a))))
        for _, told in found:
            self.told.update(told)
        return np.array([answer for answer, _ in found], np.float32)

    def _both_orders(
        self, a: NDArray[np.uint8], b: NDArray[np.uint8], words: Words, down: Event
    ) -> tuple[float, Counter[str]]:
        """1.0 where ``b`` is nearer, 0.0 where ``a`` is, NaN for an abstention; and what happened."""
        told: Counter[str] = Counter()
        said = []
        for first, second in ((a, b), (b, a)):
            if down.is_set():
                return float("nan"), Counter(unanswered=1)
            try:
                said.append(self._ask(first, second, words, told))
            except Unanswered as fault:
                self.fault = str(fault)
                down.set()  # the others would wait as long for nothing
                return float("nan"), told + Counter(unanswered=1)
            except Abstained:
                return float("nan"), told + Counter(unreadable=1)
            if said[-1] == 0:
                return float("nan"), told + Counter(unsure=1)
        if said[0] == said[1]:
            return float("nan"), told + Counter(contradicted=1)
        return float(said[0] == 2), told

    def _ask(self, first: NDArray[np.uint8], second: NDArray[np.uint8], words: Words, told: Counter[str]) -> int:
        """1 or 2, whichever is nearer, or 0; what was answered before is not asked again."""
        film = len(first) > 1
        names = {"kind": "films" if film else "pictures", "one": "film" if film else "picture"}
        names["goal"] = "; ".join(words.goal)
        end = self.chat.endpoint
        about = json.dumps([LOOK, DECIDE, names, end.model, end.base_url, end.temperature, first.shape])
        digest = hashlib.sha256(about.encode() + first.tobytes() + second.tobytes()).hexdigest()[:32]
        path = Path(end.cache) / f"{digest}.json" if end.cache is not None else None
        if path is not None and (known := _known(path)) is not None:
            told["cached"] += 1
            return known
        description = self.chat(LOOK.format(**names), _picture(first), _picture(second))
        answer = read(self.chat(DECIDE.format(told=description, **names)))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic.write_json(path, {"nearer": answer, "told": description})
        return answer


def read(text: str) -> int:
    """The answer in a text, whatever stands around it: 1, 2, or 0 for neither.

    Raises:
        Abstained: there is none, or several that differ.
    """
    found = set()
    for one in re.findall(r"\{[^{}]*\}", text):
        try:
            found.add(json.loads(one)["nearer"])
        except (ValueError, KeyError, TypeError):
            continue
    if (
        len(found) != 1
        or not isinstance(answer := found.pop(), int)
        or isinstance(answer, bool)
        or not 0 <= answer <= 2
    ):
        raise Abstained(f"preference: the answer {text[:80]!r} says neither 1 nor 2 nor 0")
    return answer


def _known(path: Path) -> int | None:
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))["nearer"]
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged: asked anew
        return None
    return answer if answer in (0, 1, 2) else None


def _picture(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame, or a few of a film side by side, large enough to be seen: uint8 ``(H, W, 3)``."""
    places = np.unique(np.linspace(0, len(frames) - 1, STRIP).round().astype(int))
    strip = np.concatenate(list(frames[places]), axis=1)
    height, width = strip.shape[:2]
    factor = max(1.0, LEAST / min(height, width))
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(strip).resize(size, Image.Resampling.BICUBIC)) if factor > 1 else strip
