"""A file is the old one or the new one, never a half, whatever happens to the writer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vlmrl.config import atomic
from vlmrl.errors import RunError


def test_content_arrives_and_no_draft_stays(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    atomic.write_json(path, {"words": "ä, 🤖", "number": 1.5})
    assert json.loads(path.read_text(encoding="utf-8")) == {"words": "ä, 🤖", "number": 1.5}
    atomic.write_bytes(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    atomic.write_arrays(path, {"rows": np.eye(2), "told": np.array("ä")})
    with np.load(path, allow_pickle=False) as found:
        assert found["rows"].tolist() == [[1, 0], [0, 1]]
        assert str(found["told"]) == "ä"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old", encoding="utf-8")

    def interrupted() -> None:
        with atomic.replacing(path) as draft:
            draft.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old", encoding="utf-8")
    code = (
        "import os, signal, sys; from pathlib import Path; from vlmrl.config import atomic\n"
        "with atomic.replacing(Path(sys.argv[1])) as draft:\n"
        "    draft.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode != 0
    assert path.read_text(encoding="utf-8") == "old"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        RunError, match=r"nowhere/a: cannot be written: No such file or directory; what was there is whole"
    ):
        atomic.write_text(tmp_path / "nowhere" / "a", "text")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_holds_only_numbers_that_json_has(tmp_path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        atomic.write_json(tmp_path / "a", [number])
    assert os.listdir(tmp_path) == []
