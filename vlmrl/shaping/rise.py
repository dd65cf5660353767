"""The base that pays for what was never reached before: how far the score rose above its best in this episode.

CaRL (arXiv 2504.17838) pays a car the share of its route that it completed in a step, which only grows. A score also
falls; measured against its own best it cannot be earned twice.
"""

from __future__ import annotations

import numpy as np

from vlmrl.shaping.base import Needs, Shaper, Steps


class Rise(Shaper):
    """Pays each step ``max(0, score - best)``, best being the highest score of the episode before, its start included.

    The sum over an episode is its highest score less its first, whatever the way: loops and flicker pay nothing, and
    falling back costs nothing. The monotone progress is a reconstruction from the paper's text. What a step is paid
    depends on the past, which the agent does not see; where that matters, the best score belongs into its state. Each
    lucky frame counts for good: take it after a reward that does not flicker, such as the worst case of an ensemble.
    """

    stage = "base"
    never_negative = True

    @property
    def needs(self) -> Needs:
        """The best score before."""
        return Needs(best=True)

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid what is new.

        Raises:
            ConfigError: nobody told the best score before.
        """
        return steps.but(reward=np.maximum(steps.after - steps.past("best", "rise"), np.float32(0)))
