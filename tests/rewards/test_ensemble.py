"""An ensemble's number is what its members say, put on one scale and combined as the papers write it."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vlmrl import rewards
from vlmrl.errors import Abstained, ConfigError, UnknownName
from vlmrl.rewards._ensemble import combine
from vlmrl.rewards.cosine import Cosine
from vlmrl.rewards.ensemble import Ensemble
from vlmrl.scoring import Scorer
from vlmrl.types import Words

said = arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(0, 5)), elements=st.floats(-3, 3))
units = arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(0, 5)), elements=st.floats(0, 1))


def each(values: Any, slow: Any) -> Any:
    """A formula frame by frame, over plain numbers."""
    return np.array([slow([float(one) for one in column]) for column in values.T])


def deviation(column: list[float]) -> float:
    mean = sum(column) / len(column)
    return float((sum((one - mean) ** 2 for one in column) / len(column)) ** 0.5)


@given(values=said, k=st.floats(0, 3))
def test_the_mean_less_deviations_as_it_reads(values: Any, k: float) -> None:
    slow = each(values, lambda column: sum(column) / len(column) - k * deviation(column))
    fast = combine.mean_minus_std(torch.from_numpy(values), k)
    np.testing.assert_allclose(fast, slow, atol=1e-9)


@given(values=said, neutral=st.floats(-2, 2), doubt=st.floats(0.1, 5))
def test_doubt_shrinks_towards_what_is_neutral_as_it_reads(values: Any, neutral: float, doubt: float) -> None:
    slow = each(values, lambda one: neutral + (sum(one) / len(one) - neutral) * float(np.exp(-deviation(one) / doubt)))
    fast = combine.Uncertainty(doubt, neutral).combine(torch.from_numpy(values), None)
    np.testing.assert_allclose(fast, slow, atol=1e-9)


@given(values=said)
def test_the_signed_geometric_mean_as_it_reads(values: Any) -> None:
    def slow(column: list[float]) -> float:
        sign = 1 if all(one >= 0 for one in column) else -1
        return float(sign * np.prod(np.abs(column)) ** (1 / len(column)))

    fast = combine.signed_geometric_mean(torch.from_numpy(values))
    np.testing.assert_allclose(fast, each(values, slow), atol=1e-9)
    assert not torch.signbit(fast[fast == 0]).any()


def test_two_members_below_zero_do_not_make_a_number_above_it() -> None:
    assert float(combine.signed_geometric_mean(torch.tensor([[-0.5], [-0.5]]))) == pytest.approx(-0.5)


@given(values=units, bounds=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_a_member_counts_while_all_before_it_exceed_their_thresholds(values: Any, bounds: list[float]) -> None:
    bounds = bounds[: len(values) - 1]

    def slow(column: list[float]) -> float:
        total = 0.0
        for place, one in enumerate(column):
            if all(column[before] > bounds[before] for before in range(place)):
                total += one
        return total / len(column)

    np.testing.assert_allclose(
        combine.Gated(bounds).combine(torch.from_numpy(values), None), each(values, slow), atol=1e-9
    )


@given(values=units)
def test_a_soft_factor_can_only_take_away_and_one_that_is_kept_takes_nothing(values: Any) -> None:
    product = combine.Product().combine(torch.from_numpy(values), None).numpy()
    np.testing.assert_allclose(product, each(values, lambda column: float(np.prod(column))), atol=1e-9)
    assert (product <= values[0] + 1e-9).all()
    kept = np.concatenate([values[:1], np.ones_like(values[1:])])
    np.testing.assert_array_equal(combine.Product().combine(torch.from_numpy(kept), None), values[0])


@given(values=said, k=st.floats(0, 3))
def test_no_combination_leaves_the_bounds_that_it_tells(values: Any, k: float) -> None:
    for rule in (
        combine.Mean(),
        combine.MeanMinusStd(k),
        combine.Worst(),
        combine.Uncertainty(1.0, 0.5),
        combine.Krc(),
    ):
        low, high = rule.bounds(-3.0, 3.0)
        found = rule.combine(torch.from_numpy(values), None)
        assert low is not None
        assert high is not None
        assert ((found >= low - 1e-9) & (found <= high + 1e-9)).all()


@given(values=said)
def test_all_but_the_ordered_ones_ask_nobody_first(values: Any) -> None:
    rng = np.random.default_rng(len(values))
    mixed = torch.from_numpy(values[rng.permutation(len(values))])
    for rule in (combine.MeanMinusStd(), combine.Worst(), combine.Uncertainty(1.0, 0.0), combine.Krc()):
        np.testing.assert_allclose(
            rule.combine(mixed, None), rule.combine(torch.from_numpy(values), None), atol=1e-9, rtol=1e-9
        )


@pytest.fixture
def noise() -> Any:
    coarse = np.random.default_rng(3).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((1, 8, 8, 1), dtype=np.uint8))


def test_members_are_moved_to_one_scale_before_they_are_combined(toy_encoder, frames, words, noise):
    """Slowly: each member alone, by its own model, its own sentence and its own cut of the frame."""
    model = Ensemble(toy_encoder, "goal_baseline+cosine", crops=2, frames=noise, combine="worst", scale="deviation")
    slow = []
    for name in ("goal_baseline", "cosine"):
        alone = rewards.load(name, toy_encoder)
        for sentence in words.goal:
            asked = Words.of(sentence, words.baseline, words.negative)
            for cut in (slice(None), slice(1, 31)):
                here, there = (alone.score_frames(some[:, cut, cut], asked).numpy() for some in (frames, noise))
                slow.append((here - there.mean()) / there.std())
    np.testing.assert_allclose(model.score_frames(frames, words).numpy(), np.min(slow, axis=0), atol=1e-3)
    assert len(model.voices(frames, words)) == 8
    for row, one in zip(slow, model.voices(frames, words).values(), strict=True):
        np.testing.assert_allclose(one.numpy(), row, atol=1e-3)


def test_an_offset_or_a_unit_of_a_member_changes_nothing(toy_encoder, frames, words, noise, monkeypatch):
    def found() -> Any:
        return Ensemble(toy_encoder, "goal_baseline+cosine", frames=noise).score_frames(frames, words).numpy()

    before = found()
    plain = Cosine._score
    monkeypatch.setattr(Cosine, "_score", lambda self, images, said: 0.05 * plain(self, images, said) - 0.9)
    np.testing.assert_allclose(found(), before, atol=1e-3)


@pytest.mark.parametrize(
    ("combine", "scale", "low"), [("product", "unit", 0.0), ("gated", "unit", 0.0), ("krc", "signed", -1.0)]
)
def test_bounded_scales_turn_around_what_the_reference_shows_on_average(
    toy_encoder, frames, words, noise, combine, scale, low
):
    model = Ensemble(toy_encoder, crops=2, frames=noise, combine=combine)
    assert (model.scale, model.low, model.high) == (scale, low, 1.0)
    for said in model.voices(noise, words).values():
        bounded = said.double() if scale == "signed" else 2 * said.double() - 1
        deviations = bounded / (1 - bounded.abs())
        assert float(deviations.mean()) == pytest.approx(0, abs=1e-4)
        assert float(deviations.std(correction=0)) == pytest.approx(1, abs=1e-3)
    scores = model.score_frames(frames, words)
    assert ((scores >= low) & (scores <= 1)).all()


def test_members_that_are_sure_agree_though_one_is_a_thousand_deviations_off():
    """On the way to the goal a member may rise without bound; what is paid must not fall for it."""
    deviations = torch.linspace(0, 8, 50) * torch.tensor([[1.0], [1.2], [900.0]])
    assert (combine.mean_minus_std(deviations, 1.0).diff() < 0).all(), "unbounded it does fall"
    bounded = (1 + deviations / (1 + deviations.abs())) / 2
    paid = combine.mean_minus_std(bounded, 1.0)
    assert paid[-1] == paid.max() > 0.8


def test_frames_are_embedded_once_a_crop_whatever_is_asked_of_them(toy_encoder, frames, words, noise, monkeypatch):
    model = Ensemble(toy_encoder, "goal_baseline+cosine+softmax_negatives", crops=2, frames=noise, combine="mean")
    model.check(words)
    seen: list[int] = []
    embed = type(toy_encoder).images

    def counted(self: Any, some: Any) -> Any:
        seen.append(len(some))
        return embed(self, some)

    monkeypatch.setattr(type(toy_encoder), "images", counted)
    model.score_frames(frames, words)
    assert seen == [13, 13]


def test_a_member_that_reads_places_is_asked_as_it_is_alone(toy_encoder, frames, words):
    both = Ensemble(toy_encoder, "patches+cosine", crops=1, prompts=False, scale="raw", combine="mean")
    alone = [rewards.load(name, toy_encoder).score_frames(frames, words) for name in ("patches", "cosine")]
    torch.testing.assert_close(both.score_frames(frames, words), torch.stack(alone).mean(0))


def test_another_encoder_is_another_member(toy_encoder, toy_directory, frames, words, noise):
    again = {"name": f"local-dir:{toy_directory}", "precision": "fp32", "device": "cpu"}
    alike = Ensemble(toy_encoder, encoders=[again], crops=1, prompts=False, frames=noise)
    with pytest.raises(ConfigError, match=r"'goal_baseline, encoder 2' is a member twice"):
        alike.check(words)
    with pytest.raises(UnknownName, match=r"encoder=nobody"):
        Ensemble(toy_encoder, encoders="nobody", frames=noise)


def test_what_reads_no_words_is_one_member_whatever_is_said(toy_encoder, frames, words, noise):
    model = Ensemble(toy_encoder, "cosine+goal_image", image=frames[0], crops=1, frames=noise)
    assert list(model.voices(frames, words)) == [*(f"cosine, {one}" for one in words.goal), "goal_image"]
    assert model.reads_words
    assert not Ensemble(toy_encoder, "goal_image+vip", image=frames[0], frames=noise).reads_words


def test_settings_go_to_every_member_that_takes_them_and_has_none_of_its_own(toy_encoder, frames, words, noise):
    own = ["goal_baseline", {"name": "goal_image", "alpha": 0.0}]
    model = Ensemble(toy_encoder, own, alpha=0.25, image=frames[0], frames=noise)
    assert [one.alpha for *_, one in model._rewards] == [0.25, 0.0]


def test_neutral_and_doubt_are_measured_and_never_zero_by_accident(toy_encoder, frames, words, noise):
    for scale in ("raw", "unit", "deviation"):
        model = Ensemble(toy_encoder, "cosine", frames=noise, combine="uncertainty", scale=scale)
        reference = np.stack([one.numpy() for one in model.voices(noise, words).values()]).astype(np.float64)
        middle = reference.mean()
        assert abs(middle) > 1e-3 or scale == "deviation"
        said = np.stack([one.numpy() for one in model.voices(frames, words).values()]).astype(np.float64)
        doubt = np.quantile(reference.std(0), 0.95)
        slow = middle + (said.mean(0) - middle) * np.exp(-said.std(0) / doubt)
        np.testing.assert_allclose(model.score_frames(frames, words).numpy(), slow, atol=1e-4)


def test_a_member_without_a_number_leaves_none_though_a_closed_gate_would_hide_it(
    toy_encoder, frames, words, noise, monkeypatch
):
    model = Ensemble(toy_encoder, crops=3, frames=noise, combine="gated", thresholds=1.0)
    model.check(words)
    plain = type(model._rewards[0][2])._score
    calls: list[int] = []

    def broken(self: Any, images: Any, said: Any) -> Any:
        calls.append(1)
        return plain(self, images, said) * (float("nan") if len(calls) == 6 else 1.0)

    monkeypatch.setattr(type(model._rewards[0][2]), "_score", broken)
    with pytest.raises(Abstained, match=r"gave no number for 13 of 13"):
        Scorer(model).frames(frames, words)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"combine": "best"}, r"reward\.combine=best: is not known"),
        ({"combine": "worst", "k": 2.0}, r"reward\.k=2\.0: is read neither by"),
        ({"k": -1.0}, r"reward\.k=-1\.0: must be a number between"),
        ({"crops": 7}, r"reward\.crops=7: must be a number between 1 and 6"),
        ({"scale": "percent"}, r"reward\.scale=percent: must be one of unit, signed, deviation, raw"),
        ({"rewards": "goal_baselin"}, r"reward=goal_baselin: is not known; did you mean goal_baseline"),
        ({"rewards": []}, r"names no reward"),
        ({"rewards": [3]}, r"3 has no name"),
        ({"rewards": "cosine+ensemble"}, r"an ensemble is no member of another"),
        ({"rewards": "cosine", "alpha": 0.5}, r"reward\.alpha=0\.5: is read neither by"),
        ({"alhpa": 0.5}, r"reward\.alhpa=0\.5: .*did you mean alpha"),
        ({"combine": "product", "scale": "deviation"}, r"members must lie in \[0, 1\].*take reward\.scale=unit"),
        ({"combine": "product", "scale": "signed"}, r"members must lie in \[0, 1\]"),
        ({"combine": "product", "scale": "raw"}, r"members must lie in \[0, 1\]"),
        ({"combine": "gated", "thresholds": 1.5}, r"reward\.thresholds=1\.5: must be a number between"),
    ],
)
def test_settings_that_make_no_sense_are_refused(toy_encoder, noise, settings, message):
    with pytest.raises(ConfigError, match=message):
        Ensemble(toy_encoder, **{"frames": noise, **settings})
    if "k" not in settings and "scale" not in settings and "crops" not in settings and "thresholds" not in settings:
        with pytest.raises(ConfigError, match=message):
            Ensemble.missing_pictures(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crops": 1, "prompts": False}, r"has one member, 'goal_baseline', and nobody to disagree with it"),
        ({"combine": "gated", "thresholds": [0.5]}, r"thresholds=\[0\.5\]: are 1 for 6 members; must be 5"),
        ({"rewards": "cosine+cosine"}, r"'cosine, a pole standing upright on a cart, whole' is a member twice"),
    ],
)
def test_members_that_do_not_fit_the_words_are_refused_before_any_frame(toy_encoder, noise, words, settings, message):
    with pytest.raises(ConfigError, match=message):
        Ensemble(toy_encoder, frames=noise, **settings).check(words)


def test_soft_factors_may_be_rewards_that_lie_in_the_unit_range_anyway(toy_encoder, frames, words):
    model = Ensemble(toy_encoder, "softmax_negatives", tau=0.1, combine="product", scale="raw", crops=2)
    assert (model.low, model.high) == (0.0, 1.0)
    said = [one.numpy() for one in model.voices(frames, words).values()]
    np.testing.assert_allclose(model.score_frames(frames, words).numpy(), np.prod(said, axis=0), atol=1e-6)
    with pytest.raises(ConfigError, match=r"reward\.thresholds: is missing; with reward\.scale=raw"):
        Ensemble(toy_encoder, "softmax_negatives", combine="gated", scale="raw").check(words)


def test_reference_frames_must_let_a_deviation_be_measured(toy_encoder, frames, words):
    with pytest.raises(ConfigError, match=r"reward\.frames: is one frame"):
        Ensemble(toy_encoder, frames=frames[0])
    with pytest.raises(ConfigError, match=r"scores all of them alike .*take reward\.scale=raw"):
        Ensemble(toy_encoder, frames=np.stack([frames[0]] * 4)).check(words)
    with pytest.raises(ConfigError, match=r"reward\.frames: are of 2 sizes"):
        Ensemble(toy_encoder, frames=[frames, frames[:, :16]])
    assert Ensemble.missing_pictures({"scale": "raw"}) == {}
    assert Ensemble.missing_pictures({"combine": "uncertainty", "scale": "raw"}) == {"frames": "random"}
    assert Ensemble.missing_pictures({"rewards": "goal_image+grasp2vec"}) == {
        "image": "goal",
        "start": "start",
        "frames": "random",
    }


def test_other_members_frames_or_rules_are_another_reward(toy_encoder, frames, noise):
    made = [
        Ensemble(toy_encoder, frames=noise),
        Ensemble(toy_encoder, frames=frames),
        Ensemble(toy_encoder, frames=noise, k=2.0),
        Ensemble(toy_encoder, frames=noise, combine="worst"),
        Ensemble(toy_encoder, frames=noise, crops=2),
        Ensemble(toy_encoder, frames=noise, prompts=False),
        Ensemble(toy_encoder, frames=noise, scale="signed"),
        Ensemble(toy_encoder, "cosine", frames=noise),
    ]
    assert len({one.fingerprint for one in made}) == len(made)
    assert Ensemble(toy_encoder, frames=noise.copy()).fingerprint == made[0].fingerprint
