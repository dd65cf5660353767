"""Compare the keywords of a run's parts with the constructors that will get them: the constructor is the schema.

This imports the parts (and with them torch), so a verb calls it when it is about to build them, never
to print help. Parts are imported by name, as everywhere; this module knows no part itself.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from vlmrl import find
from vlmrl.config.complaints import unknown
from vlmrl.config.schema import EncoderConfig, RewardConfig, RunConfig, ShapingConfig
from vlmrl.errors import ConfigError, UnknownName

BASES = {"encoder": "Encoder", "reward": "RewardModel", "shaping": "Shaper", "judge": "Judge"}
"""The class that every part of a kind derives from, in the module ``base`` of its package."""


def check(config: RunConfig) -> None:
    """Compare encoder, reward and shaping with their constructors; ``agents.learner.sb3`` does so for the learner.

    Raises:
        UnknownName: a part of that name does not exist.
        ConfigError: a keyword is unknown (the nearest is named), is missing, or is text where a number belongs.
    """
    check_shaping(config.shaping)
    if not config.reward.is_oracle:
        check_encoder(config.encoder)
        check_reward(config.reward)


def check_encoder(config: EncoderConfig) -> None:
    """Compare an encoder's settings with its family's constructor; errors as for :func:`check`."""
    check_keywords("encoder", config.keywords, part("encoder", config.family), also=("name", "family"))


def check_reward(config: RewardConfig) -> None:
    """Compare a reward's settings with its constructor; errors as for :func:`check`."""
    check_keywords("reward", config.keywords, part("reward", config.name), given=("encoder",), also=("name",))


def check_shaping(config: ShapingConfig) -> None:
    """Compare each shaper's settings with its constructor; errors as for :func:`check`."""
    for name, settings in config.keywords.items():
        if settings is not None and not isinstance(settings, Mapping):
            raise ConfigError(f"shaping.{name}={settings}: is no group of settings; write shaping.{name}.KEY=value")
        check_keywords(f"shaping.{name}", settings or {}, part("shaping", name))


def privileged(config: RunConfig) -> str:
    """What pays a run the task's own reward beside that from words, such as ``shaping.blend.own=success``.

    Empty where nothing does; of a shaper of a package that is gone nobody knows.
    """
    for name, settings in ({} if config.reward.is_oracle else config.shaping.keywords).items():
        with suppress(UnknownName):
            if (shaper := part("shaping", name)).pays_truth:
                defaults = {key: one.default for key, one in keywords_of(shaper).items()}
                return f"shaping.{name}.own={(defaults | dict(settings or {})).get('own')}"
    return ""


def part(kind: str, name: str) -> type[Any]:
    """The class of a part, by its kind and name.

    Raises:
        UnknownName: there is none; the message names the nearest.
    """
    base = getattr(importlib.import_module(f"{find.PACKAGES[kind]}.base"), BASES[kind])
    return find.find_class(kind, name, base)


def keywords_of(constructor: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a class or function that may be given by name."""
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name: one for name, one in inspect.signature(constructor).parameters.items() if one.kind in by_name}


def check_keywords(
    above: str,
    keywords: Mapping[str, Any],
    constructor: Callable[..., Any],
    given: Collection[str] = (),
    also: Collection[str] = (),
) -> None:
    """Compare keywords with what a constructor takes.

    Args:
        above: the dotted name of the section, for the message.
        keywords: what the user set.
        constructor: a class or function.
        given: parameters that the caller fills in, so that the user must not.
        also: keys of the section that are no parameters, to be suggested too.

    Raises:
        ConfigError: a keyword is unknown, missing, or text where the default is a number; all of them, one a line.
    """
    parameters = inspect.signature(constructor).parameters
    open_ended = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    known = {name: one for name, one in keywords_of(constructor).items() if name not in given}
    wrong = [
        f"{above}.{name}={value}: is decided by the run itself; leave it out"
        if name in given
        # A constructor that takes anything checks for itself.
        else unknown(f"{above}.{name}", value, [*known, *also])
        for name, value in keywords.items()
        if name in given or (name not in known and not open_ended)
    ]
    wrong += [
        f"{above}.{name}: is missing; {constructor.__name__} cannot do without it"
        for name, one in known.items()
        if one.default is inspect.Parameter.empty and name not in keywords
    ]
    wrong += [
        f"{above}.{name}={keywords[name]}: is not a number; the default is {one.default}"
        for name, one in known.items()
        if isinstance(keywords.get(name), str)
        and isinstance(one.default, int | float)
        and not isinstance(one.default, bool)
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))
