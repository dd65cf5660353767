"""The table of taught rewards says what their cards say, and what a lesson changed."""

import json

from benchmarks import taught
from vlmrl.rewards.progress import ProgressLesson


def card(**changes):
    """What `vlmrl reward train` writes beside weights, as far as the table reads it."""
    measures = [{"measure": "forward", "found": 0.9, "a count of frames": 1.0}]
    return {
        "reward": "progress",
        "lesson": vars(ProgressLesson(**changes)),
        "encoder_name": "sim_clip",
        "data": {"tasks": ["point_mass/target"], "episodes": 12},
        "learned": {"steps": 300, "best": 200},
        "evaluation": measures,
    }


def test_a_row_a_card_with_what_its_lesson_changed_and_a_count_of_frames(tmp_path):
    (tmp_path / "full.json").write_text(json.dumps(card()))
    (tmp_path / "plain.json").write_text(json.dumps(card(rewind=0.0, wrong=0.0)))
    full, plain, count = taught.taught(tmp_path)["rows"]
    assert (full["lesson"], plain["lesson"]) == ("", "rewind=0.0, wrong=0.0")
    assert (full["forward"], full["steps"], full["episodes"], full["tasks"]) == (0.9, 200, 12, ["point_mass/target"])
    assert (count["reward"], count["forward"]) == (taught.COUNT, 1.0)


def test_a_folder_without_cards_is_named(tmp_path, capsys):
    assert taught.main([str(tmp_path)]) == 2
    assert "holds no card" in capsys.readouterr().err
