"""The command line answers at once, says what is wrong in one message, and hides no error of ours."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from vlmrl import cli, find
from vlmrl.cli import main

HEAVY = {"torch", "mujoco", "gymnasium", "stable_baselines3", "hydra", "open_clip", "matplotlib"}
NO_RUN = "run_dir=nowhere: holds no run (config.yaml is missing); `vlmrl train run_dir=...` makes one"
VERBS = [name.replace("_", "-") for name in find.names("verb")]


def vlmrl(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from vlmrl.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def broken_verbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs of another package that go wrong, or are gone."""
    for name, raised in {"bug": "ZeroDivisionError('ours')", "stop": "KeyboardInterrupt"}.items():
        body = f'"""Goes wrong."""\nSETTINGS = None\ndef run(argv):\n    raise {raised}\n'
        (tmp_path / f"verb_{name}.py").write_text(body, encoding="utf-8")
    about = tmp_path / "verbs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: verbs\nVersion: 1.0\n", encoding="utf-8")
    points = "[vlmrl.verb]\nbug = verb_bug\nstop = verb_stop\ngone = verb_gone\n"
    (about / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("arguments", [["--help"], [], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from vlmrl.cli import main; status = main(sys.argv[1:]); "
        f"sys.stderr.write(' '.join(sorted({HEAVY} & set(sys.modules)))); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 3


def test_help_takes_well_under_a_second() -> None:
    taken = []
    for _ in range(4):
        before = os.times()
        assert vlmrl("--help").returncode == 0
        after = os.times()
        # Time on the processor, so that a busy machine does not count.
        taken.append(after.children_user - before.children_user + after.children_system - before.children_system)
    assert min(taken) < 0.5


def test_help_names_every_verb_with_a_line() -> None:
    lines = vlmrl("--help").stdout.splitlines()
    for verb in VERBS:
        line = next(line for line in lines if line.startswith(f"  {verb} "))
        assert len(line.split()) > 4


def test_every_verb_says_what_it_does_and_takes() -> None:
    for verb in VERBS:
        module = find.find("verb", verb.replace("-", "_"))
        assert (module.__doc__ or "").split("\n")[0].endswith(".")
        assert callable(module.run)
        for field in getattr(getattr(module, "SETTINGS", None), "model_fields", {}).values():
            assert field.description


def test_train_help_lists_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    text = capsys.readouterr().out
    for key in ("task=", "goal=", "agent.total_steps=", "evaluation.every=10000", "resume=auto", "dry_run=false"):
        assert f"\n  {key}" in text
    assert "a2c, crossq, dqn, ppo, sac, td3, tqc" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "verb=trian: is not known; did you mean train?"),
        (["simclip"], "verb=simclip: is not known; did you mean sim-clip?"),
        (["train"], "task: is missing; give task=NAME (`vlmrl list tasks`), or env= with any Gymnasium id"),
        (["train", "task=a/b", "seedd=1"], "seedd=1: is not known; did you mean seed?"),
        (["train", "task=a/b", "total_step=1"], "total_step=1: is not known; did you mean agent.total_steps?"),
        (["list", "taks"], "kind=taks: is not known; did you mean tasks?"),
        (["eval"], "run: is missing (a run's directory; an argument without = is it)"),
        (["eval", "nowhere"], NO_RUN),
        (["record", "nowhere"], NO_RUN),
        (["report", "nowhere"], NO_RUN),
        (["score", "x", "every=0"], "every=0: should be greater than 0 (of a film, score every so many frames)"),
        (["sim-clip", "evil"], "sim-clip=evil: is not known; did you mean eval?"),
        (["info", "x"], "x: is no setting; write key=value, for example task=cartpole/upright"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"vlmrl: {message}\n")


def test_a_warning_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def warn(argv: list[str]) -> int:
        shown.extend(warnings.formatwarning("it is old", kind, "", 1) for kind in (UserWarning, FutureWarning))
        return 0

    before = warnings.formatwarning
    monkeypatch.setattr(cli, "_dispatch", warn)
    assert main([]) == 0
    assert shown == ["vlmrl: warning: it is old\n", ":1: FutureWarning: it is old\n"]
    assert warnings.formatwarning is before


@pytest.mark.usefixtures("broken_verbs")
def test_an_error_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError, match="ours"):
        main(["bug"])


@pytest.mark.usefixtures("broken_verbs")
def test_ctrl_c_ends_as_a_shell_expects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop"]) == 130
    assert capsys.readouterr().err == "vlmrl: stopped\n"


@pytest.mark.usefixtures("broken_verbs")
def test_another_packages_verb_is_listed_though_it_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "  bug             Goes wrong.\n" in text
    assert "\n  gone\n" in text
    assert main(["gone"]) == 2
    assert "verb=gone: its package declares verb_gone, which cannot be imported" in capsys.readouterr().err


def test_verbs_run_one_after_the_other_in_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["list", "verbs"]) == 0
    assert "sim-clip" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    code = "import sys; from vlmrl.cli import main; sys.exit(main(['train', '--help']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (0, b"")


def test_a_terminal_without_unicode_gets_question_marks() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    done = vlmrl("train", "--cfg", "task=a/b", "goal=é 立", env=environment)
    assert done.returncode == 0
    assert "- ? ?" in done.stdout


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vlmrl {version('vlmrl')}\n"
