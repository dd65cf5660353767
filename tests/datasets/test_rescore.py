"""A dataset scored again: what was asked is what is answered, and who is stopped goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from vlmrl.datasets.cameras import camera_of
from vlmrl.datasets.minari import Dataset
from vlmrl.datasets.rescore import Question, ranked, read, rescore
from vlmrl.datasets.scene import Scene
from vlmrl.errors import ConfigError, RunError
from vlmrl.metrics.rank import auroc, spearman
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words


@pytest.fixture
def scorer(toy_encoder):
    return Scorer(GoalBaseline(toy_encoder))


@pytest.fixture
def question(task, scorer):
    return Question(task.words, task.camera, (32, 32), "fast", scorer.model.fingerprint, {"reward": "goal_baseline"})


def test_scores_are_those_of_the_frames_drawn_from_the_states(folder, task, episodes, scorer, question, tmp_path):
    with Dataset(folder) as dataset:
        found = rescore(dataset, task, scorer, question, tmp_path / "out")
    with Scene(task) as scene:
        by_hand = [scorer.frames(scene.frames(one, size=(32, 32)), task.words) for one in episodes]
    kept = [read(tmp_path / "out", index, one) for index, one in enumerate(episodes)]
    assert all(np.allclose(one, other, atol=1e-5) for one, other in zip(kept, by_hand, strict=True))
    scores = np.concatenate([one for one in kept if one is not None])
    oracle = np.concatenate([one.oracle for one in episodes])
    done = np.concatenate([one.success for one in episodes])
    assert found.spearman == spearman(scores, oracle)
    assert np.isnan(found.auroc) or found.auroc == auroc(scores, done)
    assert (found.episodes, found.states) == (6, 6 * 16)
    assert list(found.actors) == ["script", "perturbed", "random"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["states"] == 96


def test_who_is_stopped_goes_on_and_draws_nothing_twice(folder, task, episodes, scorer, question, tmp_path):
    class Stopped(Scorer):
        def frames(self, frames, words):
            if self.frames_scored > 40:
                raise KeyboardInterrupt
            return super().frames(frames, words)

    with Dataset(folder) as dataset:
        with pytest.raises(KeyboardInterrupt):
            rescore(dataset, task, Stopped(scorer.model), question, tmp_path)
        done = sorted(path.name for path in tmp_path.glob("*.npy"))
        assert 0 < len(done) < 6
        half = tmp_path / done[0]
        half.write_bytes(half.read_bytes()[:-9])  # as a full disk leaves a file that was copied
        said: list[str] = []
        again = rescore(dataset, task, scorer, question, tmp_path, say=said.append)
        assert f"{16 * (6 - len(done) + 1)} frames drawn" in said[-1]
        assert again == rescore(dataset, task, scorer, question, tmp_path)


def test_another_camera_and_other_words_are_other_scores(folder, task, episodes, scorer, question, tmp_path):
    turned = replace(question, camera=camera_of("task:elevation=-30:azimuth=10", task))
    asked = replace(question, words=Words.of("a red circle", "a picture"))
    rows = []
    with Dataset(folder) as dataset:
        for name, one in (("own", question), ("turned", turned), ("asked", asked)):
            rescore(dataset, task, scorer, one, tmp_path / name)
            rows.append(read(tmp_path / name, 0, episodes[0]))
        assert not np.allclose(rows[0], rows[1])
        assert not np.allclose(rows[0], rows[2])
        with pytest.raises(ConfigError, match="scores of another camera; give another folder"):
            rescore(dataset, task, scorer, turned, tmp_path / "own")


def test_broken_episodes_stop_it_or_are_left_out(broken, task, scorer, question, tmp_path):
    copy, path = broken
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with Dataset(copy) as dataset:
        with pytest.raises(RunError, match=r"episode \d of 6.*skip_broken=true"):
            rescore(dataset, task, scorer, question, tmp_path / "out")
        found = rescore(dataset, task, scorer, question, tmp_path / "out", skip_broken=True)
    assert 0 < found.episodes < 6


def test_a_perfect_reward_ranks_perfectly(task, episodes):
    found = ranked(task, [(one, one.oracle.astype(np.float32)) for one in episodes])
    assert found.spearman > 0.999
    assert found.within > 0.999
    assert found.actors["random"]["score"] == pytest.approx(found.actors["random"]["oracle"], abs=1e-6)
