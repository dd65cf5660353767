"""Potential-based shaping (Ng, Harada and Russell, ICML 1999): pay for progress, same best policy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Float, Shaper, Steps, finite


class Potential(Shaper):
    """Adds ``weight * (gamma * after - before)`` to a base reward; a true end counts as a score of 0.

    The differences of an episode telescope, so which policy is best does not change (ibid., theorem 1). Alone they
    carry no task: every action would be worth the same. So a base is required. Scores must lie in [0, 1]: below 0,
    running in circles would pay, and failing early would too.

    Args:
        weight: how much a unit of progress is worth beside the base, above 0.

    Raises:
        ConfigError: the weight is not above 0.
    """

    stage = "bonus"
    needs_unit_scores = True
    pays_differences = True

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = finite("shaping.potential.weight", weight)
        if not self.weight > 0:
            raise ConfigError(f"shaping.potential.weight={weight}: must be above 0; leave potential out to have none")

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid the base and the difference.

        Raises:
            ConfigError: no base reward has been chosen.
        """
        if steps.reward is None:
            raise ConfigError(
                "shaping=[potential]: has no base reward, and a potential difference alone carries no task; "
                "put a base before it, for example [calibrate, score, potential]"
            )
        difference = potential_difference(steps.before, steps.after, steps.terminated, steps.gamma)
        return steps.but(reward=steps.reward + np.float32(self.weight) * difference)


def potential_difference(before: Float, after: Float, terminated: NDArray[np.bool_], gamma: float) -> Float:
    """``gamma * after - before``, with 0 for ``after`` where the episode truly ended.

    Over T steps, discounted, it sums to ``gamma**T * after[-1] - before[0]``, or to ``-before[0]`` after a true end.

    Args:
        before: float32 ``(T, N)``, score of the frame the action was chosen in.
        after: float32 ``(T, N)``, score of the frame it led to, taken before any autoreset.
        terminated: bool ``(T, N)``, true ends only: a time limit keeps its potential, as learners bootstrap there.
        gamma: the learner's own discount, in (0, 1].

    Returns:
        float32 ``(T, N)``.
    """
    return np.float32(gamma) * np.where(terminated, np.float32(0), after) - before
