import numpy as np
import pytest
from scipy import stats

from tests.metrics.test_canonical import world
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics import canonical
from vlmrl.metrics.distance import Transitions, dard, epic, starc, starc_samples, td_errors

GAMMA = 0.95
SEEDS = range(30)
FURTHEST = {epic: 1.0, dard: 1.0, starc: 2.0}
MEASURES = list(FURTHEST)


def shaped(reward, seed, scale=4.0, size=10.0):
    potential = np.random.default_rng(seed).normal(scale=size, size=len(reward))
    return scale * reward + GAMMA * potential - potential[:, None, None]


def another(reward, seed):
    return np.random.default_rng(seed + 1000).normal(size=reward.shape)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_shaped_and_scaled_copy_is_the_same_reward(measure):
    for seed in SEEDS:
        chance, reward = world(seed)
        assert measure(chance, reward, shaped(reward, seed), GAMMA) < 1e-9


@pytest.mark.parametrize("measure", MEASURES)
def test_the_negative_is_as_far_as_can_be_shaped_or_not(measure):
    for seed in SEEDS:
        chance, reward = world(seed)
        for opposite in (-reward, shaped(reward, seed, scale=-0.1)):
            assert measure(chance, reward, opposite, GAMMA) == pytest.approx(FURTHEST[measure], abs=1e-9)


