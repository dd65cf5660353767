"""From a reward's settings to the judge that teaches it, and what a user must know of that judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vlmrl.config.parts import check_keywords, keywords_of, part
from vlmrl.errors import ConfigError, nearest
from vlmrl.preferences.answers import labels
from vlmrl.preferences.judges.base import Judge
from vlmrl.preferences.learner import Learner
from vlmrl.rewards._taught.bradley_terry import save
from vlmrl.rewards.preference import Preference
from vlmrl.types import Words


def judge_of(model: Preference, truth: bool) -> Judge | None:
    """The judge that a reward names, with its settings; None for none.

    Args:
        model: the reward.
        truth: whether anybody knows how near to done a state is.

    Raises:
        UnknownName: no such judge.
        ConfigError: a setting that neither reward nor judge takes, a judge that asks for a truth that nobody knows, or
            neither a judge nor answers.
    """
    name, settings = model.judged_by
    if name is None:
        if settings:
            raise ConfigError(f"reward.{min(settings)}: is for a judge, and reward.judge is null; name one")
        if not model.answers:
            raise ConfigError(
                "reward.judge, reward.answers: are both null, so there is nothing to learn from; give one"
            )
        return None
    kind = part("judge", name)
    known = [*keywords_of(kind), *keywords_of(type(model))]
    for key, value in settings.items():
        if key not in keywords_of(kind) or key == "encoder":
            raise ConfigError(
                f"reward.{key}={value}: is taken by neither preference nor judge {name}; "
                f"{nearest(key, [one for one in known if one not in ('encoder', key)])}"
            )
    check_keywords("reward", settings, kind, given=("encoder",))
    judge: Judge = kind(model.encoder, **settings)
    if judge.needs_facts and not truth:
        raise ConfigError(
            f"reward.judge={name}: asks the simulator for {' and '.join(judge.needs_facts)}, and this world is no task "
            "of ours, so nobody knows; take reward.judge=encoder or vlm"
        )
    return judge


def learner_of(model: Preference, words: Words, truth: bool, seed: int) -> Learner:
    """Who asks the judge that a reward names, and teaches its nets; people's answers are read first.

    Args:
        model: the reward.
        words: what is judged by.
        truth: whether anybody knows how near to done a state is.
        seed: of what is asked.

    Raises:
        UnknownName, ConfigError: as :func:`judge_of`, words that the judge refuses, or answers that cannot be read.
    """
    return Learner(model, judge_of(model, truth), words, seed, labels(model.answers, model.encoder))


def tell_judged(learner: Learner, say: Callable[[str], object]) -> None:
    """Tell the user who judges, and what of it is the simulator's knowledge."""
    model, judge = learner.model, learner.judge
    if learner.labels:
        say(f"reward.answers: {len(learner.labels)} answers of people, learned from first")
    if judge is None:
        return
    name, ask = model.judged_by[0], model.ask
    say(f"reward.judge={name}: asked up to {ask.most:,} questions, {ask.questions} every {ask.every:,} steps")
    if judge.privileged:
        say(
            f"reward.judge={name}: asks the simulator for {' and '.join(judge.needs_facts)}, so a result with it is "
            "privileged, not from words"
        )


def save_nets(path: Path, model: Preference, words: Words) -> None:
    """Write a reward's nets, with what they learned to prefer and by whose embeddings.

    Raises:
        RunError: it cannot be written.
    """
    judge = model.judged_by[0] or "answers"
    save(path, model.nets, {"encoder": model.encoder.fingerprint, "goal": "; ".join(words.goal), "judge": judge})
