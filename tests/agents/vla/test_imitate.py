"""Runs that imitate: the same directory, resume, verbs and errors as every run's."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from vlmrl import cli
from vlmrl.agents.train import train
from vlmrl.config.compose import configure
from vlmrl.errors import ConfigError, RunError

SMALL = {
    "cameras": ["wrist"],
    "size": [24, 24],
    "width": 32,
    "heads": 2,
    "layers": 1,
    "context_layers": 0,
    "batch_size": 8,
    "held_out": 2,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    for task in ("press_button", "open_drawer"):
        line = [f"task=tabletop/{task}", "agents=script", "episodes=2", "cameras=none", f"out={folder / task}"]
        assert cli.main(["collect", *line]) == 0
    return folder


def settings(data, run_dir, **changes):
    agent = {"name": "vla/bc", "total_steps": 64, "params": SMALL, **changes.pop("agent", {})}
    judged = {"every": 32, "episodes": 2, "final_episodes": 2, "watch": 0}
    return configure(
        task="tabletop/press_button",
        data=(data,),
        agent=agent,
        evaluation=judged,
        checkpoint_every=32,
        seed=3,
        run_dir=run_dir,
        encoder="sim_clip",
        progress=False,
        **changes,
    )


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    said: list[str] = []
    path = tmp_path_factory.mktemp("runs") / "clone"
    return train(settings(data, path), said.append), said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_leaves_what_every_run_leaves(run):
    result, said = run
    assert result.steps == 64
    assert result.comparison.rows()[0].agent == "agent"
    for name in ("config.yaml", "progress.csv", "evaluations.npz", "evaluation.json", "last_model.json", "timing.json"):
        assert (result.path / name).is_file(), name
    assert [path.name for path in sorted((result.path / "checkpoints").iterdir())] == [
        "step_000000032",
        "step_000000064",
    ]
    told = json.loads((result.path / "instructions.json").read_text())
    assert set(told["tasks"]) == {"tabletop/press_button", "tabletop/open_drawer"}
    assert any("2 episodes held out" in line for line in said)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_went_on_is_the_one_that_never_stopped(run, data, tmp_path):
    whole, again = tmp_path / "whole", tmp_path / "again"
    train(settings(data, whole, agent={"total_steps": 64}), lambda line: None)
    train(settings(data, again, agent={"total_steps": 64}), lambda line: None)
    for place in (again / "checkpoints").glob("step_000000064"):
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
    (again / "last_model.safetensors").unlink()
    assert train(settings(data, again), lambda line: None).steps == 64
    one, other = (load_file(path / "last_model.safetensors") for path in (whole, again))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_verbs_take_it(run, tmp_path, capsys):
    path = str(run[0].path)
    asked = [
        "task=tabletop/*_drawer",
        "instruction=pull out the drawer",
        "episodes=2",
        f"json={tmp_path / 'eval.json'}",
    ]
    assert cli.main(["eval", path, *asked]) == 0
    told = json.loads((tmp_path / "eval.json").read_text())
    assert [row["task"] for row in told["rows"]] == ["tabletop/open_drawer"]
    assert cli.main(["eval", path, "episodes=2"]) == 0
    assert cli.main(["record", path, "task=tabletop/open_drawer", f"out={tmp_path / 'film.gif'}", "size=[96,96]"]) == 0
    assert (tmp_path / "film.gif").stat().st_size > 1000
    assert cli.main(["debug", path, "episodes=1", "maps=0", f"html={tmp_path / 'debug.html'}"]) == 0
    assert cli.main(["report", path]) == 0
    assert "it imitates what was shown" in (run[0].path / "report.html").read_text()
    assert cli.main(["collect", "task=tabletop/press_button", path, f"out={tmp_path / 'more'}"]) == 2
    assert "acts by what it sees (by its cameras)" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_checkpoint_of_another_shape_is_refused(run, data):
    file = run[0].path / "config.yaml"
    before = file.read_text()
    file.write_text(before.replace("width: 32", "width: 64"))
    try:
        with pytest.raises(RunError, match=r"is \(.*\) there and \(.*\) here"):
            train(settings(data, run[0].path, agent={"params": {**SMALL, "width": 64}, "total_steps": 96}), print)
    finally:
        file.write_text(before)


def test_a_task_that_nobody_showed_is_refused(data, tmp_path):
    config = settings(data, tmp_path / "run").model_copy(update={"task": "tabletop/reach_red"})
    with pytest.raises(ConfigError, match=r"task=tabletop/reach_red: is none of those demonstrated"):
        train(config, lambda line: None)
    assert not (tmp_path / "run").exists()


def test_data_and_who_imitates_go_together(tmp_path):
    with pytest.raises(ConfigError, match="data: is missing; give data=FOLDER"):
        train(configure(task="tabletop/press_button", agent="vla/bc"), lambda line: None)
    with pytest.raises(ConfigError, match="is for agent=vla/bc, and agent=sac learns by acting"):
        configure(task="tabletop/press_button", data=(tmp_path,))
    with pytest.raises(ConfigError, match="obs=pixels"):
        configure(task="tabletop/press_button", agent="vla/bc", data=(tmp_path,), obs="pixels")


def test_only_one_that_reads_can_be_asked_for_more(tmp_path):
    from types import SimpleNamespace

    from vlmrl.cli._runs import Trained

    run = SimpleNamespace(path=tmp_path, config=None)
    with pytest.raises(ConfigError, match="reads no sentences"):
        Trained(run, None, object(), "", 0).asked("tabletop/open_drawer", None)
