"""A leaderboard with a bit of everything, made without scoring anything."""

import math

from vlmrl.metrics.board import CONTROL, Board, Cell, Confusion, Contender, Trained
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.sheet import names

TASKS = ("pendulum/upright", "walker/stand", "cartpole/left")
REWARDS = (Contender("goal_baseline", "sim_clip", "shipped"), Contender("a <b>bold</b> one & more.py:f", "", ""))


def full() -> Board:
    who = [Contender("oracle", "", CONTROL), Contender("chance", "", CONTROL), *REWARDS]
    level = dict(zip(who, (1.0, 0.5, 0.93, 0.71), strict=True))
    cells = []
    for one in who:
        for place, task in enumerate(TASKS):
            value = level[one] - 0.03 * place
            measures = {name: Interval(value, value - 0.05, value + 0.04) for name in names()}
            measures["margin"] = Interval(math.inf, math.nan, math.nan)
            measures["grounding"] = Interval(math.nan, math.nan, math.nan)
            cost = math.nan if one.control else 1.5
            said = () if one.control else ("a <i>sentence</i>",)
            shares = {"random": 0.0, "hacker": 1 - value}
            cells.append(Cell(one, task, said, (), (), measures, shares, 400, cost, "abc", "key"))
    trained = [
        Trained(one, task, seed, 30_000, level[one] - 0.1 * seed, 0.5, 50)
        for one in REWARDS
        for task in TASKS
        for seed in (0, 1)
    ]
    rows = tuple(tuple(0.95 if one == other else 0.5 for other in TASKS) for one in TASKS)
    notes = {
        "command": "vlmrl bench goal=<script>alert(1)</script>",
        "part": "held_out",
        "episodes": {task: {"success": 6, "failure": 14} for task in TASKS},
        "python": "3.11",
    }
    return Board(tuple(cells), (Confusion(REWARDS[0], TASKS, rows),), tuple(trained), notes)
