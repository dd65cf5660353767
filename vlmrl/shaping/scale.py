"""How much a unit of reward is worth to the learner."""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite


class Scale(Shaper):
    """Multiplies rewards by a fixed factor above 0: no constant is taken off, so what is best stays best.

    Subtracting a mean would be a cost or a gift for each step lived, and would change the task wherever episodes differ
    in length; a running factor would make old rows of a replay buffer worth something else than new ones.

    Args:
        factor: above 0.

    Raises:
        ConfigError: the factor is not above 0.
    """

    stage = "scale"

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = finite("shaping.scale.factor", factor)
        if not self.factor > 0:
            raise ConfigError(
                f"shaping.scale.factor={factor}: must be above 0; a negative factor asks for the opposite"
            )

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid ``factor`` times as much.

        Raises:
            ConfigError: no base reward has been chosen.
        """
        if steps.reward is None:
            raise ConfigError("shaping=[scale]: has no reward to scale; put a base such as score before it")
        return steps.but(reward=np.float32(self.factor) * steps.reward)
