"""Each way in which Stable-Baselines3 could lose, double, leak or save a late reward: refused, or shown to work."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sb3_contrib import ARS, RecurrentPPO
from stable_baselines3 import PPO, SAC, HerReplayBuffer
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.callbacks import (
    BaseCallback,
    CallbackList,
    CheckpointCallback,
    EvalCallback,
    EveryNTimesteps,
    StopTrainingOnMaxEpisodes,
)
from stable_baselines3.common.save_util import load_from_pkl
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from tests.agents.drift import Drift, HashScorer, envs, hashed, off, on, same_weights
from vlmrl.agents.deferred import DeferredReward, mark_gap
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.errors import Abstained, ConfigError, RunError, ShapeError
from vlmrl.shaping import Chain
from vlmrl.shaping.delta import Delta

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def sac(n: int = 2, env: Any = None, **changes: Any) -> Any:
    return SAC("MlpPolicy", env or envs(n), **off(**{"train_freq": 4, **changes}))


def ppo(n: int = 2, env: Any = None, **changes: Any) -> Any:
    return PPO("MlpPolicy", env or envs(n), **on(n_steps=12, batch_size=12, n_epochs=1, **changes))


def deferred(**changes: Any) -> DeferredReward:
    return DeferredReward(HashScorer(), **changes)


class Watch(BaseCallback):
    """Does something at each step, and stops after some."""

    def __init__(self, do: Any = None, stop_after: int = 10**9) -> None:
        super().__init__()
        self.do, self.stop_after = do, stop_after

    def _on_step(self) -> bool:
        if self.do is not None:
            self.do(self.model)
        return self.n_calls < self.stop_after


# --- VecNormalize -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ppo, sac])
def test_a_normaliser_of_rewards_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"norm_reward=True.*norm_reward=False"):
        make(env=VecNormalize(envs(2))).learn(24, callback=deferred())


# --- callbacks beside it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "around",
    [
        lambda late: [Watch(), late],
        lambda late: CallbackList([CallbackList([Watch()]), late]),
        lambda late: EveryNTimesteps(10, late),
    ],
    ids=["after another", "after a list", "inside another"],
)
def test_it_must_come_first(around: Any) -> None:
    with pytest.raises(ConfigError, match="DeferredReward must come first"):
        sac().learn(20, callback=around(deferred()))


def test_first_in_nested_lists_and_beside_a_progress_bar_is_fine() -> None:
    late = deferred()
    sac().learn(20, callback=CallbackList([CallbackList([late]), Watch()]), progress_bar=True)
    assert late.frames_scored >= 20


def test_two_of_them_would_pay_twice() -> None:
    with pytest.raises(ConfigError, match="pay each step twice"):
        sac().learn(20, callback=[deferred(), deferred()])


def test_a_checkpoint_that_would_hold_unpaid_rows_is_refused(tmp_path: Path) -> None:
    saver = CheckpointCallback(3, str(tmp_path), save_replay_buffer=True)
    with pytest.raises(ConfigError, match=r"save_replay_buffer=True.*after_labels"):
        sac().learn(20, callback=[deferred(), saver])
    with pytest.raises(ConfigError, match=r"save_replay_buffer=True.*after_labels"):
        sac().learn(20, callback=[deferred(), EveryNTimesteps(6, saver)])


@pytest.mark.parametrize("where", ["after each label", "beside, one step a rollout"])
def test_no_checkpoint_holds_an_unpaid_row(tmp_path: Path, where: str) -> None:
    saver = CheckpointCallback(3, str(tmp_path), save_replay_buffer=True)
    if where == "after each label":
        sac().learn(96, callback=deferred(after_labels=[saver]))
    else:
        sac(train_freq=1).learn(96, callback=[deferred(), saver])
    saved = sorted(tmp_path.glob("*replay_buffer*.pkl"))
    assert len(saved) >= 4
    for path in saved:
        buffer = load_from_pkl(path)
        assert (buffer.rewards[: buffer.size()] > 0).all()


def test_a_checkpoint_without_rows_may_stand_beside_it(tmp_path: Path) -> None:
    sac().learn(20, callback=[deferred(), CheckpointCallback(3, str(tmp_path))])
    assert list(tmp_path.glob("*.zip"))


def test_after_labels_calls_functions_and_callbacks_and_heeds_a_stop() -> None:
    model, seen = sac(), []
    late = deferred(after_labels=[lambda: seen.append(model.replay_buffer.rewards[: model.replay_buffer.pos].all())])
    model.learn(40, callback=late)
    assert seen == [True] * 5
    stopped = sac().learn(400, callback=deferred(after_labels=[Watch(stop_after=2)]))
    assert stopped.num_timesteps < 40
    assert (stopped.replay_buffer.rewards[: stopped.replay_buffer.pos] > 0).all()


def test_callbacks_after_labels_know_the_locals_of_the_rollout_and_their_parent() -> None:
    class Knows(BaseCallback):
        done = 0

        def _on_step(self) -> bool:
            self.done += len(self.locals["infos"]) == 2 and isinstance(self.parent, DeferredReward)
            return True

    sac().learn(24, callback=deferred(after_labels=[knows := Knows()]))
    assert knows.done == 3


def test_flush_pays_in_the_middle_of_a_rollout() -> None:
    late, seen = deferred(), []

    def look(model: Any) -> None:
        late.flush()
        buffer = model.replay_buffer
        seen.append((buffer.rewards[: buffer.pos] > 0).all())

    odd = sac(train_freq=7)
    odd.learn(56, callback=[late, Watch(look)])
    assert len(seen) == 28
    assert all(seen)
    assert same_weights(odd, sac(env=envs(2, inside=True), train_freq=7).learn(56))


# --- judging ----------------------------------------------------------------------------------------------------------


class Pixels(gym.Env[Any, Any]):
    """Draws itself, and pays 1 a step."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's own name and type
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, render_mode: str | None = "rgb_array") -> None:
        self.render_mode, self.t = render_mode, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.t = 0
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        return np.zeros(1, dtype=np.float32), 1.0, False, self.t == 5, {}

    def render(self) -> NDArray[np.uint8]:
        frame = np.zeros((8, 8, 3), dtype=np.uint8)
        frame[:4] = 10 * self.t + 5
        return frame


