import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.agents import plugin
from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.agents.train import train
from vlmrl.config.run_dir import RunDir
from vlmrl.errors import RunError

pytestmark = pytest.mark.usefixtures("dots")


def rows(path, skip=0):
    return list(csv.DictReader(path.read_text().splitlines()[skip:]))


def steps_of(run):
    """What progress.csv counts."""
    return [int(row["time/total_timesteps"]) for row in rows(run / "progress.csv")]


def judged_at(run):
    with np.load(run / "evaluations.npz") as found:
        return found["timesteps"].tolist()


def check_whole(run, total):
    """Nothing is missing from the run's files, and nothing is in them twice."""
    assert steps_of(run) == sorted(set(steps_of(run)))
    assert steps_of(run)[-1] == total
    assert judged_at(run) == sorted(set(judged_at(run)))
    times = [float(row["t"]) for row in rows(run / "monitor.csv", skip=1)]
    assert times == sorted(times)
    assert json.loads((run / "last_model.json").read_text())["steps"] == total
    assert (run / "evaluation.json").is_file()


def killed(dots, settings, enough):
    """Run in another process, kill it without warning once ``enough`` steps are logged; the last step seen."""
    code = "import sys, json, dots; from vlmrl.agents.train import train; from vlmrl.config.schema import RunConfig; "
    code += "train(RunConfig.model_validate(json.loads(sys.argv[1])))"
    run = Path(settings["run_dir"])
    environment = {**os.environ, "PYTHONPATH": str(dots), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, json.dumps(settings | {"run_dir": str(run)})]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while process.poll() is None:
            seen = steps_of(run) if (run / "progress.csv").is_file() else []
            if seen and seen[-1] >= enough:
                break
            time.sleep(0.02)
        assert process.returncode is None, process.stderr.read() if process.stderr else ""
    finally:
        process.kill()  # SIGKILL: nothing can be put in order
        process.communicate()
    return steps_of(run)[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("algorithm", "reward"), [("SAC", "light"), ("PPO", "light"), ("SAC", "risen")])
def test_a_killed_run_loses_no_more_than_one_interval(tmp_path, dots, lines, algorithm, reward):
    settings = plugin.settings(tmp_path / "run", algorithm, steps=4_000, checkpoint_every=200, reward={"name": reward})
    settings["evaluation"] = {"every": 400, "episodes": 1, "final_episodes": 2}
    last = killed(dots, settings, enough=900)
    assert last < 4_000
    (kept,) = [
        int(path.name.removeprefix("step_")) for path in Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1:]
    ]
    # Steps are counted at a rollout's end, so one that was under way may have gone on for its own length.
    assert kept >= last - 200

    settings["agent"] = settings["agent"] | {"total_steps": kept + 480}
    result = train(plugin.RunConfig.model_validate(settings), lines.append)
    assert any(f"going on from step_{kept:09d}" in line for line in lines)
    assert kept + 480 <= result.steps < kept + 480 + 32
    check_whole(tmp_path / "run", result.steps)


def test_a_finished_run_is_not_trained_again_until_it_may_go_further(tmp_path, lines):
    first = train(plugin.config(tmp_path / "run", steps=80), lines.append)
    again = train(plugin.config(tmp_path / "run", steps=80), lines.append)
    assert again.comparison == first.comparison
    assert any("has taken all its steps already; raise agent.total_steps" in line for line in lines)
    further = train(plugin.config(tmp_path / "run", steps=240), lines.append)
    assert further.steps == 240
    check_whole(tmp_path / "run", 240)
    assert judged_at(tmp_path / "run") == [80, 160, 240]


