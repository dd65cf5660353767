"""Is this reward any good? Asked of the simulator before any learning, in a minute.

  vlmrl check task=cartpole/upright
  vlmrl check task=walker/stand goal="a robot on its feet" baseline="a robot" html=check.html
  vlmrl check task=pendulum/upright reward=mine.py:upright json=verdict.json

reward=FILE.py:FUNCTION is your own code, and runs as such: a function from frames, uint8 (B, H, W, 3), to B numbers;
one with a second argument is given the words too. The status is 0 for a reward that may do (green or amber), 1 for one
that does not (red), 2 where the question makes no sense.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import NonNegativeInt

from vlmrl.cli import _out
from vlmrl.cli._own import OWN, load
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.metrics.verdict import Verdict

BAD = 1
"""Exit status for a reward that does not do."""


class CheckSettings(Answer):
    """Settings of ``vlmrl check``."""

    task: str | None = None
    """A task's name, such as cartpole/upright; `vlmrl list tasks` shows them. Its simulator is the judge."""
    goal: Sentences = ()
    """What the agent should do, in a sentence; again for several; none: the task's own."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world; none: the task's own."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed; none: the task's own, if the goal is too."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    reward: RewardConfig
    """How frames and words become a number; FILE.py:FUNCTION is your own code."""
    html: Path | None = None
    """Write a page with the answers and the frames that score highest and lowest."""
    seed: NonNegativeInt = 0
    """Of all states that are drawn."""


SETTINGS = CheckSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    own = next((found for argument in argv if (found := _own(argument))), None)
    settings = compose([argument for argument in argv if _own(argument) is None], CheckSettings)
    if settings.task is None:
        raise ConfigError("task: is missing; give task=NAME (`vlmrl list tasks`), whose simulator is the judge")
    verdict = _of_function(settings, own["path"], own["function"]) if own else _of_scorer(settings)
    _show(verdict)
    _out.write(settings.json, verdict.to_json())
    if settings.html is not None:
        from vlmrl.config.atomic import write_text
        from vlmrl.report.check_page import page

        write_text(_out.place(settings.html), page(verdict))
        _out.say(f"page: {settings.html}")
    return BAD if verdict.colour == "red" else 0


def _own(argument: str) -> re.Match[str] | None:
    return OWN.fullmatch(argument.removeprefix("reward=")) if argument.startswith("reward=") else None


def _of_scorer(settings: CheckSettings) -> Verdict:
    if settings.reward.is_oracle:
        raise ConfigError("reward=oracle: is the judge itself; check another reward against it")
    from vlmrl.config.parts import check_encoder, check_reward
    from vlmrl.envs.make import find_task
    from vlmrl.types import Words

    task = find_task(settings.task or "")
    words = Words.over(task.words, settings.goal, settings.baseline, settings.negative)
    check_encoder(settings.encoder)
    check_reward(settings.reward)
    from vlmrl import encoders, rewards
    from vlmrl.judge.check import check
    from vlmrl.judge.pictures import tell_drawn, with_pictures
    from vlmrl.scoring.scorer import Scorer

    encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
    tell_drawn(settings.reward.name, settings.reward.keywords, _out.say)
    keywords = with_pictures(settings.reward.name, settings.reward.keywords, task, encoder.image_size)
    scorer = Scorer(rewards.taught(settings.reward.name, encoder, **keywords))
    name = f"{settings.reward.name} with {settings.encoder.name}"
    return check(task, scorer, words, name=name, size=encoder.image_size, seed=settings.seed, say=_out.say)


def _of_function(settings: CheckSettings, path: str, function: str) -> Verdict:
    from vlmrl.envs.make import find_task
    from vlmrl.judge.bench.entry import reads_words
    from vlmrl.judge.check import check
    from vlmrl.types import Words

    task = find_task(settings.task or "")
    called = load(Path(path), function)
    words = Words.over(task.words, settings.goal, settings.baseline, settings.negative)

    def score(frames: Any) -> Any:
        return called(frames, words) if reads_words(called) else called(frames)

    return check(task, score, name=f"{Path(path).name}:{function}", seed=settings.seed, say=_out.say)


def _show(verdict: Verdict) -> None:
    from rich.console import Console

    marks = {"green": "green", "amber": "yellow", "red": "red", "none": "dim"}
    console = Console(highlight=False, soft_wrap=True)
    for finding in verdict.findings:
        style = marks[finding.colour]
        colour = "-" if finding.colour == "none" else finding.colour
        console.print(f"[{style}]{colour:>5}[/]  {finding.asks} {_out.escaped(finding.reason)}")
    if verdict.proposal is not None:
        better = verdict.proposal
        console.print(
            f"  try  {_out.escaped(better.arguments)}: Spearman {better.now:.2f} becomes "
            f"{better.then:.2f} on states that did not choose it (chosen by ground truth)"
        )
    console.print(
        f"[{marks[verdict.colour]}]{verdict.colour}[/]: {_out.escaped(verdict.reward)} on {verdict.task}, "
        f"{verdict.seconds:.0f} s"
    )