def test_judging_in_an_environment_that_pays_nothing_is_refused() -> None:
    judge = EvalCallback(DummyVecEnv([lambda: FrameTap(Pixels(), (8, 8))]), eval_freq=5)
    model = sac(env=DummyVecEnv([lambda: FrameTap(Pixels(), (8, 8))]))
    with pytest.raises(ConfigError, match=r"eval_env.*frames=False"):
        model.learn(20, callback=[deferred(), judge])


def test_judging_by_the_task_sees_the_tasks_reward_under_equal_normalisers(tmp_path: Path) -> None:
    train_env = VecNormalize(DummyVecEnv([lambda: FrameTap(Pixels(), (8, 8))]), norm_reward=False)
    judge_env = VecNormalize(DummyVecEnv([Pixels]), norm_reward=False, training=False)
    judge = EvalCallback(judge_env, eval_freq=8, n_eval_episodes=2, log_path=str(tmp_path), verbose=0)
    late = deferred()
    sac(env=train_env).learn(24, callback=[late, judge])
    assert judge.best_mean_reward == 5.0
    assert late.frames_scored >= 24
    np.testing.assert_array_equal(np.load(tmp_path / "evaluations.npz")["results"], np.full((3, 2), 5.0))


# --- ways to stop -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_after", [1, 6, 8, 51])
def test_a_callback_that_stops_in_the_middle_leaves_every_stored_row_paid(stop_after: int) -> None:
    late = sac().learn(400, callback=[deferred(), Watch(stop_after=stop_after)])
    inside = sac(env=envs(2, inside=True)).learn(400, callback=Watch(stop_after=stop_after))
    np.testing.assert_array_equal(late.replay_buffer.rewards, inside.replay_buffer.rewards)
    assert late.replay_buffer.full == (stop_after == 51)


