"""Promises of the repository itself: nothing of one machine, links that are links, one version, a house in order."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

import vlmrl

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("vlmrl", "envs", "agents")
MODULES = sorted(
    path.relative_to(ROOT)
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if (path.parent / "__init__.py").exists() and path.resolve() == path
)
LONGEST_MODULE, LONGEST_FUNCTION, MOST_ARGUMENTS = 400, 60, 8
NO_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "tools"}
# Written in pieces, or this file would be the first to break its own rule.
MACHINE_PATH = re.compile("|".join([r"/" + r"root/", r"/" + r"work/", r"/" + r"home/\w", r"/" + r"Users/\w"]))


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git keeps or would keep, links left out."""
    if not (ROOT / ".git").exists():
        pytest.skip("is no git checkout")
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    paths = [ROOT / name for name in names if name]
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_tracked_file_knows_the_machine_it_was_written_on() -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        lines = content.decode("utf-8").splitlines()
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]
    assert not found


@pytest.mark.parametrize("name", ["envs", "agents"])
def test_the_links_are_committed_as_relative_links(name: str) -> None:
    tracked()
    mode, blob, *_ = git("ls-files", "--stage", f"vlmrl/{name}").split()
    assert mode == "120000"
    assert git("cat-file", "blob", blob) == f"../{name}"


def test_the_version_stands_in_one_place() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ours = tomllib.load(file)["project"]["version"]
    assert vlmrl.__version__ == version("vlmrl") == ours
    suffixes = {".py", ".cff", ".yml", ".yaml", ".md"}
    quoted = re.compile(rf"[\"'\s]{re.escape(ours)}[\"'\s]")
    places = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in suffixes and path.name != "CHANGELOG.md" and quoted.search(path.read_text(encoding="utf-8"))
    ]
    assert not places


def test_the_lock_is_of_this_version() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ours = tomllib.load(file)["project"]["version"]
    with (ROOT / "uv.lock").open("rb") as file:
        locked = {package["name"]: package for package in tomllib.load(file)["package"]}
    assert locked["vlmrl"]["version"] == ours


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_has_one_job_and_says_it(module: Path) -> None:
    text = (ROOT / module).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "has no docstring"
    assert module.stem not in NO_NAMES, "is named after no thing"
    assert len(text.splitlines()) <= LONGEST_MODULE
    for function in functions(tree):
        start = function.body[0].end_lineno if ast.get_docstring(function) else function.lineno
        assert (function.end_lineno or 0) - (start or 0) <= LONGEST_FUNCTION, f"{function.name} is too long"
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        named = [argument for argument in arguments if argument.arg not in ("self", "cls")]
        assert len(named) <= MOST_ARGUMENTS, f"{function.name} takes {len(named)} arguments; make them a dataclass"


def test_importing_vlmrl_is_light() -> None:
    heavy = "{'torch', 'mujoco', 'gymnasium', 'stable_baselines3', 'hydra', 'matplotlib'}"
    code = f"import sys, vlmrl; print(*sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == ""


def test_ci_installs_what_the_error_of_a_missing_gl_library_names() -> None:
    from vlmrl.envs.gl import INSTALL

    wanted = {word for word in INSTALL.split() if word.startswith("lib")}
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    listed = re.search(r"^packages=\((.*)\)$", script, re.MULTILINE)
    assert listed is not None
    assert wanted <= set(listed[1].split())
