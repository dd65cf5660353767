import re

import pytest

from tests.report.boards import full
from vlmrl.metrics.board import Board
from vlmrl.report.board_page import page
from vlmrl.report.heat import heat


@pytest.fixture(scope="module")
def text():
    return page(full())


def test_everything_that_was_measured_is_on_the_page(text):
    for said in ("Which reward means anything?", "goal_baseline", "oracle (control)", "walker/stand", "hacker"):
        assert said in text
    assert "AUROC 0.90 (0.87 to 0.92), where chance is 0.47" in re.sub(r"\s+", " ", text)
    assert "Which number foretold it?" in text


def test_what_users_wrote_is_text_and_no_markup(text):
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>bold" not in text


def test_a_board_of_controls_alone_is_a_page_too():
    board = full()
    text = page(Board(tuple(cell for cell in board.cells if cell.contender.control)))
    assert "Leaderboard" in text
    assert "What agents learned" not in text


def test_shades_go_from_low_to_high_and_the_other_way_round():
    def shades(low, high):
        return re.findall(r"rgb\((\d+)", heat(["", "a", "b"], [("row", [0.0, 1.0])], low, high))

    up, down = shades(0.0, 1.0), shades(1.0, 0.0)
    assert [int(up[0]) > int(up[1]), int(down[0]) < int(down[1])] == [True, True]
    table = heat(["", "a"], [("row", [None]), ("row", [float("nan")])], 0, 1)
    assert table.count('class="none"') == 2


@pytest.fixture
def opened(tab, tmp_path, text):
    path = tmp_path / "leaderboard.html"
    path.write_text(text, encoding="utf-8")
    tab.goto(path.as_uri())
    yield tab
    assert tab.complaints == []


def first_names(tab):
    return tab.eval_on_selector_all("table.sortable tbody tr th", "all => all.map(one => one.textContent)")


def test_a_head_sorts_the_leaderboard_and_again_the_other_way(opened):
    ranked = first_names(opened)
    assert ranked[0] == "oracle (control)"
    head = opened.get_by_role("button", name="Spearman")
    head.click()
    assert first_names(opened) == ranked
    head.click()
    assert first_names(opened) == ranked[::-1]
    assert opened.locator("th[aria-sort=ascending]").count() == 1


def test_a_head_sorts_by_keyboard_and_what_has_no_number_stays_last(opened):
    opened.get_by_role("button", name="ms a frame").focus()
    for _ in range(2):
        opened.keyboard.press("Enter")
        assert {"oracle (control)", "chance (control)"} == set(first_names(opened)[2:])


def test_another_measure_takes_the_place_of_the_first(opened):
    shown = opened.locator(".choice:visible")
    before = shown.count()
    opened.get_by_label("Measure").select_option("starc")
    assert shown.count() == before
    assert opened.locator('.choice[data-choice="starc"]').is_visible()
    assert opened.locator('.choice[data-choice="auroc_trained"]').is_hidden()