def test_an_on_policy_rollout_that_is_cut_short_is_not_learned_from() -> None:
    late = ppo().learn(400, callback=[deferred(), Watch(stop_after=17)]).learn(48, callback=deferred())
    inside = ppo(env=envs(2, inside=True)).learn(400, callback=Watch(stop_after=17)).learn(48)
    assert same_weights(late, inside)


def test_an_interrupt_leaves_rows_that_flush_and_the_next_learn_pay() -> None:
    class Interrupt(BaseCallback):
        def _on_step(self) -> bool:
            if self.n_calls == 11:
                raise KeyboardInterrupt
            return True

    for again in (False, True):
        model, late = sac(train_freq=8), deferred()
        with pytest.raises(KeyboardInterrupt):
            model.learn(400, callback=[late, Interrupt()])
        assert not model.replay_buffer.rewards[8:10].all()
        if again:
            model.learn(8, callback=late)
        else:
            late.flush()
        assert (model.replay_buffer.rewards[: model.replay_buffer.pos] > 0).all()


def test_stopping_on_episodes_counts_as_ever() -> None:
    model = sac(1).learn(400, callback=[deferred(), StopTrainingOnMaxEpisodes(3)])
    assert model.num_timesteps <= 27


# --- going on ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ppo, sac])
def test_learning_on_without_a_reset_is_the_same_as_inside(make: Any) -> None:
    late, callback = make(), deferred()
    for _ in range(3):
        late.learn(48, callback=callback, reset_num_timesteps=False)
    inside = make(env=envs(2, inside=True))
    for _ in range(3):
        inside.learn(48, reset_num_timesteps=False)
    assert same_weights(late, inside)
    assert late.num_timesteps == 144


def test_another_callback_may_go_on_in_the_middle_of_an_episode() -> None:
    late = sac()
    for _ in range(2):
        late.learn(40, callback=deferred(), reset_num_timesteps=False)
    inside = sac(env=envs(2, inside=True)).learn(40).learn(40, reset_num_timesteps=False)
    np.testing.assert_array_equal(late.replay_buffer.rewards, inside.replay_buffer.rewards)


def test_the_score_before_the_first_step_is_known_in_the_middle_of_an_episode_too() -> None:
    def scorer(frames: Any, words: Any) -> Any:
        return frames[:, 0, 0, 0] / 100  # rises by 0.1 a step and falls back with each reset

    def rises(tapped: bool) -> list[float]:
        env = DummyVecEnv([(lambda: FrameTap(Pixels(), (8, 8))) if tapped else Drift])
        model = sac(env=env, train_freq=1)
        for _ in range(2):
            late = DeferredReward(scorer, shape=Chain([Delta()]))
            model.learn(7, callback=late, reset_num_timesteps=False)
        rewards: list[float] = model.replay_buffer.rewards[:14, 0].tolist()
        return rewards

    assert rises(tapped=True) == pytest.approx([0.1] * 14)
    assert rises(tapped=False)[7] == 0.0  # nobody can tell the frame before it: no change


def n_step_buffer(gap: bool) -> NStepReplayBuffer:
    """Two episodes of one environment, the first one interrupted after three steps."""
    box = gym.spaces.Box(-1, 1, (1,), np.float32)
    buffer = NStepReplayBuffer(10, box, box, device="cpu", n_steps=3, gamma=1.0)
    for step in range(6):
        if step == 3 and gap:
            mark_gap(buffer)
        obs = np.full((1, 1), step / 10, dtype=np.float32)
        reward, done = np.array([10.0**step]), np.array([step == 5])
        buffer.add(obs, obs, np.zeros((1, 1)), reward, done, [{}])
    return buffer


def test_a_marked_gap_stops_windows_of_several_steps() -> None:
    rows = np.arange(6)
    joined = n_step_buffer(gap=False)._get_samples(rows)
    apart = n_step_buffer(gap=True)._get_samples(rows)
    assert joined.rewards.flatten().tolist() == [111, 1110, 11100, 111000, 110000, 100000]
    assert apart.rewards.flatten().tolist() == [111, 110, 100, 111000, 110000, 100000]
    assert apart.dones.flatten().tolist() == [0, 0, 0, 1, 1, 1]  # the gap is no end: values are bootstrapped there
    torch.testing.assert_close(apart.next_observations[:3], torch.full((3, 1), 0.2))


