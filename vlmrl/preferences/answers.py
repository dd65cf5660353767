"""What people answered: a file of JSON lines beside the films that they were shown, and the labels that come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrl.config import atomic
from vlmrl.errors import ConfigError
from vlmrl.frame_files import spread
from vlmrl.rewards._bases.clips import evenly
from vlmrl.rewards._taught.bradley_terry import Label

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

FILE = "answers.jsonl"
LOOKED_AT = 8
"""Frames of a film that nets read, evenly spread."""
VALUES = (0.0, 0.5, 1.0, None)


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        a: a file of frames, looked up from where the answers lie.
        b: another.
        better: 1 where ``b`` is better, 0 where ``a`` is, 0.5 where they are as good; None: could not be told.
    """

    a: str
    b: str
    better: float | None

    @property
    def pair(self) -> tuple[str, str]:
        """Both files, whichever was shown first."""
        return min(self.a, self.b), max(self.a, self.b)

    @property
    def turned(self) -> float | None:
        """How much better the second of :attr:`pair` is."""
        return self.better if self.better is None or self.a <= self.b else 1 - self.better


def read(path: Path, key: str = "reward.answers") -> list[Answer]:
    """The answers in a file; none where there is no file yet and its folder is.

    Raises:
        ConfigError: it cannot be read, a line is no answer, or two lines contradict one another; they are named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as cause:
        raise ConfigError(f"{key}={path}: cannot be read ({cause}); `vlmrl prefer` writes it") from cause
    found: list[Answer] = []
    said: dict[tuple[str, str], tuple[int, float | None]] = {}
    for number, line in enumerate(lines, start=1):
        answer = _answer(line, f"{key}={path}, line {number}")
        before = said.setdefault(answer.pair, (number, answer.turned))
        if before[1] != answer.turned:
            raise ConfigError(
                f"{key}={path}: lines {before[0]} and {number} contradict one another on {answer.a} and {answer.b}; "
                "keep one of them"
            )
        found.append(answer)
    return found


def _answer(line: str, where: str) -> Answer:
    try:
        row: Any = json.loads(line)
        answer = Answer(row["a"], row["b"], row["better"])
    except (ValueError, KeyError, TypeError) as cause:
        raise ConfigError(f'{where}: is no answer ({cause}); write {{"a": FILE, "b": FILE, "better": 1}}') from None
    sides: tuple[Any, ...] = (answer.a, answer.b)  # whatever JSON holds
    if not all(isinstance(side, str) and side for side in sides) or answer.a == answer.b:
        raise ConfigError(f"{where}: a and b must be two different files")
    better: Any = answer.better
    if isinstance(better, bool) or better not in VALUES:
        raise ConfigError(f"{where}: better={better} is none of 0 (a), 1 (b), 0.5 (as good) and null")
    return answer


def write(path: Path, answers: Sequence[Answer], more: Mapping[str, Any] | None = None) -> None:
    """Put all answers into a file, a line each, in one piece; ``more`` stands in every line.

    Raises:
        RunError: it cannot be written; what was there is whole.
    """
    atomic.write_text(path, "".join(json.dumps({**asdict(one), **(more or {})}) + "\n" for one in answers))


def labels(paths: Sequence[Path], encoder: Encoder) -> list[Label]:
    """What nets can learn of the answers in some files; those that could not be told are left out.

    Raises:
        ConfigError: what :func:`read` refuses, a film that cannot be read, or there is no answer at all.
    """
    answers = [(path.parent, one) for path in paths for one in read(path) if one.better is not None]
    if paths and not answers:
        raise ConfigError(
            f"reward.answers={paths[0]}: holds no answer that tells anything; answer some questions first"
        )
    names = dict.fromkeys(folder / side for folder, one in answers for side in one.pair)
    films = {name: _embedded(name, encoder) for name in names}
    return [Label(films[folder / one.a], films[folder / one.b], float(one.better or 0.0)) for folder, one in answers]


def _embedded(path: Path, encoder: Encoder) -> np.ndarray:
    frames = list(spread(path, key="reward.answers").values())
    if not frames:
        raise ConfigError(f"reward.answers: {path} holds no frame")
    looked_at = np.stack([frames[place] for place in evenly(len(frames), LOOKED_AT)])
    return encoder.images(looked_at).cpu().float().numpy()
