"""The page of a benchmark: who leads, in which task, where each is hacked, and which words pass for others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from vlmrl.metrics.board import Board, Confusion, Contender, shown
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.reliable import improvement, stratified_iqm
from vlmrl.metrics.sheet import ABOUT, HIGHER, STARC
from vlmrl.report.document import document, section
from vlmrl.report.heat import breakable, heat
from vlmrl.report.table import DASH, number, span, whisker
from vlmrl.video.palette import SCORE, TRUTH

FIRST = "auroc_trained"
"""The measure that ranks."""
COLUMNS = {
    FIRST: "AUROC, trained agents",
    "fpr_trained": "false positives",
    "spearman": "Spearman",
    "episode_auroc": "AUROC, episodes",
    "hacked": "hacked",
    "goal_rank": "goal rank",
    "value_order": "value order",
    "cycle_order": "to and fro",
    STARC: "STARC",
}
"""Measures of the leaderboard, and their heads."""
UNIT = ("auroc", "fpr", "average", "spearman", "episode_auroc", "hacked", "grounding", "goal_rank")
"""Beginnings of the names of measures that lie in [0, 1] as far as a reward is any good."""


def page(board: Board) -> str:
    """A whole page of HTML."""
    ranked = board.ranked(FIRST)
    label = dict(zip(ranked, shown(ranked), strict=True))
    body = (
        _head(board, ranked, label)
        + section("Leaderboard", _leaderboard(board, ranked, label))
        + section("Task by task", _by_task(board, ranked, label))
        + section("Where each is hacked", _hacked(board, ranked, label))
        + section("Words against tasks", _confusions(board, label))
        + section("What agents learned from them", _trained(board, ranked, label))
        + section("The episodes", _episodes(board))
        + section("The measures", _measures())
        + section("How it was made", _made(board))
    )
    return document("Leaderboard of rewards", body, own="board_page")


def _head(board: Board, ranked: Sequence[Contender], label: dict[Contender, str]) -> str:
    rewards = [one for one in ranked if not one.control]
    tasks = len(board.tasks)
    kicker = f"bench &middot; {len(rewards)} rewards &middot; {tasks} task{'s' if tasks > 1 else ''}"
    said = ""
    if rewards:
        best = board.mean(rewards[0], FIRST)
        chance = next((board.mean(one, FIRST).mean for one in ranked if one.control and one.reward == "chance"), 0.5)
        said = (
            f'<p class="verdict"><b>{escape(label[rewards[0]])}</b> tells best when a task is done: against trained '
            f"agents that have not done it, AUROC {number(best.mean)} ({span(best)}), where chance is "
            f"{number(chance)} and the oracle 1.{_level(board, rewards, label)}</p>"
        )
    return f'<header>\n<p class="kicker">{kicker}</p>\n<h1>Which reward means anything?</h1>\n</header>\n{said}\n'


def _level(board: Board, rewards: Sequence[Contender], label: dict[Contender, str]) -> str:
    """Who cannot be told from the first: whose interval reaches the first's."""
    first = board.mean(rewards[0], FIRST)
    level = [escape(label[one]) for one in rewards[1:] if board.mean(one, FIRST).high >= first.low]
    return f" Not to be told from it: {', '.join(level)}." if level else ""


def _leaderboard(board: Board, ranked: Sequence[Contender], label: dict[Contender, str]) -> str:
    heads = "".join(
        f'<th scope="col" title="{escape(ABOUT[name])}"><button type="button">{escape(title)} '
        f"{'&uarr;' if HIGHER[name] else '&darr;'}</button></th>"
        for name, title in COLUMNS.items()
    )
    rows = "".join(
        f'<tr{_muted(one)}><th scope="row">{breakable(label[one])}</th>'
        + "".join(_number(board.mean(one, name), name) for name in COLUMNS)
        + f"{_cost(board, one)}</tr>\n"
        for one in ranked
    )
    return (
        '<div class="scroll"><table class="board sortable"><thead><tr><th scope="col">Reward</th>'
        f'{heads}<th scope="col"><button type="button">ms a frame &darr;</button></th></tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>"
        '<p class="small">Means over tasks with 95 % intervals, whole episodes drawn anew. &uarr; higher is better, '
        "&darr; lower; a click on a head sorts. Controls are no rewards: the oracle is the truth itself, the clock "
        "counts time, chance draws numbers.</p>"
    )