def test_the_gap_is_marked_when_a_learner_starts_anew_and_not_when_it_goes_on() -> None:
    model, callback = sac(n_steps=3), deferred()
    model.learn(40, callback=callback)
    last = model.replay_buffer.pos - 1
    model.learn(8, callback=callback, reset_num_timesteps=False)
    assert not model.replay_buffer.timeouts[last].any()
    last = model.replay_buffer.pos - 1
    model.learn(8, callback=callback)
    assert (model.replay_buffer.timeouts[last] + model.replay_buffer.dones[last]).all()
    mark_gap(sac().replay_buffer)  # an empty buffer has no last row


def test_a_true_end_before_a_gap_stays_a_true_end() -> None:
    buffer = n_step_buffer(gap=False)
    mark_gap(buffer)
    assert buffer.timeouts[5].tolist() == [0.0]


def test_a_saved_model_holds_neither_scorer_nor_callback_and_loads_in_plain_sb3(tmp_path: Path) -> None:
    class Heavy(HashScorer):
        model = np.random.default_rng(0).bytes(5_000_000)

    model = sac()
    model.learn(40, callback=DeferredReward(Heavy()))
    model.save(tmp_path / "model.zip")
    assert (tmp_path / "model.zip").stat().st_size < 500_000
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"vlmrl" not in content
    assert b"_orig_mod" not in content  # nothing was wrapped by torch.compile
    assert same_weights(SAC.load(tmp_path / "model.zip"), model)


# --- buffers and algorithms -------------------------------------------------------------------------------------------


class Reach(gym.Env[Any, Any]):
    """The least that HER accepts."""

    box = gym.spaces.Box(-1, 1, (1,), np.float32)
    observation_space = gym.spaces.Dict({"observation": box, "achieved_goal": box, "desired_goal": box})
    action_space = box

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.observation_space.sample(), 0.0, False, False, {}

    def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
        return -np.linalg.norm(achieved - desired, axis=-1)


def test_hindsight_replay_is_refused() -> None:
    model = SAC("MultiInputPolicy", Reach(), replay_buffer_class=HerReplayBuffer, **off())
    with pytest.raises(ConfigError, match=r"HerReplayBuffer.*DictReplayBuffer"):
        model.learn(20, callback=deferred())


def test_one_array_for_two_observations_is_refused() -> None:
    model = sac(optimize_memory_usage=True, replay_buffer_kwargs={"handle_timeout_termination": False})
    with pytest.raises(ConfigError, match="optimize_memory_usage=True"):
        model.learn(20, callback=deferred())


def test_a_rollout_longer_than_the_buffer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train_freq=46.*45 rows.*raise buffer_size"):
        sac(train_freq=46).learn(20, callback=deferred())
    sac(train_freq=45).learn(90, callback=deferred())


@pytest.mark.parametrize(
    ("algorithm", "policy", "message"),
    [(ARS, "MlpPolicy", "keeps no steps"), (RecurrentPPO, "MlpLstmPolicy", "collects rollouts in a way of its own")],
)
def test_algorithms_that_cannot_be_paid_late_are_refused(algorithm: Any, policy: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        algorithm(policy, envs(1), device="cpu").learn(20, callback=deferred())


def test_a_clipped_value_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="clip_range_vf"):
        ppo(clip_range_vf=0.2).learn(24, callback=deferred())


def test_a_buffer_that_changes_under_way_is_noticed() -> None:
    def meddle(model: Any) -> None:
        model.replay_buffer.pos += 3

    with pytest.raises(RunError, match="must not be loaded or changed while learning"):
        sac().learn(20, callback=[deferred(), Watch(meddle)])


# --- environments -----------------------------------------------------------------------------------------------------


