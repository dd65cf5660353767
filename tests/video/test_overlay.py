from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vlmrl.errors import ShapeError
from vlmrl.video.curve import Curve
from vlmrl.video.letters import face, shortened, wrapped
from vlmrl.video.overlay import Numbers, Panel, bounds_of, side_by_side
from vlmrl.video.palette import DONE, LINE, MUTED, SCORE, TRUTH

FRAME = np.full((120, 160, 3), 90, np.uint8)


def count(image, colour):
    """How many pixels are of about this colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(np.asarray(image).astype(int) - wanted).max(axis=-1) < 12).sum())


@pytest.fixture
def numbers():
    steps = 41
    rise = np.linspace(-0.5, 0.9, steps)
    return Numbers(steps, rise.astype(np.float32), (rise + 1) / 2, rise > 0.5, True)


def test_the_curve_grows_with_the_film(numbers):
    curve = Curve(numbers.score, None, (60, 160), (-0.5, 0.9), colour=SCORE)
    drawn = [count(curve.at(index), SCORE) for index in range(0, 41, 8)]
    assert all(late > early for early, late in pairwise(drawn))
    grey = [count(curve.at(index), LINE) for index in (0, 20, 40)]
    assert grey[0] > grey[1] > grey[2]


def test_higher_values_stand_higher():
    low, high = (Curve(np.full(5, value), None, (60, 160), (0, 1), colour=SCORE).at(4) for value in (0.1, 0.9))
    rows = [np.nonzero((np.asarray(strip) != 255).any(axis=(1, 2)))[0].min() for strip in (low, high)]
    assert rows[1] < rows[0]


def test_a_shorter_episode_takes_less_of_the_same_width():
    whole, half = (Curve(np.zeros(11), None, (60, 160), (-1, 1), steps, colour=SCORE).at(10) for steps in (11, 21))
    ends = [np.nonzero((np.asarray(strip) == [0, 114, 178]).all(axis=-1))[1].max() for strip in (whole, half)]
    assert ends[1] == pytest.approx(ends[0] / 2, abs=6)


def test_the_bar_at_the_foot_is_where_the_task_is_done(numbers):
    curve = Curve(numbers.score, numbers.success, (60, 160), (-0.5, 0.9), colour=SCORE)
    assert count(curve.at(20), DONE) == 0
    assert count(curve.at(40), DONE) > count(curve.at(34), DONE) > 0


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_flat_and_single_values_are_drawn(value):
    strip = Curve(np.array([value]), np.array([True]), (60, 160), (value, value), colour=SCORE).at(0)
    assert count(strip, SCORE) > 5


def test_a_curve_without_values_is_refused():
    with pytest.raises(ShapeError, match="T at least 1"):
        Curve(np.zeros(0), None, (60, 160), (0, 1), colour=SCORE)
    with pytest.raises(ShapeError, match="done"):
        Curve(np.zeros(3), np.zeros(2, bool), (60, 160), (0, 1), colour=SCORE)


def test_the_picture_is_shown_whole_below_its_caption(numbers):
    panel = Panel("trained agent", "64,000 steps", numbers, (120, 160))
    shown = np.asarray(panel.at(FRAME, 0))
    top = next(row for row in range(len(shown)) if (shown[row, 5:-5] == 90).all())
    assert (shown[top : top + 118, 1:-1] == 90).mean() == 1.0


def test_the_mark_appears_when_the_task_is_done_and_the_verdict_at_the_end(numbers):
    panel = Panel("trained agent", "", numbers, (240, 320))
    before, done, end = (np.asarray(panel.at(np.full((240, 320, 3), 90, np.uint8), i))[:200] for i in (10, 38, 40))
    assert count(before, DONE) == 0
    assert count(end, DONE) > count(done, DONE) > 200  # "succeeded" is longer than "done"


def test_a_failed_episode_says_so_in_grey():
    failed = Numbers(3, oracle=np.zeros(3), success=np.array([False, True, True]), succeeded=False)
    end = np.asarray(Panel("a", "", failed, (240, 320)).at(np.full((240, 320, 3), 90, np.uint8), 2))[:200]
    assert count(end, DONE) == 0
    assert count(end, MUTED) > 200


def test_an_episode_that_ended_earlier_keeps_its_last_state(numbers):
    panel = Panel("a", "", numbers, (120, 160), steps=80)
    assert panel.at(FRAME, 40) == panel.at(FRAME, 70)


def test_without_a_score_the_ground_truth_is_drawn():
    panel = Panel("a", "", Numbers(5, oracle=np.linspace(0, 1, 5)), (120, 160))
    assert count(panel.at(FRAME, 4), TRUTH) > 50
    assert count(panel.at(FRAME, 4), SCORE) == 0


def test_without_any_numbers_there_is_only_the_picture():
    assert Panel("a", "", Numbers(5), (120, 160)).at(FRAME, 2).height < 120 + 2 * 30


def test_a_frame_of_another_size_is_refused(numbers):
    with pytest.raises(ShapeError, match="the panel's size"):
        Panel("a", "", numbers, (120, 160)).at(FRAME[:-1], 0)


def test_numbers_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"oracle \(3,\): must be \(4,\)"):
        Numbers(4, oracle=np.zeros(3))


def test_panels_stand_beside_each_other_under_the_sentence():
    panels = [Image.new("RGB", (160, 150), colour) for colour in ("#ff0000", "#0000ff")]
    frame = side_by_side(panels, "a pole standing upright on a cart", "cartpole/upright, seed 7")
    assert frame.dtype == np.uint8
    red = np.argwhere((frame == [255, 0, 0]).all(axis=-1))
    blue = np.argwhere((frame == [0, 0, 255]).all(axis=-1))
    assert len(red) == len(blue) == 160 * 150
    assert red[:, 0].min() == blue[:, 0].min()
    assert red[:, 1].max() < blue[:, 1].min()
    above = frame[: red[:, 0].min()]
    assert (above < 80).any()  # letters
    assert (frame[:, :4] == 255).all()  # a margin


def test_a_long_sentence_takes_more_lines_and_smaller_letters_and_then_no_more():
    panel = Image.new("RGB", (320, 100), "#ff0000")
    heights = [len(side_by_side([panel], "word " * number)) for number in (2, 8, 16, 60, 90)]
    assert heights[0] < heights[1] < heights[2] < heights[3] == heights[4]


def test_no_sentence_and_no_panel():
    panel = Image.new("RGB", (320, 100), "#ff0000")
    assert len(side_by_side([panel], "")) < len(side_by_side([panel], "a"))
    with pytest.raises(ShapeError, match="at least one"):
        side_by_side([], "a")


def test_bounds_hold_all_curves_and_do_not_blow_up_noise(numbers):
    assert bounds_of([numbers, Numbers(2, score=np.array([-2.0, 0.0]))]) == pytest.approx((-2.0, 0.9))
    low, high = bounds_of([Numbers(2, score=np.array([0.5, 0.5001]))])
    assert high - low == pytest.approx(0.1)
    assert bounds_of([Numbers(2)]) == (0.0, 1.0)


def test_words_are_wrapped_to_the_width():
    font = face(20)
    lines = wrapped("the cart is a little right of the middle of its rail", font, 220, most=9)
    assert len(lines) > 1
    assert all(font.getlength(line) <= 220 for line in lines)
    assert " ".join(lines) == "the cart is a little right of the middle of its rail"
    assert wrapped("", font, 100) == [""]


def test_what_does_not_fit_ends_in_an_ellipsis():
    font = face(20)
    assert shortened("upright", font, 500) == "upright"
    cut = shortened("Donaudampfschifffahrtsgesellschaft", font, 120)
    assert cut.endswith("…")
    assert font.getlength(cut) <= 120
    assert len(wrapped("many words " * 40, font, 200)) == 2


@pytest.mark.parametrize(("width", "said"), [(640, "step 7 of 40"), (205, "7 of 40"), (190, "7"), (120, None)])
def test_the_step_is_told_in_as_many_words_as_there_is_room_for(numbers, monkeypatch, width, said):
    told = []
    text = ImageDraw.ImageDraw.text

    def spy(draw, place, words, *more, **named):
        told.append((words, named["anchor"]))
        text(draw, place, words, *more, **named)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    Panel("agent", "", numbers, (120, width)).at(np.full((120, width, 3), 90, np.uint8), 7)
    steps = [words for words, anchor in told if anchor == "rm"]
    assert steps == ([] if said is None else [said])
