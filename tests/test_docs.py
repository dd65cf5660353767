"""The documentation tells what is true: its tables are their JSON files', its commands compose, its examples run.

A fenced block marked ``python`` is run as it stands; one marked ``py`` is an excerpt of a file.
"""

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from vlmrl.cli import main
from vlmrl.config.compose import compose

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


def blocks(kind: str):
    """Every fenced block of a kind, named by its page and number."""
    found = []
    for page in PAGES:
        fences = re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        found += [pytest.param(fence, id=f"{page.stem}-{n}") for n, fence in enumerate(fences, 1)]
    return found


def training_lines():
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = re.findall(r"^vlmrl train (?!--help)(.*)$", text, re.MULTILINE)
        found += [pytest.param(line, id=f"{page.stem}-{n}") for n, line in enumerate(lines, 1)]
    return found


def script(name: str):
    """A script of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables():
    return script("tables")


@pytest.fixture
def data(tmp_path):
    """A docs folder with one file of two rows."""
    rows = [
        {"name": "a/b", "goal": ["stand", "be up"], "success": {"mean": 0.925, "low": 0.84, "high": 1.0}, "seed": None},
        {"name": "c/d", "goal": [], "success": {"mean": 0.5, "low": None, "high": None}, "seed": 3},
    ]
    (tmp_path / "some.json").write_text(json.dumps({"command": "vlmrl eval", "rows": rows}), encoding="utf-8")
    return tmp_path


def test_a_table_shows_names_intervals_lists_and_what_is_unknown(tables, data):
    assert tables.table("some.json", "`name` as task, goal, success, seed", data).splitlines() == [
        "| task | goal | success | seed |",
        "| --- | --- | --- | --- |",
        "| `a/b` | stand; be up | 0.925 [0.84, 1] | - |",
        "| `c/d` | - | 0.5 | 3 |",
        "",
        "Made by `vlmrl eval`.",
    ]


@pytest.mark.parametrize(
    ("number", "shown"), [(30727.0, "30727"), (1000.4, "1000"), (999.4, "999"), (0.12345, "0.123"), (-2500.0, "-2500")]
)
def test_large_numbers_are_written_out(tables, number, shown):
    assert tables.shown(number) == shown


def test_patterns_keep_the_rows_whose_name_fits(tables, data):
    page = "<!-- table some.json c/* x/*: name, seed -->\n<!-- /table -->"
    filled = tables.filled(page, data)
    assert "| c/d | 3 |" in filled
    assert "a/b" not in filled
    assert filled.endswith("<!-- /table -->")
    with pytest.raises(tables.BadMarker, match=r"no row's name fits e/\* or f"):
        tables.filled("<!-- table some.json e/* f: name -->\n<!-- /table -->", data)


def test_rows_that_know_their_machine_and_day_tell_them(tables, tmp_path):
    rows = [{"name": name, "machine": "a computer", "date": "2026-01-02"} for name in "ab"]
    (tmp_path / "measured.json").write_text(json.dumps(rows), encoding="utf-8")
    assert tables.table("measured.json", "name", tmp_path).endswith("\nMeasured on a computer, 2026-01-02.\n")


def test_markup_in_a_cell_stays_text(tables):
    assert tables.escaped("runs/<task> and `runs/<task>` | more") == "runs/&lt;task> and `runs/<task>` \\| more"
    red = '<strong style="color: #c62828">0.3</strong>'
    assert tables.escaped(red) == red


def test_no_rows_say_that_nothing_was_measured(tables, tmp_path):
    (tmp_path / "none.json").write_text('{"command": "vlmrl bench", "rows": []}', encoding="utf-8")
    assert tables.table("none.json", "seed", tmp_path) == "*Nothing measured yet; `vlmrl bench` fills this table.*\n"


def test_filling_twice_changes_nothing(tables, data):
    page = "Before\n\n<!-- table some.json: name -->\nold\n<!-- /table -->\n\nAfter\n"
    once = tables.filled(page, data)
    assert "| a/b |" in once
    assert "old" not in once
    assert once.startswith("Before")
    assert once.endswith("After\n")
    assert tables.filled(once, data) == once


def test_code_on_a_page_is_its_file(tables):
    page = "<!-- code vlmrl/conf/experiment/demo.yaml -->\nold\n<!-- /code -->"
    demo = (ROOT / "vlmrl" / "conf" / "experiment" / "demo.yaml").read_text(encoding="utf-8")
    assert f"```yaml\n{demo}```" in tables.filled(page)
    with pytest.raises(tables.BadMarker, match=r"no/such\.yaml"):
        tables.filled("<!-- code no/such.yaml -->\n<!-- /code -->")


@pytest.mark.parametrize(
    ("file", "columns", "said"), [("some.json", "nmae", "no 'nmae'"), ("none.json", "name", "cannot be read")]
)
def test_a_marker_that_names_what_is_not_there_is_refused(tables, data, file, columns, said):
    with pytest.raises(tables.BadMarker, match=said):
        tables.table(file, columns, data)


def test_what_sim_clip_is_said_to_know_is_what_was_measured():
    told = json.loads((DOCS / "data" / "sim_clip.json").read_text(encoding="utf-8"))
    assert told["rows"] == script("known").rows(), "run `make docs`"


def test_the_settings_told_are_those_of_the_schema():
    told = json.loads((DOCS / "data" / "settings.json").read_text(encoding="utf-8"))
    assert told == script("settings").settings(), "run `make docs`"


@pytest.mark.parametrize("kind", ["tasks", "rewards", "encoders", "shapings", "agents"])
def test_the_parts_told_are_those_that_can_be_found(kind, tmp_path):
    assert main(["list", kind, f"json={tmp_path / 'now.json'}"]) == 0
    now, told = (path.read_text(encoding="utf-8") for path in (tmp_path / "now.json", DOCS / "data" / f"{kind}.json"))
    assert json.loads(told) == json.loads(now), "run `make docs`"


@pytest.mark.parametrize("line", training_lines())
def test_a_training_command_composes(line):
    assert compose(shlex.split(line, comments=True)).world


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("code", blocks("python"))
def test_an_example_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})
