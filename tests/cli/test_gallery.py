"""The gallery: every task with its picture, its words and what is known of it."""

import re

import numpy as np

from vlmrl.cli import main
from vlmrl.report.gallery_page import Exhibit, page

FACTS = {
    **{"name": "world/<b>", "goal": ["a & b"], "truth": "True while c.", "horizon": 9, "who": None},
    **{"random": {"mean": 0.04, "low": 0.0, "high": 0.1}, "knowing": None},
}


def test_the_gallery_shows_the_tasks_that_are_asked_for(tmp_path, capsys, tab):
    assert main(["list", "tasks", "only=*/[ks]*ing", f"gallery={tmp_path}/tasks.html"]) == 0
    assert f"gallery: {tmp_path}/tasks.html" in capsys.readouterr().out
    tab.goto((tmp_path / "tasks.html").as_uri())
    names = tab.locator(".task h3").all_inner_texts()
    assert sorted(names) == ["humanoid/kneeling", "humanoid/sitting", "humanoid/standing"]
    assert tab.locator(".task img").count() == len(names)
    tab.fill(".pick input", "kneeling humanoid")
    shown = tab.locator(".task:visible h3").all_inner_texts()
    assert "humanoid/kneeling" in shown
    assert len(shown) < len(names)
    assert re.search(rf"{len(shown)} of {len(names)} tasks", tab.inner_text(".pick"))
    assert tab.complaints == []


def test_a_pattern_that_nothing_fits_is_named(capsys):
    assert main(["list", "tasks", "only=humanoid"]) == 2
    assert "only=humanoid: none of the tasks fits it" in capsys.readouterr().err


def test_a_task_that_cannot_be_drawn_says_why_and_text_stays_text():
    text = page([Exhibit(FACTS, missing="its <extra> is not installed"), Exhibit(FACTS, np.zeros((4, 4, 3), np.uint8))])
    assert "its &lt;extra&gt; is not installed" in text
    assert "world/&lt;b&gt;" in text
    assert "<dd>4%</dd>" in text
    assert "not measured" in text


def test_only_tasks_have_a_gallery(capsys):
    assert main(["list", "rewards", "--gallery"]) == 2
    assert "gallery: shows tasks" in capsys.readouterr().err
