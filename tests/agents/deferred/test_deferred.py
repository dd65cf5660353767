"""Paying late gives the same agent, bit for bit, as paying inside the environment."""

from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from sb3_contrib import TQC, TRPO, CrossQ
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, ConvertCallback
from stable_baselines3.common.vec_env import SubprocVecEnv, VecMonitor, VecNormalize

from tests.agents.drift import PLANTED, Drift, HashScorer, PaidInside, envs, hashed, off, on, same_weights
from vlmrl.agents.deferred import DeferredReward, StudentGaps
from vlmrl.agents.learner.discretise import Discretise
from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.gate import Gate
from vlmrl.shaping.novelty import Novelty
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.rise import Rise
from vlmrl.shaping.scale import Scale
from vlmrl.shaping.score import Score
from vlmrl.wrappers.vlm_reward import VLMReward

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def in_thirds(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    return Discretise(env, bins=3)


PPO_SETTINGS = on(n_steps=24, batch_size=24, n_epochs=2)
ON_POLICY: dict[str, tuple[Any, ...]] = {
    "ppo": (PPO, PPO_SETTINGS, 3, {}),
    "a2c": (A2C, on(n_steps=7), 2, {}),
    "trpo": (TRPO, on(n_steps=24, batch_size=24), 2, {}),
    "ppo, dict observations": (PPO, {**PPO_SETTINGS, "policy": "MultiInputPolicy"}, 2, {"dict_obs": True}),
}
OFF_POLICY: dict[str, tuple[Any, ...]] = {
    "sac": (SAC, off(train_freq=4, gradient_steps=2), 2, {}),
    "sac, each step": (SAC, off(train_freq=1), 1, {}),
    "sac, each episode": (SAC, off(train_freq=(1, "episode"), gradient_steps=-1), 1, {}),
    "sac, episodes longer than the buffer": (SAC, off(train_freq=(2, "episode"), buffer_size=5), 1, {}),
    "sac, rollouts as long as the buffer": (SAC, off(train_freq=10, gradient_steps=2, buffer_size=20), 2, {}),
    "sac, n-step": (SAC, off(train_freq=4, n_steps=3), 2, {}),
    "sac, dict observations": (SAC, off(train_freq=4, policy="MultiInputPolicy"), 2, {"dict_obs": True}),
    "td3": (TD3, off(train_freq=3, gradient_steps=1), 2, {}),
    "tqc": (TQC, off(train_freq=4), 2, {}),
    "crossq": (CrossQ, off(train_freq=4), 2, {}),
    "dqn": (DQN, off(train_freq=4), 2, {"wrap": in_thirds}),
}
ROLLOUT = ("rewards", "returns", "advantages", "values")
REPLAY = ("rewards", "dones", "timeouts", "actions", "observations", "next_observations")


def trained(kind: str, callback: BaseCallback | None, steps: int = 240, **changes: Any) -> Any:
    algorithm, settings, n, env = (ON_POLICY | OFF_POLICY)[kind]
    settings = {"policy": "MlpPolicy", **deepcopy(settings), **changes}
    model: BaseAlgorithm = algorithm(env=envs(n, inside=callback is None, **env), **settings)
    return model.learn(steps, callback=callback)


def assert_equal_buffers(late: Any, inside: Any, fields: tuple[str, ...]) -> None:
    for field in fields:
        mine, yours = getattr(late, field), getattr(inside, field)
        if isinstance(mine, dict):
            mine, yours = mine["state"], yours["state"]
        np.testing.assert_array_equal(mine, yours, err_msg=field)


@pytest.mark.parametrize("kind", ON_POLICY)
def test_on_policy_weights_and_advantages_are_those_of_a_reward_inside_the_environment(kind: str) -> None:
    late, inside = trained(kind, DeferredReward(HashScorer())), trained(kind, None)
    assert same_weights(late, inside)
    assert_equal_buffers(late.rollout_buffer, inside.rollout_buffer, ROLLOUT)
    assert [e["r"] for e in late.ep_info_buffer] == [e["r"] for e in inside.ep_info_buffer]


@pytest.mark.parametrize("kind", OFF_POLICY)
def test_off_policy_weights_and_rows_are_those_of_a_reward_inside_the_environment(kind: str) -> None:
    late, inside = trained(kind, DeferredReward(HashScorer())), trained(kind, None)
    assert late.replay_buffer.full, "the ring never wrapped around, so this shows less than it says"
    assert same_weights(late, inside)
    assert_equal_buffers(late.replay_buffer, inside.replay_buffer, REPLAY)
    assert [e["r"] for e in late.ep_info_buffer] == [e["r"] for e in inside.ep_info_buffer]


def test_these_episodes_end_both_truly_and_by_the_time_limit() -> None:
    buffer = trained("sac", DeferredReward(HashScorer())).replay_buffer
    assert buffer.timeouts.any()
    assert (buffer.dones - buffer.timeouts).any()


def test_a_time_limit_keeps_the_value_of_its_last_state() -> None:
    model = trained("a2c", DeferredReward(lambda frames, words: np.zeros(len(frames))), steps=14 * 3)
    assert model.rollout_buffer.rewards.any(), "assigned instead of added: the bootstrapped value is gone"


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_holding_fewer_frames_changes_no_bit(kind: str) -> None:
    scorer = HashScorer()
    few = trained(kind, DeferredReward(scorer, hold=1))
    assert max(scorer.batches) <= 2 * few.n_envs
    assert same_weights(few, trained(kind, None))


@pytest.mark.parametrize("kind", ["ppo", "sac", "sac, each episode", "dqn"])
def test_scoring_while_more_frames_are_drawn_changes_no_bit(kind: str) -> None:
    scorer = HashScorer(ahead=5)
    early = trained(kind, DeferredReward(scorer))
    assert min(scorer.batches) <= 5
    assert same_weights(early, trained(kind, None))


def test_frames_are_scored_in_large_batches_and_counted() -> None:
    scorer = HashScorer()
    trained("ppo", deferred := DeferredReward(scorer), steps=144)
    assert len(scorer.batches) == 2, "one call a rollout"
    assert sum(scorer.batches) == deferred.frames_scored >= 144 + 3
    assert deferred.seconds > 0


def test_shapers_pay_the_same_as_in_the_wrapper_of_one_environment() -> None:
    chain = Chain([Calibrate(0.9, 0.1, clip=True), Score(), Potential(2.0), Scale(3.0)])
    for kind in ("ppo", "sac"):
        algorithm, settings, n, _ = (ON_POLICY | OFF_POLICY)[kind]
        late = algorithm("MlpPolicy", envs(n), **deepcopy(settings))
        late.learn(240, callback=DeferredReward(hashed, shape=chain))
        venv = envs(n, wrap=lambda env: VLMReward(env, scorer=hashed, shape=chain, gamma=0.99))
        inside = algorithm("MlpPolicy", venv, **deepcopy(settings)).learn(240)
        assert same_weights(late, inside)


@pytest.mark.parametrize("kind", ["ppo", "sac", "sac, each step", "sac, each episode"])
def test_shapers_are_told_the_same_past_as_in_the_wrapper_of_one_environment(kind: str) -> None:
    chain = Chain([Calibrate(0.9, 0.1, clip=True), Rise(), Gate(0.6, 0.3), Novelty(0.5, bits=8), Scale(3.0)])
    algorithm, settings, *_ = (ON_POLICY | OFF_POLICY)[kind]
    late = algorithm("MlpPolicy", envs(1), **deepcopy(settings))
    late.learn(240, callback=(pays := DeferredReward(hashed, shape=chain)))
    venv = envs(1, wrap=lambda env: VLMReward(env, scorer=hashed, shape=chain, gamma=0.99))
    inside = algorithm("MlpPolicy", venv, **deepcopy(settings)).learn(240)
    assert same_weights(late, inside)
    field = "rollout_buffer" if kind == "ppo" else "replay_buffer"
    ours, theirs = (getattr(model, field).rewards for model in (late, inside))
    np.testing.assert_array_equal(ours, theirs)
    assert len(np.unique(ours)) > 5
    assert sum(pays.visits[1]) == late.num_timesteps >= 240


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_scores_of_the_past_do_not_mix_between_environments(kind: str) -> None:
    """The best score is each environment's own: several are paid as each is alone. Visits are counted together."""
    chain = Chain([Calibrate(0.9, 0.1, clip=True), Rise(), Gate(0.6, 0.3)])
    algorithm, settings, n, _ = (ON_POLICY | OFF_POLICY)[kind]
    late = algorithm("MlpPolicy", envs(n), **deepcopy(settings)).learn(
        240, callback=DeferredReward(hashed, shape=chain, hold=9)
    )
    venv = envs(n, wrap=lambda env: VLMReward(env, scorer=hashed, shape=chain, gamma=0.99))
    assert same_weights(late, algorithm("MlpPolicy", venv, **deepcopy(settings)).learn(240))


def test_a_past_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"best score so far is not known while scores come in late"):
        DeferredReward(hashed, shape=Chain([Rise()]), gaps=StudentGaps(4, late=True))
    kind = "ppo, dict observations"
    with pytest.raises(ConfigError, match=r"counts cells of the state, and the agent sees none"):
        trained(kind, DeferredReward(hashed, shape=Chain([Score(), Novelty()])))


