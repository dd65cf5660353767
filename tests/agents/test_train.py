import csv
import json
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, unwrap_vec_normalize

from tests.agents import plugin
from vlmrl import encoders
from vlmrl.agents.anchors import measured
from vlmrl.agents.build import find_world
from vlmrl.agents.nonnegative import NonNegative
from vlmrl.agents.policy import load_policy
from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.agents.timing import Clock
from vlmrl.agents.train import train
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.errors import Abstained, ConfigError, RunError, UnknownName
from vlmrl.metrics.evaluation import Comparison
from vlmrl.shaping.base import Steps, chain

UNKNOWN = {"goal_like": None, "baseline_like": None}
"""Anchors of ``calibrate`` that are to be measured."""

pytestmark = pytest.mark.usefixtures("dots")


def episodes(path):
    rows = list(csv.DictReader(path.read_text().splitlines()[1:]))
    return [{name: float(value) if value else None for name, value in row.items()} for row in rows]


def judged(result):
    return [(one.seed, one.task_return, one.vlm_return) for one in result.comparison.evaluations[0].episodes]


def weights(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("policy.pth")


def rewards(path):
    with np.load(Checkpoints(path / "checkpoints").paths()[-1] / "arrays.npz") as arrays:
        return arrays["buffer/rewards"]


def test_a_run_leaves_everything_where_it_is_looked_for(tmp_path, lines):
    result = train(plugin.config(tmp_path / "run", track={"name": "default"}), lines.append)
    run = RunDir.open(tmp_path / "run")
    assert (result.path, result.seed, result.steps, result.stopped) == (run.path, 5, 160, None)
    with np.load(run.evaluations) as found:
        assert found["timesteps"].tolist() == [80, 160]
        assert found["results"].shape == found["ep_lengths"].shape == found["vlm_returns"].shape == (2, 2)
        assert "successes" not in found
    assert Comparison.load(run.evaluation) == result.comparison
    assert [path.name for path in Checkpoints(run.checkpoints).paths()] == ["step_000000120", "step_000000160"]
    assert list(run.tensorboard.iterdir())
    about = json.loads((run.path / "last_model.json").read_text())
    assert (about["chosen"], about["steps"], about["frame_size"]) == ("last checkpoint", 160, [16, 16])
    assert json.loads((run.path / "best_model.json").read_text())["chosen"].endswith("the environment's own reward")
    assert set(result.shares) == {"simulation", "rendering", "scoring", "learning", "judging", "saving", "rest"}
    assert sum(result.shares.values()) == pytest.approx(1)
    assert all(result.shares[part] > 0 for part in ("simulation", "rendering", "scoring", "learning", "judging"))
    assert "seed=5" in "\n".join(lines)


def test_what_the_words_paid_and_the_truth_stand_side_by_side(tmp_path, lines):
    train(plugin.config(tmp_path / "run"), lines.append)
    run = RunDir.open(tmp_path / "run")
    rows = episodes(run.monitor)
    assert len(rows) == 8
    assert all(row["l"] == 20 and row["success"] is None for row in rows)
    # One way of adding up the buffer's rewards is by the episodes of monitor.csv: all that the learner ever saw.
    assert sum(row["r"] for row in rows) == pytest.approx(rewards(run.path).sum(), abs=1e-3)
    with run.progress.open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["rollout/vlm_return"]) == pytest.approx(np.mean([row["r"] for row in rows]), abs=1e-4)
    assert float(last["rollout/task_return"]) == pytest.approx(np.mean([row["task_return"] for row in rows]), abs=1e-4)
    assert float(last["time/learning"]) > 0
    assert last["time/total_timesteps"] == "160"


def test_without_ground_truth_success_is_not_invented(tmp_path, lines):
    result = train(plugin.config(tmp_path / "run"), lines.append)
    assert any("nobody knows when it is done: success is not reported" in line for line in lines)
    assert all(one.success is None for agent in result.comparison.evaluations for one in agent.episodes)
    assert not any("success" in line for line in lines[2:])


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_the_same_seed_gives_the_same_numbers(tmp_path, lines, algorithm):
    one, two = (train(plugin.config(tmp_path / name, algorithm), lines.append) for name in "ab")
    other = train(plugin.config(tmp_path / "c", algorithm, seed=6), lines.append)
    assert judged(one) == judged(two)
    assert judged(one) != judged(other)
    assert weights(tmp_path / "a" / "last_model.zip") == weights(tmp_path / "b" / "last_model.zip")


