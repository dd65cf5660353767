"""A task that is written down is Python as the house writes it, and keeps every promise of a task."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from vlmrl.envs.make import find_task
from vlmrl.envs.pose_goal import PoseGoal
from vlmrl.envs.task import Task
from vlmrl.envs.task_file import task_file
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.types import Words

ROOT = Path(__file__).resolve().parents[2]
POSES = {
    "pendulum/upright": PoseGoal((1.2,), (-3.14,), (3.14,), (0,), "pendulum/upright", (0,)),
    "walker/stand": PoseGoal(
        (-0.4, 0.0, 0.3, 1.5, -2.0, 0.1, 0.2, -1.2, 0.1),
        (-1.72, -1.5, -3.14, -0.35, -2.62, -0.79, -0.35, -2.62, -0.79),
        (0.54, 1.5, 3.14, 1.75, 0.0, 0.79, 1.75, 0.0, 0.79),
        (0, 2, 3, 4, 5, 6, 7, 8),
        "walker/stand",
        (2,),
    ),
    "reacher/touch": PoseGoal(
        (2.0, 1.0), (-3.14, -2.8), (3.14, 2.8), (0, 1), "reacher/touch", (0,), ((0.1, 0.05, 0.0),)
    ),
}
POINTS = "[vlmrl.task]\nmy_world = my_world\n"
WORDS = Words.of('a robot "so", with \\ and a\ttab', ("a robot", "ein Roboter \N{SNOWMAN}"), "not so")


def loaded(path: Path) -> Task:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (task,) = [value for value in vars(module).values() if isinstance(value, Task)]
    return task


@pytest.mark.parametrize("of", POSES)
def test_what_is_written_is_what_was_asked_for(of, tmp_path):
    path = tmp_path / "my_world.py"
    path.write_text(task_file("my_world/my_pose", POSES[of], WORDS), encoding="utf-8")
    task, base = loaded(path), find_task(of)
    assert task.name == "my_world/my_pose"
    assert task.words == WORDS
    assert task.world == base.world
    assert (task.camera, task.horizon, task.make) == (base.camera, base.horizon, base.make)
    assert task.oracle.__self__ == POSES[of]


def test_it_is_formatted_as_everything_here(tmp_path):
    (tmp_path / "my_world.py").write_text(task_file("my_world/a", POSES["walker/stand"], WORDS), encoding="utf-8")
    style = ["--config", str(ROOT / "pyproject.toml")]
    if not Path(style[1]).is_file():
        pytest.skip("is installed from a wheel")
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *style, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("of", POSES)
def test_a_written_task_keeps_the_promises_of_every_task(of, tmp_path):
    (tmp_path / "my_world.py").write_text(task_file("my_world/my_pose", POSES[of], WORDS), encoding="utf-8")
    about = tmp_path / "my_world-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-world\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    asked = ["-p", "no:cacheprovider", "-q", "-k", "my_world", "tests/contracts/test_every_task.py"]
    code = f"import sys, pytest; sys.path.insert(0, {str(tmp_path)!r}); sys.exit(pytest.main({asked!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("name", ["upright", "My/pose", "my world/pose", "../x/y", "my_world/1st", "a/b/c", "a/"])
def test_a_name_that_no_file_could_have_is_refused(name):
    with pytest.raises(ConfigError, match="must read domain/behaviour"):
        task_file(name, POSES["pendulum/upright"], WORDS)


def test_a_name_that_is_taken_and_words_that_lack_a_side_are_refused():
    with pytest.raises(ConfigError, match=r"pendulum\.py is there already"):
        task_file("pendulum/tilted", POSES["pendulum/upright"], WORDS)
    with pytest.raises(ConfigError, match="say which pose"):
        task_file("my_pendulum/pose", POSES["pendulum/upright"], WORDS)
    with pytest.raises(ConfigError, match="negative: is missing"):
        task_file("my_pendulum/tilted", POSES["pendulum/upright"], Words.of("a", "b"))
    with pytest.raises(UnknownName, match="pendulum/upright"):
        task_file("my_pendulum/tilted", PoseGoal((1.0,), (0.0,), (2.0,), (0,), "pendulum/uprigt"), WORDS)