def test_visits_are_counted_on_where_an_earlier_session_left_off() -> None:
    shape = Chain([Score(), Novelty(bits=6)])
    trained("ppo", first := DeferredReward(hashed, shape=shape))
    second = DeferredReward(hashed, shape=shape)
    second.recall(first.visits)
    trained("ppo", second)
    counted = [dict(zip(*one.visits, strict=True)) for one in (first, second)]
    assert counted[0]
    assert sum(counted[1].values()) > sum(counted[0].values())
    assert all(counted[1][cell] >= count for cell, count in counted[0].items())


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_normalised_observations_and_vector_monitors_pass_frames_and_resets_through(kind: str) -> None:
    algorithm, settings, n, _ = (ON_POLICY | OFF_POLICY)[kind]
    settings = {**deepcopy(settings), "gamma": 0.9}

    def wrapped(inside: bool) -> VecNormalize:
        return VecNormalize(VecMonitor(envs(n, inside)), norm_reward=False)

    late = algorithm("MlpPolicy", wrapped(False), **settings).learn(240, callback=DeferredReward(HashScorer()))
    inside = algorithm("MlpPolicy", wrapped(True), **settings).learn(240)
    assert same_weights(late, inside)
    ours, theirs = ([e["r"] for e in model.ep_info_buffer] for model in (late, inside))
    assert ours == pytest.approx(theirs, abs=1e-5)  # VecMonitor adds up in float32


