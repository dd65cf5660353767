"""A check finds what is wrong with a reward, says it for the right reason, and lets good ones pass."""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import pytest

from vlmrl import encoders, rewards
from vlmrl.envs.make import find_task
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.judge.check import check
from vlmrl.judge.sentences import wrong_words
from vlmrl.metrics.verdict import Verdict
from vlmrl.report.check_page import page
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

UPRIGHT = "cartpole/upright"


@cache
def scorer() -> Scorer:
    return Scorer(rewards.load("goal_baseline", encoders.load("sim_clip")))


def from_words(task: str = UPRIGHT) -> Any:
    words = find_task(task).words
    return lambda frames: scorer().frames(frames, words)


@cache
def shipped(task: str) -> Verdict:
    return check(find_task(task), scorer())


@pytest.mark.parametrize("task", [UPRIGHT, "cartpole/left", "pendulum/upright", "walker/stand", "reacher/touch"])
def test_shipped_prompts_pass(task: str) -> None:
    verdict = shipped(task)
    assert verdict.colour in ("green", "amber"), [one for one in verdict.findings if one.colour == "red"]
    assert verdict.seconds < 120


def test_a_constant_is_called_constant() -> None:
    verdict = check(find_task(UPRIGHT), lambda frames: np.full(len(frames), 0.25))
    assert verdict["varies"].colour == "red"
    assert "is constant" in verdict["varies"].reason
    assert verdict["order"].colour == "none"
    assert verdict.colour == "red"


def test_an_inverted_reward_is_called_inverted() -> None:
    good = from_words()
    verdict = check(find_task(UPRIGHT), lambda frames: -good(frames))
    assert verdict["order"].colour == "red"
    assert "inverted" in verdict["order"].reason
    assert verdict["varies"].colour == verdict["repeats"].colour == "green"


def test_a_time_counter_is_told_by_reading_again() -> None:
    ticks = count()
    verdict = check(find_task(UPRIGHT), lambda frames: np.array([next(ticks) for _ in frames], float))
    assert verdict["repeats"].colour == "red"
    assert "depends on when" in verdict["repeats"].reason


def test_a_place_in_the_batch_is_told_by_reading_again() -> None:
    verdict = check(find_task(UPRIGHT), lambda frames: np.linspace(0, 1, len(frames)))
    assert verdict["repeats"].colour == "red"


def test_a_reward_of_the_cameras_place_is_told_by_moving_it() -> None:
    good = from_words()

    def sky(frames: Any) -> Any:
        """The upper rows show nothing but sky, which the state does not change and the camera does."""
        return good(frames) + 20 * frames[:, :6].mean(axis=(1, 2, 3)) / 255

    verdict = check(find_task(UPRIGHT), sky)
    assert verdict["camera"].colour == "red"
    assert "scores move by" in verdict["camera"].reason
    assert verdict["order"].colour == verdict["goal"].colour == "green"


def test_pay_for_falling_over_is_told_by_the_bad_states() -> None:
    lying = Words.of("the robot is lying on the floor", "a walking robot")
    verdict = check(find_task("walker/stand"), scorer(), lying)
    assert verdict["goal"].colour == "red"
    assert "falling over" in verdict["goal"].reason


def test_bad_prompts_rank_below_good_ones() -> None:
    task = find_task(UPRIGHT)
    bad = check(task, scorer(), Words.of("the cart is at the left end of the rail", "a pole on a cart"))
    assert bad.colour == "red"
    assert bad["order"].numbers["spearman"] < shipped(UPRIGHT)["order"].numbers["spearman"]
    assert bad["words"].colour == "red"


def test_better_words_are_better_on_states_that_did_not_choose_them() -> None:
    poor = Words.of("a pole standing upright on a cart", "the cart is at the right end of the rail")
    proposal = check(find_task(UPRIGHT), scorer(), poor).proposal
    assert proposal is not None
    assert proposal.then > proposal.now + 0.02
    model = rewards.load("goal_baseline", scorer().model.encoder, alpha=proposal.alpha)
    better = check(find_task(UPRIGHT), Scorer(model), Words(poor.goal, proposal.baseline))
    assert better["order"].numbers["spearman"] == pytest.approx(proposal.then, abs=0.05)


def test_wrong_words_never_hold_the_goal() -> None:
    task = find_task(UPRIGHT)
    wrong = wrong_words(task, task.words, scorer().model)
    assert not {*task.goal} & {*wrong}
    assert {"a pole hanging down from a cart", *find_task("cartpole/left").goal} <= {*wrong}


def test_the_same_seed_sees_the_same() -> None:
    once, again = (one.to_json()["findings"][:-1] for one in (shipped(UPRIGHT), check(find_task(UPRIGHT), scorer())))
    assert once == again, "all but the cost, which is the last"


@pytest.mark.parametrize(
    ("reward", "error", "said"),
    [
        (lambda frames: np.full(len(frames), np.nan), Abstained, "gave nan for a frame"),
        (lambda frames: np.zeros(3), ShapeError, r"gave scores \(3,\) for"),
    ],
)
def test_what_is_no_score_is_named(reward: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check(find_task(UPRIGHT), reward)


def test_words_that_cannot_be_scored_are_refused_before_anything_is_drawn() -> None:
    with pytest.raises(ConfigError, match="baseline: is missing"):
        check(find_task(UPRIGHT), scorer(), Words.of("a pole"))


def test_a_verdict_is_plain_json_and_one_page() -> None:
    verdict = shipped(UPRIGHT)
    told = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
    assert told["colour"] == verdict.colour
    assert [one["question"] for one in told["findings"]] == [one.question for one in verdict.findings]
    text = page(verdict)
    assert text.count("<img") == len(verdict.best) + len(verdict.worst)
    for finding in verdict.findings:
        assert finding.asks in text
    assert "http" not in text.replace("http-equiv", "")
