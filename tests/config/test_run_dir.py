"""A run's directory keeps what made its numbers, is never somebody else's, and is continued only as itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.config.versions import packages
from vlmrl.errors import RunError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def base() -> RunConfig:
    return configure(task="cartpole/upright", goal="it's [up], $5 = ω", seed=3)


def changed(config: RunConfig, **changes: Any) -> RunConfig:
    return RunConfig.model_validate(config.model_dump() | changes)


def start(config: RunConfig) -> RunDir:
    with RunDir.start(config, ["vlmrl", "train", "goal=it's"]) as run:
        return run


def test_it_keeps_what_made_the_numbers(place: Path, base: RunConfig) -> None:
    run = start(changed(base, run_dir="a run"))
    assert RunDir.open("a run").config == run.config == changed(base, run_dir=Path("a run"))
    assert (run.path / "command.txt").read_text(encoding="utf-8").splitlines()[1] == "vlmrl train 'goal=it'\"'\"'s'"
    told = run.read_json("versions.json")
    assert told["packages"] == packages()
    assert {"torch", "mujoco", "stable-baselines3", "vlmrl"} <= set(told["packages"])
    seeds = run.read_json("seeds.json")
    assert seeds == {"seed": 3, "environments": list(range(3, 11)), "evaluation": [1_000_000, 1_000_049]}
    assert not run.continued


def test_its_default_place_says_what_ran(place: Path, base: RunConfig) -> None:
    first, second = start(base), start(base)
    assert re.fullmatch(r"runs/cartpole/upright/goal_baseline-sac-s3-\d{8}-\d{6}", first.path.as_posix())
    assert first.path != second.path


@pytest.mark.parametrize("env", ["pkg.sub:Space/Env-v0", "../../etc/Env-v0", "/abs/Env-v1", "a b$c/Env-v0", "../.."])
def test_no_id_leads_out_of_the_runs(place: Path, base: RunConfig, env: str) -> None:
    run = start(changed(base, task=None, env=env))
    assert run.path.resolve().is_relative_to(place / "runs")
    assert re.fullmatch(r"[\w./-]+", run.path.as_posix())


def test_a_missing_seed_is_drawn_and_kept(place: Path, base: RunConfig) -> None:
    seeds = {start(changed(base, seed=None, run_dir=f"r{i}")).config.seed for i in range(4)}
    assert None not in seeds
    assert len(seeds) > 1
    again = start(changed(base, seed=None, run_dir="r0"))
    assert again.continued
    assert again.config.seed == RunDir.open("r0").config.seed


def test_a_drawn_seed_keeps_away_from_the_evaluation(place: Path, base: RunConfig) -> None:
    config = changed(base, seed=None, evaluation={"seed": 40, "final_episodes": 99_900})
    seed = start(config).config.seed
    assert seed is not None
    assert not config.meets_evaluation(seed)


def test_a_run_goes_on_in_its_directory(place: Path, base: RunConfig) -> None:
    start(changed(base, run_dir="r"))
    longer = base.agent.model_copy(update={"total_steps": 99}).model_dump()
    run = start(
        changed(base, run_dir="r", agent=longer, progress=False, evaluation={"episodes": 2}, checkpoint_every=7)
    )
    assert run.continued
    assert RunDir.open("r").config.agent.total_steps == 99
    assert (run.path / "command.txt").read_text(encoding="utf-8").count("vlmrl train") == 2


def test_other_settings_are_refused_and_all_of_them_listed(place: Path, base: RunConfig) -> None:
    start(changed(base, run_dir="r"))
    before = Path("r/config.yaml").read_bytes()
    with pytest.raises(RunError) as caught:
        start(changed(base, run_dir="r", seed=4, goal="something else"))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("run_dir=r: holds a run with other settings")
    assert lines[1:] == ["  goal: [\"it's [up], $5 = ω\"] there, ['something else'] now", "  seed: 3 there, 4 now"]
    assert Path("r/config.yaml").read_bytes() == before


def test_never_means_never(place: Path, base: RunConfig) -> None:
    start(changed(base, run_dir="r"))
    with pytest.raises(RunError, match="run_dir=r: holds a run already"):
        start(changed(base, run_dir="r", resume="never"))


def test_a_directory_of_something_else_is_left_alone(place: Path, base: RunConfig) -> None:
    Path("r").mkdir()
    Path("r/thesis.tex").write_text("ten years", encoding="utf-8")
    with pytest.raises(RunError, match=r"run_dir=r: holds thesis\.tex and no run"):
        start(changed(base, run_dir="r"))
    assert os.listdir("r") == ["thesis.tex"]


def test_hidden_files_are_something_too(place: Path, base: RunConfig) -> None:
    Path("r/.git").mkdir(parents=True)
    with pytest.raises(RunError, match=r"run_dir=r: holds \.git and no run"):
        start(changed(base, run_dir="r"))


def test_what_a_run_killed_at_once_left_is_nothing(place: Path, base: RunConfig) -> None:
    Path("r").mkdir()
    for name in (".lock", ".config.yaml.4711"):
        Path("r", name).touch()
    assert not start(changed(base, run_dir="r")).continued


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_place_that_cannot_be_written_is_named_before_anything_runs(place: Path, base: RunConfig, path: str) -> None:
    Path("file").touch()
    with pytest.raises(RunError, match=rf"run_dir={path}: (is a file|cannot be made)"):
        start(changed(base, run_dir=path))


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_without_permission_is_named(place: Path, base: RunConfig) -> None:
    Path("r").mkdir(mode=0o500)
    with pytest.raises(RunError, match="run_dir=r: cannot be written: Permission denied"):
        start(changed(base, run_dir="r"))


def test_two_processes_never_write_to_one_run(place: Path, base: RunConfig) -> None:
    with RunDir.start(changed(base, run_dir="r")):
        code = "from vlmrl.config.lock import Lock; from pathlib import Path; Lock(Path('r/.lock'))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "RunError: run_dir=r: another process is training in it" in done.stderr
    start(changed(base, run_dir="r"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no settings"),
        (b"task: [cut", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"# fine\ntask: a/b\nfuture: 1\n", "was not written by this version"),
    ],
)
def test_a_damaged_config_is_named(place: Path, base: RunConfig, content: bytes, message: str) -> None:
    start(changed(base, run_dir="r"))
    Path("r/config.yaml").write_bytes(content)
    for attempt in (lambda: RunDir.open("r"), lambda: start(changed(base, run_dir="r"))):
        with pytest.raises(RunError, match=message):
            attempt()
    assert Path("r/config.yaml").read_bytes() == content


def test_no_run_is_named(place: Path) -> None:
    with pytest.raises(RunError, match=r"run_dir=nothing: holds no run \(config\.yaml is missing\)"):
        RunDir.open("nothing")


def test_a_damaged_json_is_named(place: Path, base: RunConfig) -> None:
    run = start(changed(base, run_dir="r"))
    run.write_json("numbers.json", [1, 2])
    assert run.read_json("numbers.json") == [1, 2]
    (run.path / "numbers.json").write_text("[1,", encoding="utf-8")
    with pytest.raises(RunError, match=r"numbers\.json: cannot be read"):
        run.read_json("numbers.json")


def test_a_moved_run_knows_where_it_is(place: Path, base: RunConfig) -> None:
    start(changed(base, run_dir="r"))
    shutil.move("r", "moved")
    assert RunDir.open("moved").config.run_dir == Path("moved")
    assert start(changed(base, run_dir="moved")).continued


def test_config_is_plain_yaml_without_code(place: Path, base: RunConfig) -> None:
    start(changed(base, run_dir="r"))
    text = Path("r/config.yaml").read_text(encoding="utf-8")
    assert "!!" not in text
    Path("r/config.yaml").write_text(text.replace("name: sac", "_target_: os.system"), encoding="utf-8")
    with pytest.raises(RunError, match="names code to call"):
        RunDir.open("r")


def test_names_are_the_ones_that_sb3_uses(place: Path, base: RunConfig) -> None:
    run = start(changed(base, run_dir="r"))
    names = {run.best_model.name, run.evaluations.name, run.monitor.name, run.vecnormalize.name, run.progress.name}
    assert names == {"best_model.zip", "evaluations.npz", "monitor.csv", "vecnormalize.pkl", "progress.csv"}


def test_seeds_file_is_json(place: Path, base: RunConfig) -> None:
    assert json.loads((start(base).path / "seeds.json").read_text(encoding="utf-8"))["seed"] == 3
