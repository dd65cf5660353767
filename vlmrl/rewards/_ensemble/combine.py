"""Ways to make one number of what several members of an ensemble say of a frame: pure functions, and their settings.

``values`` are ``(M, B)``: M members, the first the most important where order matters, and B frames, each on its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between

Bounds = tuple[float | None, float | None]
"""What no number lies below, and above; None where there is no such bound."""


def mean_minus_std(values: torch.Tensor, k: float) -> torch.Tensor:
    """``mean_i v_i - k std_i v_i`` with the deviation of the members at hand (divided by M); ``(B,)``."""
    return values.mean(0) - k * _deviation(values)


def shrunk(values: torch.Tensor, neutral: torch.Tensor, doubt: torch.Tensor) -> torch.Tensor:
    """``b + (mean_i v_i - b) exp(-std_i v_i / doubt)``: what members disagree about counts as neutral, b; ``(B,)``."""
    return neutral + (values.mean(0) - neutral) * torch.exp(-_deviation(values) / doubt)


def signed_geometric_mean(values: torch.Tensor) -> torch.Tensor:
    """``sgn (prod_i |v_i|)^(1/M)``, sgn 1 if no ``v_i`` lies below 0, else -1; ``(B,)``.

    The sign is not that of the product: two members below 0 do not make a number above it.
    """
    size = values.abs().log().mean(0).exp()  # of 0 the logarithm is -inf, which comes back as 0
    return torch.where(size == 0, size, torch.where((values < 0).any(0), -size, size))


def gated_sum(values: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """``sum_i v_i prod_{j < i} 1[v_j > g_j] / M``: a member counts while all before it exceed their thresholds.

    Args:
        values: ``(M, B)``.
        thresholds: ``(M - 1,)``, g.

    Returns:
        ``(B,)``.
    """
    opened = (values[:-1] > thresholds[:, None]).cumprod(0)
    return (values[0] + (values[1:] * opened).sum(0)) / len(values)


def _deviation(values: torch.Tensor) -> torch.Tensor:
    """Of the members at hand, ``(B,)``."""
    return (values - values.mean(0)).square().mean(0).sqrt()


class Rule(ABC):
    """A way to combine, with its settings as public attributes and keywords of its constructor.

    Attributes:
        scale: that members are put on where nobody says otherwise.
        units: members must lie in [0, 1].
        looks: it wants to know what members say of reference frames.
    """

    scale: ClassVar[str] = "unit"
    units: ClassVar[bool] = False
    looks: bool = False

    def check(self, members: int, raw: bool) -> None:
        """Refuse so many members, or numbers on scales of their own (``raw``).

        Raises:
            ConfigError: the message names the setting.
        """
        return

    @abstractmethod
    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        """One number a frame, ``(B,)``.

        Args:
            values: ``(M, B)``.
            reference: ``(M, R)``, what they say of reference frames; None if the rule does not look at any.
        """

    def bounds(self, low: float | None, high: float | None) -> Bounds:
        """Where its numbers lie, if all members' lie between ``low`` and ``high``."""
        return low, high


ASSURED = 0.95
"""Share of the reference frames on which members disagree less than ``doubt``, where it is measured."""


class Mean(Rule):
    """The mean; what fools most members still fools it."""

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        return values.mean(0)


class MeanMinusStd(Rule):
    """The mean less ``k`` deviations over the members (UWO of Coste et al. 2023, which subtracts the variance)."""

    def __init__(self, k: float = 1.0) -> None:
        self.k = between("reward.k", k, 0.0, 100.0)

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        return mean_minus_std(values, self.k)

    def bounds(self, low: float | None, high: float | None) -> Bounds:
        return None if low is None or high is None else low - self.k * (high - low) / 2, high


class Worst(Rule):
    """The lowest (WCO of Coste et al. 2023): all members must be fooled at once."""

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        return values.amin(0)


class Uncertainty(Rule):
    """The mean, shrunk towards ``neutral`` where members disagree, by ``exp(-deviation / doubt)`` (after Ctrl-U).

    Null measures: ``neutral`` is the mean over the reference frames, and ``doubt`` the deviation that 95 % of them stay
    below. (The median there doubts half of the frames that a random agent sees, and most of those nearer to the goal.)
    """

    def __init__(self, doubt: float | None = None, neutral: float | None = None) -> None:
        self.doubt = None if doubt is None else between("reward.doubt", doubt, 1e-6, 1e6)
        self.neutral = None if neutral is None else between("reward.neutral", neutral, -1e6, 1e6)
        self.looks = doubt is None or neutral is None

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        known = values if reference is None else reference
        neutral = known.mean() if self.neutral is None else values.new_tensor(self.neutral)
        doubt = torch.quantile(_deviation(known), ASSURED) if self.doubt is None else values.new_tensor(self.doubt)
        if not float(doubt) > 0:
            raise ConfigError(
                "reward.doubt: cannot be measured, since the members agree on the reference frames; give it, "
                "or take members that differ"
            )
        return shrunk(values, neutral, doubt)

    def bounds(self, low: float | None, high: float | None) -> Bounds:
        if self.neutral is None:
            return low, high
        return None if low is None else min(low, self.neutral), None if high is None else max(high, self.neutral)


class Krc(Rule):
    """The signed geometric mean (Kinesthetic Reward Combination, Lucy-SKG): any member at 0 makes it 0."""

    scale = "signed"

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        return signed_geometric_mean(values)

    def bounds(self, low: float | None, high: float | None) -> Bounds:
        if low is None or high is None:
            return None, None
        far = max(abs(low), abs(high))
        return (0.0 if low >= 0 else -far), far


class Product(Rule):
    """The first member times the others, soft factors in [0, 1] (CaRL's penalties): a factor of 1 costs nothing."""

    units = True

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        return values.prod(0)


class Gated(Rule):
    """The mean in which a member counts while all before it exceed their ``thresholds`` (after G-RA, frame by frame).

    ``thresholds``: one number for all but the last, or a list of them. Null is 0.5, what a
    random agent's mean frame is worth.
    """

    units = True

    def __init__(self, thresholds: float | Sequence[float] | None = None) -> None:
        several: Sequence[Any] = thresholds if isinstance(thresholds, list | tuple) else [thresholds]
        self.thresholds: Any = thresholds
        self._each = [0.5 if one is None else between("reward.thresholds", one, 0.0, 1.0) for one in several]

    def check(self, members: int, raw: bool) -> None:
        if self.thresholds is None and raw:
            raise ConfigError("reward.thresholds: is missing; with reward.scale=raw nobody else knows what is enough")
        if isinstance(self.thresholds, list | tuple) and len(self._each) != members - 1:
            raise ConfigError(
                f"reward.thresholds={list(self.thresholds)}: are {len(self._each)} for {members} members; must be "
                f"{members - 1}, one for each but the last, or one number for all"
            )

    def combine(self, values: torch.Tensor, reference: torch.Tensor | None) -> torch.Tensor:
        each = self._each if len(self._each) == len(values) - 1 else self._each * (len(values) - 1)
        return gated_sum(values, values.new_tensor(each))

    def bounds(self, low: float | None, high: float | None) -> Bounds:
        return 0.0, high


RULES: dict[str, type[Rule]] = {
    "mean": Mean,
    "mean_minus_std": MeanMinusStd,
    "worst": Worst,
    "uncertainty": Uncertainty,
    "krc": Krc,
    "product": Product,
    "gated": Gated,
}
"""By the name that ``reward.combine`` gives them."""