def test_judging_more_often_teaches_nothing(tmp_path, lines):
    for name, every in (("often", 8), ("never", 0)):
        evaluation = {"every": every, "episodes": 2, "final_episodes": 2}
        train(plugin.config(tmp_path / name, evaluation=evaluation, steps=80), lines.append)
    assert weights(tmp_path / "often" / "last_model.zip") == weights(tmp_path / "never" / "last_model.zip")
    assert not (tmp_path / "never" / "best_model.zip").exists()


def test_judged_and_trained_seeds_are_apart(tmp_path, lines):
    result = train(plugin.config(tmp_path / "run", steps=40), lines.append)
    assert [seed for seed, *_ in judged(result)] == [1_000_000, 1_000_001, 1_000_002]
    assert result.comparison.evaluations[1].agent == "random"
    assert [one.seed for one in result.comparison.evaluations[1].episodes] == [1_000_000, 1_000_001, 1_000_002]


def test_the_oracle_learns_from_the_environments_own_reward(tmp_path, lines):
    result = train(plugin.config(tmp_path / "run", reward={"name": "oracle"}), lines.append)
    rows = episodes(tmp_path / "run" / "monitor.csv")
    assert all(row["r"] == pytest.approx(row["task_return"], abs=1e-4) for row in rows)
    assert result.shares["rendering"] == result.shares["scoring"] == 0
    assert judged(result)[0][2] is None
    assert not any("warning" in line for line in lines)


def test_choices_are_learned_too(tmp_path, lines):
    config = plugin.config(tmp_path / "run", "DQN", steps=80)
    agent = config.agent.model_copy(update={"bins": 5})
    result = train(config.model_copy(update={"agent": agent}), lines.append)
    policy, world, _ = load_policy(RunDir.open(result.path))
    env = world.env(frames=False)
    assert env.action_space.n == 5
    assert policy(np.zeros((2, 1), np.float32)).shape == (2,)


@pytest.mark.parametrize("obs", ["pixels", "both"])
def test_policies_that_see_frames_learn_too(tmp_path, lines, obs):
    agent = {"name": "ppo", "algorithm": "PPO", "total_steps": 32, "n_envs": 2}
    params = {"n_steps": 8, "batch_size": 8, "n_epochs": 1, "device": "cpu"}
    config = plugin.config(
        tmp_path / "run", obs=obs, agent=agent | {"params": params}, render={"name": "f", "size": [36, 36]}
    )
    result = train(config, lines.append)
    policy, _, _ = load_policy(RunDir.open(result.path))
    frames = np.zeros((3, 36, 36, 3), np.uint8)
    seen = frames if obs == "pixels" else {"state": np.zeros((3, 1), np.float32), "pixels": frames}
    assert policy(seen).shape == (3, 1)


@pytest.mark.parametrize("obs", ["state", "both"])
def test_states_are_normalised_as_they_were_in_training(tmp_path, lines, obs):
    agent = {"name": "ppo", "algorithm": "PPO", "total_steps": 32, "n_envs": 2, "normalize": True}
    params = {"n_steps": 8, "batch_size": 8, "n_epochs": 1, "device": "cpu"}
    config = plugin.config(
        tmp_path / "run", obs=obs, agent=agent | {"params": params}, render={"name": "f", "size": [36, 36]}
    )
    result = train(config, lines.append)
    policy, _, _ = load_policy(RunDir.open(result.path))
    kept = VecNormalize.load(
        str(tmp_path / "run" / "vecnormalize.pkl"), DummyVecEnv([lambda: find_world(config).env(False)])
    )
    states = np.linspace(-1, 1, 3, dtype=np.float32)[:, None]
    seen: Any = states if obs == "state" else {"state": states, "pixels": np.full((3, 36, 36, 3), 90, np.uint8)}
    normal: Any = kept.normalize_obs(seen)
    moments: Any = kept.obs_rms if obs == "state" else kept.obs_rms["state"]
    assert moments.count > 32
    np.testing.assert_allclose(
        normal if obs == "state" else normal["state"], (states - moments.mean) / np.sqrt(moments.var + 1e-8), rtol=1e-5
    )
    if obs == "both":
        np.testing.assert_array_equal(normal["pixels"], seen["pixels"])
    theirs = PPO.load(tmp_path / "run" / "last_model.zip", device="cpu").predict(normal, deterministic=True)[0]
    np.testing.assert_array_equal(policy(seen), theirs)


