"""From sentences and names to a scorer: what every way of asking for a reward in one line does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vlmrl.errors import ConfigError
from vlmrl.types import Words


@dataclass(frozen=True)
class Request:
    """Who scores, and by which words: a scorer that is there, or sentences from which one is loaded later.

    Attributes:
        scorer: an object with ``frames(frames, words)``, or such a function; None asks for one by ``goal``.
        words: handed to the scorer as they are.
        goal: one sentence or several; None where there is a scorer.
        baseline: one sentence or several.
        others: with ``goal``: what :func:`load_scorer` takes beside it.

    Raises:
        ConfigError: neither or both of ``scorer`` and ``goal``, sentences beside a scorer, or words without a scorer.
    """

    scorer: Any = None
    words: Words | None = None
    goal: str | Iterable[str] | None = None
    baseline: str | Iterable[str] = ()
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could be read in two ways."""
        if (self.scorer is None) == (self.goal is None):
            raise ConfigError(
                "scorer, goal: give one of the two, a scorer with its words or the sentences goal='…', baseline='…'"
            )
        if self.goal is None and (self.others or self.baseline != ()):
            stray = ", ".join(self.others or ["baseline"])
            raise ConfigError(f"{stray}: goes with goal='…'; beside a scorer give words=Words.of(…)")
        if self.goal is not None and self.words is not None:
            raise ConfigError("words: go with a scorer; beside goal='…' give baseline='…' and negative='…'")

    def load(self) -> tuple[Any, Words | None]:
        """The scorer and the words to give it; errors as for :func:`load_scorer`."""
        if self.goal is None:
            return self.scorer, self.words
        return load_scorer(self.goal, self.baseline, **self.others)


def load_scorer(
    goal: str | Iterable[str],
    baseline: str | Iterable[str] = (),
    negative: str | Iterable[str] = (),
    reward: str = "goal_baseline",
    encoder: str = "sim_clip",
    **settings: Any,
) -> tuple[Any, Words]:
    """Load an encoder, put a reward model on it, and check that it can score these sentences.

    Args:
        goal: one sentence or several.
        baseline: one sentence or several, where the reward needs them.
        negative: one sentence or several, where the reward needs them.
        reward: name of a reward model.
        encoder: name of an encoder, or any model that open_clip knows.
        **settings: the reward model's own, for example ``alpha=0.5``.

    Returns:
        The :class:`~vlmrl.scoring.scorer.Scorer`, or for a reward that reads whole episodes the
        :class:`~vlmrl.scoring.clips.ClipScorer`, and the words to give it.

    Raises:
        UnknownName: no reward or encoder of that name.
        WeightsMissing: the encoder's weights are not here and cannot be fetched.
        ConfigError: a setting that the reward model does not take, or words that it cannot score.
    """
    # Models are imported when one is asked for: a user with a scorer of his own needs none of them.
    from vlmrl import encoders
    from vlmrl.config.parts import check_keywords, part
    from vlmrl.rewards.base import refuse_untaught
    from vlmrl.scoring.clips import scorer_for

    words = Words.of(goal, baseline, negative)
    model_class = part("reward", reward)
    check_keywords("reward", settings, model_class, given=("encoder",))
    scorer = scorer_for(model_class(encoder=encoders.load(encoder), **settings))
    refuse_untaught(scorer.model)
    scorer.model.check(words)
    return scorer, words
