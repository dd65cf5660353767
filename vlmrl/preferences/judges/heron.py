"""Several facts and scores in the order of their importance: HERON's decision tree (arXiv 2309.02632)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrl import rewards
from vlmrl.errors import ConfigError
from vlmrl.preferences.judges.base import FACTS, Float, Judge, Shown
from vlmrl.preferences.levels import Array, Moments, decide
from vlmrl.rewards.base import FrameReward
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

_KEYS = ("name", "margin", "lower")


class Heron(Judge):
    """The side that is better at the first level on which the two differ by more than the level's margin.

    A margin is in deviations of the level's values over all frames judged so far, those of the call included, as in the
    paper; no level has a weight. With margins comparisons may run in circles, which the nets average out. A film's
    score is the mean of its frames'; a fact is that of its last frame.

    Args:
        encoder: of levels that are rewards.
        levels: the most important first: names with ``>`` between (``success>goal_baseline``), or a list of names and
            of ``{name: …, margin: 0.5, lower: true}``, where ``lower`` means less is better, and further keys are the
            reward's own settings. ``oracle`` and ``success`` are the simulator's (privileged), all others rewards of
            single frames.
        margin: of levels that name none; 0 or more.

    Raises:
        UnknownName: a level is no reward.
        ConfigError: no level, the same twice, a reward that reads no single frames, or a margin below 0.
    """

    def __init__(
        self,
        encoder: Encoder,
        levels: str | Sequence[str | Mapping[str, Any]] = "goal_baseline",
        margin: float = 0.1,
    ) -> None:
        super().__init__(encoder)
        asked = levels.split(">") if isinstance(levels, str) else levels
        given = [dict(one) if isinstance(one, Mapping) else {"name": str(one).strip()} for one in asked or ()]
        self.names = [str(one.get("name") or "") for one in given]
        if not given or not all(self.names) or len(set(self.names)) < len(given):
            raise ConfigError(
                f"reward.levels={levels}: must be different names, the most important first, such as "
                "success>goal_baseline, or [{name: success, margin: 0},goal_baseline]"
            )
        self.margins = [_margin(one.get("margin", margin)) for one in given]
        self._signs = [-1.0 if one.get("lower") else 1.0 for one in given]
        self._models = {name: _model(name, one, encoder) for name, one in zip(self.names, given, strict=True)}
        self._met = [Moments() for _ in given]

    @property
    def privileged(self) -> bool:
        """Whether a level is the simulator's."""
        return bool(self.needs_facts)

    @property
    def needs_facts(self) -> tuple[str, ...]:
        """The levels that are the simulator's."""
        return tuple(name for name in self.names if name in FACTS)

    def check(self, words: Words) -> None:
        """Refuse words that a level cannot score."""
        for model in self._models.values():
            if model is not None:
                model.check(words)

    def _prefer(self, a: Shown, b: Shown, words: Words) -> Float:
        sides = [
            tuple(sign * self._value(name, side, words) for side in (a, b))
            for name, sign in zip(self.names, self._signs, strict=True)
        ]
        for met, both in zip(self._met, sides, strict=True):
            met.meet(np.concatenate(both))
        margins = [margin * met.deviation for margin, met in zip(self.margins, self._met, strict=True)]
        answers, by = decide([one for one, _ in sides], [other for _, other in sides], margins)
        self._count(**{f"by_{name}": int((by == level).sum()) for level, name in enumerate(self.names)})
        return answers.astype(np.float32)

    def _value(self, name: str, side: Shown, words: Words) -> Array:
        model = self._models[name]
        if model is None:
            if name not in side.facts:
                raise ConfigError(f"reward.levels={name}: is the simulator's, which tells nothing here; leave it out")
            return np.asarray(side.facts[name], np.float64)
        frames = side.frames.reshape(-1, *side.frames.shape[2:])
        size = self.encoder.batch_size
        told = [model.score_frames(frames[at : at + size], words).cpu().numpy() for at in range(0, len(frames), size)]
        return np.asarray(np.concatenate(told).astype(np.float64).reshape(side.frames.shape[:2]).mean(axis=1))

    def state(self) -> dict[str, Any]:
        """Counts, and the moments of each level."""
        return {**super().state(), "met": [met.state() for met in self._met]}

    def recall(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state` of an earlier session."""
        super().recall(state)
        self._met = [Moments.of(one) for one in state["met"]]


def _margin(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ConfigError(f"reward.margin={value}: must be a number from 0 on, in deviations of what is compared")
    return float(value)


def _model(name: str, given: Mapping[str, Any], encoder: Encoder) -> FrameReward | None:
    own = {key: value for key, value in given.items() if key not in _KEYS}
    if name in FACTS:
        if own:
            raise ConfigError(f"reward.levels={name}: takes no setting {min(own)}; it has {', '.join(_KEYS)}")
        return None
    model = rewards.load(name, encoder, **own)
    if not isinstance(model, FrameReward) or model.learns:
        raise ConfigError(f"reward.levels={name}: scores no single frames by itself; take goal_baseline or its like")
    return model
