"""Judges of pairs: what all of them promise, and what each of them says."""

import socket

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.keypoints.chat_server import serving
from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.errors import Abstained, ConfigError, ShapeError, UnknownName
from vlmrl.find import names
from vlmrl.keypoints.endpoint import KEY
from vlmrl.preferences.judges.base import Judge, Shown
from vlmrl.preferences.judges.vlm import DECIDE, read
from vlmrl.preferences.levels import Moments, decide

OFFLINE = [name for name in names("judge") if name != "vlm"]  # which asks an endpoint, and is asked below


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def sides(count=40, seed=0, film=1):
    """Two sides of random frames, with a truth of each."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (2, count, film, 4, 4, 3), dtype=np.uint8)
    fine = coarse.repeat(8, axis=3).repeat(8, axis=4)
    return [Shown(one, {"oracle": rng.random(count), "success": (rng.random(count) > 0.5) * 1.0}) for one in fine]


def same(one, other):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("film", [1, 3])
@pytest.mark.parametrize("name", OFFLINE)
def test_swapping_the_sides_turns_the_answer(toy_encoder, words, name, film):
    a, b = sides(film=film)
    kind = part("judge", name)
    there, back = (kind(toy_encoder).prefer(one, other, words) for one, other in ((a, b), (b, a)))
    assert np.isfinite(there).any()
    assert there.dtype == np.float32
    same(there, 1 - back)


@pytest.mark.parametrize("name", OFFLINE)
def test_sides_that_look_alike_are_an_abstention(toy_encoder, words, name):
    judge = part("judge", name)(toy_encoder)
    a, b = sides(5)
    assert np.isnan(judge.prefer(a, Shown(a.frames, b.facts), words)).all()
    assert (judge.told["questions"], judge.told["abstained"], judge.told["alike"]) == (5, 5, 5)
    assert judge.prefer(a[[]], a[[]], words).shape == (0,)


@pytest.mark.parametrize("name", OFFLINE)
def test_a_judge_goes_on_as_before(toy_encoder, words, name):
    a, b = sides()
    first, second = (part("judge", name)(toy_encoder) for _ in range(2))
    first.prefer(a, b, words)
    second.recall(first.state())
    assert second.told == first.told
    same(first.prefer(*sides(seed=1), words), second.prefer(*sides(seed=1), words))
    assert second.told == first.told


def test_sides_of_another_size_or_kind_are_refused(toy_encoder, words):
    a, b = sides(3)
    judge = part("judge", "oracle")(toy_encoder)
    with pytest.raises(ShapeError, match="must be frames alike in number and size"):
        judge.prefer(a, b[[0, 1]], words)
    with pytest.raises(ShapeError, match=r"must be uint8 \(B, T, H, W, 3\)"):
        Shown(a.frames[:, 0])
    with pytest.raises(ShapeError, match="must be uint8"):
        Shown(a.frames.astype(float))
    with pytest.raises(ShapeError, match=r"facts\.oracle \(2,\): must be one of each of 3"):
        Shown(a.frames, {"oracle": np.zeros(2)})


class Odd(Judge):
    """Answers what a test wants."""

    def __init__(self, says):
        super().__init__(None)
        self.says = says

    def check(self, words):
        pass

    def _prefer(self, a, b, words):
        return self.says


def test_nonsense_is_a_counted_abstention(words):
    judge = Odd(np.array([0.2, 7.0, -1.0, np.inf, np.nan]))
    a, b = sides(5)
    same(judge.prefer(a, b, words), np.array([0.2, np.nan, np.nan, np.nan, np.nan], np.float32))
    assert (judge.told["nonsense"], judge.told["abstained"]) == (3, 4)
    with pytest.raises(ShapeError, match=r"Odd: gave answers \(5,\) to 4 questions"):
        judge.prefer(a[[0, 1, 2, 3]], b[[0, 1, 2, 3]], words)


def test_the_encoder_judges_as_its_reward_scores(toy_encoder, words):
    a, b = sides()
    judge = part("judge", "encoder")(toy_encoder, by="cosine", margin=0.3)
    answers = judge.prefer(a, b, words)
    model = rewards.load("cosine", toy_encoder)
    scores = [model.score_frames(side.frames[:, 0], words).numpy().astype(float) for side in (a, b)]
    near = 0.3 * np.concatenate(scores).std()
    for answer, one, other in zip(answers, *scores, strict=True):
        if abs(one - other) <= near:
            assert np.isnan(answer)
        else:
            assert answer == (other > one)
    assert 0 < judge.told["abstained"] < 40


def test_a_film_is_worth_the_mean_of_its_frames(toy_encoder, words):
    a, b = sides(film=3)
    answers = part("judge", "encoder")(toy_encoder, by="cosine", margin=0.0).prefer(a, b, words)
    model = rewards.load("cosine", toy_encoder)
    worth = [[model.score_frames(film, words).numpy().mean() for film in side.frames] for side in (a, b)]
    same(answers, (np.array(worth[1]) > np.array(worth[0])).astype(np.float32))


def test_the_oracle_knows_and_abstains_within_its_margin(toy_encoder, words):
    a, b = sides(200)
    answers = part("judge", "oracle")(toy_encoder, margin=0.2).prefer(a, b, words)
    apart = b.facts["oracle"] - a.facts["oracle"]
    same(answers, np.where(np.abs(apart) <= 0.2, np.nan, apart > 0).astype(np.float32))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=st.sampled_from([0.0, 0.1, 0.3, 0.5]), seed=st.integers(0, 5))
def test_the_oracle_errs_as_often_as_it_was_told(words, wrong, seed):
    rng = np.random.default_rng(seed)
    a, b = (Shown(rng.integers(0, 256, (1000, 1, 2, 2, 3), np.uint8), {"oracle": rng.random(1000)}) for _ in range(2))
    judge = part("judge", "oracle")(None, wrong=wrong, seed=seed)
    answers = judge.prefer(a, b, words)
    erred = (answers != (b.facts["oracle"] > a.facts["oracle"])).mean()
    assert abs(erred - wrong) < 4 * np.sqrt(wrong * (1 - wrong) / 1000) + 1e-9
    assert judge.told["turned"] == round(1000 * erred)
    same(answers, judge.prefer(a, b, words))  # asked again it errs again
    same(answers, 1 - judge.prefer(b, a, words))


def test_the_oracle_is_privileged_and_abstains_where_it_does_not_know(toy_encoder, words):
    judge = part("judge", "oracle")(toy_encoder)
    assert judge.privileged
    a, b = sides(3)
    unknown = Shown(b.frames, {"oracle": np.array([np.nan, 0.5, np.nan])})
    assert np.isnan(judge.prefer(a, unknown, words)).tolist() == [True, False, True]
    with pytest.raises(ConfigError, match="no ground truth is known here"):
        judge.prefer(Shown(a.frames), Shown(b.frames), words)


def tree(a, b, margins):
    """HERON's comparison of one pair, as the paper reads."""
    for one, other, margin in zip(a, b, margins, strict=True):
        if one > other + margin:
            return 0.0
        if other > one + margin:
            return 1.0
    return float("nan")


