"""Several opinions of one frame, made one number: other words, other crops, other encoders, other rewards.

Ensembles of reward models and their worst-case and uncertainty-weighted combinations are those of Coste et al. (ICLR
2024, arXiv 2310.02743); their members are trained anew, ours are one frozen model asked in several ways, which share
their blind spots and so understate how little is known. ``uncertainty`` is after Ctrl-U (arXiv 2410.11236), ``krc``
after Lucy-SKG (arXiv 2305.15801), ``product`` after CaRL (arXiv 2504.17838) and ``gated`` after G-RA (arXiv
2508.10548), each of them a reconstruction for single frames.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from vlmrl import encoders as every_encoder
from vlmrl import rewards as every_reward
from vlmrl.config.parts import part
from vlmrl.encoders.base import as_batch
from vlmrl.errors import Abstained, ConfigError
from vlmrl.rewards._bases.embedding import EmbeddingReward, by_words, whole
from vlmrl.rewards._bases.pictures import Shown
from vlmrl.rewards._ensemble.asked import Named, parts, rule, shared_out
from vlmrl.rewards._ensemble.combine import Rule
from vlmrl.rewards._ensemble.views import CROPS, Views, reference
from vlmrl.rewards.base import FrameReward, Sight
from vlmrl.types import Frames, Scores, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

SCALES = ("unit", "signed", "deviation", "raw")
_RANGES: dict[str, tuple[float | None, float | None]] = {"unit": (0.0, 1.0), "signed": (-1.0, 1.0)}

_WORDS_KEPT = 256


@dataclass(frozen=True)
class _Member:
    """One opinion: a reward, asked about a part of the frame, with one of the goal sentences or (None) with all."""

    reward: FrameReward
    crop: str
    sentence: int | None
    name: str

    def words(self, words: Words) -> Words:
        """What it is asked."""
        return words if self.sentence is None else replace(words, goal=(words.goal[self.sentence],))


@dataclass(frozen=True)
class _Ready:
    """The members for some words, and how their scores are moved to one scale: ``(M, 1)`` each, None if they are not.

    ``reference``: what they say of the reference frames on that scale, ``(M, R)``; None where there are none.
    """

    members: tuple[_Member, ...]
    middle: torch.Tensor | None
    unit: torch.Tensor | None
    reference: torch.Tensor | None


class Ensemble(FrameReward):
    """One number of what several members say of a frame: by sentence, crop of the frame, encoder and reward.

    Members are all combinations of rewards, encoders, goal sentences and crops, in that order, rewards outermost. Each
    is first put on one scale, or those with large numbers would decide alone: by its mean and deviation over reference
    frames, which a random agent saw.

    Args:
        encoder: the run's, embeds each crop of a frame once.
        rewards: names with ``+`` between, or a list of names and of ``{name: …, setting: …}``.
        encoders: further encoders beside the run's, likewise.
        prompts: each goal sentence is a member of its own; else a reward takes several as it does alone.
        crops: 1 to 6: the whole frame, its centre and its corners, 31/32 of each side.
        combine: ``mean``, ``mean_minus_std`` (``k``), ``worst``, ``uncertainty`` (``doubt``, ``neutral``), ``krc``,
            ``product`` or ``gated`` (``thresholds``); see :mod:`vlmrl.rewards._ensemble.combine`.
        scale: ``deviation``: z, less the mean over the reference frames, in deviations; ``signed``: ``z / (1 + |z|)``,
            in (-1, 1); ``unit``: that in (0, 1), so that 0.5 is the mean; ``raw``: as members say. None: ``signed`` for
            ``krc``, else ``unit``: goal frames may lie ten deviations off for one member and a thousand for another,
            and unbounded they would seem to disagree where both are sure.
        frames: the reference frames: files or uint8 ``(R, H, W, 3)``; None: whoever builds the reward beside a task
            lets a random agent act.
        **settings: those of ``combine``, and of member rewards: each goes to every one that takes it and was not given
            its own.

    Raises:
        ConfigError: a part or setting is unknown, two members are the same, there is but one, or their numbers do not
            fit the way they are combined. From :meth:`check` where that depends on the words.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"frames": "random"}

    def __init__(
        self,
        encoder: Encoder,
        rewards: Named = "goal_baseline",
        encoders: Named | None = None,
        prompts: bool = True,
        crops: int = 3,
        combine: str = "mean_minus_std",
        scale: str | None = None,
        frames: Shown = None,
        **settings: Any,
    ) -> None:
        self.encoder, self.combine, self.prompts = encoder, combine, prompts
        self._rule = rule(combine, settings)
        self.scale = _scale(scale, self._rule)
        self._crops = tuple(CROPS)[: whole("reward.crops", crops, 1, len(CROPS))]
        looks = [encoder, *(every_encoder.kept(name, **own) for name, own in parts("reward.encoders", encoders))]
        asked = shared_out(parts("reward.rewards", rewards), settings, _OWN)
        self._rewards = [(name, one, _loaded(name, one, own)) for name, own in asked for one in looks]
        models = [model for *_, model in self._rewards]
        self.reads_words = any(model.reads_words for model in models)
        self.needs_baseline = any(model.needs_baseline for model in models)
        self.needs_negative = any(model.needs_negative for model in models)
        self._seen = Views(reference(frames)) if _looks(self.scale, self._rule) else None
        low, high = self._member_bounds(models)
        self.low, self.high = self._rule.bounds(low, high)
        self._known: dict[Words, _Ready] = {}

    @classmethod
    def missing_pictures(cls, settings: Mapping[str, Any]) -> dict[str, Sight]:
        """Reference frames, unless nobody would look at them, and what members lack, each under its own name.

        Raises:
            ConfigError: as for the constructor, for settings by which that cannot be told.
        """
        rest = {key: value for key, value in settings.items() if key not in _OWN}
        way = rule(settings.get("combine", "mean_minus_std"), rest)
        asked = parts("reward.rewards", settings.get("rewards", "goal_baseline"))
        missing: dict[str, Sight] = {}
        for name, own in shared_out(asked, rest, _OWN):
            for key, sight in part("reward", name).missing_pictures(own).items():
                if missing.setdefault(key, sight) != sight:
                    raise ConfigError(f"reward.{key}: means two things to the members; give each its own in rewards")
        if settings.get("frames") is None and _looks(_scale(settings.get("scale"), way), way):
            missing["frames"] = "random"
        return missing

    @property
    def fingerprint(self) -> str:
        """A short hash of the members, of how they are combined, and of the reference frames."""
        rule = {key: value for key, value in vars(self._rule).items() if key[0] != "_"}
        members = [model.fingerprint for *_, model in self._rewards]
        seen = None if self._seen is None else self._seen.fingerprint
        told = [type(self).__name__, self.combine, rule, self.scale, self.prompts, self._crops, members, seen]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def check(self, words: Words) -> None:
        """Refuse words that a member refuses, or that leave one member or one without a scale."""
        self._ready(words)

    def score_frames(self, frames: Frames, words: Words | Sequence[Words]) -> Scores:
        """Score uint8 ``(B, H, W, 3)`` frames against one set of words, or one per row; float32 ``(B,)``."""
        groups = by_words(words, len(frames))
        ready = {one: self._ready(one) for one in groups}
        views = Views(as_batch(frames))
        scores = torch.empty(len(frames), dtype=torch.float32, device=self.encoder.device)
        for one, rows in groups.items():
            values = self._values(views, one, ready[one], rows)
            found = self._rule.combine(values, ready[one].reference)
            # A member without a number leaves none to the ensemble, though a closed gate might hide it.
            silent = values.isnan().any(0)
            scores[slice(None) if rows is None else rows] = torch.where(silent, torch.nan, found)
        return scores

    def voices(self, frames: Frames, words: Words) -> dict[str, Scores]:
        """What each member says of uint8 ``(B, H, W, 3)`` frames on the common scale, ``(B,)`` by its name."""
        ready = self._ready(words)
        values = self._values(Views(as_batch(frames)), words, ready, None)
        return {member.name: row for member, row in zip(ready.members, values, strict=True)}

    def _values(self, views: Views, words: Words, ready: _Ready, rows: list[int] | None) -> torch.Tensor:
        """Members' numbers on the common scale, ``(M, B)``."""
        said = [self._said(member, views, member.words(words), rows) for member in ready.members]
        return self._scaled(torch.stack(said), ready.middle, ready.unit)

    def _said(self, member: _Member, views: Views, words: Words, rows: list[int] | None) -> torch.Tensor:
        model = member.reward
        if isinstance(model, EmbeddingReward) and not model.reads_places:
            model.check_frames(views.cut(member.crop))
            images = views.embedded(model.encoder, member.crop)
            found = model.score_images(images if rows is None else images[rows], words)
        else:
            cut = views.cut(member.crop)
            found = model.score_frames(cut if rows is None else cut[rows], words)
        return found.to(self.encoder.device, torch.float32)

    def _scaled(self, said: torch.Tensor, middle: torch.Tensor | None, unit: torch.Tensor | None) -> torch.Tensor:
        if middle is None or unit is None:
            return said
        moved = (said - middle) / unit
        if self.scale == "deviation":
            return moved
        bounded = moved / (1 + moved.abs())
        return bounded if self.scale == "signed" else (1 + bounded) / 2

    def _ready(self, words: Words) -> _Ready:
        if words not in self._known:
            ready = self._prepared(words)
            if ready.reference is not None:
                self._rule.combine(ready.reference, ready.reference)  # what it refuses to measure, it refuses now
            if len(self._known) >= _WORDS_KEPT:  # words may come by the row, always new ones
                self._known.clear()
            self._known[words] = ready
        return self._known[words]

    def _prepared(self, words: Words) -> _Ready:
        members = self._members(words)
        for member in members:
            member.reward.check(member.words(words))
        if len(members) < 2:
            raise ConfigError(
                f"reward=ensemble: has one member, {members[0].name!r}, and nobody to disagree with it; raise "
                "reward.crops, name more rewards or encoders, or say the goal in more sentences"
            )
        self._rule.check(len(members), self.scale == "raw")
        ready = _Ready(members, None, None, None)
        if self._seen is None:
            return ready
        said = self._values(self._seen, words, ready, None)
        for member, row in zip(members, said, strict=True):
            if not row.isfinite().all():
                raise Abstained(f"reward=ensemble: its member {member.name!r} gave no number for a reference frame")
        if self.scale == "raw":
            return replace(ready, reference=said)
        middle, unit = said.mean(1, keepdim=True), said.std(1, keepdim=True, correction=0)
        for member, row, deviation in zip(members, said, unit, strict=True):
            if not float(deviation) > 1e-5 * float(row.abs().max()):
                raise ConfigError(
                    f"reward.frames: the member {member.name!r} scores all of them alike ({float(row[0]):.3g}), so its "
                    "unit cannot be told; leave it out, show other frames, or take reward.scale=raw"
                )
        known = self._scaled(said, middle, unit)
        return replace(ready, middle=middle, unit=unit, reference=known)

    def _members(self, words: Words) -> tuple[_Member, ...]:
        """The members for these words, in their order.

        Raises:
            ConfigError: two are the same.
        """
        found = []
        seen: dict[tuple[str, str, str | None], str] = {}
        for name, encoder, model in self._rewards:
            alone = self.prompts and model.reads_words
            asked: Sequence[int | None] = range(len(words.goal)) if alone else [None]
            for sentence in asked:
                for crop in self._crops:
                    said = None if sentence is None else words.goal[sentence]
                    named = self._named(name, encoder, said if len(words.goal) > 1 else None, crop)
                    key = model.fingerprint, crop, said
                    if key in seen:
                        raise ConfigError(f"reward=ensemble: {named!r} is a member twice; leave one of the two out")
                    seen[key] = named
                    found.append(_Member(model, crop, sentence, named))
        return tuple(found)

    def _named(self, reward: str, encoder: Encoder, sentence: str | None, crop: str) -> str:
        places = list(dict.fromkeys(id(one) for _, one, _ in self._rewards))
        which = f"encoder {places.index(id(encoder)) + 1}" if len(places) > 1 else None
        shown = crop if len(self._crops) > 1 else None
        return ", ".join(filter(None, (reward, which, sentence, shown)))

    def _member_bounds(self, models: Sequence[FrameReward]) -> tuple[float | None, float | None]:
        """Where all members' numbers lie on the common scale.

        Raises:
            ConfigError: they may leave [0, 1] and must not.
        """
        low, high = _RANGES.get(self.scale, (None, None))
        if self.scale == "raw":
            lows, highs = [one.low for one in models], [one.high for one in models]
            low = None if None in lows else min(one for one in lows if one is not None)
            high = None if None in highs else max(one for one in highs if one is not None)
        if self._rule.units and (low is None or high is None or low < 0 or high > 1):
            raise ConfigError(
                f"reward.combine={self.combine}, reward.scale={self.scale}: members must lie in [0, 1], or a low one "
                "would pay, and these may leave it; take reward.scale=unit, or raw with rewards in [0, 1] such as "
                "softmax_negatives"
            )
        return low, high


_OWN = {name for name in inspect.signature(Ensemble).parameters if name not in ("encoder", "settings")}


def _loaded(name: str, encoder: Encoder, settings: Mapping[str, Any]) -> FrameReward:
    model = every_reward.load(name, encoder, **settings)
    if not isinstance(model, FrameReward):
        raise ConfigError(f"reward.rewards={name}: does not score single frames, and so cannot be a member")
    return model


def _scale(scale: str | None, rule: Rule) -> str:
    if scale is None:
        return rule.scale
    if scale not in SCALES:
        raise ConfigError(f"reward.scale={scale}: must be one of {', '.join(SCALES)}")
    return scale


def _looks(scale: str, rule: Rule) -> bool:
    """Whether reference frames are looked at."""
    return scale != "raw" or rule.looks
