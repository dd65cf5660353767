"""Poses and words tried out by hand: the picture follows the pose, the score follows both, from any thread."""

from threading import Thread

import numpy as np
import pytest

from vlmrl import encoders, rewards
from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.judge.evidence import POSES
from vlmrl.judge.playground import Asked, Playground
from vlmrl.rewards.base import FrameReward
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

UP = Words.of("a pendulum pointing straight up", "a pendulum", "a pendulum hanging straight down")
DOWN = Words.of("a pendulum hanging straight down", "a pendulum")


@pytest.fixture(scope="module")
def encoder():
    return encoders.load("sim_clip")


@pytest.fixture(scope="module")
def ground(encoder):
    with Playground(find_task("pendulum/upright"), encoder) as ground:
        yield ground


@pytest.fixture(scope="module")
def reacher(encoder):
    with Playground(find_task("reacher/touch"), encoder) as reacher:
        yield reacher


def test_the_picture_and_the_truth_follow_the_pose(ground):
    up, down = (ground.view(ground.moved(ground.posture("start", 0), [angle])) for angle in (0.0, 3.14))
    assert (up.oracle, down.oracle) == (pytest.approx(1), pytest.approx(0, abs=1e-4))
    assert up.success
    assert not down.success
    assert up.frame.shape == (*ground.encoder.image_size, 3)
    assert up.picture.shape == (480, 480, 3)
    assert (up.frame != down.frame).any()
    assert (up.picture != down.picture).any()


def test_a_pose_gives_the_same_frame_and_score_whatever_was_between(ground):
    posture = ground.moved(ground.posture("start", 0), [1.0])
    before = ground.view(posture).frame
    ground.view(ground.posture("bad", 3))
    ground.posture("start", 9)
    np.testing.assert_array_equal(before, ground.view(posture).frame)


def test_scores_are_those_of_the_scorer(ground, encoder):
    frame = ground.view(ground.posture("goal", 1)).frame
    (reading,) = ground.read(frame, Asked(UP, "goal_baseline", {"alpha": 0.3}))
    scorer = Scorer(rewards.load("goal_baseline", encoder, alpha=0.3))
    assert reading.score == pytest.approx(float(scorer.frames(frame[None], UP)[0]), abs=1e-5)
    assert reading.of_goal.shape == reading.of_bad.shape == (POSES,)
    assert reading.finding.numbers["auroc"] > 0.95
    assert reading.way == pytest.approx(1, abs=0.1)


def test_the_words_decide_which_states_score_higher(ground):
    frame = ground.view(ground.posture("goal", 1)).frame
    (up,), (down,) = (ground.read(frame, Asked(words, "goal_baseline")) for words in (UP, DOWN))
    assert up.score > down.score + 0.1
    assert down.finding.numbers["auroc"] < 0.05
    assert down.finding.colour == "red"
    assert np.isnan(down.way)


def test_several_goals_are_read_one_by_one_and_together(ground):
    frame = ground.view(ground.posture("bad", 1)).frame
    words = Words((*UP.goal, *DOWN.goal), UP.baseline)
    readings = ground.read(frame, Asked(words, "goal_baseline"))
    assert [one.goal for one in readings] == [UP.goal, DOWN.goal, words.goal]
    assert readings[0].score < readings[2].score < readings[1].score


class ByBrightness(FrameReward):
    """A reward that embeds nothing, and counts what it is asked."""

    fingerprint = "by brightness"
    asked = 0

    def __init__(self, encoder) -> None: ...

    def check(self, words) -> None: ...

    def score_frames(self, frames, words):
        ByBrightness.asked += len(frames)
        return frames.float().mean(dim=(1, 2, 3))


def test_a_reward_that_embeds_nothing_is_asked_once_about_the_tasks_states(ground, monkeypatch):
    monkeypatch.setattr(rewards, "load", lambda name, encoder, **keywords: ByBrightness(encoder))
    white = np.full((20, 30, 3), 250, np.uint8)
    (first,) = ground.read(white, Asked(UP, "by_brightness"))
    assert first.score == 250
    asked = ByBrightness.asked
    ground.read(np.full_like(white, 3), Asked(UP, "by_brightness"))
    assert ByBrightness.asked == asked + 1


def test_drawn_postures_are_in_whole_steps_and_within_their_ranges(reacher):
    assert [one.name for one in reacher.coordinates] == ["shoulder", "wrist", "target x", "target y"]
    for kind in ("goal", "bad", "start"):
        for seed in range(20):
            posture = reacher.posture(kind, seed)
            values = reacher.values(posture)
            np.testing.assert_allclose(reacher.moved(posture, values), posture, atol=1e-9)
            assert all(one.low <= value <= one.high for one, value in zip(reacher.coordinates, values, strict=True))
            if kind != "start":
                assert reacher.view(posture).success == (kind == "goal")


def test_the_ball_is_moved_like_a_joint(reacher):
    posture = reacher.posture("goal", 0)
    away = np.array(posture)
    away[2:4] *= -1
    assert reacher.view(away).oracle < 0.8 < reacher.view(posture).oracle


def test_a_posture_becomes_the_ground_truth_of_itself(reacher):
    posture = reacher.posture("goal", 0)
    truth = reacher.truth(posture, ["shoulder", "wrist"])
    assert truth.counts == (0, 1)
    assert truth.turns == (0,)
    np.testing.assert_allclose(truth.mocap_pos[0][:2], posture[2:4], atol=1e-6)
    with pytest.raises(ConfigError, match="one at least"):
        reacher.truth(posture, [])


def test_a_camera_that_follows_hides_how_far_the_robot_has_gone(encoder):
    with Playground(find_task("walker/stand"), encoder) as walker:
        assert {one.name for one in walker.joints} - set(walker.shown) == {"rootx"}


def test_words_that_the_reward_refuses_are_named(ground):
    frame = ground.view(ground.posture("goal", 1)).frame
    with pytest.raises(ConfigError, match="negative: is missing"):
        ground.read(frame, Asked(DOWN, "softmax_negatives"))
    with pytest.raises(ConfigError, match=r"reward\.alpha=2"):
        ground.read(frame, Asked(UP, "goal_baseline", {"alpha": 2.0}))


def test_threads_share_it(ground):
    found: dict[int, float] = {}

    def ask(seed: int) -> None:
        frame = ground.view(ground.posture("bad", seed)).frame
        found[seed] = ground.read(frame, Asked(UP, "goal_baseline"))[0].score

    threads = [Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together, found = dict(found), {}
    for seed in range(6):
        ask(seed)
    assert together == pytest.approx(found)
