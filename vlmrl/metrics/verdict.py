"""What a check of a reward found: one answer a question, each with a colour and its reason, and all of it as JSON.

The judge fills these in and the report reads them; neither knows the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from vlmrl.metrics.plain import plain
from vlmrl.types import Array, Words

Colour: TypeAlias = Literal["green", "amber", "red", "none"]
"""``none``: the question does not apply here, or has no answer."""

WORST_FIRST: tuple[Colour, ...] = ("red", "amber", "green", "none")


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Attributes:
        colour: how good it is.
        reason: a sentence that says why, with the numbers that count.
        numbers: what was measured, by name; ``nan`` where there is no number.
        question: its name, the place of its file.
        asks: the question itself, in a sentence.
    """

    colour: Colour
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    question: str = ""
    asks: str = ""


@dataclass(frozen=True)
class Proposal:
    """Words and settings that put states into a better order, chosen by ground truth.

    Attributes:
        baseline: the sentences of the baseline.
        alpha: of the goal-baseline reward.
        now, then: Spearman with the oracle, before and after, on states that did not choose.
    """

    baseline: tuple[str, ...]
    alpha: float
    now: float
    then: float

    @property
    def arguments(self) -> str:
        """What to write on the command line."""
        sentences = (f'baseline="{sentence}"' for sentence in self.baseline)
        return " ".join((*sentences, f"reward.alpha={self.alpha:g}"))


@dataclass(frozen=True)
class Picture:
    """A frame worth looking at.

    Attributes:
        frame: uint8 ``(H, W, 3)``.
        score: what the reward says of it.
        oracle: how near it is to the goal, in [0, 1].
        success: whether the task is done in it.
    """

    frame: Array
    score: float
    oracle: float
    success: bool


@dataclass(frozen=True)
class Verdict:
    """All answers about one reward in one world.

    Attributes:
        task: the task's name.
        reward: what was checked, in a word: ``goal_baseline with sim_clip``, ``mine.py:stands``.
        words: the sentences it was checked with; None for a reward that reads none.
        findings: the answers, in the order of the questions.
        proposal: better words; None where none were found, or there is nothing to propose.
        best, worst: the frames that score highest and lowest.
        seconds: how long it took [s].
    """

    task: str
    reward: str
    words: Words | None
    findings: tuple[Finding, ...]
    proposal: Proposal | None = None
    best: tuple[Picture, ...] = ()
    worst: tuple[Picture, ...] = ()
    seconds: float = 0.0

    @property
    def colour(self) -> Colour:
        """The worst of all answers."""
        return min((finding.colour for finding in self.findings), key=WORST_FIRST.index, default="none")

    def __getitem__(self, question: str) -> Finding:
        """The answer to the question of that name; KeyError where it was not asked."""
        found = {finding.question: finding for finding in self.findings}
        return found[question]

    def to_json(self) -> dict[str, Any]:
        """Everything but the frames, as plain values; what is no number is None."""
        words = None if self.words is None else vars(self.words)
        return {
            "task": self.task,
            "reward": self.reward,
            "words": words,
            "colour": self.colour,
            "findings": [
                {**vars(finding), "numbers": plain({name: float(one) for name, one in finding.numbers.items()})}
                for finding in self.findings
            ],
            "proposal": None if self.proposal is None else vars(self.proposal),
            "best": [_told(picture) for picture in self.best],
            "worst": [_told(picture) for picture in self.worst],
            "seconds": self.seconds,
        }


def named(finding: Finding, question: str, asks: str) -> Finding:
    """The answer with its question."""
    return replace(finding, question=question, asks=asks)


def graded(value: float, amber: float, red: float) -> Colour:
    """The colour of a number: green until it reaches ``amber``, red from ``red`` on; the order says which way is worse.

    ``nan`` is ``none``.
    """
    if math.isnan(value):
        return "none"
    worse = 1 if red >= amber else -1
    if worse * value >= worse * red:
        return "red"
    return "amber" if worse * value >= worse * amber else "green"


def _told(picture: Picture) -> dict[str, Any]:
    return {"score": picture.score, "oracle": picture.oracle, "success": picture.success}
