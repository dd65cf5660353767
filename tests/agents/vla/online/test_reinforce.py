"""Runs that go on from a clone: what they leave, that they resume, what they refuse, and that they learn."""

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.agents.vla.online.conftest import TASK
from vlmrl import cli
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.train import train
from vlmrl.agents.vla.online.settings import online_settings
from vlmrl.config.compose import configure
from vlmrl.config.schema import AgentConfig
from vlmrl.errors import ConfigError, VlmrlError

ROUND = 8 * 120
"""Steps of a round below."""


def settings(clone, run_dir, name="vla/grpo", params=None, rounds=3, **changes):
    own = {"group_size": 4, "groups": 2, "patience": 1} if name == "vla/grpo" else {"warm_up": 1}
    agent = {"name": name, "policy": str(clone), "n_envs": 8, "total_steps": rounds * ROUND}
    return configure(
        **{
            "task": TASK,
            "reward": "oracle",
            "agent": {**agent, "params": {**own, "batch_size": 64, **(params or {})}, **changes.pop("agent", {})},
            "evaluation": {"every": 2 * ROUND, "episodes": 2, "final_episodes": 2, "watch": 0},
            "checkpoint_every": ROUND,
            "seed": 3,
            "run_dir": run_dir,
            "progress": False,
            **changes,
        }
    )


@pytest.fixture(scope="module", params=["vla/grpo", "vla/ppo"])
def run(request, clone, tmp_path_factory):
    said: list[str] = []
    path = tmp_path_factory.mktemp("runs") / "run"
    return train(settings(clone, path, request.param), said.append), said


def weights(path):
    return load_file(path / "last_model.safetensors")


def alike(one, other):
    mine, others = weights(one), weights(other)
    return mine.keys() == others.keys() and all(np.array_equal(mine[name], others[name]) for name in mine)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_leaves_what_every_run_leaves_and_its_clone_beside_it(run, clone):
    result, said = run
    assert result.steps == 3 * ROUND
    names = [row.agent for row in result.comparison.rows()]
    assert names == ["agent", "clone", "random"]
    for name in ("config.yaml", "progress.csv", "evaluations.npz", "evaluation.json", "last_model.json", "timing.json"):
        assert (result.path / name).is_file(), name
    assert [path.name for path in sorted((result.path / "checkpoints").iterdir())] == [
        f"step_{steps:09d}" for steps in (2 * ROUND, 3 * ROUND)
    ]
    before = load_file(result.path / "clone.safetensors")
    was = load_file(clone / "last_model.safetensors")
    assert all(np.array_equal(before[name], was[name]) for name in was)
    assert not all(np.array_equal(weights(result.path)[name], was[name]) for name in was)
    header = (result.path / "progress.csv").read_text().splitlines()[0].split(",")
    assert {"rollout/success", "rollout/task_return", "train/drift", "eval/success"} <= set(header)
    assert any("which was shown 1 tasks" in line for line in said)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_was_killed_goes_on_as_if_it_had_never_stopped(run, clone, tmp_path):
    whole = run[0].path
    again = tmp_path / "again"
    shutil.copytree(whole, again)
    shutil.rmtree(again / "checkpoints" / f"step_{3 * ROUND:09d}")  # killed in its last round
    for name in ("last_model.safetensors", "evaluation.json", "timing.json"):
        (again / name).unlink()
    said: list[str] = []
    away = clone.rename(clone.with_name("away"))  # the run has a copy of its own
    try:
        assert train(settings(clone, again, name_of(whole)), said.append).steps == 3 * ROUND
    finally:
        away.rename(clone)
    assert alike(whole, again)
    assert any(f"going on from step_{2 * ROUND:09d}" in line for line in said)
    rows = (again / "progress.csv").read_text().splitlines()
    assert len(rows) == len((whole / "progress.csv").read_text().splitlines())


def name_of(path):
    line = next(line for line in (path / "config.yaml").read_text().splitlines() if "algorithm:" in line)
    return line.split()[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_stopped_in_a_round_it_forgets_that_round_alone(clone, tmp_path, monkeypatch):
    whole, again = tmp_path / "whole", tmp_path / "again"
    train(settings(clone, whole, rounds=2), lambda line: None)
    heard = iter(range(10_000))

    class Impatient(Stop):
        """Asks to stop in the middle of the second round."""

        @property
        def wish(self):
            return "SIGTERM" if next(heard) > 200 else None

        @wish.setter
        def wish(self, value):
            pass

    monkeypatch.setattr("vlmrl.agents.vla.online.reinforce.Stop", Impatient)
    stopped = train(settings(clone, again, rounds=2), lambda line: None)
    assert (stopped.stopped, stopped.steps) == ("SIGTERM", ROUND)
    monkeypatch.undo()
    assert train(settings(clone, again, rounds=2), lambda line: None).steps == 2 * ROUND
    assert alike(whole, again)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_verbs_take_it(run, tmp_path, capsys):
    path = str(run[0].path)
    assert cli.main(["eval", path, "episodes=2", f"json={tmp_path / 'eval.json'}"]) == 0
    assert cli.main(["eval", path, "instruction=", "episodes=2"]) == 0
    assert cli.main(["record", path, f"out={tmp_path / 'film.gif'}", "size=[96,96]"]) == 0
    assert (tmp_path / "film.gif").stat().st_size > 1000
    assert cli.main(["debug", path, "episodes=1", "maps=0", f"html={tmp_path / 'debug.html'}"]) == 0
    assert cli.main(["report", path]) == 0
    page = (run[0].path / "report.html").read_text()
    assert "began as a clone" in page
    assert "trained on the simulator" in page
    assert cli.main(["collect", f"task={TASK}", path, f"out={tmp_path / 'more'}"]) == 2
    assert "acts by what it sees (by its cameras)" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["vla/grpo", "vla/ppo"])
