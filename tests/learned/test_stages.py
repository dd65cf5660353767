"""Stages that somebody wrote down beside a dataset, and what does not fit, by file and episode."""

import pytest
import torch

from vlmrl.errors import ConfigError
from vlmrl.learned.stages import annotated, stages_of
from vlmrl.rewards._taught.learned import Film


@pytest.fixture
def films():
    done = torch.arange(20) >= 12
    return [Film(f"episode {n} of data", 0, torch.zeros(20, 4), done if n else ~done & done, bool(n)) for n in range(3)]


def write(folder, text):
    (folder / "stages.json").write_text(text, encoding="utf-8")
    return stages_of(folder)


def test_what_is_written_down_stands_with_its_film(tmp_path, films):
    assert stages_of(tmp_path) == {}
    told = write(tmp_path, '{"1": [3, 7], "0": [18]}')
    assert [one.stages for one in annotated(films, told, tmp_path)] == [(18,), (3, 7), ()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"1": [3, 7]', r"stages\.json: cannot be read"),
        ("[3, 7]", r"stages\.json: cannot be read .*must be like"),
        ('{"one": [3]}', r"stages\.json: cannot be read"),
        ('{"1": 3}', r"stages\.json: cannot be read"),
        ('{"3": [4]}', r"stages\.json: episode 3 is not there; the dataset has 0 to 2"),
        ('{"1": [7, 3]}', r"episode 1 of data has \[7, 3\]; must be whole numbers that rise, from 1 to 12, the frame"),
        ('{"1": [0, 3]}', r"episode 1 of data has \[0, 3\]; must be"),
        ('{"1": [4, 13]}', r"episode 1 of data has \[4, 13\]; must be"),
        ('{"1": [4.5]}', r"episode 1 of data has \[4\.5\]; must be whole numbers"),
        ('{"0": [20]}', r"episode 0 of data has \[20\]; must be whole numbers that rise, from 1 to 19$"),
    ],
)
def test_what_does_not_fit_is_refused_by_file_and_episode(tmp_path, films, text, message):
    with pytest.raises(ConfigError, match=message):
        annotated(films, write(tmp_path, text), tmp_path)
