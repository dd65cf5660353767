"""Learning from keypoints: steps are paid what the simulator's tracks say, in every way that steps are paid at all."""

import json

import numpy as np
import pytest
import torch

from tests.agents import plugin
from tests.keypoints.chat_server import serving
from vlmrl.agents.build import World, build_scorer, find_world
from vlmrl.agents.deferred import DeferredReward, Gaps, StudentGaps
from vlmrl.agents.learner import sb3
from vlmrl.agents.timing import Clock
from vlmrl.agents.train import train
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.shaping.base import Steps, chain
from vlmrl.wrappers.vlm_reward import VLMReward

pytestmark = pytest.mark.usefixtures("dots")

POINTS = {"env": None, "task": "reacher/touch", "reward": {"name": "keypoints", "stray": 0.2}}


def learned(config, shape=None, gaps=None):
    """The model after two episodes and a bit, and what the episodes came to."""
    world = find_world(config)
    venv = world.envs(True, Clock(), 2)
    model = sb3.build(config.agent, venv, config.policy, 5)
    pays = DeferredReward(build_scorer(config, world.words, world.task), world.words, shape, gaps=gaps)
    model.learn(240, callback=pays)
    episodes = [(episode["r"], episode["l"]) for episode in model.ep_info_buffer]
    venv.close()
    return model, episodes


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_learning_in_a_batch_is_learning_in_single_environments(tmp_path, monkeypatch, algorithm):
    config = plugin.config(tmp_path / "run", algorithm, **POINTS)
    batched, episodes = learned(config)
    monkeypatch.setattr(World, "_batch", lambda *_: None)
    single, others = learned(config)
    assert len(episodes) == 2
    assert episodes == others
    assert any(paid != 0 for paid, _ in episodes)
    weights, same = (model.policy.state_dict() for model in (batched, single))
    assert all(torch.equal(weights[name], value) for name, value in same.items())


@pytest.mark.parametrize("shaping", [{"score": {}}, {"score": {}, "potential": {}}, {"delta": {}}])
def test_every_step_is_paid_what_its_track_is_worth(tmp_path, shaping):
    """Against the same actions in one environment that pays at once; terminal states before any reset."""
    config = plugin.config(tmp_path / "run", **POINTS)
    shape = chain(shaping, unit=True)
    model, _ = learned(config, shape)
    buffer, world = model.replay_buffer, find_world(config)
    scorer = build_scorer(config, world.words, world.task)
    for env_number in range(2):
        env = VLMReward(world.env(True), scorer=scorer, words=world.words, shape=shape, gamma=model.gamma)
        env.reset(seed=5 + env_number)
        for row in range(buffer.pos):
            *_, over, _info = found = env.step(buffer.actions[row, env_number])
            assert buffer.rewards[row, env_number] == pytest.approx(found[1], abs=1e-6)
            if over:
                env.reset()
        env.close()


@pytest.mark.parametrize("gaps", [Gaps(4), Gaps(3, "hold"), StudentGaps(4), StudentGaps(4, late=True)])
def test_steps_between_scores_are_paid_as_with_frames(tmp_path, gaps):
    model, episodes = learned(plugin.config(tmp_path / "run", scoring={"every": 4}, **POINTS), gaps=gaps)
    assert len(episodes) == 2
    assert np.isfinite(model.replay_buffer.rewards).all()


def test_a_run_trains_judges_and_goes_on(tmp_path, capsys):
    config = plugin.config(tmp_path / "run", steps=120, **POINTS)
    found = train(config)
    said = capsys.readouterr().out
    assert "its ways are the simulator's own, so a result with it is privileged" in said
    assert "paid by keypoints along a planned way" in said
    assert "not watched for signs of hacking" in said
    assert found.comparison.evaluations[0].traces[0].score is not None
    assert json.loads((found.path / "timing.json").read_text())["judged"] == 120
    again = train(plugin.config(tmp_path / "run", steps=160, **POINTS))
    assert again.steps == 160


def test_a_dry_run_reads_keypoints(tmp_path, capsys):
    train(plugin.config(tmp_path / "run", dry_run=True, **POINTS))
    assert "keypoints read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ({"env": None, "task": "cartpole/upright"}, r"cartpole/upright names none; take a task that has them"),
        ({"env": "Hopper-v5"}, r"this world is no task of ours"),
    ],
)
def test_a_world_without_points_is_refused_before_anything_is_written(tmp_path, world, said):
    with pytest.raises(ConfigError, match=said):
        train(plugin.config(tmp_path / "run", reward={"name": "keypoints"}, goal=["a"], **world))
    assert not (tmp_path / "run").exists()


def test_pixels_to_be_seen_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"obs=pixels: this reward goes by keypoints"):
        train(plugin.config(tmp_path / "run", obs="pixels", **POINTS))


def test_frames_where_tracks_are_read_are_refused(tmp_path):
    config = plugin.config(tmp_path / "run", **POINTS)
    world = find_world(config)
    framed = find_world(plugin.config(tmp_path / "run", env=None, task="reacher/touch"))
    model = sb3.build(config.agent, framed.envs(True, Clock(), 2), config.policy, 5)
    with pytest.raises(ShapeError, match=r"this reward reads tracks, float32 \(W,\)"):
        model.learn(8, callback=DeferredReward(build_scorer(config, world.words, world.task), world.words))
    steps = Steps(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32), np.zeros((1, 1), bool))
    assert chain({"score": {}})(steps).shape == (1, 1)


def test_a_run_may_be_planned_by_a_model_that_is_asked(tmp_path, capsys):
    said = '{"grasp_keypoint": "", "target_keypoint": "2", "waypoints": []}'
    with serving("nonsense", said) as (url, says):
        endpoint = {"base_url": url, "model": "toy", "retries": 0}
        asked = {**POINTS, "reward": {"name": "keypoints_vlm", "endpoint": endpoint}}
        found = train(plugin.config(tmp_path / "run", steps=40, **asked))
    told = capsys.readouterr().out
    assert "asks toy about the start of every episode" in told
    assert "1 abstained" in told
    assert len(says.asked) % 3 == 0
    assert (found.path / "plan.png").is_file()
    assert found.comparison.goal == ("a bright picture",)  # the words that the model was asked with


def test_an_endpoint_that_dies_leaves_no_number(tmp_path):
    with serving(500) as (url, _):
        endpoint = {"base_url": url, "model": "toy", "retries": 0}
        asked = {**POINTS, "reward": {"name": "keypoints_vlm", "endpoint": endpoint}}
        with pytest.raises(Abstained, match="gave no answer"):
            train(plugin.config(tmp_path / "run", steps=40, **asked))
    assert not (tmp_path / "run" / "last_model.zip").exists()
