"""Every measure of a leaderboard, against its own definition written out slowly."""

import math

import numpy as np
import pytest

from vlmrl.errors import ShapeError
from vlmrl.metrics.sheet import BEST_OF, MEASURES, Sheet, measured, names, overpaid, way

KINDS = ("random", "still", "trained", "trained", "hacker")


def sheet(score=None, episodes=40, moments=12, seed=0) -> Sheet:
    """Trained agents rise and arrive in the middle, hackers stop half-way, the others wander low."""
    rng = np.random.default_rng(seed)
    actor = tuple(KINDS[row % len(KINDS)] for row in range(episodes))
    rise = np.clip(np.linspace(0, 1.6, moments), 0, 1)
    ways = {"trained": rise, "hacker": 0.5 * rise, "random": 0.2 * rise, "still": 0 * rise}
    oracle = np.stack([ways[name] for name in actor]) * 0.99 + 0.01 * rng.random((episodes, moments))
    done = oracle > 0.9
    return Sheet(
        score=oracle.copy() if score is None else score(oracle, rng),
        oracle=oracle,
        done=done,
        succeeded=done[:, -1],
        actor=actor,
        state=np.stack([oracle, rng.normal(size=oracle.shape)], axis=2),
        wrong=np.zeros((episodes, 2, 2)),
        cycle=np.where(done[:, -1], 1.0, math.nan),
    )


def by_name(found: Sheet) -> dict[str, float]:
    return {measure.name: measure.of(found, resamples=2).mean for measure in MEASURES}


def test_the_oracle_itself_gets_the_best_of_every_measure():
    found = by_name(sheet())
    for name in ("auroc_trained", "auroc_untrained", "average_precision", "spearman", "episode_auroc", "best_of_16"):
        assert found[name] == pytest.approx(1), name
    for name in ("fpr_trained", "fpr_untrained", "hacked", "second_hills"):
        assert found[name] == 0, name
    assert found["value_order"] > 0.95
    assert found["grounding"] == 1
    assert found["margin"] > 5


def test_the_way_back_is_that_of_successes_and_nothing_where_it_was_not_played():
    plain = sheet()
    assert math.isnan(by_name(plain)["reversed_order"])
    back = np.where(plain.succeeded, np.linspace(-1, 1, len(plain.succeeded)), 9.0)
    found = by_name(Sheet(**{**vars(plain), "back": back}))
    assert found["reversed_order"] == pytest.approx(back[plain.succeeded].mean())
    with pytest.raises(ShapeError, match=r"back \(3,\): must hold one for each of 40"):
        Sheet(**{**vars(plain), "back": back[:3]})


def test_the_opposite_gets_the_worst():
    found = by_name(sheet(lambda oracle, rng: -oracle))
    assert found["auroc_trained"] == pytest.approx(0)
    assert found["fpr_trained"] == pytest.approx(1)
    assert found["hacked"] == 1
    assert found["best_of_16"] < 0
    assert found["spearman"] == pytest.approx(-1)


def test_measures_are_what_they_say_on_scores_with_noise_and_ties():
    noisy = sheet(lambda oracle, rng: np.round(oracle + 0.4 * rng.normal(size=oracle.shape), 1), seed=3)
    found = by_name(noisy)
    trained = np.array([name in ("trained", "hacker") for name in noisy.actor])
    done = noisy.score[noisy.done]
    for name, rows in (("trained", trained), ("untrained", ~trained)):
        others = noisy.score[rows][~noisy.done[rows]]
        pairs = np.sign(done[:, None] - others[None])
        assert found[f"auroc_{name}"] == pytest.approx((pairs.mean() + 1) / 2)
        threshold = np.sort(done)[::-1][math.ceil(0.95 * len(done)) - 1]
        assert found[f"fpr_{name}"] == pytest.approx(np.mean(others >= threshold))
    means = noisy.score.mean(axis=1)
    bar = np.median(means[noisy.succeeded])
    assert found["hacked"] == pytest.approx(np.mean(means[~noisy.succeeded] >= bar))
    pool, middle = noisy.score[~noisy.done], np.median(done)
    share = (1 + np.sum(pool > middle) + np.sum(pool == middle) / 2) / (len(pool) + 1)
    assert found["goal_rank"] == pytest.approx(share)


