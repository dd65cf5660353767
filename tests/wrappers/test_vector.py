"""The vector form pays what the wrapper of one environment pays, in every autoreset mode of Gymnasium."""

from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from tests.agents.drift import PLANTED, Drift, HashScorer, hashed
from vlmrl.envs import find_task, make_env, make_vec_env
from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.gate import Gate
from vlmrl.shaping.novelty import Novelty
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.rise import Rise
from vlmrl.shaping.score import Score
from vlmrl.types import Words
from vlmrl.wrappers.vector import VectorVLMReward
from vlmrl.wrappers.vlm_reward import VLMReward

CHAIN = Chain([Calibrate(1.0, 0.0, clip=True), Score(), Potential()])
PAST = Chain([Calibrate(1.0, 0.0, clip=True), Rise(), Gate(0.8, 0.3)])
ENDS = {"by the time limit": {"wall": 1e9}, "truly and by the time limit": {"wall": 0.9}}
MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED]


def venv(kind: Any, mode: AutoresetMode, wrapper: Any = None, **world: Any) -> Any:
    def one(index: int) -> Any:
        # Horizons differ, so that episodes do not all end in the same step.
        env: gym.Env[Any, Any] = Drift(horizon=4 + index, **world)
        return wrapper(env) if wrapper else env

    return kind([partial(one, i) for i in range(3)], autoreset_mode=mode)


def walk(env: Any, mode: AutoresetMode, steps: int = 30) -> tuple[list[Any], list[dict[str, Any]]]:
    rng = np.random.default_rng(0)
    env.reset(seed=5)
    rewards, infos = [], []
    for _ in range(steps):
        _, reward, terminated, truncated, info = env.step(rng.uniform(-1, 1, (3, 2)).astype(np.float32))
        rewards.append(reward)
        infos.append(info)
        ended = np.logical_or(terminated, truncated)
        if mode == AutoresetMode.DISABLED and ended.any():
            env.reset(options={"reset_mask": ended})
    env.close()
    return rewards, infos


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("shape", [None, CHAIN, PAST], ids=["score", "potential", "best so far"])
def test_pays_what_each_environment_pays_alone(mode: AutoresetMode, ends: str, shape: Any) -> None:
    together = VectorVLMReward(venv(SyncVectorEnv, mode, **ENDS[ends]), scorer=HashScorer(), shape=shape)
    alone = venv(SyncVectorEnv, mode, lambda env: VLMReward(env, scorer=HashScorer(), shape=shape), **ENDS[ends])
    rewards, infos = walk(together, mode)
    expected, _ = walk(alone, mode)
    np.testing.assert_array_equal(rewards, expected)
    assert rewards[0].dtype == np.float64
    assert together.seconds > 0
    for info in infos:
        assert "frame" not in info
        assert "frame" not in info.get("final_info", {})


@pytest.mark.parametrize("mode", MODES[:2], ids=lambda mode: mode.value)
def test_environments_in_other_processes_pay_the_same(mode: AutoresetMode) -> None:
    here = VectorVLMReward(venv(SyncVectorEnv, mode), scorer=HashScorer())
    there = VectorVLMReward(venv(AsyncVectorEnv, mode), scorer=HashScorer())
    np.testing.assert_array_equal(walk(there, mode, 12)[0], walk(here, mode, 12)[0])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_infos_hold_scores_and_the_tasks_own_rewards_where_there_was_an_action(mode: AutoresetMode) -> None:
    rewards, infos = walk(VectorVLMReward(venv(SyncVectorEnv, mode), scorer=HashScorer()), mode)
    resets = 0
    for reward, info in zip(rewards, infos, strict=True):
        acted = info["_vlm_score"]
        np.testing.assert_array_equal(info["_task_reward"], acted)
        np.testing.assert_array_equal(reward[acted], info["vlm_score"][acted].astype(np.float64))
        np.testing.assert_array_equal(info["task_reward"][acted], PLANTED)
        np.testing.assert_array_equal(reward[~acted], 0.0)
        resets += int((~acted).sum())
    assert (resets > 0) == (mode == AutoresetMode.NEXT_STEP)