def test_pictures_are_not_normalised(tmp_path):
    config = plugin.config(tmp_path / "run", obs="pixels", render={"name": "f", "size": [36, 36]})
    config = config.model_copy(update={"agent": config.agent.model_copy(update={"normalize": True})})
    envs = find_world(config).envs(frames=True, clock=Clock(), count=1)
    assert unwrap_vec_normalize(envs) is None
    envs.close()


def test_few_frames_are_scored_while_learning_and_all_while_judging(tmp_path, lines):
    def scored(every):
        result = train(plugin.config(tmp_path / f"run-{every}", scoring={"every": every}), lines.append)
        (shown,) = [row.vlm_return for row in result.comparison.rows() if row.agent == "agent"]
        rows = list(csv.DictReader((result.path / "monitor.csv").read_text().splitlines()[1:]))
        return shown, [float(row["r"]) for row in rows]

    (judged, paid), (judged_all, paid_all) = scored(5), scored(1)
    assert None not in (judged, judged_all)
    assert len(paid) == len(paid_all)
    assert paid[0] == pytest.approx(paid_all[0], rel=0.2), "both began with the same random steps"
    assert paid[0] != paid_all[0]


@pytest.mark.parametrize("world", [{"env": "InvertedPendulum-v5"}, {"task": "cartpole/upright"}])
def test_the_render_profile_reaches_tasks_and_any_id(world):
    frames = {}
    for profile in ("fast", "pretty"):
        env = find_world(configure(**world, goal="a", baseline="b", render={"profile": profile})).env(frames=True)
        frames[profile] = env.reset(seed=0)[1]["frame"]
    assert not np.array_equal(frames["fast"], frames["pretty"])


def test_the_agent_of_a_run_acts_as_it_was_saved(tmp_path, lines):
    train(plugin.config(tmp_path / "run"), lines.append)
    seen = np.linspace(-1, 1, 5, dtype=np.float32)[:, None]
    for best, name in ((False, "last_model"), (True, "best_model")):
        policy, world, chosen = load_policy(RunDir.open(tmp_path / "run"), best)
        theirs = SAC.load(tmp_path / "run" / f"{name}.zip", device="cpu").predict(seen, deterministic=True)[0]
        np.testing.assert_array_equal(policy(seen), theirs)
        assert world.size == (16, 16)
        assert ("best" in chosen) == best


def test_both_zips_load_where_vlmrl_is_not_installed(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80), lines.append)
    code = plugin.blocked("""
import numpy as np
from stable_baselines3 import SAC
for name in ("best_model.zip", "last_model.zip"):
    model = SAC.load(name, device="cpu")
    model.predict(np.zeros(1, np.float32))
    assert not any("_orig_mod" in key for key in model.policy.state_dict())
""")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path / "run"
    )
    assert done.returncode == 0, done.stderr


def test_a_dry_run_builds_all_and_writes_nothing(tmp_path, lines):
    result = train(plugin.config(tmp_path / "run", dry_run=True), lines.append)
    assert result.path is None
    assert list(tmp_path.iterdir()) == []
    assert any("SAC" in line and "environment steps/s" in line and "16 x 16" in line for line in lines)
    assert any(line.startswith("160 steps take ") for line in lines)


def test_words_that_cannot_be_scored_are_refused_before_anything_is_written(tmp_path, lines):
    with pytest.raises(ConfigError, match="is dark; ask for light"):
        train(plugin.config(tmp_path / "run", goal="a dark picture"), lines.append)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"env": "Dott-v0"}, UnknownName, r"env=Dott-v0: is not known; did you mean Dot-v0\?"),
        ({"reward": {"name": "light", "gives_up": 1}}, ConfigError, r"reward\.gives_up=1: is not known; did you mean"),
        ({"reward": {"name": "lite"}}, UnknownName, r"reward=lite: is not known"),
        (
            {"shaping": {"name": "own", "calibrate": UNKNOWN}},
            ConfigError,
            r"goal_like: is missing, and only a task's own",
        ),
        ({"env": None, "task": "cartpole/uprigth"}, UnknownName, r"did you mean cartpole/upright\?"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path, lines, changes, error, message):
    with pytest.raises(error, match=message):
        train(plugin.config(tmp_path / "run", **changes), lines.append)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_of_another_package_is_loaded_by_its_name():
    assert type(encoders.load("brightness")).__module__ == "dots_encoder"


