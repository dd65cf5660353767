"""Frames that are scored by those before them are paid late as they would be inside the environment, bit for bit."""

import zlib

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC

from tests.agents.drift import Drift, envs, off, on, same_weights
from vlmrl.agents.deferred import DeferredReward, Gaps, StudentGaps, histories
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.wrappers.vlm_reward import VLMReward

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def row(frame):
    """The bytes of a frame, as numbers that float32 holds."""
    return np.frombuffer(frame.tobytes(), np.uint8).astype(np.float32)


def worths(rows):
    """A number in [0, 1) for each frame, that changes with each bit of it and of every one before, and their order."""
    found, so_far = [], 0
    for one in rows:
        so_far = zlib.crc32(one.astype(np.uint8).tobytes(), so_far)
        found.append(so_far / 2**32)
    return np.array(found, np.float32)


class HashHistories:
    """The same as a scorer, which counts what it is asked."""

    takes = "history"
    ahead = 0

    def __init__(self):
        self.looked = 0
        self.asked = []

    def look(self, frames):
        self.looked += len(frames)
        return np.stack([row(frame) for frame in frames])

    def histories(self, seen, since, words):
        self.asked.append([(len(rows), first) for rows, first in zip(seen, since, strict=True)])
        return np.concatenate([worths(rows)[first:] for rows, first in zip(seen, since, strict=True)])


class PaidAsItGoes(gym.Wrapper):
    """The same reward, computed where the step is taken."""

    def reset(self, **keywords):
        obs, info = self.env.reset(**keywords)
        self.rows = [row(info.pop("frame"))]
        return obs, info

    def step(self, action):
        obs, _, terminated, truncated, info = self.env.step(action)
        self.rows.append(row(info.pop("frame")))
        return obs, float(worths(self.rows)[-1]), terminated, truncated, info


def trained(algorithm, settings, late, n=2, steps=240):
    wrap = None if late is not None else PaidAsItGoes
    return algorithm("MlpPolicy", envs(n, wrap=wrap), **settings).learn(steps, callback=late)


@pytest.mark.parametrize("n_steps", [24, 7, 5], ids=["longer", "shorter", "shorter than any episode"])
def test_on_policy_an_episode_goes_over_rollouts(n_steps):
    settings = {"n_steps": n_steps, "batch_size": n_steps, "n_epochs": 2}
    late, inside = (
        trained(PPO, on(**settings), DeferredReward(HashHistories())),
        trained(PPO, on(**settings), None),
    )
    assert same_weights(late, inside)
    for field in ("rewards", "returns", "advantages"):
        np.testing.assert_array_equal(getattr(late.rollout_buffer, field), getattr(inside.rollout_buffer, field))
    assert [one["r"] for one in late.ep_info_buffer] == [one["r"] for one in inside.ep_info_buffer]


@pytest.mark.parametrize("train_freq", [1, 4, (1, "episode")])
def test_off_policy_every_row_holds_its_score(train_freq):
    n = 1 if isinstance(train_freq, tuple) else 3
    late = trained(SAC, off(train_freq=train_freq), DeferredReward(HashHistories()), n)
    inside = trained(SAC, off(train_freq=train_freq), None, n)
    assert same_weights(late, inside)
    np.testing.assert_array_equal(late.replay_buffer.rewards, inside.replay_buffer.rewards)


def test_each_frame_is_looked_at_once_and_each_number_asked_for_once():
    scorer = HashHistories()
    trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(scorer))
    wanted = sum(length - first for asked in scorer.asked for length, first in asked)
    assert wanted == scorer.looked
    assert any(first > 0 for asked in scorer.asked for _, first in asked)  # episodes did go over rollouts
    assert max(length for asked in scorer.asked for length, _ in asked) <= 10  # and no episode runs into the next


def test_few_frames_may_wait_and_learning_may_go_on_in_two_parts():
    one = trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(HashHistories(), hold=5))
    model = PPO("MlpPolicy", envs(2), **on(n_steps=24, batch_size=24))
    paid = DeferredReward(HashHistories())
    model.learn(96, callback=paid).learn(144, callback=paid, reset_num_timesteps=False)
    assert same_weights(one, model)


def test_frames_may_be_left_out_but_no_student_stands_in():
    scorer = HashHistories()
    trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(scorer, gaps=Gaps(3)))
    assert max(length for asked in scorer.asked for length, _ in asked) < 9
    for gaps in (StudentGaps(3), StudentGaps(3, late=True)):
        with pytest.raises(ConfigError, match=r"scoring\.between: a student sees a state alone.*between=line"):
            trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(HashHistories(), gaps=gaps))


def test_a_number_that_is_none_stops_the_training_and_is_named():
    class Silent(HashHistories):
        def histories(self, seen, since, words):
            found = super().histories(seen, since, words)
            found[-1] = np.nan
            return found

    with pytest.raises(Abstained, match=r"the frame of env 1 .* got no finite number"):
        trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(Silent()))

    class TooFew(HashHistories):
        def look(self, frames):
            return super().look(frames)[1:]

    with pytest.raises(ShapeError, match=r"kept \(\d+, \d+\) of \d+ frames"):
        trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(TooFew()))


def test_more_rows_than_memory_should_take_are_refused(monkeypatch):
    monkeypatch.setattr(histories, "MOST_BYTES", 1000)
    with pytest.raises(ConfigError, match=r"those under way hold .*agent\.n_envs"):
        trained(PPO, on(n_steps=5, batch_size=5), DeferredReward(HashHistories()), n=4)


def test_what_keeps_no_episode_refuses_it():
    with pytest.raises(
        ConfigError, match=r"reward=HashHistories: reads the frames of an episode so far.*DeferredReward"
    ):
        VLMReward(Drift(), scorer=HashHistories())
