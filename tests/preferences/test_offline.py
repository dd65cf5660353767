"""Nets taught on a dataset's frames: every frame has its chance, the judge's answers are learned, bad data is named."""

import numpy as np
import pytest

from tests.preferences.test_learner import WORDS, Grey, grey
from vlmrl.errors import Abstained, ConfigError
from vlmrl.preferences.build import save_nets
from vlmrl.preferences.offline import Notebook, teach
from vlmrl.rewards._taught.bradley_terry import load
from vlmrl.rewards.preference import Preference


def episodes(count=10, length=40):
    """Frames of any brightness, which is the truth."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        levels = rng.integers(0, 256, length)
        yield grey(levels), {"oracle": levels / 255, "success": levels > 200, "reward": levels}


def test_a_dataset_teaches_what_its_judge_knows(tmp_path):
    model, said = Preference(Grey(), judge="oracle", ask={"questions": 40, "most": 120, "pool": 100}), list[str]()
    learner = teach(model, episodes(), WORDS, seed=1, say=said.append)
    assert (learner.counts["questions"], len(said)) == (120, 3)
    assert learner.told["answers_right"] == 1.0
    scores = model.score_frames(grey(range(0, 256, 4)), WORDS).numpy()
    assert np.corrcoef(scores, np.arange(64))[0, 1] > 0.9
    save_nets(tmp_path / "nets.safetensors", model, WORDS)
    again = Preference(Grey(), nets=tmp_path / "nets.safetensors")
    assert not again.untaught
    np.testing.assert_array_equal(again.score_frames(grey([9]), WORDS), model.score_frames(grey([9]), WORDS))
    assert load(tmp_path / "nets.safetensors", "grey", 3)[1]["judge"] == "oracle"


def test_a_small_dataset_runs_out_of_pairs():
    model = Preference(Grey(), judge="oracle")
    learner = teach(model, [(grey([0, 90, 200]), {"oracle": np.array([0.0, 0.4, 0.8])})], WORDS)
    assert learner.counts["questions"] == 3


def test_wrong_answers_are_counted_and_survived():
    model = Preference(Grey(), judge="oracle", wrong=0.2, ask={"questions": 100, "most": 400, "pool": 200})
    learner = teach(model, episodes(), WORDS)
    assert 0.7 < learner.told["answers_right"] < 0.9
    scores = model.score_frames(grey(range(0, 256, 4)), WORDS).numpy()
    assert np.corrcoef(scores, np.arange(64))[0, 1] > 0.85


def test_a_killed_one_goes_on_with_its_answers_and_ends_the_same(tmp_path):
    def new():
        return Preference(Grey(), judge="oracle", wrong=0.1, ask={"questions": 30, "most": 120, "pool": 100})

    whole = teach(new(), episodes(), WORDS, seed=3)

    class Killed(Exception):
        pass

    def kill(line):
        if line.startswith("round 2"):
            raise Killed

    notebook = Notebook(tmp_path / "w.training", "this")
    with pytest.raises(Killed):
        teach(new(), episodes(), WORDS, seed=3, say=kill, notebook=notebook)
    said = list[str]()
    again = teach(new(), episodes(), WORDS, seed=3, say=said.append, notebook=notebook)
    assert said[0] == "going on after round 2: 60 questions were asked"
    assert again.counts == whole.counts
    assert again.model.nets.digest == whole.model.nets.digest
    assert Notebook(notebook.path, "another").read() is None
    notebook.path.write_bytes(notebook.path.read_bytes()[:100])
    assert notebook.read() is None
    notebook.forget()
    assert not notebook.path.exists()


@pytest.mark.parametrize("parts", [[], [(grey([]), None)]])
def test_data_without_a_frame_are_refused(parts):
    with pytest.raises((ConfigError, Abstained), match=r"holds no frame|baseline: is missing"):
        teach(Preference(Grey()), parts, WORDS)


def test_one_frame_alone_teaches_nothing():
    with pytest.raises(Abstained, match="nothing to learn from"):
        teach(Preference(Grey(), judge="oracle"), [(grey([3]), {"oracle": np.array([0.3])})], WORDS)


def test_a_judge_that_asks_for_a_truth_which_nobody_knows_is_refused():
    with pytest.raises(ConfigError, match="asks the simulator for oracle"):
        teach(Preference(Grey(), judge="oracle"), [(grey([3, 4]), None)], WORDS)
