"""Only a run of the user's own has pickles that may be loaded."""

import os
from pathlib import Path

import pytest

from vlmrl.config.run_dir import RunDir
from vlmrl.config.trust import CONFIG, HEADER


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "checkpoints" / "step_1").mkdir(parents=True)
    (path / CONFIG).write_text(f"{HEADER}\ntask: a/b\n", encoding="utf-8")
    (path / "checkpoints" / "step_1" / "model.zip").touch()
    (path / "best_model.zip").touch()
    return path


def test_a_file_in_an_own_run_is_trusted(run: Path) -> None:
    assert RunDir.trusted(run)
    assert RunDir.trusted(run / "best_model.zip")
    assert RunDir.trusted(str(run / "checkpoints" / "step_1" / "model.zip"))


def test_a_file_anywhere_else_is_not(run: Path, tmp_path: Path) -> None:
    (tmp_path / "best_model.zip").touch()
    assert not RunDir.trusted(tmp_path / "best_model.zip")
    assert not RunDir.trusted(run / "nothing.zip")


def test_a_link_out_of_the_run_is_not(run: Path, tmp_path: Path) -> None:
    (tmp_path / "evil.zip").touch()
    (run / "link.zip").symlink_to(tmp_path / "evil.zip")
    assert not RunDir.trusted(run / "link.zip")


def test_somebody_elses_config_yaml_is_not_ours(run: Path) -> None:
    (run / CONFIG).write_text("task: a/b\n", encoding="utf-8")
    assert not RunDir.trusted(run / "best_model.zip")


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("name", ["", CONFIG, "checkpoints", "checkpoints/step_1/model.zip"])
def test_what_everybody_may_write_is_not(run: Path, name: str) -> None:
    (run / name).chmod(0o777)
    assert not RunDir.trusted(run / "checkpoints" / "step_1" / "model.zip")


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only the superuser gives files away")
@pytest.mark.parametrize("name", ["", CONFIG, "checkpoints", "checkpoints/step_1/model.zip"])
def test_what_belongs_to_somebody_else_is_not(run: Path, name: str) -> None:
    os.chown(run / name, 65534, 65534)
    assert not RunDir.trusted(run / "checkpoints" / "step_1" / "model.zip")
