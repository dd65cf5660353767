"""The base that pays for progress: the change of score over a step."""

from __future__ import annotations

from vlmrl.shaping.base import Shaper, Steps


class Delta(Shaper):
    """Pays each step how much the score rose, undiscounted: the sum over an episode is last score minus first.

    For a discounting learner this is the score itself, paid at a rate of ``1 - gamma``, plus a potential difference; so
    the best policy is that of ``score``, seen through smaller numbers with no constant part.
    """

    stage = "base"
    pays_differences = True

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid ``after - before``."""
        return steps.but(reward=steps.after - steps.before)
