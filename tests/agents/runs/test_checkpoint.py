import random
import resource
from copy import deepcopy

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

from tests.agents import plugin
from vlmrl.agents.learner import randomness
from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.errors import RunError

SMALL = {name: value for name, value in plugin.SAC.items() if name != "learning_rate"}


class AsDict(gym.ObservationWrapper):
    """Observations with a name."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = gym.spaces.Dict({"place": env.observation_space})

    def observation(self, observation):
        return {"place": observation}


@pytest.fixture
def build(dot):
    """Builds SAC or PPO on two dots, all else as asked."""

    def make(kind=SAC, seed=0, wrap=lambda env: env, normalize=False, policy="MlpPolicy", n_envs=2, **params):
        venv: VecEnv = DummyVecEnv([lambda: gym.wrappers.TimeLimit(wrap(dot()), 20)] * n_envs)
        if normalize:
            venv = VecNormalize(venv, norm_reward=False)
        given = (SMALL if kind is SAC else {"n_steps": 16, "batch_size": 16, "device": "cpu"}) | params
        return kind(policy, venv, seed=seed, **deepcopy(given))  # SB3 writes into policy_kwargs

    return make


def draws(model):
    """The next number of every generator that a run uses."""
    venv = model.get_env()
    return [
        random.random(),
        float(np.random.rand()),
        float(torch.rand(1)),
        float(model.action_space.sample()[0]),
        *(float(generator.random()) for generator in venv.get_attr("np_random")),
    ]


def same(one, other):
    weights = (one.policy.state_dict(), other.policy.state_dict())
    return all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_steps": 3},
        {"wrap": AsDict, "policy": "MultiInputPolicy"},
        {"normalize": True},
        {"kind": PPO},
        {"kind": PPO, "normalize": True},
    ],
    ids=["sac", "three steps", "dict", "normalised", "ppo", "normalised ppo"],
)
def test_everything_comes_back(build, tmp_path, settings):
    model = build(**settings)
    model.learn(64)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    place = checkpoints.save(model, {"seconds": 1.5})
    expected = draws(model)

    fresh = build(**settings, seed=1)
    restored = checkpoints.restore(fresh)
    assert restored is not None
    assert (restored.path, restored.steps, restored.notes) == (place, 64, {"seconds": 1.5})
    assert draws(fresh) == expected
    assert same(model, fresh)
    assert (fresh.num_timesteps, fresh._n_updates) == (64, model._n_updates)
    if isinstance(model, SAC):
        mine, theirs = model.replay_buffer, fresh.replay_buffer
        assert (mine.pos, mine.full) == (theirs.pos, theirs.full) == (32, False)
        for name in ("rewards", "actions", "dones"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
        for one, other in zip(places(mine), places(theirs), strict=True):
            np.testing.assert_array_equal(one, other)
    normalizer = fresh.get_vec_normalize_env()
    if normalizer is not None:
        np.testing.assert_array_equal(normalizer.obs_rms.mean, model.get_vec_normalize_env().obs_rms.mean)
        assert normalizer.obs_rms.count == model.get_vec_normalize_env().obs_rms.count


def places(buffer):
    sides = (buffer.observations, buffer.next_observations)
    return [side["place"] if isinstance(side, dict) else side for side in sides]


def test_a_full_buffer_comes_back_full(build, tmp_path):
    model = build(buffer_size=40)
    model.learn(64)
    Checkpoints(tmp_path).save(model, {})
    fresh = build(buffer_size=40)
    Checkpoints(tmp_path).restore(fresh)
    assert fresh.replay_buffer.full
    assert fresh.replay_buffer.pos == model.replay_buffer.pos == 12
    np.testing.assert_array_equal(fresh.replay_buffer.rewards, model.replay_buffer.rewards)


def test_the_last_stored_step_ends_in_a_time_limit_for_the_run_that_goes_on(build, tmp_path):
    model = build()
    model.learn(24)
    Checkpoints(tmp_path).save(model, {})
    fresh = build()
    Checkpoints(tmp_path).restore(fresh)
    assert not model.replay_buffer.timeouts.any()
    assert fresh.replay_buffer.timeouts[11].all()
    assert not fresh.replay_buffer.timeouts[:11].any()


def test_environments_go_on_drawing_instead_of_starting_from_the_seed_again(build, tmp_path):
    model = build()
    model.learn(24)
    Checkpoints(tmp_path).save(model, {})
    firsts = []
    for _ in range(2):
        fresh = build()
        Checkpoints(tmp_path).restore(fresh)
        firsts.append(fresh.get_env().reset())
    np.testing.assert_array_equal(*firsts)
    assert not np.array_equal(firsts[0], build().get_env().reset())


def test_the_newest_are_kept(build, tmp_path):
    model = build()
    for _ in range(4):
        model.learn(8, reset_num_timesteps=False)
        Checkpoints(tmp_path, keep=2).save(model, {})
    assert [path.name for path in Checkpoints(tmp_path).paths()] == ["step_000000024", "step_000000032"]


def test_a_second_save_at_the_same_step_replaces_the_first(build, tmp_path):
    model = build()
    model.learn(8)
    for count in (1, 2):
        Checkpoints(tmp_path).save(model, {"count": count})
    restored = Checkpoints(tmp_path).restore(build())
    assert restored is not None
    assert restored.notes == {"count": 2}


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.unlink()], ids=["cut off", "flipped", "missing"])
@pytest.mark.parametrize("name", ["model.zip", "arrays.npz", "state.json"])
def test_a_damaged_checkpoint_is_left_aside_with_a_warning(build, tmp_path, name, damage):
    model = build()
    for _ in range(2):
        model.learn(8, reset_num_timesteps=False)
        Checkpoints(tmp_path).save(model, {})
    damage(tmp_path / "step_000000016" / name)
    fresh = build(seed=1)
    with pytest.warns(UserWarning, match=r"step_000000016.*it is left aside"):
        restored = Checkpoints(tmp_path).restore(fresh)
    assert restored is not None
    assert restored.steps == fresh.num_timesteps == 8


def test_only_damaged_checkpoints_are_an_error(build, tmp_path):
    model = build()
    model.learn(8)
    cut(Checkpoints(tmp_path).save(model, {}) / "arrays.npz")
    none = pytest.raises(RunError, match=r"none of the 1 checkpoints .* can be read")
    with pytest.warns(UserWarning, match="left aside"), none:
        Checkpoints(tmp_path).restore(build())


def test_no_checkpoint_is_no_error(build, tmp_path):
    assert Checkpoints(tmp_path / "none").restore(build()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_envs": 1}, r"agent\.n_envs=1: the checkpoint .* was written with 2"),
        ({"kind": PPO}, r"agent\.algorithm=PPO: the checkpoint .* was written with SAC"),
        ({"buffer_size": 80}, r"agent\.params\.buffer_size=80: the checkpoint .* was written with 500"),
        ({"policy_kwargs": {"net_arch": [4]}}, "does not hold the weights of this agent"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(build, tmp_path, changes, message):
    model = build()
    model.learn(8)
    Checkpoints(tmp_path).save(model, {})
    with pytest.raises(RunError, match=message):
        Checkpoints(tmp_path).restore(build(**changes))


def test_a_full_disk_leaves_the_checkpoint_before_whole(build, tmp_path):
    model = build()
    model.learn(8)
    Checkpoints(tmp_path).save(model, {})
    model.learn(8, reset_num_timesteps=False)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))  # the zip is larger: writing it fails half way
    try:
        with pytest.raises(RunError, match=r"step_000000016: cannot be written \(File too large\)"):
            Checkpoints(tmp_path).save(model, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["step_000000008"]
    restored = Checkpoints(tmp_path).restore(build())
    assert restored is not None
    assert restored.steps == 8


def test_what_a_killed_run_had_begun_to_write_is_cleared_away(build, tmp_path):
    (tmp_path / ".step_000000004.123").mkdir()
    model = build()
    model.learn(8)
    Checkpoints(tmp_path).save(model, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step_000000008"]


def test_what_a_block_draws_disturbs_nobody_outside():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    with randomness.undisturbed():
        inside = random.random(), np.random.rand(), float(torch.rand(1))
    assert (random.random(), np.random.rand(), float(torch.rand(1))) == inside
