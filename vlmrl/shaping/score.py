"""The plainest base: a step is paid the score of the frame that it led to."""

from __future__ import annotations

from vlmrl.shaping.base import Shaper, Steps


class Score(Shaper):
    """Pays each step the score of the frame that it led to (VLM-RM: Rocamonde et al., ICLR 2024, arXiv 2310.12921).

    Staying near the goal is paid at each step; the best policy gets there and stays.
    """

    stage = "base"

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid ``after``."""
        return steps.but(reward=steps.after)
