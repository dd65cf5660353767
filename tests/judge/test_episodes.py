import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit

from tests.judge.dial import Dial, Place, go_left, go_right, make, task
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import Abstained, ConfigError
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.random_policy import RandomPolicy

SEEDS = list(range(40, 51))


def lean(observations):
    """Turns towards the right or the left, whichever is nearer: depends on each observation alone."""
    return np.sign(observations).astype(np.float32)


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("batch", [2, 3, 16])
def test_numbers_do_not_depend_on_how_many_are_played_together(batch, ends):
    alone = evaluate(lean, lambda: make(ends=ends), task(), SEEDS, Place(), batch=1)
    together = evaluate(lean, lambda: make(ends=ends), task(), SEEDS, Place(), batch=batch)
    assert together == alone
    assert (len({episode.length for episode in alone.episodes}) > 1) == ends


def test_records_are_what_a_plain_loop_finds():
    env = make(frames=False)
    judged = evaluate(lean, lambda: make(), task(), SEEDS, Place())
    for seed, episode, trace in zip(SEEDS, judged.episodes, judged.traces, strict=True):
        observation, _ = env.reset(seed=seed)
        rewards, success, over = [], [], False
        while not over:
            observation, reward, terminated, truncated, info = env.step(lean(observation))
            rewards.append(float(reward))
            success.append(info["success"])
            over = terminated or truncated
        assert episode.seed == seed
        assert episode.length == len(rewards)
        assert episode.oracle_return == pytest.approx(np.mean(rewards))
        assert episode.task_return == pytest.approx(np.sum(rewards))  # though the frame tap gives the learner 0
        assert episode.success == task().succeeded(np.array(success))
        np.testing.assert_array_equal(trace.success, success)
        assert trace.score is not None
        np.testing.assert_allclose(trace.score, rewards, atol=0.02)
        assert episode.vlm_return == pytest.approx(float(np.mean(trace.score)), abs=1e-6)


def test_success_must_last_as_the_task_says():
    brief = evaluate(go_right, make, task(hold=12), [1])  # done at the end, and not from the start
    assert not brief.episodes[0].success
    assert evaluate(go_right, make, task(hold=1), [1]).episodes[0].success


def test_the_policy_is_asked_once_a_step_for_all():
    asked = []

    def policy(observations):
        asked.append(observations.shape)
        return go_right(observations)

    evaluate(policy, make, task(), SEEDS, batch=8)
    assert asked == [(8, 1)] * 12 + [(3, 1)] * 12


def test_an_episode_that_has_ended_is_left_alone():
    built = []

    def build():
        built.append(make(frames=False, ends=True))
        return built[-1]

    judged = evaluate(lean, build, task(), SEEDS[:6])
    assert len({episode.length for episode in judged.episodes}) > 1
    assert [env.get_wrapper_attr("steps") for env in built] == [episode.length for episode in judged.episodes]


def test_frames_are_kept_on_request_and_the_last_is_the_last_states():
    judged = evaluate(go_right, make, task(), [3, 4], keep_frames=True)
    for trace in judged.traces:
        assert trace.frames is not None
        assert trace.oracle is not None
        assert trace.frames.shape == (12, 48, 48, 3)
        assert Place().frames(trace.frames[-1:], None)[0] == pytest.approx(trace.oracle[-1], abs=0.02)
    assert evaluate(go_right, make, task(), [3]).traces[0].frames is None


def test_frames_are_scored_in_batches_of_bounded_size():
    scorer = Place()
    evaluate(go_right, lambda: make(60), task(60), list(range(10)), scorer, batch=10)
    assert sum(scorer.batches) == 600
    assert max(scorer.batches) == 256


def test_a_world_without_ground_truth_is_judged_on_its_own_reward():
    judged = evaluate(lambda o: np.zeros(len(o), int), lambda: gym.make("CartPole-v1"), None, [0, 1])
    assert judged.task == "CartPole-v1"
    for episode in judged.episodes:
        assert episode.success is None
        assert episode.oracle_return is None
        assert episode.vlm_return is None
        assert episode.task_return == episode.length  # CartPole pays 1 a step


def test_observations_may_be_dicts():
    class Both(gym.ObservationWrapper):
        def observation(self, observation):
            return {"state": observation, "twice": 2 * observation}

    shapes = []

    def policy(seen):
        shapes.append({key: value.shape for key, value in seen.items()})
        return go_right(seen["state"])

    evaluate(policy, lambda: Both(make(frames=False)), task(), [0, 1])
    assert shapes[0] == {"state": (2, 1), "twice": (2, 1)}


