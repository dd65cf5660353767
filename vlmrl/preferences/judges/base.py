"""What every judge of pairs promises, and what it is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ShapeError
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

Float = NDArray[np.float32]

FACTS = ("oracle", "success")
"""What the simulator knows of a frame, for privileged judges and for the log."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One side of B questions.

    Attributes:
        frames: uint8 ``(B, T, H, W, 3)``: a frame each (T is 1), or a few of a film in the order of time.
        facts: what the simulator knows of the last frame of each, float ``(B,)`` by name (``oracle``, ``success``); NaN
            where it is not known. For privileged judges alone.

    Raises:
        ShapeError: frames or facts of another shape or dtype.
    """

    frames: NDArray[np.uint8]
    facts: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames: Any = self.frames
        if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8 or frames.ndim != 5 or frames.shape[4] != 3:
            found = f"{frames.dtype} {frames.shape}" if isinstance(frames, np.ndarray) else type(frames).__name__
            raise ShapeError(f"frames {found}: must be uint8 (B, T, H, W, 3), T is 1 for single frames")
        for name, values in self.facts.items():
            if np.shape(values) != frames.shape[:1]:
                raise ShapeError(f"facts.{name} {np.shape(values)}: must be one of each of {len(frames)} frames")

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: Sequence[int] | NDArray[Any]) -> Shown:
        """Some of the rows."""
        return Shown(self.frames[rows], {name: np.asarray(one)[rows] for name, one in self.facts.items()})


class Judge(ABC):
    """Says of pairs which side is nearer to the words, or abstains. Knows nothing of nets and learners.

    A subclass lives alone in ``vlmrl/preferences/judges/<name>.py``; its constructor's keyword arguments are its
    settings. The first, ``encoder``, is given to it.

    Attributes:
        privileged: it asks the simulator, so what is learned from it is no result from words.
        told: counts of ``questions``; of ``abstained``, and among them those by their cause; whatever a judge adds.
        fault: what kept it from answering last, or empty.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.told: Counter[str] = Counter()
        self.fault = ""

    @property
    def privileged(self) -> bool:
        """Whether it asks the simulator."""
        return False

    @property
    def needs_facts(self) -> tuple[str, ...]:
        """Names of the simulator's facts that it reads; where nobody knows them it cannot judge."""
        return ()

    @abstractmethod
    def check(self, words: Words) -> None:
        """Refuse words by which it could not judge, before any question.

        Raises:
            ConfigError: the message says which and why.
        """

    def prefer(self, a: Shown, b: Shown, words: Words) -> Float:
        """How probably ``b`` is the nearer side of each pair.

        Two sides that look alike are not asked about. What a judge answers depends on no other pair of the call but
        through scales that it keeps (:meth:`state`).

        Returns:
            float32 ``(B,)`` in [0, 1]; NaN is an abstention, counted in :attr:`told`.

        Raises:
            ShapeError: the sides are not alike in number or size.
            ConfigError: words that it cannot judge by, or facts that nobody knows.
        """
        if a.frames.shape != b.frames.shape:
            raise ShapeError(f"a {a.frames.shape}, b {b.frames.shape}: must be frames alike in number and size")
        answers = np.full(len(a), np.nan, np.float32)
        differ = np.flatnonzero((a.frames != b.frames).reshape(len(a), -1).any(axis=1)) if len(a) else np.arange(0)
        if len(differ):
            said = np.asarray(self._prefer(a[differ], b[differ], words), np.float32)
            if said.shape != differ.shape:
                raise ShapeError(f"{type(self).__name__}: gave answers {said.shape} to {len(differ)} questions")
            nonsense = ~np.isnan(said) & ~((said >= 0) & (said <= 1))
            self._count(nonsense=int(nonsense.sum()))
            answers[differ] = np.where(nonsense, np.float32(np.nan), said)
        self._count(questions=len(a), alike=len(a) - len(differ), abstained=int(np.isnan(answers).sum()))
        return answers

    @abstractmethod
    def _prefer(self, a: Shown, b: Shown, words: Words) -> Float:
        """As :meth:`prefer`, of one or more pairs that differ."""

    def _count(self, **more: int) -> None:
        self.told.update({name: count for name, count in more.items() if count})

    def state(self) -> dict[str, Any]:
        """What it must remember to go on judging as before, fit for JSON."""
        return {"told": dict(self.told)}

    def recall(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state` of an earlier session."""
        self.told = Counter(state["told"])