class Without(gym.Wrapper[Any, Any, Any, Any]):
    """Takes something out of the infos, or puts something else in."""

    def __init__(self, env: gym.Env[Any, Any], moment: str, frame: Any = None, pay: float = 0.0) -> None:
        super().__init__(env)
        self.moment, self.frame, self.pay = moment, frame, pay

    def _changed(self, info: dict[str, Any], moment: str) -> dict[str, Any]:
        return {**info, "frame": self.frame} if moment == self.moment else info

    def reset(self, **settings: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**settings)
        return obs, self._changed(info, "reset")

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, _, terminated, truncated, info = self.env.step(action)
        return obs, self.pay, terminated, truncated, self._changed(info, "step")


@pytest.mark.parametrize("moment", ["reset", "step"])
def test_an_environment_without_frames_is_told_how_to_show_them(moment: str) -> None:
    with pytest.raises(ConfigError, match=r"info\['frame'\] of env 0 .*make_env.*FrameTap"):
        sac(env=envs(2, wrap=lambda env: Without(env, moment))).learn(20, callback=deferred())


@pytest.mark.parametrize(
    "frame",
    [np.zeros((6, 8, 3)), np.zeros((3, 6, 8), dtype=np.uint8), np.zeros((7, 8, 3), dtype=np.uint8), "a picture"],
)
def test_frames_of_another_kind_or_size_are_refused(frame: Any) -> None:
    with pytest.raises(ShapeError, match=r"info\['frame'\] of env 0 at step 2"):
        sac(env=envs(2, wrap=lambda env: Without(env, "step", frame))).learn(20, callback=deferred())


@pytest.mark.parametrize("make", [ppo, sac])
def test_an_environment_that_still_pays_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"reward=\[1\.0, 1\.0\].*must not reach the learner.*FrameTap"):
        make(env=envs(2, wrap=lambda env: Without(env, "never", pay=1.0))).learn(20, callback=deferred())


@pytest.mark.parametrize(("sign", "message"), [(1, "staying alive pays"), (-1, "ending early pays.*calibrate")])
@pytest.mark.filterwarnings("default:termination")
def test_early_ends_are_warned_about_once(sign: int, message: str) -> None:
    with pytest.warns(UserWarning, match=message) as caught:
        sac().learn(100, callback=DeferredReward(lambda frames, words: sign * hashed(frames)))
    assert sum("termination" in str(one.message) for one in caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sac(env=envs(2, wall=1e9)).learn(60, callback=deferred())


# --- scorers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ppo, sac])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_score_that_is_no_number_names_its_step(make: Any, number: float) -> None:
    calls = iter(range(10**6))

    def scorer(frames: Any, words: Any) -> Any:
        return [number if next(calls) == 7 else 0.5 for _ in frames]

    # Two first frames, then two a step: the eighth frame is that of env 1 in the third step.
    with pytest.raises(Abstained, match=r"(nan|inf): the frame of env 1 at step 6 "):
        make(env=envs(2, wall=1e9)).learn(24, callback=DeferredReward(scorer))


def test_a_wrong_number_of_scores_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"scores \(1,\) for \d+ frames"):
        sac().learn(20, callback=DeferredReward(lambda frames, words: [0.5]))


@pytest.mark.parametrize("wrong", [lambda steps: steps.after[0], lambda steps: steps.after * np.nan])
def test_a_shape_that_gives_no_reward_a_step_is_refused(wrong: Any) -> None:
    with pytest.raises(ShapeError, match=r"shape: gave rewards .* must be as many, and finite"):
        sac().learn(20, callback=deferred(shape=wrong))


def test_scores_may_come_from_torch() -> None:
    late = sac()
    late.learn(40, callback=DeferredReward(lambda frames, words: torch.tensor(hashed(frames), requires_grad=True)))
    assert same_weights(late, sac().learn(40, callback=deferred()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give one of the two"),
        ({"scorer": hashed, "goal": "up"}, "give one of the two"),
        ({"scorer": hashed, "baseline": "a pole"}, "goes with goal"),
        ({"scorer": hashed, "encoder": "sim_clip"}, "encoder: goes with goal"),
        ({"scorer": hashed, "hold": 0}, "hold=0"),
    ],
)
def test_settings_that_say_two_things_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DeferredReward(**settings)


def test_a_scorer_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(ConfigError, match="no method frames"):
        sac().learn(20, callback=DeferredReward(3))