@pytest.mark.parametrize("measure", MEASURES)
def test_unrelated_rewards_are_at_a_right_angle_on_average(measure):
    found = [measure(*world(seed, states=12), another(world(seed, 12)[1], seed), GAMMA) for seed in SEEDS]
    assert np.mean(found) == pytest.approx(FURTHEST[measure] / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("measure", MEASURES)
def test_they_are_distances(measure):
    for seed in SEEDS:
        chance, a = world(seed)
        b, c = another(a, seed), a + 0.5 * another(a, seed + 1)
        assert measure(chance, a, b, GAMMA) == pytest.approx(measure(chance, b, a, GAMMA), abs=1e-12)
        assert measure(chance, a, b, GAMMA) <= measure(chance, a, c, GAMMA) + measure(chance, c, b, GAMMA) + 1e-12


@pytest.mark.parametrize("measure", MEASURES)
def test_more_noise_is_further(measure):
    chance, reward = world(3)
    found = [measure(chance, reward, reward + size * another(reward, 3), GAMMA) for size in (0.0, 0.1, 0.5, 2.0)]
    assert found == sorted(found)
    assert found[1] > 0.01


@pytest.mark.parametrize("on_dynamics", [False, True])
def test_epic_and_dard_are_pearsons_distance_of_their_forms(on_dynamics):
    """Drawn as often as they are likely, transitions need no weights: here likely means a multiple of one tenth."""
    rng = np.random.default_rng(0)
    chance = rng.multinomial(10, np.full(4, 0.25), size=(4, 2)) / 10
    r, q = rng.normal(size=(2, 4, 2, 4))
    times = np.round(10 * chance).astype(int).ravel() if on_dynamics else 1
    for measure, forms in (
        (epic, (canonical.epic(r, GAMMA), canonical.epic(q, GAMMA))),
        (dard, (canonical.dard(chance, r, GAMMA), canonical.dard(chance, q, GAMMA))),
    ):
        rho = stats.pearsonr(*(np.repeat(form.ravel(), times) for form in forms)).statistic
        assert measure(chance, r, q, GAMMA, on_dynamics) == pytest.approx(np.sqrt((1 - rho) / 2), abs=1e-12)


def test_what_cannot_happen_moves_epic_and_not_starc():
    """EPIC's known trap: it asks for transitions that no policy can see. DARD's last term asks for some of them."""
    moved: dict = {measure: [] for measure in MEASURES}
    for seed in SEEDS:
        chance, reward = world(seed)
        junk = np.where(chance > 0, reward, 100 * another(reward, seed))
        for measure, found in moved.items():
            found.append(measure(chance, reward, junk, GAMMA))
    assert max(moved[starc]) < 1e-9
    assert min(moved[epic]) > 0.3
    assert np.mean(moved[dard]) > 0.1


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_reward_that_asks_for_nothing_is_half_way(measure, size):
    chance, reward = world(1)
    constant, hollow = np.full_like(reward, size / 3), shaped(0 * reward, 1, size=size)
    for nothing in (constant, hollow):
        assert measure(chance, reward, nothing, GAMMA) == pytest.approx(FURTHEST[measure] / 2, abs=1e-12)
        assert measure(chance, nothing, reward, GAMMA) == pytest.approx(FURTHEST[measure] / 2, abs=1e-12)
    assert measure(chance, constant, hollow, GAMMA) == 0.0


def test_a_reward_that_is_constant_where_the_dynamics_lead_asks_for_nothing():
    states = 7
    chance = np.roll(np.eye(states), 1, axis=1)[:, None, :]
    reward = another(chance, 0)
    flat = 0.1 * chance + 1 / 3
    assert epic(chance, flat, reward, GAMMA, on_dynamics=True) == pytest.approx(0.5)
    assert epic(chance, flat, 2 * flat, GAMMA, on_dynamics=True) == 0.0
    assert epic(chance, flat, reward, GAMMA) > 0.51


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_no_mdp_is_refused(measure):
    chance, reward = world(0)
    with pytest.raises(ShapeError, match=r"\(S, A, S\)"):
        measure(chance, reward, reward[0], GAMMA)
    with pytest.raises(ConfigError, match=r"gamma=1\.0"):
        measure(chance, reward, reward, 1.0)


def rollouts(chance, episodes, length, seed):
    """State, action and next state of a uniform policy, ``(N, 3)``, and the episode of each."""
    rng = np.random.default_rng(seed)
    states, actions = chance.shape[:2]
    state, seen = rng.integers(states, size=episodes), []
    below = np.cumsum(chance, axis=2)
    for _ in range(length):
        action = rng.integers(actions, size=episodes)
        onto = np.minimum((below[state, action] < rng.random(episodes)[:, None]).sum(axis=1), states - 1)
        seen.append(np.stack([state, action, onto], axis=1))
        state = onto
    return np.concatenate(seen), np.tile(np.arange(episodes), length)


def tabular(chance, episodes=40, length=25, seed=0):
    """Steps with one indicator a state, and which entries of a reward they look up."""
    seen, episode = rollouts(chance, episodes, length, seed)
    one = np.eye(len(chance))
    return Transitions(one[seen[:, 0]], one[seen[:, 2]], episode), tuple(seen.T)


def test_samples_of_a_shaped_copy_are_nearer_than_those_of_another_reward():
    for seed in range(8):
        chance, reward = world(seed, states=8)
        steps, at = tabular(chance, seed=seed)
        same, other, opposite = (
            starc_samples(steps, reward[at], q[at], GAMMA, resamples=200)
            for q in (shaped(reward, seed), another(reward, seed), shaped(reward, seed, scale=-2.0))
        )
        assert same.high < 0.01
        assert same.high < other.low <= other.mean <= other.high < opposite.low
        assert opposite.mean == pytest.approx(2.0, abs=1e-3)


def line_world(seed, episodes=30, length=40):
    """A walk on a line from 0 to 1 with walls: what happens where is known, features are a few powers of the place."""
    rng = np.random.default_rng(seed)
    place, seen = rng.random(episodes), []
    for _ in range(length):
        onto = np.clip(place + rng.normal(scale=0.08, size=episodes), 0.0, 1.0)
        seen.append((place, onto))
        place = onto
    before, after = np.concatenate([np.stack(pair) for pair in seen], axis=1)
    return before, after, np.tile(np.arange(episodes), length)


@pytest.mark.parametrize("seed", range(4))
def test_a_potential_that_features_only_come_near_is_still_told_from_another_reward(seed):
    before, after, episode = line_world(seed)
    powers = np.arange(1, 6)
    steps = Transitions(before[:, None] ** powers, after[:, None] ** powers, episode)
    reward = np.exp(-(((after - 0.7) / 0.15) ** 2))
    bumpy = 5 * (GAMMA * np.sin(4 * after) - np.sin(4 * before))
    noisy = np.random.default_rng(seed).normal(scale=0.02, size=len(after))
    same = starc_samples(steps, reward, 2 * reward + bumpy + noisy, GAMMA, resamples=300)
    other = starc_samples(steps, reward, np.exp(-(((after - 0.2) / 0.15) ** 2)), GAMMA, resamples=300)
    assert same.high < other.low
    assert same.mean < 0.3
    assert other.mean > 1.0


def test_single_steps_from_everywhere_give_the_tables_distance():
    chance, reward = world(2)
    other = reward + another(reward, 2)
    steps, at = tabular(chance, episodes=40_000, length=1, seed=2)
    found = starc_samples(steps, reward[at], other[at], GAMMA, resamples=5)
    assert found.mean == pytest.approx(starc(chance, reward, other, GAMMA), abs=0.02)


def test_intervals_hold_the_distance_of_many_episodes_about_as_often_as_they_say():
    held = 0
    for seed in range(40):
        chance, reward = world(seed)
        other = reward + another(reward, seed)
        many, at = tabular(chance, episodes=1000, seed=seed + 100)
        true = starc_samples(many, reward[at], other[at], GAMMA, resamples=1).mean
        steps, at = tabular(chance, seed=seed)
        found = starc_samples(steps, reward[at], other[at], GAMMA, level=0.9, resamples=100)
        held += found.low <= true <= found.high
    assert 0.8 <= held / 40 <= 1.0


def test_errors_of_linear_values_are_what_the_fit_says():
    """LSTD's definition: under the features, the errors vanish."""
    chance, reward = world(4)
    steps, at = tabular(chance)
    left = td_errors(steps, np.column_stack([reward[at], another(reward, 4)[at]]), GAMMA, ridge=0.0)
    np.testing.assert_allclose(steps.before.T @ left, 0.0, atol=1e-8)
    assert np.abs(left).mean() > 0.1


def test_a_constant_feature_and_one_of_another_unit_change_nothing():
    chance, reward = world(4)
    steps, at = tabular(chance)
    unit = np.array([1e6, 1e-6, 1e-6, 1e-6, 1.0, 1.0])
    before, after = (np.column_stack([side, np.full(len(side), 0.1)]) * unit for side in (steps.before, steps.after))
    changed = Transitions(before, after, steps.episode)
    for q in (another(reward, 4)[at], shaped(reward, 4)[at]):
        first = starc_samples(steps, reward[at], q, GAMMA, resamples=10)
        second = starc_samples(changed, reward[at], q, GAMMA, resamples=10)
        assert second.mean == pytest.approx(first.mean, abs=1e-4)


def test_after_a_true_end_there_is_no_potential():
    """Shaping that ends as learners shape it, with a potential of 0 at a true end, changes nothing either."""
    chance, reward = world(5)
    steps, at = tabular(chance)
    ended = np.random.default_rng(5).random(len(steps.before)) < 0.2
    potential = np.random.default_rng(6).normal(size=len(reward))
    copied = reward[at] + GAMMA * np.where(ended, 0.0, potential[at[2]]) - potential[at[0]]
    honest = Transitions(steps.before, steps.after, steps.episode, ended)
    assert starc_samples(honest, reward[at], copied, GAMMA, resamples=10).mean < 0.001
    assert starc_samples(steps, reward[at], copied, GAMMA, resamples=10).mean > 0.05


def test_samples_of_a_reward_that_asks_for_nothing():
    chance, reward = world(1)
    steps, at = tabular(chance)
    constant = np.full(len(steps.before), 0.1)
    found = starc_samples(steps, reward[at], constant, GAMMA, resamples=50)
    assert (found.mean, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))
    assert starc_samples(steps, constant, 3 * constant, GAMMA, resamples=50).high == 0.0