def test_environments_in_other_processes_pay_the_same() -> None:
    workers = SubprocVecEnv([Drift, Drift], start_method="fork")
    late = SAC("MlpPolicy", workers, **off(train_freq=4)).learn(60, callback=DeferredReward(HashScorer()))
    workers.close()
    inside = SAC("MlpPolicy", envs(2, inside=True), **off(train_freq=4)).learn(60)
    assert same_weights(late, inside)


def test_a_picture_for_the_policy_is_turned_while_frames_stay_as_they_are() -> None:
    class Seen(gym.ObservationWrapper[Any, Any, Any]):
        def __init__(self, env: gym.Env[Any, Any]) -> None:
            super().__init__(env)
            self.observation_space = gym.spaces.Box(0, 255, (6, 8, 3), np.uint8)

        def observation(self, observation: Any) -> Any:
            state: Drift = self.unwrapped  # type: ignore[assignment]
            return (np.abs(state.state[0]) * 100 * np.ones((6, 8, 3))).astype(np.uint8)

    late = PPO("MlpPolicy", envs(2, wrap=Seen), **deepcopy(PPO_SETTINGS)).learn(
        96, callback=DeferredReward(HashScorer())
    )
    inside = PPO("MlpPolicy", envs(2, inside=True, wrap=Seen), **deepcopy(PPO_SETTINGS)).learn(96)
    assert late.observation_space.shape == (3, 6, 8)
    assert same_weights(late, inside)


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_ground_truth_reaches_no_buffer(kind: str) -> None:
    model = trained(kind, DeferredReward(HashScorer()), steps=96)
    buffer = model.rollout_buffer if kind == "ppo" else model.replay_buffer
    arrays = [value for value in vars(buffer).values() if isinstance(value, np.ndarray)]
    assert len(arrays) > 5
    assert all(np.abs(array).max() < PLANTED / 1e3 for array in arrays)


def test_random_steps_before_learning_starts_are_paid_too() -> None:
    buffer = trained("sac", DeferredReward(HashScorer()), steps=40, learning_starts=60).replay_buffer
    assert buffer.pos == 20
    assert (buffer.rewards[:20] > 0).all()


def test_frames_are_kept_nowhere() -> None:
    infos: list[dict[str, Any]] = []

    def watch(locals_: dict[str, Any], _: dict[str, Any]) -> bool:
        infos.extend(locals_["infos"])
        return True

    model = SAC("MlpPolicy", envs(2), **off(train_freq=4))
    model.learn(80, callback=[DeferredReward(HashScorer()), ConvertCallback(watch)])
    assert len(infos) == 80
    assert not any("frame" in info for info in infos)
    assert not any("frame" in episode for episode in model.ep_info_buffer or [])


def test_the_reward_inside_really_reads_every_bit_of_the_frame() -> None:
    env = PaidInside(Drift())
    env.reset(seed=0)
    one = env.step(np.zeros(2))[1]
    env.reset(seed=0)
    assert env.step(np.full(2, 1e-12))[1] != one
