"""What frames between scored ones are worth, beside a walk through each environment on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.agents.deferred.gaps import Between, Gaps
from vlmrl.agents.deferred.steps import Step

SOME = st.floats(-2, 2, width=32)


@st.composite
def gappy(draw: st.DrawFn) -> tuple[list[Step], np.ndarray]:
    """Steps of a few environments, some of whose frames were scored; ends of episodes always were."""
    n, count = draw(st.integers(1, 3)), draw(st.integers(1, 8))
    steps, before = [], np.array([draw(SOME) for _ in range(n)], np.float32)
    for _ in range(count):
        done = np.array([draw(st.booleans()) for _ in range(n)])
        after = np.array([draw(SOME) if end or draw(st.booleans()) else np.nan for end in done], np.float32)
        following = np.where(done, [draw(SOME) for _ in range(n)], after).astype(np.float32)
        steps.append(Step(before, after, done, [{}] * n))
        before = following
    return steps, before


def walked(steps: list[Step], env: int, between: Between) -> tuple[list[float], list[float]]:
    """Scores before and after each step, found by looking back and ahead from each."""
    befores: list[float] = []
    afters: list[float] = []
    for at, step in enumerate(steps):
        if at and not steps[at - 1].done[env]:
            befores.append(afters[-1])
        else:
            befores.append(float(step.before[env]))
        back, low = at, befores[at]
        while back > 0 and not steps[back - 1].done[env] and np.isnan(steps[back - 1].after[env]):
            back -= 1
        low = (
            float(steps[back - 1].after[env])
            if back and not steps[back - 1].done[env]
            else float(steps[back].before[env])
        )
        ahead = next((t for t in range(at, len(steps)) if not np.isnan(steps[t].after[env])), None)
        if ahead == at:
            afters.append(float(step.after[env]))
        elif ahead is None or between == "hold":
            afters.append(low)
        else:
            high = float(steps[ahead].after[env])
            afters.append(low + (high - low) * (at + 1 - back) / (ahead + 1 - back))
    return befores, afters


@pytest.mark.parametrize("between", ["line", "hold"])
@given(drawn=gappy())
def test_gaps_are_filled_as_somebody_would_who_walks_along(
    between: Between, drawn: tuple[list[Step], np.ndarray]
) -> None:
    steps, following = drawn
    expected = [walked(steps, env, between) for env in range(len(following))]
    scored = [(step.before.copy(), step.after.copy()) for step in steps]
    Gaps(3, between).fill(steps, following)
    for env, (befores, afters) in enumerate(expected):
        np.testing.assert_allclose([step.before[env] for step in steps], befores, atol=1e-5)
        np.testing.assert_allclose([step.after[env] for step in steps], afters, atol=1e-5)
    for step, known in zip(steps, scored, strict=True):
        for now, then in zip((step.before, step.after), known, strict=True):
            np.testing.assert_array_equal(now[np.isfinite(then)], then[np.isfinite(then)])
    assert np.isfinite(following).all()