def test_a_place_that_cannot_be_written_is_named(tmp_path, lines):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match=r"run_dir=.*file"):
        train(plugin.config(tmp_path / "file" / "run"), lines.append)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_score_that_is_no_number_ends_the_run_and_leaves_the_rest_whole(tmp_path, lines):
    reward = {"name": "light", "gives_up_after": 110}
    with pytest.raises(Abstained):
        train(plugin.config(tmp_path / "run", reward=reward), lines.append)
    places = Checkpoints(tmp_path / "run" / "checkpoints").paths()
    assert places
    assert all(np.isfinite(rewards(tmp_path / "run")).all() for _ in places)
    assert SAC.load(places[-1] / "model.zip").num_timesteps > 0


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops_and_the_run_goes_on_later(tmp_path, lines, algorithm, number):
    def say(line):
        lines.append(line)
        if "80 steps:" in line or "96 steps:" in line:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    config = plugin.config(tmp_path / "run", algorithm, checkpoint_every=1000)
    stopped = train(config, say)
    assert stopped.stopped == number.name
    assert 80 <= stopped.steps < 160
    assert stopped.comparison is None
    assert signal.getsignal(number) == before
    assert SAC.load(tmp_path / "run" / "last_model.zip").num_timesteps == stopped.steps if algorithm == "SAC" else True

    finished = train(config, lines.append)
    assert (finished.steps, finished.stopped) == (160, None)
    assert finished.comparison is not None
    assert len(episodes(tmp_path / "run" / "monitor.csv")) <= 8


def test_rewards_are_raised_where_an_episode_may_end_early(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80), lines.append)
    assert any(line.startswith("warning: env=Dot-v0: its episodes may end early") for line in lines)
    assert rewards(tmp_path / "run").min() >= 0


def test_our_own_ids_have_their_ground_truth():
    found = find_world(plugin.config(Path("run"), env="vlmrl/Cartpole-Upright-v0"))
    assert found.task is not None
    assert found.task.name == "cartpole/upright"
    assert not found.may_end_early


def test_raising_rewards_moves_all_of_them_alike():
    scores = np.array([[-1.0, 0.25], [0.5, 1.0]], np.float32)
    steps = Steps(scores, scores, np.zeros((2, 2), bool))
    np.testing.assert_array_equal(NonNegative(chain({}), -1.0)(steps), scores + 1)
    np.testing.assert_array_equal(NonNegative(chain({}), 0.0)(steps), np.maximum(scores, 0))


def test_pay_that_looks_back_is_raised_as_all_other():
    shape = chain({"score": {}, "novelty": {"factor": 0.5, "bits": 4}})
    raised = NonNegative(shape, -1.0)
    assert raised.needs == shape.needs
    scores, once = np.array([[-1.0, 0.25]], np.float32), np.ones((1, 2), np.float32)
    steps = Steps(scores, scores, np.zeros((1, 2), bool), visits_episode=once, visits_global=4 * once)
    np.testing.assert_allclose(raised(steps), scores + 1 + 0.25)


def test_a_rise_is_never_below_zero_and_stays_as_it_is(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80, shaping={"name": "rise", "rise": {}}), lines.append)
    assert not any("may end early" in line for line in lines)
    assert rewards(tmp_path / "run").min() >= 0


@pytest.mark.parametrize(
    ("shaping", "changes", "message"),
    [
        ({"rise": {}}, {"scoring": {"between": "late", "every": 4}}, r"shaping=mine, scoring\.between=late: the best"),
        ({"score": {}, "novelty": {}}, {"obs": "pixels"}, r"shaping=mine, obs=pixels: novelty counts cells"),
    ],
)
def test_a_past_that_the_run_cannot_tell_is_refused_before_anything_is_written(
    tmp_path, lines, shaping, changes, message
):
    config = plugin.config(tmp_path / "run", steps=80, shaping={"name": "mine", **shaping}, **changes)
    with pytest.raises(ConfigError, match=message):
        train(config, lines.append)
    assert not (tmp_path / "run").exists()