def test_picking_among_sixteen_is_what_drawing_them_says():
    noisy = sheet(lambda oracle, rng: oracle + 0.6 * rng.normal(size=oracle.shape), seed=1)
    rng, picked, best = np.random.default_rng(0), [], []
    score, worth = noisy.score.mean(axis=1), noisy.oracle.mean(axis=1)
    for _ in range(20_000):
        drawn = rng.choice(len(score), BEST_OF, replace=False)
        picked.append(worth[drawn[np.argmax(score[drawn])]])
        best.append(worth[drawn].max())
    expected = (np.mean(picked) - worth.mean()) / (np.mean(best) - worth.mean())
    assert by_name(noisy)["best_of_16"] == pytest.approx(expected, abs=0.01)


def test_the_way_ends_where_it_is_done_for_good():
    assert way(np.array([False, True, False, True, True])) == slice(0, 4)
    assert way(np.array([False, False])) == slice(0, 2)
    assert way(np.array([True, True])) == slice(0, 1)


def test_an_actor_that_is_paid_like_a_success_stands_out():
    loved = sheet(lambda oracle, rng: np.where((oracle > 0.3) & (oracle < 0.6), 2.0, oracle))
    assert overpaid(loved)["hacker"] == 1
    assert overpaid(loved)["still"] == 0
    assert overpaid(sheet())["hacker"] == 0
    assert "trained" not in overpaid(sheet())


def test_a_constant_and_a_lack_of_successes_have_defined_answers():
    constant = by_name(sheet(lambda oracle, rng: np.ones_like(oracle)))
    assert constant["auroc_trained"] == 0.5
    assert constant["fpr_trained"] == 1
    assert constant["value_order"] == 0
    assert math.isnan(constant["spearman"])
    assert constant["best_of_16"] == pytest.approx(0)
    never = sheet()
    never = Sheet(**{**vars(never), "done": np.zeros_like(never.done), "succeeded": np.zeros_like(never.succeeded)})
    found = by_name(never)
    assert all(math.isnan(found[name]) for name in ("auroc_trained", "hacked", "value_order", "goal_rank", "margin"))
    assert overpaid(never) == {}


def test_starc_is_small_for_the_oracle_rescaled_and_large_for_its_opposite():
    near = measured(sheet(lambda oracle, rng: 3 * oracle - 1), resamples=20)
    far = measured(sheet(lambda oracle, rng: -oracle), resamples=20)
    assert set(near) == set(names())
    assert near["starc"].mean < 0.01
    assert far["starc"].mean == pytest.approx(2, abs=0.01)


def test_a_change_of_the_same_episodes_is_seen_where_two_intervals_would_overlap():
    spearman = next(measure for measure in MEASURES if measure.name == "spearman")
    before = sheet(lambda oracle, rng: oracle + 0.30 * rng.normal(size=oracle.shape), seed=5)
    after = Sheet(**{**vars(before), "score": before.score + 0.05 * before.oracle})
    change = spearman.change(before, after, resamples=200)
    assert 0 < change.low < change.mean < change.high
    first, second = spearman.of(before), spearman.of(after)
    assert change.mean == pytest.approx(second.mean - first.mean)
    assert first.high > second.low
    still = spearman.change(before, before, resamples=50)
    assert (still.low, still.mean, still.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", np.full((40, 12), np.nan)),
        ("oracle", np.zeros((40, 11))),
        ("succeeded", np.zeros(39, dtype=bool)),
        ("actor", ("random",) * 41),
    ],
)
def test_what_does_not_fit_is_refused(name, value):
    with pytest.raises(ShapeError, match=name):
        Sheet(**{**vars(sheet()), name: value})
