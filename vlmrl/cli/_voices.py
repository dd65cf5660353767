"""Which rewards, encoders and sentences a verb was asked for at once, and what scores frames for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrl.config.compose import configure
from vlmrl.config.parts import check_encoder, check_reward, part
from vlmrl.config.schema import EncoderConfig, RewardConfig, Section
from vlmrl.errors import ConfigError
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.cli._debug_settings import DebugSettings
    from vlmrl.config.schema import RenderConfig
    from vlmrl.encoders.base import Encoder
    from vlmrl.envs.task import Task
    from vlmrl.judge.debug import Voice


class _Named(Section):
    """A reward and an encoder as their YAML has them."""

    encoder: EncoderConfig
    reward: RewardConfig


@dataclass(frozen=True)
class Asked:
    """One curve to be drawn.

    Attributes:
        reward: which reward model.
        encoder: on which encoder.
        words: with which words.
    """

    reward: RewardConfig
    encoder: EncoderConfig
    words: Words

    @property
    def key(self) -> tuple[str, str, Words]:
        """Equal for what would give equal scores."""
        return self.reward.model_dump_json(), self.encoder.model_dump_json(), self.words


def asked(
    settings: DebugSettings, argv: Sequence[str], words: Words | None, own: Asked | None = None
) -> tuple[Asked, ...]:
    """Every reward with every encoder and every goal, each once; a run's own comes first.

    Args:
        settings: of the verb.
        argv: its arguments, which tell a default from what was asked for.
        words: of the run or the task, which stand in for sentences that were not given; None: there are none.
        own: what paid the run's agent.

    Raises:
        ConfigError: there is no goal, the reward is the oracle's, or a setting of a part that it refuses.
        UnknownName: no reward or encoder of that name.
    """
    goals: list[tuple[str, ...]] = [(goal,) for goal in settings.goal] or [()]
    sentences = [Words.over(words, goal, settings.baseline, settings.negative) for goal in goals]
    rewards = [settings.reward if own is None or _given("reward", argv) else own.reward]
    encoders = [settings.encoder if own is None or _given("encoder", argv) else own.encoder]
    rewards += [configure(_Named, reward=name).reward for name in _split(settings.rewards)]
    encoders += [configure(_Named, encoder=name).encoder for name in _split(settings.encoders)]
    several = [Asked(reward, encoder, one) for reward in rewards for encoder in encoders for one in sentences]
    found = tuple({one.key: one for one in ([own] if own else []) + several}.values())
    for one in found:
        if one.reward.is_oracle:
            raise ConfigError("reward=oracle: is the truth itself, which is drawn anyway; take another")
        check_encoder(one.encoder)
        check_reward(one.reward)
    return found


def voices(
    several: Sequence[Asked], own: bool = False, task: Task | None = None, render: RenderConfig | None = None
) -> tuple[Voice, ...]:
    """What scores frames for each, every encoder loaded once.

    Args:
        several: at least one.
        own: the first is what paid the run's agent, and said to be.
        task: whose own states are drawn for rewards that want pictures and were given none.
        render: how the frames were drawn that are scored; None: at the encoder's size, as the task has it.

    Raises:
        WeightsMissing: an encoder's weights are not there.
        ConfigError: words that a reward refuses.
    """
    from vlmrl.judge.debug import Voice
    from vlmrl.judge.pictures import with_pictures
    from vlmrl.rewards.base import refuse_untaught
    from vlmrl.scoring.remembered import Remembered
    from vlmrl.scoring.scorer import Scorer

    encoders: dict[str, Encoder] = {}
    found: list[Voice] = []
    for one in several:
        key = one.encoder.model_dump_json()
        if key not in encoders:
            # Several sentences and rewards ask about the same frames.
            encoders[key] = Remembered(part("encoder", one.encoder.family)(**one.encoder.keywords))
        name, encoder = one.reward.name, encoders[key]
        size = (render.size if render is not None else None) or encoder.image_size
        profile = render.profile if render is not None else None
        keywords = with_pictures(name, one.reward.keywords, task, size, profile)
        model = part("reward", name)(encoder=encoder, **keywords)
        refuse_untaught(model)
        model.check(one.words)
        note = f"{one.reward.name} with {one.encoder.name}"
        note += ", which paid this agent" if own and not found else ""
        more = f" (and {len(one.words.goal) - 1} more)" if len(one.words.goal) > 1 else ""
        found.append(Voice(one.words.goal[0] + more, note, Scorer(model), one.words))
    return tuple(found)


def _given(group: str, argv: Sequence[str]) -> bool:
    return any(argument.lstrip("+").startswith((f"{group}=", f"{group}.")) for argument in argv)


def _split(names: Sequence[str]) -> list[str]:
    return [name.strip() for several in names for name in several.split(",") if name.strip()]
