"""Film a run's agent beside a random one on the same seed, with reward and success drawn on the frames.

vlmrl record runs/demo                             runs/demo/films/*.mp4 and *.gif
vlmrl record runs/demo out=upright.gif seed=1000007
vlmrl record runs/clone task=tabletop/open_drawer       of an agent that reads sentences (agent=vla/bc)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._runs import Trained, trained
from vlmrl.cli._settings import Answer


class RecordSettings(Answer):
    """Settings of ``vlmrl record``."""

    run: Path
    """A run's directory; an argument without = is it."""
    out: tuple[Path, ...] = ()
    """Where to write, ending in .mp4 or .gif; again for several; none: films/ of the run, one of each."""
    seed: NonNegativeInt | None = None
    """Of both episodes; null: the first of the run's evaluation."""
    size: tuple[PositiveInt, PositiveInt] = (360, 360)
    """[height, width] of one agent's picture in pixels."""
    task: str | None = None
    """Of an agent that reads sentences: another task to ask it for; null: the run's own."""
    instruction: str | None = None
    """Of such an agent: what it is told; empty says nothing; null: what the task says."""
    beside: bool = True
    """Show a random agent beside it."""
    checkpoint: Literal["last", "best"] = "last"
    """best is chosen by ground truth, and labelled so."""


SETTINGS = RecordSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb; the run's report is written anew if the film went into its directory."""
    from vlmrl.config.compose import compose

    settings = compose(argv, RecordSettings, positional="run")
    agent = trained(settings.run, settings.checkpoint == "best").asked(settings.task, settings.instruction)
    seed = agent.config.evaluation.seed if settings.seed is None else settings.seed
    paths = [_out.place(path) for path in settings.out or _paths(agent, seed)]
    from vlmrl.video.record import Look, record

    scorer, words = agent.scorer()
    recording = record(
        agent.policy,
        agent.world.task or agent.config.world,
        paths,
        seed,
        scorer,
        words,
        make=partial(agent.world.env, True),
        look=Look(settings.size, _caption(agent), f"{agent.steps:,} steps, {agent.chosen}", beside=settings.beside),
    )
    for path in paths:
        _out.say(str(path))
    told = {"paths": [str(path) for path in paths], "seed": seed, "fps": recording.fps, "steps": recording.agent.steps}
    _out.write(settings.json, {**told, "succeeded": recording.agent.succeeded, "chosen": agent.chosen})
    if not settings.out:
        from vlmrl.report import html

        _out.say(f"report: {html.write(agent.run.path)}")
    return 0


def _caption(agent: Trained) -> str:
    from vlmrl.config.parts import privileged

    if agent.config.agent.imitates:
        return "clone"
    if agent.config.reward.is_oracle:
        return "trained on ground truth"
    return "trained on words and ground truth" if privileged(agent.config) else "trained agent"


def _paths(agent: Trained, seed: int) -> tuple[Path, ...]:
    name = agent.world.config.world.replace("/", "-").replace(":", "-")
    return tuple(agent.run.films / f"{name}-{seed}{ending}" for ending in (".mp4", ".gif"))