def test_progress_pay_keeps_its_sign_and_the_user_is_warned(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80, shaping={"name": "delta", "delta": {}}), lines.append)
    assert any("rewards for progress can be negative" in line for line in lines)
    assert rewards(tmp_path / "run").min() < 0


def test_anchors_given_are_kept_and_nothing_is_measured():
    given = {"calibrate": {"goal_like": 0.8, "baseline_like": 0.2}, "score": {}}
    assert measured(given, None, None, None, None, print) == given  # type: ignore[arg-type]
    given = {"center": {"at": 0.25}}
    assert measured(given, None, None, None, None, print) == given  # type: ignore[arg-type]


def test_center_and_calibrate_are_not_measured_for_one_another():
    given = {"calibrate": {"goal_like": 0.8, "baseline_like": 0.2}, "center": {"at": None}}
    with pytest.raises(ConfigError, match="both say which score becomes 0"):
        measured(given, None, None, None, None, print)  # type: ignore[arg-type]


class TestOnCartPole:
    """A real task: ground truth is known, logged, and kept from the learner."""

    @pytest.fixture
    def config(self, tmp_path):
        def build(**changes):
            evaluation = {"every": 150, "episodes": 1, "final_episodes": 2}
            given = {"env": None, "task": "cartpole/upright", "goal": (), "evaluation": evaluation} | changes
            return plugin.config(given.pop("run_dir", tmp_path / "run"), steps=304, **given)

        return build

    def test_truth_is_reported_and_never_paid(self, config, lines, tmp_path):
        result = train(config(), lines.append)
        rows = episodes(tmp_path / "run" / "monitor.csv")
        assert len(rows) == 2
        assert all(row["success"] in (0.0, 1.0) and 0 <= row["oracle_return"] <= 1 for row in rows)
        assert sum(row["r"] for row in rows) == pytest.approx(rewards(tmp_path / "run")[:150].sum(), rel=1e-4)
        assert all(one.success is False for one in result.comparison.evaluations[0].episodes)
        assert result.comparison.spearman is not None
        with np.load(tmp_path / "run" / "evaluations.npz") as found:
            assert found["successes"].shape == (2, 1)
            assert "vlm_returns" not in found
        about = json.loads((tmp_path / "run" / "best_model.json").read_text())
        assert about["chosen"] == "best checkpoint, by ground truth"
        assert not any("warning" in line for line in lines)

    def test_what_an_untrained_agent_sees_is_worth_nothing(self, config, lines, tmp_path):
        """The rewards are the scores less one constant, told to the user, which some lie above and some below."""
        early = {}
        for name, given in (("score", {}), ("center", {"at": None})):
            train(config(shaping={"name": name, name: given}, run_dir=tmp_path / name), lines.append)
            early[name] = rewards(tmp_path / name)[:20]  # of 2 environments: before the first update
        told = [float(found[1]) for line in lines if (found := re.match(r"a random agent's frames score (\S+)", line))]
        assert len(told) == 1
        np.testing.assert_allclose(early["score"] - early["center"], told[0], atol=6e-4)
        assert early["center"].min() < 0 < early["center"].max()

    def test_missing_anchors_are_measured_on_the_tasks_own_states(self, config, lines, tmp_path):
        # In these pictures goal states are the darker ones.
        shaping = {"name": "calibrate", "calibrate": UNKNOWN | {"clip": True}}
        train(config(shaping=shaping, reward={"name": "light", "dark": True}), lines.append)
        assert 0 <= rewards(tmp_path / "run").min() < rewards(tmp_path / "run").max() == 1

    def test_words_that_rank_the_goal_below_are_refused(self, config, lines, tmp_path):
        shaping = {"name": "calibrate", "calibrate": UNKNOWN}
        with pytest.raises(ConfigError, match="must lie above baseline_like"):
            train(config(shaping=shaping), lines.append)
        assert list(tmp_path.iterdir()) == []
