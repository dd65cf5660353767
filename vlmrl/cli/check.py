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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import NonNegativeInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.metrics.verdict import Verdict

OWN = re.compile(r"reward=(?P<path>.+\.py):(?P<function>\w+)")
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

    own = next((found for argument in argv if (found := OWN.fullmatch(argument))), None)
    settings = compose([argument for argument in argv if OWN.fullmatch(argument) is None], CheckSettings)
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
    from vlmrl.scoring.scorer import Scorer

    encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
    scorer = Scorer(rewards.load(settings.reward.name, encoder, **settings.reward.keywords))
    name = f"{settings.reward.name} with {settings.encoder.name}"
    return check(task, scorer, words, name=name, size=encoder.image_size, seed=settings.seed, say=_out.say)


def _of_function(settings: CheckSettings, path: str, function: str) -> Verdict:
    import inspect

    from vlmrl.envs.make import find_task
    from vlmrl.judge.check import check
    from vlmrl.types import Words

    task = find_task(settings.task or "")
    called = _load(Path(path), function)
    needed = [one for one in inspect.signature(called).parameters.values() if one.default is one.empty]
    words = Words.over(task.words, settings.goal, settings.baseline, settings.negative)

    def score(frames: Any) -> Any:
        return called(frames, words) if len(needed) > 1 else called(frames)

    return check(task, score, name=f"{Path(path).name}:{function}", seed=settings.seed, say=_out.say)


def _load(path: Path, function: str) -> Callable[..., Any]:
    """The user's function.

    Raises:
        ConfigError: there is no such file or function, or the file cannot be run.
    """
    import importlib.util

    if not path.is_file():
        raise ConfigError(f"reward={path}:{function}: there is no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"reward={path}:{function}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as cause:
        raise ConfigError(f"reward={path}: cannot be run: {type(cause).__name__}: {cause}") from cause
    found = getattr(module, function, None)
    if not callable(found):
        known = ", ".join(name for name, value in vars(module).items() if callable(value) and name[0] != "_")
        raise ConfigError(f"reward={path}:{function}: the file has no such function; it has {known or 'none'}")
    called: Callable[..., Any] = found
    return called


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
