"""The task's own reward beside the one from words, whose weight follows how well it pays for the same behaviour.

BARFI (Gupta et al., "Behavior Alignment via Reward Function Optimization", NeurIPS 2023, arXiv 2310.19007) learns
``phi1(s) + phi2(s) r_p + phi3(s) r_aux`` such that the policy that is best for it earns most of the primary reward r_p:
a search in two levels, its outer gradient taken through the inner one's optimum, where no agent is between two of its
rollouts. Here is a cheap form of ours, not the paper's: ``r_p + w r_aux`` with one number w, which moves by the cosine
between the two rewards' policy gradients: the sign of the outer gradient if the inner search takes a single step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Float, Needs, Own, Shaper, Steps, finite

OWN = ("success", "reward")
MIX = ("add", "instead")


class Blend(Shaper):
    """Adds the task's own reward to the weighted one from words: ``own + weight * words``.

    Privileged: ground truth pays the learner. Whoever pays moves the weight after each rollout (:func:`moved`), down to
    0 where the words pay for other things than the task does, and leaves it alone while the task has paid nothing.

    Args:
        own: ``success`` (1 where the task is done, else 0) or ``reward`` (the environment's own).
        weight: of the words' part at first, at least 0.
        rate: the most that it moves at a time, at least 0; 0: it stays.
        most: the highest that it may be, at least ``weight``.
        mix: ``add``; or ``instead``: where the task's own reward is not 0 the words' part is not paid (the mixing rule
            of KAGI, arXiv 2407.10341, whose sparse success replaces the dense part).

    Raises:
        ConfigError: a setting that is not known or out of range.
    """

    stage = "bonus"
    pays_truth = True

    def __init__(
        self, own: str = "success", weight: float = 1.0, rate: float = 0.1, most: float = 2.0, mix: str = "add"
    ) -> None:
        for key, value, known in (("own", own, OWN), ("mix", mix, MIX)):
            if value not in known:
                raise ConfigError(f"shaping.blend.{key}={value}: is not known; known: {', '.join(known)}")
        self.own, self.mix = own, mix
        self.weight, self.rate = finite("shaping.blend.weight", weight), finite("shaping.blend.rate", rate)
        self.most = finite("shaping.blend.most", most)
        if self.rate < 0:
            raise ConfigError(f"shaping.blend.rate={rate}: must be at least 0; 0 keeps the weight as it is")
        if not 0 <= self.weight <= self.most:
            raise ConfigError(f"shaping.blend.weight={weight}: must lie between 0 and shaping.blend.most={most}")

    @property
    def needs(self) -> Needs:
        """The task's own pay."""
        return Needs(own=Own(self.own, self.weight, self.rate, self.most))

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid both.

        Raises:
            ConfigError: no base reward has been chosen, or nobody told the task's own.
        """
        if steps.reward is None:
            raise ConfigError(
                "shaping=[blend]: has nothing from words to blend with; put a base before it, for example "
                "[center, score, blend]; reward=oracle pays the task's own alone"
            )
        own = steps.past("own", "blend")
        words = np.where(own != 0, np.float32(0), steps.reward) if self.mix == "instead" else steps.reward
        weight = self.weight if steps.weight is None else steps.weight
        return steps.but(reward=(own + np.float32(weight) * words).astype(np.float32))


def moved(weight: float, own: NDArray[np.float64], words: NDArray[np.float64], how: Own) -> tuple[float, float | None]:
    """The weight after one more look: ``clip(weight + rate * cos(own, words), 0, most)``.

    Args:
        weight: so far.
        own: policy gradient ``(P,)`` of the task's own reward.
        words: of the words' part, over the same steps.
        how: the rate and the bound.

    Returns:
        The new weight, and the cosine; the old one and None where one of the two gradients is 0 or no number, as before
        the first success: nothing is known then.
    """
    sizes = float(np.linalg.norm(own)) * float(np.linalg.norm(words))
    if not np.isfinite(sizes) or sizes == 0:
        return weight, None
    cosine = float(np.clip(own @ words / sizes, -1, 1))
    return float(np.clip(weight + how.rate * cosine, 0, how.most)), cosine


def advantages(
    rewards: Float, done: NDArray[np.bool_], gamma: float, features: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each step earned from then on, less what a line through its features foretells.

    Rewards to come are summed up to the end of the episode or of the steps at hand. The linear baseline, fitted to the
    same steps, is that of Duan et al. (ICML 2016, arXiv 1604.06778).

    Args:
        rewards: float32 ``(T, N)``.
        done: bool ``(T, N)``, the step ended an episode, truly or by a time limit.
        gamma: discount.
        features: float64 ``(T, N, F)``, of what the policy saw before each step.

    Returns:
        float64 ``(T, N)``; all 0 where no reward differs from 0.
    """
    steps, envs = rewards.shape
    to_go, share = np.zeros((2, steps, envs))
    ahead, left = np.zeros(envs), np.ones(envs)
    for step in reversed(range(steps)):
        going = ~done[step]
        ahead = rewards[step] + gamma * going * ahead
        left = gamma * going * left
        to_go[step], share[step] = ahead, left
    if not to_go.any():
        return to_go
    # Where the steps at hand end too early a return is cut short, the more the less of it was left.
    told = np.concatenate([features, share[..., None], np.ones((steps, envs, 1))], axis=-1).reshape(steps * envs, -1)
    told = told / np.maximum(np.abs(told).max(0), 1e-12)
    small = 1e-6 * len(told) * np.eye(told.shape[1])  # units that say the same
    line = np.linalg.solve(told.T @ told + small, told.T @ to_go.ravel())
    left_over: NDArray[np.float64] = to_go - (told @ line).reshape(steps, envs)
    return left_over
