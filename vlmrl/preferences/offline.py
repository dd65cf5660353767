"""Nets taught on frames that are there already, with no agent beside them: RL-VLM-F on a dataset.

Venkataraman et al., "Real-World Offline Reinforcement Learning from Vision Language Model Feedback" (IROS 2025, arXiv
2411.05273), of which this is the first half: a judge compares frames of unlabelled episodes, and the nets then score
all of them. A reconstruction from its abstract and the online method's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.preferences.build import learner_of
from vlmrl.preferences.judges.base import FACTS
from vlmrl.preferences.learner import Learner
from vlmrl.rewards.preference import Preference
from vlmrl.types import Array, Words

Part: TypeAlias = "tuple[NDArray[np.uint8], Mapping[str, Array] | None]"
"""Frames uint8 ``(B, H, W, 3)`` of a dataset, such as an episode's, and what the simulator knows of each (``oracle``,
``success``, ``(B,)``), None where nobody knows."""


def teach(
    model: Preference,
    parts: Iterable[Part],
    words: Words,
    seed: int = 0,
    say: Callable[[str], object] = lambda line: None,
) -> Learner:
    """Teach the nets of a reward by its judge's answers on frames of a dataset.

    ``reward.ask.pool`` frames are drawn from all parts alike; rounds of ``questions`` go on until ``most`` were asked,
    each about the pairs that the nets disagree on most by then. The facts are for a privileged judge and for the count
    of right answers alone.

    Args:
        model: its ``judge``, ``answers``, ``ask`` and ``learn`` say how.
        parts: the dataset, read once.
        words: what is judged by.
        seed: of the frames, the questions and the order of learning.
        say: tells the user how a round came out.

    Returns:
        Who learned: ``model`` has the nets, ``told`` the counts; :func:`vlmrl.preferences.build.save_nets` writes them.

    Raises:
        ConfigError: no frame, or what :func:`~vlmrl.preferences.build.judge_of` refuses.
        Abstained: the judge answered nothing.
        ShapeError: frames of different sizes.
    """
    learner: Learner | None = None
    met = 0
    for frames, facts in parts:
        learner = learner or learner_of(model, words, facts is not None, seed)
        numbers = met + np.arange(len(frames))
        learner.pool.meet(frames, model.encoder.images(frames).cpu().float().numpy(), numbers)
        known = {name: np.asarray(values) for name, values in (facts or {}).items() if name in FACTS}
        learner.pool.tell(numbers, known)
        met += len(frames)
    if learner is None or not met:
        raise ConfigError("data: holds no frame; name a dataset with films, or draw its states")
    for number in range(1, model.ask.most + 2):
        rows = learner.round(number, say)
        told = ", ".join(f"{name} {value:.3g}" for name, value in learner.told.items())
        say(f"round {number}: {told}")
        if not rows or not learner.left:
            break
    return learner