def test_it_learns(clone, tmp_path, name):
    """From weights drawn at random the ball comes nearer to the dot than where the clone leaves it."""
    params = {"learning_rate": 2e-3, "epochs": 4, "most_drift": None}
    if name == "vla/grpo":
        params |= {"group_size": 8, "groups": 4}
    config = settings(
        clone,
        tmp_path / "run",
        name,
        params,
        agent={"n_envs": 32, "total_steps": 20 * 32 * 120},
        evaluation={"every": 0, "final_episodes": 20, "watch": 0},
    )
    result = train(config, lambda line: None)
    agent, clone_, _ = (row.oracle_return.mean for row in result.comparison.rows())
    assert agent > clone_ + 0.15


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_words_pay_it_and_the_truth_does_not(clone, tmp_path):
    said: list[str] = []
    changes = {"reward": "goal_baseline", "shaping": "delta", "scoring": {"every": 100}}
    result = train(settings(clone, tmp_path / "run", rounds=1, **changes), said.append)
    header = (result.path / "progress.csv").read_text().splitlines()[0]
    assert "rollout/vlm_return" in header
    assert result.comparison.rows()[0].vlm_return is not None
    assert cli.main(["debug", str(result.path), "episodes=1", "maps=0", f"html={tmp_path / 'debug.html'}"]) == 0
    assert cli.main(["report", str(result.path)]) == 0
    page = (result.path / "report.html").read_text()
    assert "paid by the words alone" in page
    assert "began as a clone" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent": {"policy": None}}, "agent.policy: is missing; agent=vla/grpo goes on from a clone"),
        ({"agent": {"policy": "/nowhere"}}, "agent.policy=/nowhere: holds no run"),
        ({"agent": {"n_envs": 6}}, "agent.n_envs=6: must be a multiple of agent.params.group_size=4"),
        ({"agent": {"normalize": True}}, "agent.normalize=true"),
        ({"params": {"group": 4}}, "agent.params.group=4: is not known; did you mean group"),
        ({"params": {"group_size": 1}}, "agent.params.group_size=1"),
        ({"params": {"cameras": ["task"]}}, "agent.params.cameras"),
        ({"params": {"tasks": ["point_mass/targe"]}}, "point_mass/target"),
        ({"obs": "pixels"}, "obs=pixels: agent=vla/grpo looks by cameras of its own"),
        ({"data": ("shown",)}, "is for agent=vla/bc, and agent=vla/grpo learns by acting"),
        ({"task": "cartpole/upright"}, "learned actions of 2 numbers"),
        ({"reward": "preference"}, "reward=preference: learns beside the agent"),
        ({"reward": "goal_baseline", "scoring": {"every": 4, "between": "student"}}, "scoring.between=student"),
        ({"reward": "goal_baseline", "shaping": {"name": "score", "novelty": {}}}, "shaping.novelty"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(clone, tmp_path, changes, said):
    with pytest.raises(VlmrlError, match=r".") as raised:
        train(settings(clone, tmp_path / "run", **changes), lambda line: None)
    assert said in str(raised.value)
    assert not (tmp_path / "run").exists()


def test_a_clone_without_likelihoods_or_of_mixed_plans_is_refused(clone_of, tmp_path):
    for form, said in (({"head": "flow"}, "tells no likelihood"), ({"ensemble": 0.1, "replan": 1}, "several plans")):
        with pytest.raises(ConfigError, match=said):
            train(settings(clone_of(**form), tmp_path / "run"), lambda line: None)


def test_a_run_that_reads_no_sentences_is_no_clone(tmp_path):
    from vlmrl.config.run_dir import RunDir

    with RunDir.start(configure(task=TASK, agent="sac", seed=0, run_dir=tmp_path / "sac")):
        pass
    with pytest.raises(ConfigError, match=r"a run of agent=sac, which reads no sentences"):
        train(settings(tmp_path / "sac", tmp_path / "run"), lambda line: None)


def test_an_unknown_kind_of_reader_is_named():
    agent = AgentConfig(name="mine", algorithm="vla/a2c", total_steps=1)
    with pytest.raises(ConfigError, match=r"agent.algorithm=vla/a2c: is not known; known: vla/grpo, vla/ppo"):
        online_settings(agent)


def test_a_dry_run_tells_the_speed_and_writes_nothing(clone, tmp_path):
    said: list[str] = []
    train(settings(clone, tmp_path / "run", dry_run=True), said.append)
    assert any("environment steps/s; episodes were paid" in line for line in said)
    assert not (tmp_path / "run").exists()
