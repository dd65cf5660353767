"""The student: what it learns, when it is believed, and that nobody else notices it."""

from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import VecNormalize

from tests.agents.drift import HashScorer, envs, off
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.deferred.steps import Step
from vlmrl.agents.deferred.student import JUDGED, Student, StudentGaps
from vlmrl.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def taught(states: Any, sign: float = 1) -> Any:
    """A smooth score of states ``(B, 2)``, far from 0 and small."""
    return (5 + sign * 0.1 * np.sin(2 * states[:, 0]) * states[:, 1]).astype(np.float32)


def drawn(rng: np.random.Generator, count: int) -> Any:
    return (40 + 3 * rng.normal(size=(count, 2)) * (1, 0.01)).astype(np.float32)


def unit(states: Any) -> Any:
    return (states - 40) / (3, 0.03)


def test_it_foretells_states_that_it_never_heard_of() -> None:
    rng, student = np.random.default_rng(0), Student()
    assert np.isnan(student.error)
    for _ in range(150):
        states = drawn(rng, 64)
        student.hear(states, taught(unit(states)))
    assert student.error < 0.2
    fresh = drawn(rng, 500)
    scores = taught(unit(fresh))
    assert np.corrcoef(student.foretell(fresh), scores)[0, 1] > 0.95


def test_its_error_is_logged_once_there_is_one() -> None:
    gaps, rng = StudentGaps(4), np.random.default_rng(0)
    assert gaps.told == {}
    for _ in range(JUDGED // 64 + 1):
        gaps.fill(*steps(rng, 1, 1))
    assert gaps.told == {"student_error": gaps.error}


def test_its_error_is_one_on_scores_it_had_not_heard() -> None:
    student, rng = Student(), np.random.default_rng(1)
    for _ in range(40):  # scores that no state tells: whoever judged by what was learned would be content
        student.hear(drawn(rng, 64), rng.normal(size=64).astype(np.float32))
    assert student.error == pytest.approx(np.sqrt(2 / np.pi), abs=0.15)  # of a normal number, told to be its mean


def steps(rng: np.random.Generator, every: int, sign: float, count: int = 8, n: int = 8) -> tuple[list[Step], Any]:
    """Some steps of environments that walk at random, of which every k-th was scored."""
    before, found = np.zeros(n, np.float32), []
    for step in range(count):
        states = drawn(rng, n)
        after = taught(unit(states), sign) if (step + 1) % every == 0 else np.full(n, np.nan, np.float32)
        found.append(Step(before, after, np.zeros(n, bool), [{}] * n, states))
        before = after.copy()
    return found, before


def test_it_is_believed_while_it_is_right() -> None:
    gaps, rng = StudentGaps(4), np.random.default_rng(2)
    assert gaps.every == 1, "nobody believes it at first"
    for _ in range(200):
        gaps.fill(*steps(rng, gaps.every, 1))
    assert gaps.every == 4
    some, following = steps(rng, 4, 1)
    gaps.fill(some, following)
    for step, behind in zip(some, [*(step.before for step in some[1:]), following], strict=True):
        np.testing.assert_array_equal(step.after, behind)
        assert np.abs(step.after - taught(unit(step.seen))).mean() < 0.3 * 0.1
    for _ in range(JUDGED // 16):  # the teacher changes its mind
        gaps.fill(*steps(rng, gaps.every, -1))
        if gaps.every == 1:
            break
    assert gaps.every == 1, "it errs, and every frame is scored again"
    for _ in range(300):
        gaps.fill(*steps(rng, gaps.every, -1))
    assert gaps.every == 4


@pytest.mark.parametrize("normalised", [False, True])
def test_a_run_with_a_student_scores_all_until_it_is_believed(normalised: bool) -> None:
    def trained(**settings: Any) -> tuple[Any, HashScorer]:
        venv = VecNormalize(envs(2), norm_reward=False) if normalised else envs(2)
        scorer = HashScorer()
        model = SAC("MlpPolicy", venv, **off(train_freq=4))
        model.learn(240, callback=DeferredReward(scorer, **settings))
        return model, scorer

    (student, asked), (plain, asked_plain) = trained(gaps=StudentGaps(4)), trained()
    assert sum(asked.batches) == sum(asked_plain.batches), "a hash cannot be foretold"
    for name, weights in plain.policy.state_dict().items():
        assert torch.equal(weights, student.policy.state_dict()[name]), name


def test_a_policy_without_a_state_has_no_student() -> None:
    settings = off(train_freq=4, policy="MultiInputPolicy")
    with pytest.raises(ConfigError, match="StudentGaps: reads the state"):
        SAC(env=envs(1, dict_obs=True), **settings).learn(
            40, callback=DeferredReward(HashScorer(), gaps=StudentGaps(4))
        )
