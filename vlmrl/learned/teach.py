"""From films to a file of weights: what `vlmrl reward train` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlmrl import rewards
from vlmrl.config.parts import check_keywords, part
from vlmrl.encoders.base import Encoder
from vlmrl.errors import ConfigError
from vlmrl.find import names
from vlmrl.learned.course import Sentences, split
from vlmrl.learned.evaluation import counter, evaluated, rows, value_of
from vlmrl.learned.films import Films, Look
from vlmrl.learned.trainer import Plan, Say, Training
from vlmrl.rewards._taught import weights_file
from vlmrl.rewards._taught.learned import LearnedReward, Lesson


@dataclass(frozen=True)
class Taught:
    """What came of it.

    Attributes:
        told: all that stands beside the weights, JSON.
        table: the evaluation on films that were held out, a row a measure.
    """

    told: dict[str, Any]
    table: list[dict[str, Any]]


def learnable() -> tuple[str, ...]:
    """Names of the rewards that can be taught."""
    return tuple(name for name in names("reward") if issubclass(part("reward", name), LearnedReward))


def lesson_of(reward: str, settings: Mapping[str, Any]) -> Lesson:
    """The lesson of a reward with these settings.

    Raises:
        UnknownName: no such reward.
        ConfigError: it learns nothing from films, or a setting is unknown or out of range.
    """
    kind = part("reward", reward)
    if not issubclass(kind, LearnedReward):
        raise ConfigError(f"reward={reward}: learns nothing from films; these do: {', '.join(learnable())}")
    check_keywords("reward", settings, kind.lesson)
    return kind.lesson(**settings)


@dataclass(frozen=True)
class Pupil:
    """What learns, and where it goes.

    Attributes:
        reward: its name.
        lesson: how it is taught.
        encoder: embeds frames and sentences.
        encoder_name: for people.
        out: the file of its weights.
    """

    reward: str
    lesson: Lesson
    encoder: Encoder
    encoder_name: str
    out: Path

    @property
    def state(self) -> Path:
        """The file from which a killed training goes on."""
        return self.out.with_suffix(".training")


def teach(pupil: Pupil, films: Films, said: Sentences, look: Look, plan: Plan, say: Say = lambda line: None) -> Taught:
    """Teach a reward by films, evaluate it on others, and write its weights with all that is told of them.

    Args:
        pupil: what learns.
        films: all of them.
        said: sentences of each task.
        look: how the films were drawn.
        plan: for how long.
        say: tells the user.

    Raises:
        ConfigError: films of one outcome alone, or a place that cannot be written to.
        RunError: a file cannot be written.
    """
    if pupil.out.suffix != weights_file.SUFFIX:
        raise ConfigError(f"out={pupil.out}: is no file to write; give out=NAME{weights_file.SUFFIX}")
    parts = split(films, said, pupil.encoder)
    about = f"{pupil.reward} {films.fingerprint} {pupil.encoder.fingerprint} {look} {said}"
    training = Training(pupil.lesson, parts, plan, about, pupil.state, say)
    learned = training.run()
    told = {
        "reward": pupil.reward,
        "lesson": asdict(pupil.lesson),  # type: ignore[call-overload]  # every lesson is a dataclass
        "encoder": pupil.encoder.fingerprint,
        "encoder_name": pupil.encoder_name,
        "size": list(look.size),
        "views": list(films.views),
        "data": _data(films, parts.taught.films),
        "plan": asdict(plan),
        "learned": asdict(learned),
        "wordings": {task.name: list(known) for task, known in zip(films.tasks, parts.known, strict=True)},
    }
    weights_file.save(pupil.out, training.network.state_dict(), told)
    model = rewards.load(pupil.reward, pupil.encoder, weights=pupil.out)
    assert isinstance(model, LearnedReward)
    say(f"evaluated on {len(parts.films)} episodes that it did not see")
    longest = max(len(film) for film in parts.films)
    table = rows(evaluated(value_of(model), parts), evaluated(counter(longest), parts))
    told["evaluation"] = table
    weights_file.save(pupil.out, training.network.state_dict(), told)
    training.forget()
    return Taught(told, table)


def _data(films: Films, taught: Any) -> dict[str, Any]:
    return {
        "fingerprint": films.fingerprint,
        "tasks": [task.name for task in films.tasks],
        "episodes": len(films.films),
        "successes": sum(film.succeeded for film in films.films),
        "taught": len(taught),
        "frames": sum(map(len, films.films)),
        "traces": sorted(film.trace for film in films.films),
    }
