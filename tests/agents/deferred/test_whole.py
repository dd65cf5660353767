"""Episodes that are paid as a whole are paid late as they would be inside the environment, bit for bit."""

from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC

from tests.agents.drift import Drift, HashScorer, envs, hashed, off, on, picture, same_weights
from vlmrl.agents.deferred import DeferredReward, Gaps, StudentGaps, whole
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.wrappers.vlm_reward import VLMReward

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def worth(clip):
    """One number in [0, 1) an episode, that changes with each bit of each frame and their order."""
    return float(hashed([np.stack(clip)])[0])


class HashClips:
    """The same as a scorer, which counts what it is asked."""

    cadence = "episode"

    def __init__(self):
        self.lengths = []

    def clips(self, clips, words):
        self.lengths += [len(clip) for clip in clips]
        return np.array([worth(clip) for clip in clips], np.float32)


class PaidAtTheEnd(gym.Wrapper):
    """The same reward, computed where the episode ends; remembers how long they were."""

    lengths: ClassVar[list[int]] = []

    def reset(self, **keywords):
        obs, info = self.env.reset(**keywords)
        self.clip = [info.pop("frame")]
        return obs, info

    def step(self, action):
        obs, _, terminated, truncated, info = self.env.step(action)
        self.clip.append(info.pop("frame"))
        if not (terminated or truncated):
            return obs, 0.0, False, False, info
        PaidAtTheEnd.lengths.append(len(self.clip))
        return obs, worth(self.clip), terminated, truncated, info


def trained(algorithm, settings, late, n=2, steps=240):
    wrap = None if late is not None else PaidAtTheEnd
    return algorithm("MlpPolicy", envs(n, wrap=wrap), **settings).learn(steps, callback=late)


@pytest.mark.parametrize("n_steps", [24, 7, 5], ids=["longer", "shorter", "shorter than any episode"])
def test_on_policy_an_episode_goes_over_rollouts_and_is_paid_where_it_ends(n_steps):
    """Carried over, not refused: what earlier rollouts were paid, 0, is what their steps are worth."""
    settings = {"n_steps": n_steps, "batch_size": n_steps, "n_epochs": 2}
    late, inside = trained(PPO, on(**settings), DeferredReward(HashClips())), trained(PPO, on(**settings), None)
    assert same_weights(late, inside)
    for field in ("rewards", "returns", "advantages"):
        np.testing.assert_array_equal(getattr(late.rollout_buffer, field), getattr(inside.rollout_buffer, field))
    assert [one["r"] for one in late.ep_info_buffer] == [one["r"] for one in inside.ep_info_buffer]


@pytest.mark.parametrize("train_freq", [1, 4, (1, "episode")])
def test_off_policy_the_last_row_of_an_episode_holds_its_score_and_all_others_0(train_freq):
    settings, n = off(train_freq=train_freq), 1 if isinstance(train_freq, tuple) else 2
    late = trained(SAC, settings, DeferredReward(HashClips()), n)
    inside = trained(SAC, off(train_freq=train_freq), None, n)
    assert same_weights(late, inside)
    np.testing.assert_array_equal(late.replay_buffer.rewards, inside.replay_buffer.rewards)
    paid, ended = late.replay_buffer.rewards != 0, late.replay_buffer.dones != 0
    assert paid.any()
    assert not (paid & ~ended).any()


def test_a_clip_is_the_frames_of_one_episode_from_its_reset_to_its_end():
    scorer = HashClips()
    trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(scorer))
    PaidAtTheEnd.lengths.clear()
    trained(PPO, on(n_steps=24, batch_size=24), None)
    assert sorted(scorer.lengths) == sorted(PaidAtTheEnd.lengths)
    assert len(scorer.lengths) > 20


def test_few_frames_may_wait_and_learning_may_go_on_in_two_parts():
    one = trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(HashClips(), hold=5))
    model = PPO("MlpPolicy", envs(2), **on(n_steps=24, batch_size=24))
    paid = DeferredReward(HashClips())
    model.learn(96, callback=paid).learn(144, callback=paid, reset_num_timesteps=False)
    assert same_weights(one, model)


def test_frames_may_be_left_out_but_nothing_is_filled_in_between():
    scorer = HashClips()
    model = trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(scorer, gaps=Gaps(3, "hold")))
    assert max(scorer.lengths) < 9
    assert ((model.rollout_buffer.rewards != 0).sum(0) > 0).all()
    for gaps in (Gaps(3), StudentGaps(3), StudentGaps(3, late=True)):
        with pytest.raises(ConfigError, match=r"scoring\.between: .*take scoring\.between=hold"):
            trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(HashClips(), gaps=gaps))


def test_an_episode_without_a_number_stops_the_training():
    class Silent(HashClips):
        def clips(self, clips, words):
            return np.full(len(clips), np.nan)

    with pytest.raises(Abstained, match=r"the episode of env \d at step \d+ got no finite number"):
        trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(Silent()))

    class TooMany(HashClips):
        def clips(self, clips, words):
            return np.zeros(len(clips) + 1)

    with pytest.raises(ShapeError, match=r"gave scores \(\d+,\) for \d+ episodes"):
        trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(TooMany()))


def test_more_frames_than_memory_should_take_are_refused(monkeypatch):
    monkeypatch.setattr(whole, "MOST_BYTES", 10 * picture(np.zeros(2)).nbytes)
    with pytest.raises(ConfigError, match=r"those under way hold .*agent\.n_envs"):
        trained(PPO, on(n_steps=24, batch_size=24), DeferredReward(HashClips()), n=4)


def test_what_pays_each_step_at_once_refuses_a_reward_of_whole_episodes():
    with pytest.raises(ConfigError, match=r"reward=HashClips: scores whole episodes.*DeferredReward pays it"):
        VLMReward(Drift(), scorer=HashClips())
    assert VLMReward(Drift(), scorer=HashScorer()).reset(seed=0)[1]["vlm_score"] < 1
