"""Print a run's table and write its report: one HTML page with curves, films, words, settings and evaluation.

vlmrl report runs/cartpole/upright/goal_baseline-sac-s0-20261121-101500
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vlmrl.cli import _comparison, _out
from vlmrl.config.schema import Section


class ReportSettings(Section):
    """Settings of ``vlmrl report``."""

    run: Path
    """A run's directory; the word before it may be left out."""


SETTINGS = ReportSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, ReportSettings, positional="run")
    from vlmrl.metrics.evaluation import Comparison
    from vlmrl.report import html

    page = html.write(settings.run)
    judged = page.parent / "evaluation.json"
    if judged.is_file():
        _comparison.show(Comparison.load(judged))
    _out.say(str(page))
    return 0
