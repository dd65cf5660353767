"""Who the members of an ensemble are and how they are combined, from what a user writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from vlmrl.config.parts import check_keywords, keywords_of, part
from vlmrl.errors import ConfigError, nearest
from vlmrl.rewards._ensemble.combine import RULES, Rule

Named: TypeAlias = "str | Sequence[str | Mapping[str, Any]]"
"""Parts by name: ``one+other``, or a list of names and of settings with a ``name`` among them."""


def rule(combine: str, settings: dict[str, Any]) -> Rule:
    """The rule of that name; its settings are taken out of ``settings``.

    Raises:
        ConfigError: there is none of that name, or a setting of it is out of range.
    """
    if combine not in RULES:
        raise ConfigError(f"reward.combine={combine}: is not known; {nearest(str(combine), RULES)}")
    kind = RULES[combine]
    own = {key: settings.pop(key) for key in keywords_of(kind) if key in settings}
    check_keywords("reward", own, kind)
    return kind(**own)


def parts(key: str, named: Named | None) -> list[tuple[str, dict[str, Any]]]:
    """Names and settings out of a list, or out of names with ``+`` between.

    Raises:
        ConfigError: it holds something else, nothing, or an ensemble.
    """
    several = named.split("+") if isinstance(named, str) else named or ()
    found = []
    for one in several if isinstance(several, list | tuple) else [several]:
        own = dict(one) if isinstance(one, Mapping) else {"name": one}
        name = own.pop("name", None)
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{key}={named}: {one!r} has no name; write one+other, or [one,{{name: other, KEY: 1}}]")
        if key == "reward.rewards" and name == "ensemble":
            raise ConfigError(f"{key}={named}: an ensemble is no member of another; name its members")
        found.append((name, own))
    if key == "reward.rewards" and not found:
        raise ConfigError(f"{key}={named}: names no reward; take goal_baseline, or several as goal_baseline+cosine")
    return found


def shared_out(
    asked: Sequence[tuple[str, Mapping[str, Any]]], shared: Mapping[str, Any], others: Collection[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Members' settings, and among them the shared ones that a member takes and was not given.

    Args:
        asked: names and settings of the members.
        shared: settings for whoever takes them.
        others: keys that a user may have meant, beside those that members take.

    Raises:
        UnknownName: no reward of such a name.
        ConfigError: a setting that nobody takes.
    """
    takes = [set(keywords_of(part("reward", name))) - {"encoder"} for name, _ in asked]
    for key, value in shared.items():
        if not any(key in one for one in takes):
            known = set(others).union(*takes, *(keywords_of(kind) for kind in RULES.values())) - {key}
            raise ConfigError(
                f"reward.{key}={value}: is read neither by the ensemble, nor by its members, nor by the way in which "
                f"it combines them (reward.combine); {nearest(key, sorted(known))}"
            )
    given = []
    for (name, own), known_here in zip(asked, takes, strict=True):
        set_here = {key: value for key, value in own.items() if value is not None}
        given.append((name, {key: value for key, value in shared.items() if key in known_here} | set_here))
    return given
