"""Every page that is written, opened from disk in a real browser, as wide as a desk's and as narrow as a phone's."""

import numpy as np
import pytest

from tests.report.boards import full
from tests.report.test_report import finish
from vlmrl.metrics.verdict import Finding, Picture, Proposal, Verdict
from vlmrl.report import board_page, check_page, html
from vlmrl.types import Words

PHONE = {"width": 375, "height": 700}


def check_of_a_reward(folder):
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    findings = [
        Finding(colour, f"{colour}: the score of a <b>state</b> & its truth", {}, colour, "Is it any good?")
        for colour in ("red", "amber", "green", "none")
    ]
    shots = tuple(Picture(frame, 0.5, 0.25, False) for _ in range(8))
    words = Words.of("a very long sentence " * 8, "a robot")
    verdict = Verdict(
        "walker/stand", "mine", words, tuple(findings), Proposal(("a robot",), 0.5, 0.1, 0.9), shots, shots
    )
    path = folder / "check.html"
    path.write_text(check_page.page(verdict), encoding="utf-8")
    return path


def report_of_a_run(folder):
    return html.write(finish(folder / "run").path)


def leaderboard(folder):
    path = folder / "leaderboard.html"
    path.write_text(board_page.page(full()), encoding="utf-8")
    return path


@pytest.mark.parametrize("written", [check_of_a_reward, report_of_a_run, leaderboard])
def test_a_page_opens_from_disk_without_a_complaint_and_fits_a_phone(written, tmp_path, tab):
    tab.goto(written(tmp_path).as_uri())
    assert tab.inner_text("h1")
    tab.set_viewport_size(PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert tab.complaints == []
