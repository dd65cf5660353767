"""What is logged: the words' return as the learner was paid, and ground truth beside it."""

import csv
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.logger import configure

from tests.agents.drift import PLANTED, HashScorer, envs, off, on
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.deferred.tally import Tally

pytestmark = pytest.mark.filterwarnings("ignore:termination")


class NoTruth(gym.Wrapper[Any, Any, Any, Any]):
    """A world in which nobody knows what was asked for."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        return obs, reward, terminated, truncated, {"frame": info["frame"]}


def logged(kind: str, folder: Path, late: DeferredReward | None, **env: Any) -> list[dict[str, str]]:
    venv = envs(2, inside=late is None, **env)
    model: Any
    if kind == "ppo":
        model = PPO("MlpPolicy", venv, **on(n_steps=24, batch_size=24, n_epochs=1))
    else:
        model = SAC("MlpPolicy", venv, **off(train_freq=4))
    model.set_logger(configure(str(folder), ["csv"]))
    model.learn(240, callback=late, log_interval=1 if kind == "ppo" else 4)
    model.logger.close()
    with (folder / "progress.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_every_printed_mean_return_is_that_of_a_reward_inside_the_environment(kind: str, tmp_path: Path) -> None:
    late = logged(kind, tmp_path / "late", DeferredReward(HashScorer()))
    inside = logged(kind, tmp_path / "inside", None)
    assert len(late) >= 4
    assert [row["rollout/ep_rew_mean"] for row in late] == [row["rollout/ep_rew_mean"] for row in inside]
    for row in late:
        assert float(row["rollout/vlm_return"]) == pytest.approx(float(row["rollout/ep_rew_mean"]), abs=1e-5)


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_ground_truth_is_logged_beside_it(kind: str, tmp_path: Path) -> None:
    last = logged(kind, tmp_path, DeferredReward(HashScorer()))[-1]
    length = float(last["rollout/ep_len_mean"])
    assert float(last["rollout/task_return"]) == pytest.approx(PLANTED * length, rel=1e-6)
    assert 0 < float(last["rollout/success"]) < 1
    assert -1 < float(last["rollout/oracle_return"]) < 1


def test_without_ground_truth_only_the_words_return_is_logged(tmp_path: Path) -> None:
    last = logged("sac", tmp_path, DeferredReward(HashScorer()), wrap=NoTruth)[-1]
    assert float(last["rollout/vlm_return"]) > 0
    assert not {"rollout/task_return", "rollout/success", "rollout/oracle_return"} & set(last)


def test_success_is_what_the_task_says_about_a_whole_episode(tmp_path: Path) -> None:
    asked: list[int] = []

    def never(success: Any) -> bool:
        assert success.dtype == bool
        asked.append(len(success))
        return False

    last = logged("sac", tmp_path, DeferredReward(HashScorer(), succeeded=never))[-1]
    assert float(last["rollout/success"]) == 0
    assert max(asked) == 9


def test_a_tally_averages_over_the_last_episodes_only() -> None:
    tally = Tally(2, window=2)
    for episode in range(3):
        for step in range(2):
            info = {"success": step == episode % 2, "task_reward": 2.0, "oracle": float(step)}
            tally.add(1, float(episode), info)
        assert tally.finish(1) == 2.0 * episode
    assert dict(tally.means()) == {"vlm_return": 3.0, "task_return": 4.0, "oracle_return": 0.5, "success": 0.5}
    assert dict(Tally(1, window=2).means()) == {}
    assert np.isfinite(list(dict(tally.means()).values())).all()


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_frames_scored_are_counted_in_the_log(kind: str, tmp_path: Path) -> None:
    late = DeferredReward(HashScorer())
    rows = logged(kind, tmp_path, late)
    counts = [int(row["scoring/frames"]) for row in rows]
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] <= late.frames_scored