@given(
    values=st.lists(
        st.tuples(*[st.tuples(*[st.floats(-3, 3)] * 3)] * 2),
        min_size=1,
        max_size=20,
    ),
    margins=st.tuples(*[st.floats(0, 2)] * 3),
)
def test_levels_decide_as_the_tree_does(values, margins):
    a, b = (np.array([pair[side] for pair in values]).T for side in (0, 1))
    answers, by = decide(list(a), list(b), margins)
    slow = [tree(one, other, margins) for one, other in zip(a.T, b.T, strict=True)]
    apart = np.abs(b - a)
    sure = np.abs(apart - np.array(margins)[:, None]).min(0) > 1e-9  # where rounding decides, either may
    same(answers[sure], np.array(slow)[sure])
    assert ((by == -1) == np.isnan(answers)).all()


@given(st.lists(st.lists(st.floats(-100, 100), max_size=9), max_size=6))
def test_moments_met_in_parts_are_those_of_all(parts):
    met = Moments()
    for one in parts:
        met.meet(np.array([*one, np.nan]))
    everything = np.concatenate([*parts, []])
    assert met.deviation == pytest.approx(everything.std() if everything.size else 0.0, abs=1e-6)
    assert Moments.of(met.state()) == met


def test_heron_asks_the_second_where_the_first_cannot_tell(toy_encoder, words):
    a, b = sides()
    judge = part("judge", "heron")(toy_encoder, levels=[{"name": "success", "margin": 0}, "goal_baseline"], margin=0.0)
    assert judge.privileged
    assert judge.needs_facts == ("success",)
    answers = judge.prefer(a, b, words)
    scores = part("judge", "encoder")(toy_encoder, margin=0.0).prefer(a, b, words)
    done = [side.facts["success"] for side in (a, b)]
    same(answers, np.where(done[0] == done[1], scores, done[1] > done[0]).astype(np.float32))
    assert judge.told["by_success"] == (done[0] != done[1]).sum()
    less = part("judge", "heron")(toy_encoder, levels=[{"name": "oracle", "lower": True}], margin=0.0)
    same(less.prefer(a, b, words), (b.facts["oracle"] < a.facts["oracle"]).astype(np.float32))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("heron", {"levels": ""}, r"reward\.levels=: must be different names"),
        ("heron", {"levels": "oracle>oracle"}, "must be different names"),
        ("heron", {"levels": "oracle", "margin": -1}, r"reward\.margin=-1: must be a number from 0 on"),
        ("heron", {"levels": [{"name": "oracle", "alpha": 1}]}, "takes no setting alpha"),
        ("heron", {"levels": "roboclip"}, "scores no single frames"),
        ("heron", {"levels": "preference"}, "scores no single frames by itself"),
        ("heron", {"levels": "no_such"}, "reward=no_such: is not known"),
        ("encoder", {"by": "oracle"}, "take reward.judge=oracle, which says so"),
        ("oracle", {"wrong": 0.6}, r"reward\.wrong=0.6: must be a number between 0"),
        ("vlm", {}, r"reward\.endpoint\.base_url: is missing"),
        ("vlm", {"endpoint": {"base_url": "http://127.0.0.1:1/v1", "model": "a", "samples": 3}}, "samples=3"),
    ],
)
def test_settings_that_make_no_judge_are_refused(toy_encoder, name, given, said):
    with pytest.raises(ConfigError, match=said):
        part("judge", name)(toy_encoder, **given)


