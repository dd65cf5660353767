"""The base that pays for being there: 1 where the score says that the goal is reached, else 0.

With a potential it is the reward of Robo-Dopamine (arXiv 2512.23703), ``1[score' >= 0.95] + gamma * score' - score``
(``shaping=robo_dopamine``): progress guides, and only the goal is worth anything. ``delta`` instead pays a discounting
learner a share of the score for sitting anywhere.
"""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite


class Reached(Shaper):
    """Pays 1 for each step that led to a score of at least ``1 - margin``, and 0 for any other.

    The paper's formula was read in a copy of its method section. There a trained model of progress gives the score; its
    fusion of three views and its filter remember what came before, and are not part of this.

    Args:
        margin: how far below 1 a score may stay, in [0, 1).
        twice: whether the score before the step must lie there too, so that a flicker of one frame is paid nothing.

    Raises:
        ConfigError: the margin lies outside [0, 1).
    """

    stage = "base"
    needs_unit_scores = True

    def __init__(self, margin: float = 0.05, twice: bool = False) -> None:
        self.margin, self.twice = finite("shaping.reached.margin", margin), twice
        if not 0 <= self.margin < 1:
            raise ConfigError(
                f"shaping.reached.margin={margin}: must lie in [0, 1), such as 0.05; scores of 1 less it count as there"
            )

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid 1 or 0."""
        enough = np.float32(1 - self.margin)
        there = steps.after >= enough
        if self.twice:
            there &= steps.before >= enough
        return steps.but(reward=there.astype(np.float32))
