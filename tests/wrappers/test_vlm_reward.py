"""The reward of words as a Gymnasium wrapper: the frame's score, and ground truth only in the infos."""

import pickle
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tests.agents.drift import PLANTED, Drift, HashScorer, hashed, picture
from vlmrl.errors import Abstained, ConfigError, ShapeError, UnknownName
from vlmrl.scoring.scorer import Scorer
from vlmrl.shaping import Chain
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.score import Score
from vlmrl.types import Words
from vlmrl.wrappers.vlm_reward import VLMReward


class Paint(gym.Env[Any, Any]):
    """Shows how often it was stepped, pays 3."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's own name and type

    def __init__(self, render_mode: str | None = "rgb_array", horizon: int = 4) -> None:
        self.observation_space = gym.spaces.Box(0, 100, (1,), np.float32)
        self.action_space = gym.spaces.Discrete(2)
        self.render_mode, self.horizon, self.t = render_mode, horizon, 0

    def _seen(self) -> Any:
        return np.full(1, self.t, dtype=np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        return self._seen(), 3.0, False, self.t == self.horizon, {}

    def render(self) -> Any:
        frame = np.zeros((32, 32, 3), dtype=np.uint8)
        frame[:, :16] = 20 * self.t + 10
        return frame


def test_each_step_is_paid_by_the_frame_after_it() -> None:
    env = VLMReward(Drift(), scorer=HashScorer())
    _, info = env.reset(seed=0)
    assert info["vlm_score"] == hashed([picture(env.unwrapped.state)])[0]  # type: ignore[attr-defined]
    for _ in range(9):
        _, reward, terminated, truncated, info = env.step(np.zeros(2))
        assert reward == info["vlm_score"] == hashed([picture(env.unwrapped.state)])[0]  # type: ignore[attr-defined]
        assert info["task_reward"] == PLANTED
        assert "frame" not in info
    assert truncated
    assert not terminated
    assert env.seconds > 0


def test_an_environment_that_can_draw_is_tapped_and_its_own_reward_kept_from_the_learner() -> None:
    env = VLMReward(Paint(), scorer=lambda frames, words: frames[:, 0, 0, 0] / 255)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert reward == pytest.approx(30 / 255)
    assert info["task_reward"] == 3.0


def test_shapers_see_the_frame_before_and_after() -> None:
    chain = Chain([Calibrate(1.0, 0.0, clip=True), Score(), Potential()])
    env = VLMReward(Paint(), scorer=lambda frames, words: frames[:, 0, 0, 0] / 255, shape=chain, gamma=0.5)
    env.reset(seed=0)
    rewards = [env.step(0)[1] for _ in range(2)]
    assert rewards == pytest.approx([(30 + 0.5 * 30 - 10) / 255, (50 + 0.5 * 50 - 30) / 255])
    env.reset(seed=0)  # the next episode starts from its own first frame
    assert env.step(0)[1] == pytest.approx(rewards[0])


def test_it_passes_gymnasiums_checker_and_can_be_rebuilt_and_pickled() -> None:
    env = VLMReward(Paint(), scorer=hashed, gamma=0.9)
    check_env(env, skip_render_check=True)
    assert env._saved_kwargs["gamma"] == 0.9
    again = pickle.loads(pickle.dumps(env))
    env.reset(seed=1)
    again.reset(seed=1)
    assert again.step(0)[1] == env.step(0)[1]


def test_sentences_alone_load_a_real_model(toy_directory: Path, words: Words) -> None:
    paid = []
    for alpha in (0.3, 0.9):
        encoder = f"local-dir:{toy_directory}"
        env = VLMReward(Paint(), goal=words.goal, baseline=words.baseline, encoder=encoder, alpha=alpha)
        env.reset(seed=0)
        paid.append([float(env.step(0)[1]) for _ in range(3)])
        assert np.isfinite(paid[-1]).all()
        assert len(set(paid[-1])) > 1
    assert paid[0] != paid[1]


def test_frames_are_drawn_at_the_size_that_the_encoder_reads(toy_encoder: Any, words: Words) -> None:
    from vlmrl.rewards.goal_baseline import GoalBaseline

    shapes = []

    class Looking(Scorer):
        def frames(self, frames: Any, words: Any) -> Any:
            shapes.append(frames.shape)
            return super().frames(frames, words)

    VLMReward(Paint(), scorer=Looking(GoalBaseline(toy_encoder)), words=words).reset(seed=0)
    assert shapes == [(1, 32, 32, 3)]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({}, ConfigError, "give one of the two"),
        ({"goal": "up", "scorer": hashed}, ConfigError, "give one of the two"),
        ({"scorer": hashed, "alpha": 0.5}, ConfigError, "alpha: goes with goal"),
        ({"goal": "up", "words": Words.of("up")}, ConfigError, "go with a scorer"),
        ({"goal": "up", "baseline": "a pole", "reward": "goal_basline"}, UnknownName, "did you mean goal_baseline"),
        ({"goal": "up", "baseline": "a pole", "alhpa": 1}, ConfigError, "alpha"),
        ({"goal": "  "}, ConfigError, "has no words"),
        ({"scorer": 3}, ConfigError, "no method frames"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(settings: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        VLMReward(Paint(), **settings)


def test_no_frame_and_no_number_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"info\['frame'\] of the reset: is missing.*FrameTap"):
        VLMReward(Paint(render_mode=None), scorer=hashed).reset(seed=0)
    with pytest.raises(Abstained, match="score=nan"):
        VLMReward(Paint(), scorer=lambda frames, words: [np.nan]).reset(seed=0)
    with pytest.raises(ShapeError, match=r"scores \(2,\) for 1 frames"):
        VLMReward(Paint(), scorer=lambda frames, words: [0.0, 1.0]).reset(seed=0)