def _muted(contender: Contender) -> str:
    return ' class="control"' if contender.control else ""


def _number(value: Interval, name: str) -> str:
    if math.isnan(value.mean):
        return f'<td class="none" data-value="">{DASH}</td>'
    drawn = whisker(value, SCORE) if name == FIRST else ""
    return f'<td data-value="{value.mean:.6g}">{number(value.mean)}<span class="range">{span(value)}</span>{drawn}</td>'


def _cost(board: Board, contender: Contender) -> str:
    middle = board.milliseconds(contender)
    if math.isnan(middle):
        return f'<td class="none" data-value="">{DASH}</td>'
    return f'<td data-value="{middle:.6g}">{number(middle)}</td>'


def _by_task(board: Board, ranked: Sequence[Contender], label: dict[Contender, str]) -> str:
    """A shaded table for each measure; the page shows one at a time."""
    tables = "".join(
        f'<div class="choice" data-choice="{name}"{"" if name == FIRST else " hidden"}>'
        f'<p class="small">{escape(ABOUT[name][:1].upper() + ABOUT[name][1:])}; '
        f"{'higher' if HIGHER[name] else 'lower'} is better. Darker is better.</p>"
        f"{_table(board, ranked, label, name)}</div>\n"
        for name in ABOUT
    )
    options = "".join(f'<option value="{name}">{escape(name.replace("_", " "))}</option>' for name in ABOUT)
    return f'<label class="pick">Measure <select>{options}</select></label>\n{tables}'


def _table(board: Board, ranked: Sequence[Contender], label: dict[Contender, str], name: str) -> str:
    rows = []
    for one in ranked:
        cells = {cell.task: cell.measures[name].mean for cell in board.of(one)}
        rows.append((label[one], [cells.get(task) for task in board.tasks]))
    known = [value for _, values in rows for value in values if value is not None and math.isfinite(value)]
    low, high = _range(name, known)
    if not HIGHER[name]:
        low, high = high, low
    return heat(["Reward", *board.tasks], rows, low, high)


def _range(name: str, known: Sequence[float]) -> tuple[float, float]:
    if "auroc" in name:
        return 0.5, 1.0
    if name.startswith(UNIT):
        return 0.0, 1.0
    return (min(known), max(known)) if known else (0.0, 1.0)


def _hacked(board: Board, ranked: Sequence[Contender], label: dict[Contender, str]) -> str:
    actors = list(dict.fromkeys(actor for cell in board.cells for actor in cell.overpaid))
    if not actors:
        return ""
    rows: list[tuple[str, list[float | None]]] = []
    for one in ranked:
        cells = board.of(one)
        row: list[float | None] = []
        for actor in actors:
            shares = [cell.overpaid[actor] for cell in cells if actor in cell.overpaid]
            row.append(sum(shares) / len(shares) if shares else None)
        rows.append((label[one], row))
    marked = [_most(row) for _, row in rows]
    return (
        heat(["Reward", *actors], rows, 0.0, 1.0, marked)
        + '<p class="small">Of the failed episodes of each actor, the share that is paid at least as much as the '
        "median success of its task; mean over tasks. Darker is worse, and the worst of each reward is outlined.</p>"
    )


def _most(shares: Sequence[float | None]) -> int | None:
    """Where the largest share stands; None where there is none above 0."""
    known = [share or 0.0 for share in shares]
    return known.index(max(known)) if max(known) > 0 else None


def _confusions(board: Board, label: dict[Contender, str]) -> str:
    if not board.confusions:
        return ""
    options = "".join(f"<option>{escape(label[one.contender])}</option>" for one in board.confusions)
    tables = "".join(
        f'<div class="choice" data-choice="{escape(label[one.contender])}"{"" if not place else " hidden"}>'
        f"{_confusion(one)}</div>\n"
        for place, one in enumerate(board.confusions)
    )
    return (
        f'<label class="pick">Reward <select>{options}</select></label>\n{tables}'
        '<p class="small">Each row has the words of one task, each column the moments of one: AUROC of those in which '
        "it is done against those in which it is not. The words should find their own task (outlined) and be near "
        "0.5 in worlds of which they say nothing; tasks of one world may mean the same, or the opposite (near 0).</p>"
    )