def test_the_order_of_steps_does_not_count():
    chance, reward = world(1)
    steps, at = tabular(chance)
    mixed = np.random.default_rng(0).permutation(len(steps.before))
    r, q = reward[at], another(reward, 1)[at]
    first = starc_samples(steps, r, q, GAMMA, resamples=50)
    second = starc_samples(
        Transitions(steps.before[mixed], steps.after[mixed], steps.episode[mixed]),
        r[mixed],
        q[mixed],
        GAMMA,
        resamples=50,
    )
    assert (second.mean, second.low, second.high) == pytest.approx((first.mean, first.low, first.high), abs=1e-9)


def test_one_episode_has_a_distance_and_no_interval():
    chance, reward = world(1)
    steps, at = tabular(chance, episodes=1, length=200)
    found = starc_samples(steps, reward[at], another(reward, 1)[at], GAMMA)
    assert 0.5 < found.mean < 2.0
    assert np.isnan([found.low, found.high]).all()


def test_steps_that_do_not_fit_are_refused():
    one = np.ones((3, 2))
    with pytest.raises(ShapeError, match=r"before \(3, 2\), after \(2, 2\)"):
        Transitions(one, one[:2], np.zeros(3, dtype=int))
    with pytest.raises(ShapeError, match="N at least 1"):
        Transitions(one[:0], one[:0], np.zeros(0, dtype=int))
    with pytest.raises(ShapeError, match="nan"):
        Transitions(one, one * np.nan, np.zeros(3, dtype=int))
    with pytest.raises(ShapeError, match=r"episode \(2,\): must be \(3,\)"):
        Transitions(one, one, np.zeros(2, dtype=int))
    with pytest.raises(ShapeError, match=r"terminated \(1,\)"):
        Transitions(one, one, np.zeros(3, dtype=int), np.zeros(1, dtype=bool))
    steps = Transitions(one, one, np.arange(3))
    with pytest.raises(ShapeError, match=r"q \(2,\): must be \(3,\)"):
        starc_samples(steps, np.ones(3), np.ones(2), GAMMA)
    with pytest.raises(ConfigError, match="gamma=1"):
        starc_samples(steps, np.ones(3), np.ones(3), 1.0)
    with pytest.raises(ConfigError, match="ridge=-1"):
        starc_samples(steps, np.ones(3), np.ones(3), GAMMA, ridge=-1)
