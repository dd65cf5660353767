"""Rank rewards on labelled episodes, with the simulator as the judge; or compare two such rankings.

  vlmrl bench                                                  every reward with sim-clip, on every task
  vlmrl bench tasks=cartpole,walker/stand rewards=goal_baseline,cosine,mine.py:upright
  vlmrl bench rewards=goal_baseline,goal_baseline:alpha=0 prompts=shipped,prompts.yaml encoders=sim_clip,vit_b_32
  vlmrl bench tasks=pendulum seeds=3                           and train an agent with each, three times
  vlmrl bench compare runs/before runs/after                   what got worse; the status is 1 if anything did

Scores and results are kept in the folder out=; whoever calls again with more rewards waits for the new alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import NonNegativeInt, PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.envs.task import Task
    from vlmrl.judge.bench.entry import Entry
    from vlmrl.judge.recorded import Recorded
    from vlmrl.metrics.board import Board, Trained

WORSE = 1
"""Exit status of a comparison in which something got worse."""
SHOWN = ("auroc_trained", "spearman", "episode_auroc", "value_order", "cycle_order", "hacked", "starc")
"""Measures of the table on the terminal, beside what a frame costs; the page and the files have all."""


class BenchSettings(Answer):
    """Settings of ``vlmrl bench``."""

    tasks: str = "all"
    """Names or domains with commas between: cartpole,walker/stand; all: every task that episodes come with."""
    rewards: str = "all"
    """Rewards with commas between; goal_baseline:alpha=0 changes a setting, FILE.py:FUNCTION is your own code; all:
    every reward of vlmrl."""
    encoders: str = "sim_clip"
    """Encoders with commas between; FILE.py:FUNCTION needs none."""
    prompts: str = "shipped"
    """Sets of sentences with commas between: shipped, and YAML files (see docs/benchmarking.md)."""
    episodes: tuple[Path, ...] = ()
    """Files that `vlmrl collect` wrote, in place of those that come with the package; again for several."""
    part: Literal["held_out", "open", "all"] = "held_out"
    """Which episodes: open are those by which words and settings may be chosen."""
    moments: PositiveInt = 40
    """Of each episode that are drawn and scored."""
    resamples: PositiveInt = 300
    """For the intervals."""
    seeds: NonNegativeInt = 0
    """Trainings with each reward in each task, for what no offline number can promise; 0: none."""
    steps: PositiveInt | None = None
    """Environment steps of each training; null: the agent's own."""
    out: Path = Path("runs/bench")
    """Folder for scores, results and the page; called again, it goes on."""


SETTINGS = BenchSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    if argv and argv[0] == "compare":
        return _compare(argv[1:])
    from vlmrl.config.compose import compose

    settings = compose(argv, BenchSettings)
    board = _board(settings, [*argv])
    from vlmrl.config.atomic import write_text
    from vlmrl.report.board_page import page

    board.save(settings.out)
    write_text(settings.out / "leaderboard.html", page(board))
    _out.write(settings.json, board.to_json())
    _show(board)
    _out.say(f"page: {settings.out / 'leaderboard.html'}; numbers: bench.csv and bench.json beside it")
    return 0


def _board(settings: BenchSettings, argv: Sequence[str]) -> Board:
    from dataclasses import replace

    from vlmrl.cli._entries import entries
    from vlmrl.config.versions import versions
    from vlmrl.judge.bench.run import Plan, bench

    episodes = _episodes(settings)
    taking_part = entries(settings.rewards, settings.encoders, settings.prompts)
    plan = Plan(settings.moments, settings.resamples)
    board = bench(episodes, taking_part, settings.out, plan, _out.say)
    counted = {name: dict(_counted(task, recorded)) for name, (task, recorded) in episodes.items()}
    notes = {"command": " ".join(["vlmrl", "bench", *argv]), **versions(), "part": settings.part, "episodes": counted}
    board = replace(board, notes=notes)
    if settings.seeds:
        board.save(settings.out)  # before hours of training
        for found in _trained(settings, [task for task, _ in episodes.values()], taking_part):
            board = replace(board, trained=(*board.trained, found))
            board.save(settings.out)
    return board


def _episodes(settings: BenchSettings) -> dict[str, tuple[Task, Recorded]]:
    from vlmrl.envs.make import find_task
    from vlmrl.judge.recorded import Recorded, checked, shipped, shipped_tasks

    if settings.episodes:
        loaded = [Recorded.load(path) for path in settings.episodes]
        given = {one.task: one for one in loaded}
        if len(given) < len(loaded):
            raise ConfigError("episodes: two files are of the same task; give one for each task")
        known = list(given)
    else:
        given, known = {}, list(shipped_tasks())
    found = {}
    for name in _asked_for(settings.tasks, known):
        task = find_task(name)
        found[name] = task, (checked(given[name], task) if given else shipped(task)).part(settings.part)
    return found


def _asked_for(tasks: str, known: Sequence[str]) -> list[str]:
    """Tasks by name or domain.

    Raises:
        UnknownName: one that has no episodes.
    """
    from vlmrl.errors import UnknownName

    if tasks == "all":
        return list(known)
    found: list[str] = []
    for asked in tasks.split(","):
        names = [name for name in known if asked in (name, name.split("/")[0])]
        if not names:
            raise UnknownName("tasks", asked, known)
        found += names
    return list(dict.fromkeys(found))


def _counted(task: Task, recorded: Recorded) -> Any:
    from collections import Counter

    return Counter(recorded.outcomes(task)).items()


def _trained(settings: BenchSettings, tasks: Sequence[Task], taking_part: Sequence[Entry]) -> Iterator[Trained]:
    from vlmrl.cli._learner import learner
    from vlmrl.judge.bench.second_stage import second_stage

    learns = [entry for entry in taking_part if entry.contender.encoder]
    left = [entry.contender.reward for entry in taking_part if not entry.contender.encoder]
    if left:
        _out.say(f"not trained with: {', '.join(left)}; functions of your own are judged offline alone")
    train = learner(settings.out / "runs", settings.steps)
    yield from second_stage(tasks, learns, range(settings.seeds), train, _out.say)


def _show(board: Board) -> None:
    from math import isnan

    from vlmrl.metrics.board import shown

    ranked = board.ranked("auroc_trained")
    labels = dict(zip(ranked, shown(ranked), strict=True))
    told = [(one, {name: board.mean(one, name) for name in SHOWN}) for one in ranked]
    cost = {one: None if isnan(board.milliseconds(one)) else board.milliseconds(one) for one in ranked}
    _out.table([{"reward": labels[one], **row, "ms a frame": cost[one]} for one, row in told])


def _compare(argv: Sequence[str]) -> int:
    if len(argv) != 2 or any("=" in one for one in argv):
        raise ConfigError("compare: takes two folders that `vlmrl bench` wrote, the earlier first")
    from vlmrl.judge.bench.change import compared
    from vlmrl.metrics.board import shown

    found = compared(Path(argv[0]), Path(argv[1]), _out.say)
    label = dict(zip(who := list({one.contender: None for one in found}), shown(who), strict=True))
    clear = sorted((one for one in found if one.side != "unclear"), key=lambda one: one.side, reverse=True)
    _out.table(
        [
            {
                "": one.side,
                "reward": label[one.contender],
                "task": one.task,
                "measure": one.measure,
                "before": one.before,
                "after": one.after,
                "change": one.change,
            }
            for one in clear
        ]
    )
    worse = sum(one.side == "worse" for one in clear)
    _out.say(f"of {len(found)} measures {worse} got worse and {len(clear) - worse} better; the rest is within noise")
    return WORSE if worse else 0
