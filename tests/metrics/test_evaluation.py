import json

import pytest

from vlmrl.errors import RunError, ShapeError
from vlmrl.metrics.evaluation import Comparison, Episode, Evaluation, Trace
from vlmrl.metrics.intervals import bootstrap, rate


@pytest.fixture
def comparison():
    good = tuple(Episode(100 + i, 50, i > 0, 0.9 + i / 100, 45.0 + i, 0.5) for i in range(4))
    bad = tuple(Episode(100 + i, 50, False, 0.1, 5.0, -0.5 + i / 10) for i in range(4))
    return Comparison(
        (Evaluation("agent", "dial/right", good, "last checkpoint"), Evaluation("random", "dial/right", bad)),
        goal=("a “pole”, upright",),
        baseline=("a pole",),
        spearman=0.9,
    )


def test_json_gives_back_the_same(comparison, tmp_path):
    assert Comparison.from_json(comparison.to_json()) == comparison
    comparison.save(tmp_path / "evaluation.json")
    assert Comparison.load(tmp_path / "evaluation.json") == comparison


def test_json_holds_the_table_for_other_readers(comparison):
    body = json.loads(comparison.to_json())
    assert [row["agent"] for row in body["rows"]] == ["agent", "random"]
    assert body["rows"][0]["success"]["mean"] == 0.75
    assert body["goal"] == ["a “pole”, upright"]


def test_rows_hold_means_with_bootstrap_intervals(comparison):
    agent, random = comparison.rows()
    assert (agent.agent, agent.episodes, agent.chosen) == ("agent", 4, "last checkpoint")
    assert agent.success == rate([False, True, True, True])
    assert agent.oracle_return == bootstrap([0.9, 0.91, 0.92, 0.93])
    assert random.vlm_return == bootstrap([-0.5, -0.4, -0.3, -0.2])
    assert random.success == rate([False] * 4)


def test_a_measure_that_some_episode_lacks_is_none():
    episodes = (Episode(0, 5, True, 0.5, 1.0, 0.2), Episode(1, 5, None, 0.5, 1.0, None))
    row = Evaluation("agent", "Ant-v5", episodes).row()
    assert row.success is None
    assert row.vlm_return is None
    assert row.task_return == bootstrap([1.0, 1.0])


def test_one_episode_is_written_without_nan():
    text = Comparison((Evaluation("agent", "dial/right", (Episode(0, 5, True, 0.5),)),)).to_json()
    assert "NaN" not in text
    assert json.loads(text)["rows"][0]["oracle_return"] == {"mean": 0.5, "low": None, "high": None}


def test_traces_stay_in_memory(comparison):
    one = comparison.evaluations[0]
    traced = Evaluation(one.agent, one.task, one.episodes, one.chosen, traces=(Trace(),) * 4)
    assert traced == one
    assert "traces" not in Comparison((traced,)).to_json()


def test_an_agent_without_episodes_is_refused():
    with pytest.raises(ShapeError, match="agent=mine: has no episode"):
        Evaluation("mine", "dial/right", ())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"format": 1}', '{"evaluations": []}'])
def test_what_is_no_evaluation_is_named(text, tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(RunError, match=r"evaluation\.json.*vlmrl eval"):
        Comparison.load(path)


def test_an_evaluation_cut_off_anywhere_is_named(comparison):
    text = comparison.to_json()
    for length in range(0, len(text) - 2, 97):
        with pytest.raises(RunError, match="cut off"):
            Comparison.from_json(text[:length])


def test_a_later_format_is_named(comparison):
    with pytest.raises(RunError, match="has format 2; this version reads 1"):
        Comparison.from_json(comparison.to_json().replace('"format": 1', '"format": 2'))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RunError, match="judge the run first"):
        Comparison.load(tmp_path / "evaluation.json")


def test_a_failed_save_leaves_the_earlier_file(comparison, tmp_path):
    path = tmp_path / "sub" / "evaluation.json"
    with pytest.raises(RunError, match="cannot be written"):
        comparison.save(path)
    assert not path.exists()
