"""Scores that are good enough are all alike: only what falls short is told, and so nothing is won by overdoing it.

"On Designing Effective RL Reward at Training Time for LLM Reasoning" (arXiv 2410.15115) clips scores of single steps
of reasoning, so that a policy cannot raise its return by more steps of high score.
"""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite


class Clip(Shaper):
    """Maps scores in [0, 1] by ``min(score - threshold, 0)``.

    Alone it fines each step that falls short; before ``delta`` it pays for progress up to the threshold and for none
    beyond. Where an episode may end early a fine makes ending pay, and a run raises all rewards to 0 and above. A
    reconstruction from a secondary note. The paper's own Delta has the opposite sign of ``delta``, as there a score
    belongs to the action and not to the state.

    Args:
        threshold: the score that is good enough, in (0, 1].

    Raises:
        ConfigError: the threshold lies outside (0, 1].
    """

    stage = "scores"
    needs_unit_scores = True
    spoils_unit_scores = True

    def __init__(self, threshold: float = 0.9) -> None:
        self.threshold = finite("shaping.clip.threshold", threshold)
        if not 0 < self.threshold <= 1:
            raise ConfigError(f"shaping.clip.threshold={threshold}: must lie in (0, 1], where scores do; such as 0.9")

    def __call__(self, steps: Steps) -> Steps:
        """The same steps with both scores clipped, in ``[-threshold, 0]``."""
        enough = np.float32(self.threshold)
        return steps.but(
            before=np.minimum(steps.before - enough, np.float32(0)),
            after=np.minimum(steps.after - enough, np.float32(0)),
        )