def _confusion(one: Confusion) -> str:
    rows = [(name, row) for name, row in zip(one.tasks, one.auroc, strict=True)]
    return heat(["Words of", *one.tasks], rows, 0.0, 1.0, list(range(len(one.tasks))))


def _trained(board: Board, ranked: Sequence[Contender], label: dict[Contender, str]) -> str:
    learned = [one for one in ranked if board.reached(one)]
    if not learned:
        return ""
    everywhere = {one: board.reached(one) for one in learned}
    order = sorted(learned, key=lambda one: -stratified_iqm(list(everywhere[one].values())).mean)
    first = everywhere[order[0]]
    rows = ""
    for one in order:
        runs = everywhere[one]
        middle = stratified_iqm(list(runs.values()))
        both = [task for task in runs if task in first]
        beats = improvement([runs[task] for task in both], [first[task] for task in both]) if both else None
        by_task = "; ".join(
            f"{escape(task)} {', '.join(number(value) for value in seeds)}" for task, seeds in runs.items()
        )
        rows += (
            f'<tr><th scope="row">{breakable(label[one])}</th>{_number(middle, FIRST)}'
            f"{_number(beats, '') if beats and one != order[0] else f'<td class=none>{DASH}</td>'}"
            f'<td class="small">{by_task}</td></tr>\n'
        )
    steps = sorted({one.steps for one in board.trained})
    taken = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    return (
        '<div class="scroll"><table class="board"><thead><tr><th scope="col">Reward</th><th scope="col">Success</th>'
        f'<th scope="col">Beats the first</th><th scope="col">By task and seed</th></tr></thead><tbody>\n{rows}'
        "</tbody></table></div>"
        f'<p class="small">Success by ground truth of agents trained with each reward, {taken} '
        "steps: interquartile mean over tasks and seeds, and the probability that a run beats one of the first row's, "
        f"with stratified bootstrap intervals where there are several seeds (Agarwal et al., 2021).</p>"
        f"{_foretold(board)}"
    )


def _foretold(board: Board) -> str:
    found = {name: board.foretold(name) for name in ABOUT}
    known = sorted((name for name in found if not math.isnan(found[name].mean)), key=lambda name: -found[name].mean)
    if not known:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
        f'<td>{number(found[name].mean)}<span class="range">{span(found[name])}</span>'
        f"{whisker(found[name], TRUTH)}</td>"
        f'<td class="small">{escape(ABOUT[name])}</td></tr>\n'
        for name in known
    )
    return (
        "<h3>Which number foretold it?</h3>"
        f'<div class="scroll"><table class="board"><tbody>\n{rows}</tbody></table></div>'
        '<p class="small">Spearman&rsquo;s correlation, over rewards and tasks, of each measure and the success of the '
        "agents; its sign is turned where lower is better, so that 1 foretold everything.</p>"
    )


def _episodes(board: Board) -> str:
    counted: Any = board.notes.get("episodes", {})
    if not counted:
        return ""
    kinds = ("success", "near miss", "failure")
    rows = "".join(
        f'<tr><th scope="row">{escape(task)}</th>'
        + "".join(f"<td>{counts.get(kind, 0)}</td>" for kind in kinds)
        + f"<td>{sum(counts.values())}</td></tr>\n"
        for task, counts in counted.items()
    )
    heads = "".join(f'<th scope="col">{kind}</th>' for kind in kinds)
    return (
        f'<div class="scroll"><table><thead><tr><th scope="col">Task</th>{heads}<th scope="col">all</th></tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>"
        '<p class="small">By the simulator&rsquo;s ground truth. A near miss was done at some moment and not held. '
        f"Part: {escape(str(board.notes.get('part', 'all')).replace('_', ' '))}.</p>"
    )


def _measures() -> str:
    rows = "".join(
        f"<li><b>{escape(name.replace('_', ' '))}</b>: {escape(about)} "
        f"({'higher' if HIGHER[name] else 'lower'} is better)</li>\n"
        for name, about in ABOUT.items()
    )
    return f"<ul>\n{rows}</ul>"


def _made(board: Board) -> str:
    command = board.notes.get("command")
    told = {key: board.notes.get(key) for key in ("python", "platform", "processors", "commit")}
    said = "; ".join(f"{key} {value}" for key, value in told.items() if value is not None)
    return (f"<pre>{escape(str(command))}</pre>" if command else "") + (
        f'<p class="small">{escape(said)}</p>' if said else ""
    )
