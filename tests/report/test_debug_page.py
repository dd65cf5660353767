"""The page of a debugged reward, in a real browser, opened from disk: everything on it follows one cursor."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.report.test_report import Page
from vlmrl.metrics.inspection import Curve, Inspection, Moment, Played
from vlmrl.metrics.over_rewarded import over_rewarded
from vlmrl.report import debug_page
from vlmrl.types import Words

GOAL = 'the <b>pole</b> is "up" & </script><script>boom()</script>'
FPS = 20
LONG, SHORT = 40, 25
PLACE = "parseFloat(document.querySelector('#cursor').getAttribute('x1'))"


def frames(length):
    """Frame ``t`` is grey, at a level of ``20 + 5 t``."""
    level = (20 + 5 * np.arange(length)).astype(np.uint8)
    return np.broadcast_to(level[:, None, None, None], (length, 32, 48, 3)).copy()


def played(name, length, turn):
    steps = np.arange(length)
    oracle = (1 + np.cos(steps / turn)) / 2
    return Played(name, frames(length), oracle, oracle > 0.9, name == "agent", 1_000_000)


def inspection(truth=True):
    """Two episodes, two scores and a shaped reward, three moments of the first score and one of the second."""
    episodes = (played("agent", LONG, 6), played("random", SHORT, 3))
    words = Words.of((GOAL, "another wording"), "a pole")
    scores = [tuple(np.sin(np.arange(len(one.frames)) / turn) for one in episodes) for turn in (5, 9)]
    excess = over_rewarded(np.concatenate(scores[0]), np.concatenate([one.oracle for one in episodes]))
    parted = (excess[:LONG], excess[LONG:])
    first = Curve(GOAL, "goal_baseline with sim_clip, which paid this agent", scores[0], parted, 0.25, words)
    second = Curve("a robot", "cosine with sim_clip", scores[1], parted, None, Words.of("a robot"))
    paid = Curve("Reward after shaping", "what the learner gets", tuple(one - 0.5 for one in scores[0]))
    heat = np.zeros((32, 48), np.float32)
    heat[:8, :8], heat[24:, 40:] = 1.0, -0.5
    moments = tuple(
        Moment(kind, curve, episode, step, episodes[episode].frames[step], 0.5, 0.97, 0.25, 0.125, heat)
        for kind, curve, episode, step in (
            ("over", 0, 0, 12),
            ("over", 0, 1, 7),
            ("under", 0, 0, 30),
            ("over", 1, 0, 3),
        )
    )
    whole = Inspection("a run", "a/b", "6,000 steps", (first, second, paid), episodes, moments, FPS)
    if truth:
        return whole
    film = Played("a film.mp4", frames(LONG))
    blind = replace(first, excess=None, spearman=None, values=(scores[0][0],))
    peak = Moment("high", 0, 0, 8, film.frames[8], 1.0, 1.0)
    return Inspection("a film.mp4", "", "", (blind,), (film,), (peak,), FPS, 2)


@pytest.fixture
def opened(tab, tmp_path):
    """Opens a page from disk; its complaints must be none when the test is over."""

    def load(found=None):
        path = tmp_path / "debug page.html"
        path.write_text(debug_page.page(found or inspection()), encoding="utf-8")
        tab.goto(path.as_uri())
        tab.wait_for_function("document.querySelector('#film').readyState >= 2")
        return tab

    yield load
    assert tab.complaints == []


def settled(tab, step):
    """Wait until the film shows the state that the cursor stands at."""
    tab.wait_for_function(
        f"!document.querySelector('#film').seeking "
        f"&& Math.floor(document.querySelector('#film').currentTime * {FPS}) === {step}"
    )


def pixel(tab):
    """The grey level in the middle of the film."""
    return tab.evaluate("""() => {
        const sheet = document.createElement("canvas").getContext("2d");
        sheet.drawImage(document.querySelector("#film"), 0, 0, 8, 8);
        return sheet.getImageData(4, 4, 1, 1).data[0];
    }""")


def across(tab, step, length=LONG):
    wide = tab.evaluate("document.querySelector('#plot').clientWidth")
    return 8 + (wide - 16) * step / (length - 1)


def test_it_opens_at_the_worst_moment_and_shows_words_as_they_were_written(opened):
    tab = opened()
    assert GOAL in tab.inner_text("h1")
    assert "another wording" in tab.inner_text("header")
    assert tab.inner_text("#now") == "step 13 of 40, 0.7 s"
    settled(tab, 12)
    assert pixel(tab) == pytest.approx(20 + 5 * 12, abs=4)
    assert "Spearman of 0.25" in tab.inner_text(".verdict")
    assert tab.locator("[data-moment='0']").get_attribute("aria-current") == "true"


def test_playing_moves_the_cursor_and_pausing_stands_still(opened):
    tab = opened()
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_function("document.querySelector('#film').currentTime > 1")
    assert tab.inner_text("#play") == "Pause"
    tab.get_by_role("button", name="Pause").click()
    step = int(tab.input_value("#scrub"))
    assert step > 15
    settled(tab, step)
    assert tab.evaluate(PLACE) == pytest.approx(across(tab, step), abs=0.1)
    assert pixel(tab) == pytest.approx(20 + 5 * step, abs=4)


def test_a_film_that_has_ended_plays_again_from_the_start(opened):
    tab = opened()
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Space")
    tab.wait_for_function("document.querySelector('#film').ended")
    assert tab.inner_text("#now").startswith("step 40 of 40")
    assert tab.inner_text("#play") == "Play"
    tab.keyboard.press("Space")
    tab.wait_for_function("!document.querySelector('#film').paused && document.querySelector('#scrub').value > 0")
    assert int(tab.input_value("#scrub")) < 30


def test_scrubbing_moves_cursor_film_and_numbers(opened):
    tab = opened()
    tab.locator("#scrub").fill("31")
    settled(tab, 31)
    assert tab.evaluate(PLACE) == pytest.approx(across(tab, 31), abs=0.1)
    assert pixel(tab) == pytest.approx(20 + 5 * 31, abs=4)
    found = inspection()
    for key, value in [(str(index), curve.values[0][31]) for index, curve in enumerate(found.curves)] + [
        ("truth", found.episodes[0].oracle[31])
    ]:
        shown = tab.inner_text(f"[data-now='{key}']").replace("\N{MINUS SIGN}", "-")
        assert float(shown) == pytest.approx(value, abs=6e-4)
    assert tab.inner_text("[data-now='success']") == ("yes" if found.episodes[0].success[31] else "no")
    said = tab.locator("#scrub").get_attribute("aria-valuetext")
    assert re.fullmatch(r"step 32 of 40, 1\.6 s, score .0\.083, truth 0\.\d+", said)


def test_clicking_and_dragging_in_the_curves_jumps_there(opened):
    tab = opened()
    box = tab.locator("#plot").bounding_box()
    tab.mouse.click(box["x"] + across(tab, 20), box["y"] + 60)
    settled(tab, 20)
    assert tab.input_value("#scrub") == "20"
    tab.mouse.move(box["x"] + across(tab, 20), box["y"] + 60)
    tab.mouse.down()
    for step in range(21, 34):
        tab.mouse.move(box["x"] + across(tab, step), box["y"] + 60)
    tab.mouse.up()
    settled(tab, 33)
    tab.mouse.move(box["x"] + 10, box["y"] + 60)
    assert tab.input_value("#scrub") == "33"


def test_a_listed_moment_is_a_click_away_in_whatever_episode(opened):
    tab = opened()
    tab.get_by_role("button", name="step 31").click()
    settled(tab, 30)
    assert tab.input_value("#episode") == "0"
    tab.get_by_role("button", name="step 8").click()
    settled(tab, 7)
    assert tab.input_value("#episode") == "1"
    assert tab.inner_text("#now") == "step 8 of 25, 0.4 s"
    assert tab.evaluate(PLACE) == pytest.approx(across(tab, 7, SHORT), abs=0.1)
    assert [card.get_attribute("aria-current") for card in tab.locator(".moment").all()] == [None, "true", None, None]
    assert tab.locator("#desk").evaluate("desk => desk.getBoundingClientRect().top") >= -1


def test_the_keyboard_steps_jumps_and_plays(opened):
    tab = opened()
    for key, step in (
        ("ArrowRight", 13), ("ArrowLeft", 12), ("Shift+ArrowRight", 22), ("Home", 0), ("ArrowLeft", 0), ("End", 39),
        ("ArrowRight", 39), ("Shift+ArrowLeft", 29),
    ):  # fmt: skip
        tab.keyboard.press(key)
        assert tab.input_value("#scrub") == str(step), key
        settled(tab, step)
    tab.locator("#scrub").focus()
    tab.keyboard.press("ArrowLeft")
    assert tab.input_value("#scrub") == "28"  # once, not by the slider too
    tab.keyboard.press("Space")
    tab.wait_for_function("!document.querySelector('#film').paused")
    tab.keyboard.press("Space")
    assert tab.evaluate("document.querySelector('#film').paused")
    tab.locator("#next").focus()
    before = int(tab.input_value("#scrub"))
    tab.keyboard.press("Space")  # a button keeps its own key
    assert tab.input_value("#scrub") == str(before + 1)
    assert tab.evaluate("document.querySelector('#film').paused")


def test_everything_can_be_reached_by_name(opened):
    tab = opened()
    for role, name in (
        ("slider", "step"), ("combobox", "Episode"), ("combobox", "Judge"), ("button", "First state"),
        ("button", "Back one state"), ("button", "On one state"), ("button", "Last state"), ("button", "Play"),
        ("group", "Playback"), ("img", "Curves of the episode"), ("button", "Show what carries the score"),
    ):  # fmt: skip
        assert tab.get_by_role(role, name=name).count() == 1, name
    for button in tab.get_by_role("button").all():
        assert button.inner_text().strip() or button.get_attribute("aria-label")


def test_the_legend_hides_and_shows_a_curve(opened):
    tab = opened()
    assert tab.locator("[data-line]").count() == 4
    for key in ("0", "truth"):
        button = tab.locator(f"[data-key='{key}']")
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert tab.locator(f"[data-line='{key}'], [data-dot='{key}']").count() == 0
        tab.keyboard.press("ArrowRight")
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert tab.locator(f"[data-line='{key}'], [data-dot='{key}']").count() == 2
    assert tab.locator("rect.done").count() > 0
    tab.locator("[data-key='success']").click()
    assert tab.locator("rect.done").count() == 0


def test_another_curve_is_judged_by_its_own_moments(opened):
    tab = opened()
    assert tab.get_by_role("button", name="step 4", exact=False).count() == 0
    tab.locator("#about").select_option("1")
    shown = [card.get_attribute("data-moment") for card in tab.locator(".moment").all() if card.is_visible()]
    assert shown == ["3"]
    assert tab.locator("#plot .mark-at").count() == 1


def test_a_map_lies_on_the_film_where_there_is_one(opened):
    tab = opened()
    heat = tab.locator("#heat")
    assert not heat.is_visible()
    tab.get_by_role("button", name="Show what carries the score").click()
    assert heat.is_visible()
    assert tab.locator("[data-moment='2'] .heat").is_visible()
    colours = tab.evaluate("""async () => {
        const map = document.querySelector("#heat");
        await map.decode();
        const sheet = document.createElement("canvas").getContext("2d");
        sheet.drawImage(map, 0, 0);
        return [[2, 2], [45, 30], [24, 16]].map(([x, y]) => [...sheet.getImageData(x, y, 1, 1).data]);
    }""")
    speaks, against, silent = colours
    assert speaks[0] > speaks[2]
    assert speaks[3] > 150
    assert against[2] > against[0]
    assert silent[3] == 0
    tab.keyboard.press("ArrowRight")
    assert not heat.is_visible()
    tab.keyboard.press("ArrowLeft")
    assert heat.is_visible()


def test_another_episode_has_its_own_length_and_truth(opened):
    tab = opened()
    tab.locator("#episode").select_option("1")
    assert tab.inner_text("#now") == "step 1 of 25, 0.1 s"
    assert tab.locator("#scrub").get_attribute("max") == "24"
    tab.locator("#last").click()
    settled(tab, 24)
    assert float(tab.inner_text("[data-now='truth']")) == pytest.approx(inspection().episodes[1].oracle[24], abs=6e-4)


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_by_day_and_by_night(opened, truth, scheme):
    tab = opened(inspection(truth))
    tab.set_viewport_size({"width": 375, "height": 700})
    tab.emulate_media(color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    tab.wait_for_function("document.querySelector('#plot').getAttribute('viewBox').split(' ')[2] < 375")
    paper = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) > 384) == (scheme == "light")
    tab.locator("#plot").click(position={"x": across(tab, 20), "y": 60})
    assert tab.input_value("#scrub") == "20"


def test_a_film_says_that_nobody_knows_the_truth(opened):
    tab = opened(inspection(truth=False))
    assert "no ground truth" in tab.inner_text(".notice")
    assert tab.locator("[data-now='truth'], rect.done, #about, #maps").count() == 0
    assert [heading.inner_text() for heading in tab.locator("h2").all()] == ["Highest scores", "Lowest scores"]
    assert tab.inner_text("#now") == "frame 16 of 78, 0.4 s"
    assert not tab.locator("#episode").is_visible()


def test_a_world_without_truth_is_no_film(opened):
    found = inspection()
    blind = tuple(replace(one, oracle=None, success=None, succeeded=None) for one in found.episodes)
    curves = tuple(replace(curve, excess=None, spearman=None) for curve in found.curves)
    tab = opened(replace(found, world="Hopper-v5", episodes=blind, curves=curves, moments=()))
    assert "Hopper-v5 has no ground truth" in tab.inner_text(".notice")
    assert tab.inner_text("#now").startswith("step 1 of 40")
    assert tab.locator("#episode").is_visible()


def test_one_frame_of_one_score_is_enough(opened):
    one = replace(inspection(truth=False), moments=())
    alone = replace(
        one, episodes=(Played("a.png", frames(1)),), curves=(replace(one.curves[0], values=(np.zeros(1),)),)
    )
    tab = opened(alone)
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text("#now") == "frame 0 of 0, 0.0 s"


def test_a_flat_map_is_clear(opened):
    found = inspection()
    flat = replace(found.moments[0], heat=np.zeros((32, 48), np.float32))
    opened(replace(found, moments=(flat,))).locator("#maps").click()


def test_the_page_needs_nothing_beside_itself(tmp_path):
    path = tmp_path / "debug.html"
    path.write_text(debug_page.page(inspection()), encoding="utf-8")
    page = Page(path)
    assert all(address.startswith("data:") for address in page.addresses)
    assert set(re.findall(r"https?://[^\s\"'<>)]+", page.source)) == {"http://www.w3.org/2000/svg"}  # SVG's own name
    assert "@import" not in page.source


def test_large_frames_are_shrunk_and_small_ones_keep_their_pixels():
    sharp = debug_page._shown(np.arange(48, dtype=np.uint8).reshape(4, 4, 3), 360)
    assert sharp.shape == (256, 256, 3)
    assert (sharp[:64, :64] == sharp[0, 0]).all()
    assert debug_page._shown(np.zeros((720, 1280, 3), np.uint8), 360).shape == (202, 360, 3)
