"""Plans from answers: what they mean in the world, what is none, and what several of them come to."""

import itertools
import json

import numpy as np
import pytest

from tests.keypoints.chat_server import serving
from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.world import state_of
from vlmrl.errors import Abstained, ConfigError
from vlmrl.keypoints.ask import Answer, Scene, Waypoint, medoid, read
from vlmrl.keypoints.build import gauge_of
from vlmrl.keypoints.plan import Plan

GOOD = {"grasp_keypoint": "", "target_keypoint": "2", "waypoints": []}


def said(**changes):
    return json.dumps({**GOOD, **changes})


@pytest.fixture
def ask():
    """Starts an episode planned by an endpoint: the environment, and its first track."""
    envs = []

    def start(url, name="reacher/touch", seed=0, **settings):
        task = find_task(name)
        asked = {"base_url": url, "model": "toy", "timeout": 5, "retries": 0, **settings}
        gauge = gauge_of("keypoints_vlm", {"endpoint": asked}, task, task.words)
        envs.append(make_env(task, gauge=gauge))
        return envs[-1], envs[-1].reset(seed=seed)[1]["frame"]

    yield start
    for env in envs:
        env.close()


def test_a_good_answer_leads_straight_to_its_point(ask):
    with serving(said()) as (url, says):
        env, track = ask(url)
    (plan,) = env.readings.plans
    np.testing.assert_allclose(plan.way, [find_task("reacher/touch").points.named["ball"](state_of(env))])
    assert (plan.target, plan.grasp, plan.planner) == ("ball", "", "toy")
    assert track[0] <= 1
    assert len(says.asked) == 3
    text = says.asked[0]["messages"][0]["content"][0]["text"]
    assert "the finger touches the ball" in text
    assert "numbers: 1, 2." in text


def test_waypoints_are_the_middles_of_their_tiles_at_their_heights(ask):
    answer = said(grasp_keypoint="2", target_keypoint="7", waypoints=[{"tile": "b3", "height": "above"}])
    with serving(f"I think:\n```json\n{answer}\n```") as (url, says):
        env, _ = ask(url, "tabletop/put_red_in_orange", seed=4)
    (plan,), camera = env.readings.plans, env.view().camera
    assert (plan.grasp, plan.target, plan.grasped) == ("red", "orange", 0)
    pixel, _ = camera.project(plan.way[1])
    np.testing.assert_allclose(pixel, [480 * 1.5 / 5, 480 * 2.5 / 5])
    state, named = state_of(env), env.readings._gauge.points.named
    np.testing.assert_allclose(plan.way[0], named["red"](state))
    np.testing.assert_allclose(plan.way[2][:2], named["orange"](state)[:2])
    assert plan.way[2][2] == pytest.approx(plan.way[0][2])
    assert plan.way[1][2] == pytest.approx(plan.way[2][2] + 0.1)
    assert "place" not in says.asked[0]["messages"][0]["content"][0]["text"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("no idea", "holds no JSON object"),
        ("}{", "holds no JSON object"),
        ("{}", "target_keypoint: Field required"),
        ('{"target_keypoint": ""}', "target_keypoint"),
        ("{broken", "holds no JSON object"),
        ('{"target_keypoint": 2, "waypoints": 3}', "the answer is none"),
        (said(target_keypoint="9"), "'9', which is no point to go to"),
        (said(target_keypoint="1"), "'1', which is no point to go to"),
        (said(grasp_keypoint="2"), "brings ball to itself"),
        (said(waypoints=[{"tile": "f3", "height": "same"}]), "tile"),
        (said(waypoints=[{"tile": "a6", "height": "same"}]), "tile"),
        (said(waypoints=[{"tile": "a1", "height": "below"}]), "height"),
        (said(waypoints=[{"tile": "a1", "height": "same"}] * 9), "waypoints"),
    ],
)
def test_an_answer_that_is_no_plan_is_an_abstention_and_never_a_number(ask, answer, why):
    with serving(answer) as (url, _), pytest.raises(Abstained, match="none of 3 answers is a plan") as fault:
        ask(url)
    assert why in str(fault.value)