def test_a_run_killed_after_its_last_step_still_gets_its_agent_and_its_judgement(tmp_path, lines):
    first = train(plugin.config(tmp_path / "run", steps=80), lines.append)
    for name in ("last_model.zip", "last_model.json", "timing.json"):
        (tmp_path / "run" / name).unlink()
    again = train(plugin.config(tmp_path / "run", steps=80), lines.append)
    assert again.comparison == first.comparison
    assert not any("has taken all its steps already" in line for line in lines)
    check_whole(tmp_path / "run", 80)


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_visits_are_counted_on_after_a_resume_and_a_loss_of_them_is_told(tmp_path, lines, algorithm):
    def go_on(steps):
        shaping = {"name": "mine", "score": {}, "novelty": {"factor": 0.1, "bits": 4}}
        train(plugin.config(tmp_path / "run", algorithm, steps=steps, shaping=shaping), lines.append)
        newest = Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1] / "state.json"
        return newest, json.loads(newest.read_text())

    _, state = go_on(96)
    assert sum(state["notes"]["visits"][1]) == 96
    newest, state = go_on(192)
    assert sum(state["notes"]["visits"][1]) == 192
    assert not any("begin anew at 0" in line for line in lines)
    del state["notes"]["visits"]  # as an older version wrote it
    newest.write_text(json.dumps(state))
    assert sum(go_on(288)[1]["notes"]["visits"][1]) == 96
    assert any("the checkpoint holds no counts of visits, which begin anew at 0" in line for line in lines)


def test_a_run_without_a_seed_goes_on_with_the_one_it_drew(tmp_path, lines):
    first = train(plugin.config(tmp_path / "run", steps=80, seed=None), lines.append)
    second = train(plugin.config(tmp_path / "run", steps=120, seed=None), lines.append)
    assert second.seed == first.seed
    assert f"seed={first.seed}" in "\n".join(lines)


def test_a_damaged_checkpoint_costs_one_interval_more(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=160), lines.append)
    newest = Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1]
    (newest / "arrays.npz").write_bytes(b"cut off")
    with pytest.warns(UserWarning, match="step_000000160.*left aside"):
        result = train(plugin.config(tmp_path / "run", steps=200), lines.append)
    assert any("going on from step_000000120" in line for line in lines)
    assert result.steps == 200
    check_whole(tmp_path / "run", 200)


def test_when_no_checkpoint_can_be_read_nothing_is_overwritten(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80), lines.append)
    run = RunDir.open(tmp_path / "run")
    for path in Checkpoints(run.checkpoints).paths():
        (path / "state.json").write_text("{")
    before = {path: path.read_bytes() for path in (run.best_model, run.last_model, run.progress, run.monitor)}
    with pytest.warns(UserWarning, match="left aside"), pytest.raises(RunError, match=r"none of the 2 checkpoints"):
        train(plugin.config(tmp_path / "run", steps=120), lines.append)
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_killed_before_its_first_checkpoint_begins_anew(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80), lines.append)
    for path in Checkpoints(tmp_path / "run" / "checkpoints").paths():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    result = train(plugin.config(tmp_path / "run", steps=80), lines.append)
    assert result.steps == 80
    check_whole(tmp_path / "run", 80)
    assert len(rows(tmp_path / "run" / "monitor.csv", skip=1)) == 4


def test_other_settings_do_not_go_on_with_a_run(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=80), lines.append)
    with pytest.raises(RunError, match=r"goal: \['a bright picture'\] there"):
        train(plugin.config(tmp_path / "run", steps=80, goal="a brighter picture"), lines.append)
    with pytest.raises(RunError, match="holds a run already"):
        train(plugin.config(tmp_path / "run", steps=80, resume="never"), lines.append)


def test_another_column_does_not_upset_what_is_cut_back(tmp_path, lines):
    train(plugin.config(tmp_path / "run", steps=160), lines.append)
    path = tmp_path / "run" / "progress.csv"
    whole = rows(path)
    newest = Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1]
    (newest / "model.zip").unlink()
    with pytest.warns(UserWarning, match="left aside"):
        train(plugin.config(tmp_path / "run", steps=160), lines.append)
    assert [row["time/total_timesteps"] for row in rows(path)] == [row["time/total_timesteps"] for row in whole]
    assert rows(path)[0] == whole[0]
