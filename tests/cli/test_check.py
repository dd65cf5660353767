"""``vlmrl check``: its exit status, what it writes, and rewards that people bring."""

import json
from pathlib import Path

import pytest

from vlmrl.cli import BAD_INPUT, main

OWN = """
import numpy as np

def constant(frames):
    return np.zeros(len(frames))

def told(frames, words):
    assert words.goal == ("a rod in the air",), words
    return np.zeros(len(frames))

NUMBER = 3
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_good_reward_is_told_to_people_machines_and_browsers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [f"json={tmp_path}/new/verdict.json", f"html={tmp_path}/new/check.html"]
    assert main(["check", "task=pendulum/upright", *places]) == 0
    printed = capsys.readouterr().out
    verdict = json.loads((tmp_path / "new" / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["colour"] in ("green", "amber")
    for finding in verdict["findings"]:
        assert finding["asks"] in printed
    assert "<h1>&ldquo;a pendulum pointing straight up&rdquo;</h1>" in (tmp_path / "new" / "check.html").read_text()


@pytest.mark.parametrize("function", ["constant", "told"])
def test_a_function_of_ones_own_is_judged(own: Path, function: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "task=pendulum/upright", "goal=a rod in the air", f"reward={own}:{function}"]) == 1
    printed = capsys.readouterr().out
    assert "red  Does the score depend on the picture at all?" in printed
    assert f"red: mine.py:{function} on pendulum/upright" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "task: is missing"),
        (["task=pendulum/uprigt"], "pendulum/upright"),
        (["task=pendulum/upright", "reward=oracle"], "the judge itself"),
        (["task=pendulum/upright", "reward=nowhere.py:f"], "there is no such file"),
        (["task=pendulum/upright", "reward={own}:NUMBER"], "it has constant, told"),
        (["task=pendulum/upright", "reward={broken}:f"], "cannot be run: ZeroDivisionError"),
        (["task=pendulum/upright", "agent=sac"], "agent"),
    ],
)
def test_what_makes_no_sense_is_named(
    own: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = own.with_name("broken.py")
    broken.write_text("1 / 0\n", encoding="utf-8")
    assert main(["check", *(argument.format(own=own, broken=broken) for argument in arguments)]) == BAD_INPUT
    assert said in capsys.readouterr().err
