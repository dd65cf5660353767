"""A bonus for places that are new in the episode, the more the rarer they have been in all of them.

Henaff et al., "A Study of Global and Episodic Bonuses for Exploration in Contextual MDPs" (ICML 2023, arXiv
2306.03236): the product of an episodic and a global bonus, here in its form for counts.
"""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Needs, Shaper, Steps, finite


class Novelty(Shaper):
    """Adds ``factor * 1[first visit in the episode] / sqrt(visits in all episodes)`` of the cell that a step led to.

    A cell is a SimHash of the state (:class:`vlmrl.shaping.Past`), counted over all environments of a run. The bonus
    fades as cells become known, so a step's pay changes while learning goes on; rows of a replay buffer keep what they
    were paid. It knows nothing of the words: too large a factor makes a tourist of the agent.

    Args:
        factor: above 0; the first visit of all to a cell is paid as much.
        bits: planes that cut the state into ``2**bits`` cells, 1 to 24; more of them tell more states apart.

    Raises:
        ConfigError: a number lies outside its range.
    """

    stage = "bonus"

    def __init__(self, factor: float = 0.1, bits: int = 12) -> None:
        self.factor, self.bits = finite("shaping.novelty.factor", factor), bits
        if not self.factor > 0:
            raise ConfigError(f"shaping.novelty.factor={factor}: must be above 0; leave novelty out to have none")
        if isinstance(bits, bool) or int(finite("shaping.novelty.bits", bits)) != bits or not 1 <= bits <= 24:
            raise ConfigError(f"shaping.novelty.bits={bits}: must be a whole number from 1 to 24")

    @property
    def needs(self) -> Needs:
        """Counts of visits."""
        return Needs(bits=int(self.bits))

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid the base and the bonus.

        Raises:
            ConfigError: no base reward has been chosen, or nobody counted visits.
        """
        if steps.reward is None:
            raise ConfigError(
                "shaping=[novelty]: has no base reward, and what is new alone carries no task; put a base before it, "
                "for example [center, score, novelty]"
            )
        first = steps.past("visits_episode", "novelty") == 1
        bonus = np.float32(self.factor) * first / np.sqrt(steps.past("visits_global", "novelty"))
        return steps.but(reward=(steps.reward + bonus).astype(np.float32))
