"""Datasets as demonstrations: what is kept, what is drawn, and what does not fit."""

from dataclasses import replace

import numpy as np
import pytest

from vlmrl.agents.vla.demos import gather
from vlmrl.agents.vla.eyes import eye_of
from vlmrl.agents.vla.settings import Settings
from vlmrl.datasets import minari
from vlmrl.datasets.scene import Scene
from vlmrl.datasets.sheet import Sheet
from vlmrl.envs import find_task
from vlmrl.judge.cast import cast
from vlmrl.judge.collect import episodes_of

SMALL = {"size": (24, 24), "cameras": ("task", "wrist"), "held_out": 2, "tail": 5, "proprio": 4}


def quiet(line):
    pass


def gathered(paths, say=quiet, **settings):
    chosen = Settings(**{**SMALL, **settings})
    return gather(paths, chosen, [eye_of(chosen.form) for _ in chosen.cameras], say)


@pytest.fixture(scope="module")
def played():
    task = find_task("tabletop/press_button")
    return task, episodes_of(task, cast(task, ["script", "random"], episodes=2))


@pytest.fixture
def dataset(played, tmp_path):
    task, episodes = played

    def write(name="press", changed=None):
        kept = episodes if changed is None else changed
        minari.write(tmp_path / name, task, kept, Sheet.of(task, kept))
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def cartpole(tmp_path_factory):
    task = find_task("cartpole/upright")
    folder = tmp_path_factory.mktemp("data") / "cartpole"
    episodes = episodes_of(task, cast(task, ["still"], episodes=1))
    minari.write(folder, task, episodes, Sheet.of(task, episodes))
    return folder


def test_steps_lie_in_their_order_with_what_was_seen_felt_and_done(dataset, played):
    task, episodes = played
    demos = gathered([dataset()])
    assert demos.tasks == ("tabletop/press_button",)
    assert "press down on the button" in demos.sentences[0]
    assert "hit the button" not in demos.sentences[0]  # held out
    done = [np.flatnonzero(~episode.success)[-1] + 1 + 5 for episode in episodes[:2]]  # the random ones failed
    assert np.bincount(demos.episode).tolist() == done
    assert demos.left[: done[0]].tolist() == list(range(done[0], 0, -1))
    assert demos.held.tolist() == [False] * done[0] + [True] * done[1]
    second = episodes[1]
    rows = demos.episode == 1
    assert np.array_equal(demos.actions[rows], second.actions[: done[1]])
    assert np.array_equal(demos.state[rows], second.observations[: done[1], :4])
    with Scene(task) as scene:
        assert np.array_equal(demos.pictures[0][rows], scene.frames(second, size=(24, 24))[: done[1]])


def test_pictures_are_drawn_once(dataset, tmp_path):
    folder = dataset()
    before = gathered([folder])
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("pictures/*/*.npz")}
    assert len(kept) == 4
    again = gathered([tmp_path])  # the folder above names it too
    assert all(np.array_equal(one, other) for one, other in zip(before.pictures, again.pictures, strict=True))
    assert kept == {path: path.stat().st_mtime_ns for path in folder.glob("pictures/*/*.npz")}
    next(iter(kept)).write_bytes(b"cut")
    mended = gathered([folder])
    assert all(np.array_equal(one, other) for one, other in zip(before.pictures, mended.pictures, strict=True))


def test_all_episodes_may_be_weighed_by_their_progress(dataset):
    demos = gathered([dataset()], episodes="all", weighting="progress", tail=None)
    assert demos.episodes == 4
    assert len(demos) == 4 * 50
    scripted, random = (demos.weight[np.isin(demos.episode, pair)] for pair in ((0, 1), (2, 3)))
    assert scripted[:10].mean() > random.mean()
    assert {0.0, 1.0} <= set(demos.weight.tolist())
    advantage = gathered([dataset("again")], episodes="all", weighting="advantage", tail=None).weight
    assert advantage[:50].mean() > advantage[-50:].mean()


def test_scores_that_were_kept_may_stand_for_progress(dataset):
    folder = dataset()
    with pytest.raises(Exception, match="has no scores of episode 0; `vlmrl rescore"):
        gathered([folder], weighting="progress", progress="clip")
    place = folder / "scores" / "clip"
    place.mkdir(parents=True)
    for index in range(4):
        np.save(place / f"episode_{index:06d}.npy", np.linspace(1, 0, 51, dtype=np.float32))
    demos = gathered([folder], weighting="progress", progress="clip", held_out=0)
    assert demos.weight.sum() == 0  # it falls all the way


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cameras": ("task", "ceiling")}, "camera=ceiling"),
        ({"proprio": 31}, r"agent\.params\.proprio=31: .* observes 30 numbers"),
    ],
)
def test_what_a_dataset_lacks_is_named(dataset, settings, said):
    with pytest.raises(Exception, match=said):
        gathered([dataset()], **settings)


def test_other_actions_are_refused(dataset, cartpole):
    with pytest.raises(Exception, match=r"cartpole: has actions of 1 numbers .* of 4 in"):
        gathered([dataset(), cartpole], episodes="all", cameras=("task",))


@pytest.mark.parametrize("name", ["actions", "observations"])
def test_what_is_no_number_is_refused_by_episode_and_step(dataset, played, name):
    spoilt = getattr(played[1][1], name).copy()
    spoilt[7, 2] = np.nan
    folder = dataset(changed=[played[1][0], replace(played[1][1], **{name: spoilt})])
    with pytest.raises(Exception, match=f"episode 1 has no number in its {name} at step 7"):
        gathered([folder])


def test_nothing_to_learn_from_is_refused(dataset, played, tmp_path):
    with pytest.raises(Exception, match="leaves nothing to learn from"):
        gathered([dataset(changed=played[1][2:])])
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match="is no dataset and has none in it"):
        gathered([tmp_path / "empty"])
    with pytest.raises(Exception, match="data: is missing"):
        gathered([])
