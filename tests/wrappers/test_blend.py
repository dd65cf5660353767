"""The task's own reward beside the words', as the wrappers pay it: of each step, of the last one of an episode too."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from tests.agents.drift import Drift, hashed
from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain
from vlmrl.shaping.blend import Blend
from vlmrl.shaping.score import Score
from vlmrl.wrappers.vector import VectorVLMReward
from vlmrl.wrappers.vlm_reward import VLMReward

SHAPE = Chain([Score(), Blend(weight=0.5)])


def test_one_environment_is_paid_both() -> None:
    env = VLMReward(Drift(), scorer=hashed, shape=SHAPE)
    env.reset(seed=0)
    for _ in range(9):
        _, paid, ended, over, info = env.step(np.array([0.3, 0.0]))
        assert paid == pytest.approx(info["success"] + 0.5 * info["vlm_score"])
        if ended or over:
            break


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_many_are_paid_both_and_nothing_for_a_reset(mode: AutoresetMode) -> None:
    many = VectorVLMReward(SyncVectorEnv([Drift] * 3, autoreset_mode=mode), scorer=hashed, shape=SHAPE)
    rng, ended = np.random.default_rng(1), np.zeros(3, bool)
    many.reset(seed=0)
    seen = 0
    for _ in range(40):
        _, paid, terminated, truncated, infos = many.step(rng.uniform(-1, 1, (3, 2)))
        resets = ended if mode == AutoresetMode.NEXT_STEP else np.zeros(3, bool)
        ended = terminated | truncated
        success = np.array(infos.get("success", np.zeros(3)), float)
        if mode == AutoresetMode.SAME_STEP and ended.any():
            success[ended] = np.array(infos["final_info"]["success"], float)[ended]
        expected = np.where(resets, 0.0, success + 0.5 * infos["vlm_score"])
        np.testing.assert_allclose(paid, expected, rtol=1e-6)
        seen += int(resets.sum() if mode == AutoresetMode.NEXT_STEP else ended.sum())
    assert seen > 5


def test_a_world_that_tells_no_success_is_refused() -> None:
    class Silent(gym.Wrapper[Any, Any, Any, Any]):
        def step(self, action: Any) -> Any:
            *told, info = self.env.step(action)
            del info["success"]
            return *told, info

    env = VLMReward(Silent(Drift()), scorer=hashed, shape=SHAPE)
    env.reset(seed=0)
    with pytest.raises(ConfigError, match=r"shaping\.blend\.own=success.*own=reward"):
        env.step(np.zeros(2))