def test_a_tile_of_sky_is_no_plan(ask):
    task = find_task("tabletop/reach_red")
    env = make_env(task, gauge=gauge_of("keypoints", {}, task, task.words))
    env.reset(seed=0)
    scene = Scene.of(task.points, state_of(env), env.view(), 5.0)  # higher than the camera is
    with pytest.raises(Abstained, match="tile c5 shows nothing"):
        scene.plan(Answer(target_keypoint="2", waypoints=(Waypoint(tile="c5", height="above"),)), "toy")
    env.close()


def test_the_vote_takes_what_most_agree_on_and_counts_what_was_none(ask):
    other = said(target_keypoint="3")
    with serving(other, "nonsense", said(), said(), said()) as (url, _):
        env, _ = ask(url, "tabletop/reach_red", samples=5)
    (plan,) = env.readings.plans
    assert plan.target == "red"
    assert env.readings._gauge.planner.told == {"answers": 5, "plans": 1, "abstained": 1}


def test_the_medoid_is_the_way_nearest_to_the_others():
    start, end = np.zeros(3), np.array([1.0, 0, 0])
    plans = [Plan(np.array([[0.5, off, 0.0], end]), target="a") for off in (0.0, 0.1, 0.2, 0.5, 3.0)]
    assert medoid([*plans, Plan(np.array([end]), target="b")], start) is plans[2]
    slowly = []
    for plan in plans:
        spread = [_at([start, *plan.way], share) for share in np.linspace(0, 1, 24)]
        slowly.append(spread)
    apart = [
        sum(np.mean([np.linalg.norm(np.subtract(a, b)) for a, b in zip(one, two, strict=True)]) for two in slowly)
        for one in slowly
    ]
    assert medoid(plans, start) is plans[int(np.argmin(apart))]


def _at(way, share):
    """The place at a share of a way's length, walked along it."""
    lengths = [float(np.linalg.norm(np.subtract(b, a))) for a, b in itertools.pairwise(way)]
    left = share * sum(lengths)
    for (a, b), length in zip(itertools.pairwise(way), lengths, strict=True):
        if left <= length or b is way[-1]:
            return np.add(a, np.subtract(b, a) * min(left / length, 1.0))
        left -= length
    raise AssertionError


def test_answers_are_kept_by_start_words_and_model(ask, tmp_path):
    with serving(said()) as (url, says):
        env, _ = ask(url, cache=str(tmp_path / "answers"))
        env.reset(seed=0)
        assert len(says.asked) == 3
        ask(url, cache=str(tmp_path / "answers"))  # another program, the same start
        assert len(says.asked) == 3
        ask(url, cache=str(tmp_path / "answers"), seed=1)
        assert len(says.asked) == 6
        ask(url, cache=str(tmp_path / "answers"), temperature=0.1)
        assert len(says.asked) == 9
        for path in (tmp_path / "answers").iterdir():
            path.write_text("{damaged")
        again, _ = ask(url, cache=str(tmp_path / "answers"))
        assert len(says.asked) == 12
    assert again.readings._gauge.planner.told["answers"] == 3


def test_an_endpoint_that_is_down_ends_the_episode_before_it_begins(ask):
    with serving(500) as (url, _), pytest.raises(Abstained, match="gave no answer in 1 tries"):
        ask(url)


def test_without_an_endpoint_nothing_begins():
    task = find_task("reacher/touch")
    with pytest.raises(ConfigError, match=r"reward\.endpoint\.base_url: is missing"):
        gauge_of("keypoints_vlm", {}, task, task.words)


def test_text_around_the_answer_does_no_harm():
    assert read(f"Sure! {said()} Good luck.").target_keypoint == "2"
