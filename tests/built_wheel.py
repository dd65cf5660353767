"""Promises of the built wheel, tried where it is installed and the repository is not. `make wheel` runs this file.

The working directory holds ``dist/`` with the wheel and the sdist; the interpreter is that of an environment into which
the wheel was installed. The name keeps it out of every other lane.
"""

import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import vlmrl

HERE = Path.cwd()


@pytest.fixture(scope="module")
def wheel():
    (found,) = (HERE / "dist").glob("*.whl")
    with zipfile.ZipFile(found) as opened:
        yield opened


@pytest.fixture(scope="module")
def names(wheel):
    return wheel.namelist()


def vlmrl_says(*arguments: str) -> str:
    program = Path(sys.executable).with_name("vlmrl")
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def test_what_is_imported_is_the_installed_package():
    assert Path(vlmrl.__file__).is_relative_to(sys.prefix)
    assert vlmrl.__version__ == version("vlmrl")


def test_every_file_is_there_once_and_nothing_else(names):
    assert len(names) == len(set(names))
    tops = {name.split("/")[0] for name in names}
    assert tops == {"vlmrl", f"vlmrl-{version('vlmrl')}.dist-info"}
    for wanted in (
        "vlmrl/envs/task.py",
        "vlmrl/agents/deferred/held.py",
        "vlmrl/py.typed",
        "vlmrl/conf/config.yaml",
        "vlmrl/judge/shipped/walker_stand.npz",
        "vlmrl/report/board_page.js",
    ):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("vlmrl/envs/envs")]


def test_every_python_file_of_the_sdist_is_in_the_wheel(names):
    (found,) = (HERE / "dist").glob("*.tar.gz")
    with tarfile.open(found) as opened:
        members = [Path(*Path(member.name).parts[1:]) for member in opened.getmembers() if member.isfile()]
    folders = {"vlmrl": "vlmrl", "envs": "vlmrl/envs", "agents": "vlmrl/agents"}
    wanted = {
        f"{folders[path.parts[0]]}/{Path(*path.parts[1:]).as_posix()}" for path in members if path.parts[0] in folders
    }
    assert wanted <= set(names)
    assert wanted == {name for name in names if name.startswith("vlmrl/")}


def test_the_embedded_model_comes_along_and_is_small(wheel):
    weights = [info for info in wheel.infolist() if info.filename.startswith("vlmrl/sim_clip/weights/")]
    assert [info for info in weights if info.filename.endswith(".safetensors")]
    assert sum(info.file_size for info in weights) <= 24 * 2**20


def test_the_command_is_declared_and_answers():
    (script,) = entry_points(group="console_scripts", name="vlmrl")
    assert script.value == "vlmrl.cli:main"
    assert "train" in vlmrl_says("--help")
    assert "cartpole/upright" in vlmrl_says("list", "tasks")


@pytest.mark.timeout(300)
def test_a_run_can_be_put_together_from_the_installed_package(tmp_path):
    vlmrl_says("train", "task=cartpole/upright", "dry_run=true", f"run_dir={tmp_path / 'run'}", "progress=false")
