"""What every shaper promises, and how several become one function from scores to rewards.

Scores pass four stages, each optional, in this order: ``scores`` (put them on a known scale), ``base`` (what a step is
paid), ``bonus`` (what is added to it, or held back), ``scale`` (how much a unit is worth). Without a base stage a step
is paid the score of the frame that it led to.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.find import find_class, name_of, names

Float: TypeAlias = NDArray[np.float32]
"""float32 ``(T, N)``: T steps of N environments."""

Stage: TypeAlias = Literal["scores", "base", "bonus", "scale"]

STAGES: tuple[Stage, ...] = ("scores", "base", "bonus", "scale")
"""The stages in the only order that makes sense."""


@dataclass(frozen=True)
class Steps:
    """T finished steps of N environments, as shapers see them.

    Attributes:
        before: float32 ``(T, N)``, score of the frame that the action was chosen in.
        after: float32 ``(T, N)``, score of the frame that it led to, taken before any autoreset.
        terminated: bool ``(T, N)``, true ends only; a time limit is none.
        gamma: the learner's own discount, in (0, 1].
        reward: float32 ``(T, N)``, what each step is paid so far; None until a base is chosen.
        best: float32 ``(T, N)``, highest score of the episode before ``after``, its first frame's included. This and
            the next two are told by whoever pays, where a shaper asks (:class:`Needs`); else None.
        visits_episode: float32 ``(T, N)``, how often the cell of the state that the step led to has been visited in
            this episode, this visit included, so at least 1.
        visits_global: float32 ``(T, N)``, the same over all episodes of all environments.
        own: float32 ``(T, N)``, what the task itself pays each step, ground truth (:class:`Own`); told as those are.
        weight: what the words' part is worth beside ``own`` at this time of a run; None: what the shaper itself says.

    Raises:
        ShapeError: the shapes differ, or are not ``(T, N)``.
        ConfigError: gamma lies outside (0, 1].
    """

    before: Float
    after: Float
    terminated: NDArray[np.bool_]
    gamma: float = 0.99
    reward: Float | None = None
    best: Float | None = None
    visits_episode: Float | None = None
    visits_global: Float | None = None
    own: Float | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        """Compare the shapes."""
        shapes = {name: getattr(self, name).shape for name in ("before", "after", "terminated")}
        for name in ("reward", "best", "visits_episode", "visits_global", "own"):
            if getattr(self, name) is not None:
                shapes[name] = getattr(self, name).shape
        if len(set(shapes.values())) != 1 or self.after.ndim != 2:
            found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ShapeError(f"{found}: must be of one shape (T, N)")
        if not 0 < self.gamma <= 1:
            raise ConfigError(f"gamma={self.gamma}: must lie in (0, 1]; give the learner's own discount")

    def but(self, **changes: Any) -> Steps:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def past(self, name: str, by: str) -> Float:
        """A field that whoever pays must tell.

        Args:
            name: of the field.
            by: the shaper that asks.

        Raises:
            ConfigError: nobody told it.
        """
        found: Float | None = getattr(self, name)
        if found is None:
            raise ConfigError(
                f"shaping=[{by}]: needs Steps.{name}, which nobody told here; runs, "
                "DeferredReward and the wrappers do, and vlmrl.shaping.with_past does for whole episodes"
            )
        return found


@dataclass(frozen=True)
class Own:
    """What of a task's own pay a shaper asks for, and how the weight of the words beside it moves.

    Attributes:
        what: ``success`` (1 where the task is done, else 0) or ``reward`` (the environment's own).
        weight: of the words at first.
        rate: the most that it moves at a time; 0: it stays.
        most: the highest that it may be.
    """

    what: str
    weight: float
    rate: float
    most: float


@dataclass(frozen=True)
class Needs:
    """What of a step's surroundings a shaper asks whoever pays to tell (:class:`vlmrl.shaping.Past`).

    Attributes:
        best: :attr:`Steps.best`.
        bits: ``2**bits`` cells of the state, whose visits :attr:`Steps.visits_episode` and :attr:`Steps.visits_global`
            count; 0 where nobody counts.
        own: :attr:`Steps.own`, the task's own pay; None where nobody asks, and none reaches the learner.
    """

    best: bool = False
    bits: int = 0
    own: Own | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self.best or self.bits > 0 or self.own is not None

    def __or__(self, other: Needs) -> Needs:
        """What either asks for."""
        return Needs(self.best or other.best, max(self.bits, other.bits), self.own or other.own)


class Shaper(ABC):
    """One stage of the way from scores to rewards: a pure function of finished steps, alike for each step and env.

    What it needs of a step's past comes along with the step (:attr:`needs`). Of two scores the higher must stay the
    higher, or as high, in stage ``scores``.

    A subclass lives alone in ``vlmrl/shaping/<name>.py``; its constructor's keyword arguments are its config
    (``vlmrl/conf/shaping/<name>.yaml``).

    Attributes:
        stage: where in a chain it may stand.
        needs_unit_scores: it means something only for scores in [0, 1].
        spoils_unit_scores: the scores that leave it lie elsewhere, whatever came in.
        pays_differences: a step may be paid below 0, since what was paid before is taken back; raising all rewards
            would pay for going to and fro.
        never_negative: a base that pays no step below 0.
        holds_back: what comes before it is paid in part.
        pays_truth: part of what it pays is the task's own, so that no result with it is from words.
    """

    stage: ClassVar[Stage]
    needs_unit_scores: ClassVar[bool] = False
    spoils_unit_scores: ClassVar[bool] = False
    pays_differences: ClassVar[bool] = False
    never_negative: ClassVar[bool] = False
    holds_back: ClassVar[bool] = False
    pays_truth: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """What it asks of an episode's past; most ask nothing."""
        return Needs()

    @property
    def gives_unit_scores(self) -> bool:
        """Whether the scores that leave it lie in [0, 1]."""
        return False

    @abstractmethod
    def __call__(self, steps: Steps) -> Steps:
        """The same steps with other scores (stage ``scores``), or with another reward (any later stage).

        Raises:
            ConfigError: a bonus or a scale where no base has been chosen.
        """


class Chain:
    """Shapers applied one after the other, from scores to the float32 ``(T, N)`` rewards that a learner gets.

    Args:
        shapers: in the order of their stages; empty pays each step the score of the frame that it led to.
        unit: the scores that come in lie in [0, 1], whatever is done to them first.

    Raises:
        ConfigError: the stages are out of order, there are two bases, a bonus has no base, or a shaper that needs
            scores in [0, 1] comes after none that clips them, or after one that moved them out again.
    """

    def __init__(self, shapers: Sequence[Shaper] = (), unit: bool = False) -> None:
        self.shapers = tuple(shapers)
        place = [STAGES.index(shaper.stage) for shaper in self.shapers]
        shown = f"shaping=[{', '.join(map(name_of, self.shapers))}]"
        if place != sorted(place):
            raise ConfigError(f"{shown}: is out of order; the order is {' > '.join(STAGES)}: [{self._sorted()}]")
        stages = [shaper.stage for shaper in self.shapers]
        if stages.count("base") > 1:
            raise ConfigError(f"{shown}: pays each step twice; keep one base")
        if "bonus" in stages and "base" not in stages:
            raise ConfigError(
                f"{shown}: has no base reward, and a bonus such as a potential difference carries no task alone; "
                "put a base before it, for example [calibrate, score, potential]"
            )
        for at, shaper in enumerate(self.shapers):
            cut = [name_of(one) for one in self.shapers[:at] if one.stage == "bonus" and one.pays_differences]
            if shaper.holds_back and cut:
                raise ConfigError(
                    f"{shown}: {name_of(shaper)} would pay {cut[0]} in part, whose sum then depends on the way; put "
                    f"{cut[0]} behind it"
                )
        self._check_units(shown, unit)

    def _check_units(self, shown: str, given: bool) -> None:
        """Refuse a shaper that needs scores in [0, 1] and would not get them."""
        spoiler = ""
        for shaper in self.shapers:
            if shaper.needs_unit_scores and not given:
                mending = (
                    f"{spoiler} moved them out of it; keep one of the two"
                    if spoiler
                    else "put one that gives them first, such as calibrate with clip=true"
                )
                raise ConfigError(f"{shown}: {name_of(shaper)} needs scores in [0, 1]; {mending}")
            if shaper.spoils_unit_scores:
                given, spoiler = False, name_of(shaper)
            elif shaper.gives_unit_scores:
                given = True

    def _sorted(self) -> str:
        return ", ".join(
            name_of(shaper) for shaper in sorted(self.shapers, key=lambda shaper: STAGES.index(shaper.stage))
        )

    @property
    def needs(self) -> Needs:
        """What its shapers ask of an episode's past."""
        found = Needs()
        for shaper in self.shapers:
            found |= shaper.needs
        return found

    def __call__(self, steps: Steps) -> Float:
        """Rewards of these steps, float32 ``(T, N)``; a step's reward depends on no other step and no other env.

        Raises:
            ConfigError: the steps lack what :attr:`needs` asks for.
        """
        for shaper in self.shapers:
            if steps.reward is None and shaper.stage == "scale":
                steps = steps.but(reward=steps.after)
            shaped = shaper(steps)
            if shaper.stage == "scores" and steps.best is not None:
                # Scores keep their order, so that the best of them stays the best.
                shaped = shaped.but(best=shaper(steps.but(before=steps.best, after=steps.best)).after)
            steps = shaped
        return np.asarray(steps.after if steps.reward is None else steps.reward, dtype=np.float32)


def chain(settings: Mapping[str, Mapping[str, Any] | None], unit: bool = False) -> Chain:
    """Build a chain from names and settings, in the order given: ``{"calibrate": {"goal_like": 0.8, …}, "scale": {}}``.

    ``unit`` is as for :class:`Chain`: the reward model's own scores lie in [0, 1].

    Raises:
        UnknownName: no shaper of that name.
        ConfigError: a setting that the shaper does not know or refuses, or what :class:`Chain` refuses.
    """
    shapers = []
    for name, given in settings.items():
        try:
            shapers.append(find_class("shaping", name, Shaper)(**(given or {})))  # type: ignore[type-abstract]
        except TypeError as cause:
            raise ConfigError(
                f"shaping.{name}={dict(given or {})}: {cause}; known shapers: {names('shaping')}"
            ) from cause
    return Chain(shapers, unit)


def finite(key: str, value: object) -> float:
    """``value`` as a float.

    Raises:
        ConfigError: it is no finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{key}={value}: must be a finite number")
    return float(value)