def test_random_actions_are_the_same_however_many_play_together():
    policy = RandomPolicy(Dial().action_space)
    alone = evaluate(policy, make, task(), SEEDS, batch=1)
    assert evaluate(policy, make, task(), SEEDS, batch=4) == alone
    assert len({episode.task_return for episode in alone.episodes}) == len(SEEDS)


def test_environments_are_closed_even_after_an_error():
    closed = []

    class Closing(gym.Wrapper):
        def close(self):
            closed.append(self)
            super().close()

    def broken(observations):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate(broken, lambda: Closing(make()), task(), [0, 1, 2])
    assert len(closed) == 3


def test_an_episode_without_a_time_limit_is_left_in_the_end(monkeypatch):
    monkeypatch.setattr("vlmrl.judge.episodes.LONGEST", 30)
    assert evaluate(go_right, Dial, task(), [0]).episodes[0].length == 30


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="seeds: are none"):
        evaluate(go_right, make, task(), [])
    with pytest.raises(ConfigError, match="batch=0"):
        evaluate(go_right, make, task(), [0], batch=0)
    with pytest.raises(ConfigError, match="words: are missing"):
        evaluate(go_right, make, None, [0], Place())
    with pytest.raises(ConfigError, match="frames=True"):
        evaluate(go_right, lambda: make(frames=False), task(), [0], Place())
    with pytest.raises(ConfigError, match="1 actions for 2 observations"):
        evaluate(lambda o: go_right(o)[:1], make, task(), [0, 1])


def test_a_task_needs_a_world_that_tells_its_truth():
    with pytest.raises(ConfigError, match=r"task=dial/right: .*success or oracle"):
        evaluate(lambda o: np.zeros(len(o), int), lambda: TimeLimit(gym.make("CartPole-v1"), 3), task(), [0])


def test_a_shipped_task_is_judged():
    cartpole = find_task("cartpole/upright").but(horizon=6)
    judged = evaluate(
        lambda o: np.zeros((len(o), 1)), lambda: make_env(cartpole, frames=False), cartpole, [7, 8], batch=2
    )
    assert [episode.length for episode in judged.episodes] == [6, 6]
    assert not any(episode.success for episode in judged.episodes)  # it hangs
    assert all(0 <= (episode.oracle_return or 0) <= 0.1 for episode in judged.episodes)


def test_the_start_is_kept_beside_the_frames_and_a_true_end_is_told_from_a_time_limit():
    env = make()
    judged = evaluate(go_right, make, task(), [3, 4], keep_frames=True)
    for seed, trace in zip([3, 4], judged.traces, strict=True):
        np.testing.assert_array_equal(trace.start, env.reset(seed=seed)[1]["frame"])
        assert not np.array_equal(trace.start, trace.frames[0])
        assert not trace.terminated
    fallen = evaluate(go_left, lambda: make(ends=True), task(), [3], keep_frames=True)
    assert fallen.traces[0].terminated
    assert evaluate(go_right, make, task(), [3]).traces[0].start is None


class Lengths:
    """A scorer of whole episodes: the mean level of the first frame, and how many there were."""

    cadence = "episode"

    def clips(self, clips, words):
        return np.array([clip[0].mean() + len(clip) for clip in clips], np.float32)


@pytest.mark.parametrize("batch", [2, 16])
def test_an_episode_that_is_scored_as_a_whole_has_its_score_at_every_step(batch):
    judged = evaluate(lean, lambda: make(ends=True), task(), SEEDS, Lengths(), batch=batch)
    for seed, episode, trace in zip(SEEDS, judged.episodes, judged.traces, strict=True):
        _, info = make().reset(seed=seed)
        expected = info["frame"].mean() + episode.length + 1  # the state it begins with, and those its steps led to
        np.testing.assert_allclose(trace.score, np.full(episode.length, expected), rtol=1e-6)
        assert episode.vlm_return == pytest.approx(expected, rel=1e-6)


def test_an_episode_that_gets_no_number_as_a_whole_is_an_abstention():
    class Silent(Lengths):
        def clips(self, clips, words):
            return np.full(len(clips), np.nan)

    with pytest.raises(Abstained, match=r"an episode of 13 frames got no finite number"):
        evaluate(lean, make, task(), SEEDS, Silent())