def test_an_unknown_judge_comes_with_the_nearest():
    with pytest.raises(UnknownName, match=r"judge=oracl: is not known; did you mean oracle\?"):
        part("judge", "oracl")


# The model behind an endpoint.


def vlm(url, **given):
    return part("judge", "vlm")(None, endpoint={"base_url": url, "model": "toy", "timeout": 5, "retries": 0, **given})


def texts(question):
    return next(one["text"] for one in question["messages"][0]["content"] if one["type"] == "text")


def says(*answers):
    """A model that describes, and decides by the order in which its questions come."""
    left = list(answers)
    decides = DECIDE[:40].split("{", maxsplit=1)[0]

    def reply(question):
        if not texts(question).startswith(decides):
            return "Picture 1 is grey, picture 2 as well."
        return left.pop(0) if len(left) > 1 else left[0]

    return reply


def brighter(question):
    """A model that looks: the brighter is nearer."""
    import base64
    import io

    from PIL import Image

    shown = [one for one in question["messages"][0]["content"] if one["type"] == "image_url"]
    if shown:
        seen = [Image.open(io.BytesIO(base64.b64decode(one["image_url"]["url"].partition(",")[2]))) for one in shown]
        first, second = (np.asarray(one).mean() for one in seen)
        return f"They are {first} and {second} bright."
    first, second = (float(word) for word in texts(question).split("They are ")[1].split(" bright")[0].split(" and "))
    return f'{{"nearer": {1 if first > second else 2}}}'


@pytest.mark.parametrize("film", [1, 3])
def test_a_model_that_looks_is_believed(words, film):
    a, b = sides(6, film=film)
    with serving(brighter) as (url, asked):
        answers = vlm(url).prefer(a, b, words)
    same(answers, (b.frames.mean((1, 2, 3, 4)) > a.frames.mean((1, 2, 3, 4))).astype(np.float32))
    assert len(asked.asked) == 6 * 2 * 2  # two orders of two stages
    assert all(words.goal[0] in texts(one) for one in asked.asked)
    kinds = [[part["type"] for part in one["messages"][0]["content"]] for one in asked.asked]
    assert kinds.count(["text", "image_url", "image_url"]) == kinds.count(["text"]) == 12


@pytest.mark.parametrize(
    ("replies", "cause"),
    [
        (['{"nearer": 1}'], "contradicted"),
        (['{"nearer": 0}'], "unsure"),
        (['{"nearer": 1}', '{"nearer": 0}'], "unsure"),
        (["the second, I think"], "unreadable"),
        (['{"nearer": 3}'], "unreadable"),
        (['{"nearer": "1"}'], "unreadable"),
        (['{"nearer": true}'], "unreadable"),
        (['{"nearer": 1} or {"nearer": 2}'], "unreadable"),
    ],
)
def test_what_is_no_clear_answer_is_a_counted_abstention(words, replies, cause):
    with serving(says(*replies)) as (url, _):
        judge = vlm(url)
        judge.parallel = 1
        assert np.isnan(judge.prefer(*sides(1), words)).all()
    assert (judge.told[cause], judge.told["abstained"]) == (1, 1)


def test_an_answer_is_found_among_words():
    assert read('Well. {"nearer": 2}, since it is up.') == 2
    with pytest.raises(Abstained):
        read("")


def test_an_endpoint_that_is_down_is_asked_once(words):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    judge = vlm(f"http://127.0.0.1:{port}/v1")
    judge.parallel = 1
    assert np.isnan(judge.prefer(*sides(9), words)).all()
    assert (judge.told["unanswered"], judge.chat.asked) == (9, 1)
    assert "gave no answer in 1 tries" in judge.fault


def test_an_endpoint_that_refuses_ends_it_with_the_reason(words):
    with serving(401) as (url, _), pytest.raises(ConfigError, match=f"put its key into .* {KEY}"):
        vlm(url).prefer(*sides(2), words)


def test_answers_are_kept_if_asked_and_damaged_ones_asked_anew(words, tmp_path):
    a, b = sides(3)
    with serving(brighter) as (url, asked):
        first = vlm(url, cache=str(tmp_path)).prefer(a, b, words)
        again = vlm(url, cache=str(tmp_path))
        same(again.prefer(a, b, words), first)
        assert len(asked.asked) == 12
        assert again.told["cached"] == 6
        min(tmp_path.glob("*.json")).write_text("{", encoding="utf-8")
        same(vlm(url, cache=str(tmp_path)).prefer(a, b, words), first)
        assert len(asked.asked) == 14
