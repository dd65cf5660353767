"""Nets taught on frames that are there already, with no agent beside them: RL-VLM-F on a dataset.

Venkataraman et al., "Real-World Offline Reinforcement Learning from Vision Language Model Feedback" (IROS 2025, arXiv
2411.05273), of which this is the first half: a judge compares frames of unlabelled episodes, and the nets then score
all of them. A reconstruction from its abstract and the online method's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vlmrl.config import atomic, state_file
from vlmrl.errors import ConfigError
from vlmrl.preferences.build import learner_of
from vlmrl.preferences.judges.base import FACTS
from vlmrl.preferences.learner import Learner
from vlmrl.rewards.preference import Preference
from vlmrl.types import Array, Words

Part: TypeAlias = "tuple[NDArray[np.uint8], Mapping[str, Array] | None]"
"""Frames uint8 ``(B, H, W, 3)`` of a dataset, such as an episode's, and what the simulator knows of each (``oracle``,
``success``, ``(B,)``), None where nobody knows."""


@dataclass(frozen=True)
class Notebook:
    """A file that holds all answers so far, from which a killed training goes on.

    Attributes:
        path: of the file.
        about: what it is of: notes about anything else are not taken up.
    """

    path: Path
    about: str

    def write(self, learner: Learner, rounds: int) -> None:
        """Put down what a learner must remember.

        Raises:
            RunError: it cannot be written.
        """
        told = {"about": self.about, "rounds": rounds, "notes": learner.notes()}
        arrays = {name: np.asarray(one, order="C") for name, one in learner.arrays().items()}
        atomic.write_bytes(self.path, safetensors.numpy.save(arrays, state_file.header(told)))

    def read(self) -> tuple[dict[str, Array], dict[str, Any], int] | None:
        """Arrays and notes for :meth:`Learner.recall`, and how many rounds are over; None where it holds none of it."""
        found = state_file.read(self.path, "np")
        if found is None or found[1].get("about") != self.about:
            return None
        arrays, told = found
        return arrays, told["notes"], int(told["rounds"])

    def forget(self) -> None:
        """Remove the file: what came of it is kept elsewhere."""
        self.path.unlink(missing_ok=True)


def teach(
    model: Preference,
    parts: Iterable[Part],
    words: Words,
    seed: int = 0,
    say: Callable[[str], object] = lambda line: None,
    notebook: Notebook | None = None,
) -> Learner:
    """Teach the nets of a reward by its judge's answers on frames of a dataset.

    ``reward.ask.pool`` frames are drawn from all parts alike; rounds of ``questions`` go on until ``most`` were asked,
    each about the pairs that the nets disagree on most by then. The facts are for a privileged judge and for the count
    of right answers alone.

    Args:
        model: its ``judge``, ``answers``, ``ask`` and ``learn`` say how.
        parts: the dataset, read once; its first part alone where a notebook has the frames.
        words: what is judged by.
        seed: of the frames, the questions and the order of learning.
        say: tells the user how a round came out.
        notebook: where answers are kept after each round, and whence they are taken up.

    Returns:
        Who learned: ``model`` has the nets, ``told`` the counts; :func:`vlmrl.preferences.build.save_nets` writes them.

    Raises:
        ConfigError: no frame, or what :func:`~vlmrl.preferences.build.judge_of` refuses.
        Abstained: the judge answered nothing.
        ShapeError: frames of different sizes.
        RunError: the notebook cannot be written.
    """
    learner, over = _begun(model, parts, words, seed, notebook)
    if over:
        say(f"going on after round {over}: {learner.counts['questions']} questions were asked")
    for number in range(over + 1, model.ask.most + 2):
        if over and not learner.left:
            break
        rows = learner.round(number, say)
        if notebook is not None:
            notebook.write(learner, number)
        told = ", ".join(f"{name} {value:.3g}" for name, value in learner.told.items())
        say(f"round {number}: {told}")
        if not rows or not learner.left:
            break
    return learner


def _begun(
    model: Preference, parts: Iterable[Part], words: Words, seed: int, notebook: Notebook | None
) -> tuple[Learner, int]:
    """Who learns, with frames to choose from, and how many rounds are over."""
    learner: Learner | None = None
    before = None if notebook is None else notebook.read()
    met = 0
    for frames, facts in parts:
        learner = learner or learner_of(model, words, facts is not None, seed)
        if before is not None:
            learner.recall(*before[:2])
            return learner, before[2]
        numbers = met + np.arange(len(frames))
        learner.pool.meet(frames, model.encoder.images(frames).cpu().float().numpy(), numbers)
        known = {name: np.asarray(values) for name, values in (facts or {}).items() if name in FACTS}
        learner.pool.tell(numbers, known)
        met += len(frames)
    if learner is None or not met:
        raise ConfigError("data: holds no frame; name a dataset with films, or draw its states")
    return learner, 0
