"""What shapers leave open is measured before learning starts, on what the shapers before them give."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from vlmrl.agents.anchors import measured
from vlmrl.agents.sights import POSES, SEED, STARTS, STEPS
from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Steps, chain

TASK = find_task("cartpole/upright")
"""Only asked whether it is there: the states are posed by the environment."""


class Walk(gym.Env[Any, Any]):
    """A number that walks at random; its frame is as bright. Goal states are bright, bad ones dark."""

    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float64)

    def __init__(self, step: float = 12.0, length: int = 40) -> None:
        self.step_size, self.length = step, length

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        middle = {"goal": 200, "bad": 50, None: 100}[(options or {}).get("pose")]
        self.at, self.lived = float(middle + self.np_random.integers(-20, 20) * (self.step_size > 0)), 0
        return self._seen(), {"frame": self._frame()}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.at = float(np.clip(self.at + self.step_size * action[0], 20, 180))
        self.lived += 1
        return self._seen(), 0.0, self.lived == self.length, False, {"frame": self._frame()}

    def _seen(self) -> Any:
        return np.zeros(1, np.float32)

    def _frame(self) -> Any:
        return np.full((4, 4, 3), round(self.at), np.uint8)


class Light:
    """Scores a frame by its brightness, times a unit; counts what it was asked."""

    def __init__(self, unit: float = 1.0) -> None:
        self.unit, self.asked = unit, 0

    def frames(self, frames: Any, words: Any) -> Any:
        self.asked += len(frames)
        return (self.unit * frames[:, 0, 0, 0].astype(np.float32) / 255).astype(np.float32)


def found(shaping: Any, scorer: Any = None, task: Any = TASK, env: Any = Walk, say: Any = lambda line: None) -> Any:
    return measured(shaping, task, env, scorer or Light(), None, say)  # type: ignore[arg-type]


def played() -> tuple[list[Any], list[Any]]:
    """Scores before and after each step of the agent that is looked at, written down one by one."""
    env, before, after = Walk(), [], []
    env.action_space.seed(SEED)
    for start in range(STARTS):
        frame = env.reset(seed=SEED + start)[1]["frame"]
        for _ in range(STEPS):
            before.append(frame[0, 0, 0] / 255)
            _, _, end, _, info = env.step(env.action_space.sample())
            frame = info["frame"]
            after.append(frame[0, 0, 0] / 255)
            if end:
                break
    return before, after


def test_quantiles_reach_from_a_random_agents_frames_to_the_goals() -> None:
    lines: list[str] = []
    settings = found({"quantiles": {"low": None, "high": None}}, say=lines.append)["quantiles"]
    _, after = played()
    assert settings["low"] == pytest.approx(np.quantile(after[1::2], 0.05))
    assert 195 / 255 < settings["high"] < 220 / 255
    assert lines == [f"scores of {settings['low']:.3f} and {settings['high']:.3f} become 0 and 1"]


def test_of_quantiles_only_what_is_missing_is_looked_at() -> None:
    scorer = Light()
    assert found({"quantiles": {"low": 0.1, "high": None}}, scorer)["quantiles"]["low"] == 0.1
    assert scorer.asked == POSES
    scorer = Light()
    assert found({"quantiles": {"low": None, "high": 0.9}}, scorer, task=None)["quantiles"]["high"] == 0.9
    assert scorer.asked == STARTS * 40 / 2


def test_a_world_without_a_task_has_no_upper_end() -> None:
    with pytest.raises(ConfigError, match=r"shaping\.quantiles\.high: is missing.*give it, or take shaping=preference"):
        found({"quantiles": {"low": None, "high": None}}, task=None)


def test_preference_compares_with_a_random_agent_and_needs_no_task() -> None:
    lines: list[str] = []
    settings = found({"preference": {"references": None, "steepness": None}}, task=None, say=lines.append)["preference"]
    seen = np.array(played()[1][1::2])
    assert settings["references"] == pytest.approx(list(np.quantile(seen, np.arange(0.05, 1, 0.1))))
    assert settings["steepness"] == pytest.approx(1 / seen.std())
    assert "with which all others are compared" in lines[0]
    given = {"preference": {"references": [0.5], "steepness": None}}
    assert found(given)["preference"] == {"references": [0.5], "steepness": settings["steepness"]}


@pytest.mark.parametrize("base", ["score", "delta"])
def test_a_spread_is_that_of_what_the_shapers_before_pay(base: str) -> None:
    before, after = map(np.array, played())
    paid = after if base == "score" else after - before
    assert found({base: {}, "spread": {"unit": None}})["spread"]["unit"] == pytest.approx(paid.std(), rel=1e-5)


def test_the_spread_is_that_of_pay_that_looks_back_too() -> None:
    before, after = (np.array(row).reshape(STARTS, 40) for row in played())
    best = np.maximum.accumulate(before, axis=1)
    risen = np.maximum(after - best, 0)
    assert found({"rise": {}, "spread": {"unit": None}})["spread"]["unit"] == pytest.approx(risen.std(), rel=1e-4)
    # The environment shows one state always: new once an episode, the first of all most.
    risen[:, 0] += 0.5 / np.sqrt(1 + 40 * np.arange(STARTS))
    shaping = {"rise": {}, "novelty": {"factor": 0.5, "bits": 4}, "spread": {"unit": None}}
    assert found(shaping)["spread"]["unit"] == pytest.approx(risen.std(), rel=1e-4)


def test_a_true_end_counts_as_one_in_the_spread() -> None:
    shaping = {
        "quantiles": {"low": 0.0, "high": 1.0},
        "score": {},
        "potential": {"weight": 3.0},
        "spread": {"unit": None},
    }
    before, after = map(np.array, played())
    ends = np.arange(1, len(after) + 1) % 40 == 0
    paid = after + 3 * (0.99 * np.where(ends, 0, after) - before)
    assert found(shaping)["spread"]["unit"] == pytest.approx(paid.std(), rel=1e-4)


def test_each_is_measured_on_what_the_ones_before_it_give() -> None:
    shaping = {"quantiles": {"low": 0.2, "high": 0.8}, "center": {"at": None}}
    median = np.median(np.clip((np.array(played()[1][1::2]) - 0.2) / 0.6, 0, 1))
    assert found(shaping)["center"]["at"] == pytest.approx(median, abs=1e-6)


@pytest.mark.parametrize("settings", ["quantiles", "preference", "spread"])
def test_rewards_do_not_depend_on_the_unit_of_the_scores(settings: str) -> None:
    open_ = {
        "quantiles": {"quantiles": {"low": None, "high": None}},
        "preference": {"preference": {"references": None, "steepness": None}},
        "spread": {"score": {}, "spread": {"unit": None}},
    }[settings]
    before, after = np.random.default_rng(0).random((2, 20, 3), dtype=np.float32)
    paid = []
    for unit in (1.0, 0.01):
        shape = chain(found(open_, Light(unit)))
        paid.append(shape(Steps(unit * before, unit * after, np.zeros((20, 3), dtype=bool))))
    np.testing.assert_allclose(paid[0], paid[1], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("shaping", "message"),
    [
        ({"preference": {"references": None, "steepness": None}}, "all that a random agent sees scores alike"),
        ({"score": {}, "spread": {"unit": None}}, "a random agent is paid alike at each step"),
    ],
)
def test_a_world_in_which_all_looks_alike_gives_no_unit(shaping: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        found(shaping, env=lambda: Walk(step=0.0))


def test_a_base_that_a_random_agent_never_earns_has_no_spread() -> None:
    shaping = {"quantiles": {"low": 0.5, "high": 1.0}, "reached": {}, "spread": {"unit": None}}
    with pytest.raises(ConfigError, match=r"shaping\.spread\.unit: cannot be measured"):
        found(shaping)


def test_words_that_rank_the_goal_below_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"shaping\.quantiles\.high=.*must lie above low.*try other words"):
        found({"quantiles": {"low": None, "high": None}}, Light(-1.0))


def test_what_is_given_is_kept_and_nothing_is_looked_at() -> None:
    scorer = Light()
    given = {
        "quantiles": {"low": 0.1, "high": 0.3},
        "preference": {"references": [0.2], "steepness": 4.0},
        "spread": {"unit": 0.1},
    }
    assert found(given, scorer, task=None) == given
    assert scorer.asked == 0