def test_batched_environments_are_paid_as_processes_are() -> None:
    task = find_task("pendulum/upright").but(horizon=5, hold=1)
    alone = SyncVectorEnv([partial(make_env, task)] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    walked = []
    for env in (alone, make_vec_env(task, 3)):
        paying = VectorVLMReward(env, scorer=HashScorer(), shape=CHAIN)
        paying.reset(seed=1)
        walked.append([paying.step(np.full((3, 1), 0.5, np.float32)) for _ in range(12)])
        paying.close()
    for stock, ours in zip(*walked, strict=True):
        np.testing.assert_array_equal(ours[1], stock[1])
        np.testing.assert_array_equal(ours[4]["task_reward"], stock[4]["task_reward"])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_visits_are_counted_once_a_step_and_by_the_state_that_it_led_to(mode: AutoresetMode) -> None:
    shape = Chain([Score(), Novelty(0.5, bits=9)])
    env = VectorVLMReward(venv(SyncVectorEnv, mode), scorer=HashScorer(), shape=shape)
    _, infos = walk(env, mode)
    env._past.mark()
    assert sum(env._past.marked[1]) == sum(int(info["_vlm_score"].sum()) for info in infos)
    found = []
    for other in MODES:
        one = VectorVLMReward(venv(SyncVectorEnv, other), scorer=HashScorer(), shape=shape)
        rewards, infos = walk(one, other, steps=4)  # before the first reset by whoever resets: alike in all modes
        found.append(np.array(rewards))
    np.testing.assert_array_equal(found[MODES.index(mode)], found[0])


def test_a_reset_by_hand_right_after_an_end_starts_anew() -> None:
    env = VectorVLMReward(venv(SyncVectorEnv, AutoresetMode.NEXT_STEP, wall=1e9), scorer=HashScorer())
    env.reset(seed=0)
    ended = np.zeros(3, dtype=bool)
    while not ended.any():
        ended = env.step(np.zeros((3, 2), dtype=np.float32))[3]
    env.reset(seed=1)
    _, rewards, _, _, infos = env.step(np.zeros((3, 2), dtype=np.float32))
    assert (rewards > 0).all()
    assert infos["_vlm_score"].all()


def test_all_frames_of_a_step_are_scored_in_one_call() -> None:
    scorer = HashScorer()
    walk(VectorVLMReward(venv(SyncVectorEnv, AutoresetMode.SAME_STEP), scorer=scorer), AutoresetMode.SAME_STEP, 10)
    assert len(scorer.batches) == 11
    assert min(scorer.batches) == 3
    assert max(scorer.batches) > 3  # an episode's last frame, and the next one's first


def test_a_reward_of_the_environments_own_is_kept_from_the_learner() -> None:
    class Paying(gym.Wrapper[Any, Any, Any, Any]):
        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            obs, _, terminated, truncated, info = self.env.step(action)
            return obs, 7.0, terminated, truncated, {"frame": info["frame"]}

    env = VectorVLMReward(venv(SyncVectorEnv, AutoresetMode.SAME_STEP, Paying), scorer=hashed)
    rewards, infos = walk(env, AutoresetMode.SAME_STEP)
    assert max(reward.max() for reward in rewards) < 1
    assert all((info["task_reward"] == 7.0).all() for info in infos)


def test_environments_without_frames_are_told_how_to_show_them() -> None:
    class Blind(gym.Wrapper[Any, Any, Any, Any]):
        def reset(self, **settings: Any) -> tuple[Any, dict[str, Any]]:
            return self.env.reset(**settings)[0], {}

    env = VectorVLMReward(venv(SyncVectorEnv, AutoresetMode.SAME_STEP, Blind), scorer=hashed)
    with pytest.raises(ConfigError, match=r"info\['frame'\] of env 0 after the reset: is missing.*FrameTap"):
        env.reset(seed=0)


def test_sentences_alone_load_a_real_model(toy_directory: Path, words: Words) -> None:
    env = VectorVLMReward(
        venv(SyncVectorEnv, AutoresetMode.SAME_STEP), words.goal, words.baseline, encoder=f"local-dir:{toy_directory}"
    )
    rewards, _ = walk(env, AutoresetMode.SAME_STEP, 3)
    assert np.isfinite(rewards).all()
