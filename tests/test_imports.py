"""``import vlmrl`` is light, its names come when they are asked for, and its folders need no links."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vlmrl

ROOT = Path(vlmrl.__file__).resolve().parents[1]

WATCH = """
import sys
seen = []
def watch(event, arguments):
    if event.startswith("socket.") or event == "subprocess.Popen":
        seen.append(event)
    if event == "open" and isinstance(arguments[0], str) and not arguments[0].endswith((".py", ".pyc")):
        seen.append(arguments[0])
sys.addaudithook(watch)
import vlmrl
print(seen)
"""


def python(code: str, cwd: Path | None = None, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"} | (
        {"PYTHONPATH": str(path)} if path else {}
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def test_importing_opens_no_file_no_device_and_no_connection() -> None:
    done = python(WATCH)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", vlmrl.__all__)
def test_every_name_is_there_when_it_is_asked_for(name: str) -> None:
    assert getattr(vlmrl, name).__name__ == name
    assert name in dir(vlmrl)


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse((ROOT / "vlmrl" / "__init__.py").read_text(encoding="utf-8"))
    block = next(
        node for node in tree.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    told = {alias.asname: f"{node.module}:{alias.name}" for node in imports for alias in node.names}
    assert told == vlmrl._LAZY


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'vlmrl' has no attribute 'nothing'"):
        _ = vlmrl.nothing


@pytest.mark.parametrize("folder", ["envs", "agents"])
def test_the_folders_have_one_name(folder: str) -> None:
    if not (ROOT / folder).is_dir():
        pytest.skip("is installed from a wheel")
    done = python(f"import {folder}", cwd=ROOT, path=ROOT)
    assert f"ImportError: import vlmrl.{folder}, not {folder}" in done.stderr


@pytest.mark.parametrize("links", ["missing", "as text"])
def test_a_checkout_without_links_works(tmp_path: Path, links: str) -> None:
    if not (ROOT / "envs").is_dir():
        pytest.skip("is installed from a wheel")
    ignore = shutil.ignore_patterns("__pycache__", "weights", "envs", "agents")
    shutil.copytree(ROOT / "vlmrl", tmp_path / "vlmrl", ignore=ignore)
    for folder in ("envs", "agents"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
        if links == "as text":
            (tmp_path / "vlmrl" / folder).write_text(f"../{folder}", encoding="utf-8")
    code = "import vlmrl.agents, vlmrl.envs.tasks; from vlmrl.envs import task; print(task.__file__, task.__name__)"
    done = python(code, cwd=tmp_path, path=tmp_path)
    assert done.stdout.split() == [str(tmp_path / "envs" / "task.py"), "vlmrl.envs.task"], done.stderr


def test_the_version_is_the_installed_ones() -> None:
    from importlib.metadata import version

    assert vlmrl.__version__ == version("vlmrl")
