"""``vlmrl collect``, ``rescore`` and ``export`` as a person calls them."""

import json

import pytest

from vlmrl.cli import main
from vlmrl.datasets.lerobot_files import LeRobotFiles
from vlmrl.datasets.minari import Dataset

TASK = "task=reacher/touch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("datasets") / "touch"
    line = ["collect", TASK, "agents=random,push", "episodes=2", "cameras=task,task:azimuth=30", "size=[24,32]"]
    assert main([*line, f"out={folder}"]) == 0
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_dataset_is_collected_with_films_and_a_datasheet(folder):
    with Dataset(folder) as dataset:
        assert [(one.actor, one.seed) for _, one in dataset.episodes()] == [
            ("random", 500_000),
            ("random", 500_001),
            ("push", 500_002),
            ("push", 500_003),
        ]
        assert dataset.sheet.cameras == {"task": (24, 32), "task_azimuth_30": (24, 32)}
    films = sorted(str(path.relative_to(folder / "videos")) for path in folder.glob("videos/*/*.mp4"))
    assert films == [f"{name}/episode_00000{n}.mp4" for name in ("task", "task_azimuth_30") for n in range(4)]
    page = (folder / "README.md").read_text()
    assert "| random | 2 |" in page
    assert "vlmrl collect task=reacher/touch agents=random,push" in page
    assert not list(folder.parent.glob(".touch.*")), "no draft is left"


@pytest.mark.slow
def test_it_is_scored_again_and_exported_with_these_scores(folder, here, capsys):
    line = [
        "rescore",
        str(folder),
        "camera=task:azimuth=30",
        "goal=the arm is stretched",
        "out=scores",
        "json=told.json",
    ]
    assert main(line) == 0
    told = json.loads((here / "told.json").read_text())
    assert told["question"]["words"]["goal"] == ["the arm is stretched"]
    assert told["question"]["words"]["negative"] == [], "the task's negatives are the opposite of its own goal"
    assert (told["episodes"], told["states"]) == (4, 404)
    assert -1 <= told["spearman"] <= 1
    assert main(["export", str(folder), "out=robot", "progress=scores", "size=[48,64]"]) == 0
    assert "4 episodes, 400 frames, progress by scores" in capsys.readouterr().out
    files = LeRobotFiles(here / "robot")
    assert len(files.frames(3, "observation.images.task")) == 100
    progress = files.rows(0)["progress_sparse"]
    assert 0 <= progress.min() < progress.max() <= 1
    (here / "scores" / "episode_000002.npy").unlink()
    assert main(["export", str(folder), "out=again", "progress=scores", "cameras=none"]) == 2
    assert "has no scores of episode 2" in capsys.readouterr().err
    assert not (here / "again").exists()
    assert not list(here.glob(".again*"))


def test_lerobot_is_written_at_once(here):
    line = ["collect", TASK, "agents=still", "episodes=1", "format=lerobot", "cameras=none", "out=robot"]
    assert main(line) == 0
    files = LeRobotFiles(here / "robot")
    assert len(files.rows(0)["action"]) == 100
    assert "LeRobotDataset(" in (here / "robot/README.md").read_text()


def test_a_dataset_cut_off_in_the_middle_names_the_episode(folder, here, capsys):
    import shutil

    shutil.copytree(folder / "data", here / "cut/data")
    path = here / "cut/data/main_data.hdf5"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert main(["export", "cut", "out=robot", "cameras=none"]) == 2
    error = capsys.readouterr().err
    assert "episode 1 of 4 in data/main_data.hdf5 is broken (the file was cut off after" in error
    assert "skip_broken=true" in error
    assert main(["export", "cut", "out=robot", "cameras=none", "skip_broken=true"]) == 0
    assert "1 episodes, 100 frames" in capsys.readouterr().out


def test_another_simulator_version_is_refused_with_the_line_that_mends_it(folder, here, capsys):
    import shutil

    shutil.copytree(folder / "data", here / "old/data")
    path = here / "old/data/metadata.json"
    metadata = json.loads(path.read_text())
    metadata["vlmrl"]["sheet"]["packages"]["mujoco"] = "3.3.0"
    path.write_text(json.dumps(metadata))
    assert main(["export", "old", "out=robot", "cameras=none"]) == 2
    assert "was played with mujoco 3.3.0" in (error := capsys.readouterr().err)
    assert "pip install mujoco==3.3.0" in error
    with pytest.warns(UserWarning, match=r"mujoco 3\.3\.0"):
        assert main(["export", "old", "out=robot", "cameras=none", "other_version=true"]) == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["collect", TASK], "out=FOLDER"),
        (["collect", TASK, "out=x.zip"], "give a folder"),
        (["collect", TASK, "out=x", "format=npz"], ".npz"),
        (["collect", TASK, "out=x", "format=csv"], "format=csv"),
        (["collect", TASK, "out=.", "agents=still"], "nothing is written over"),
        (["collect", TASK, "out=x", "agents=rndom"], "did you mean random?"),
        (["collect", TASK, "out=x", "agents=script"], "has no script"),
        (["collect", TASK, "out=x", "agents=perturbed"], "name a run too"),
        (["collect", TASK, "out=x", "cameras=side"], "has no such camera"),
        (["collect", TASK, "out=x", "cameras=task,task"], "each once"),
        (["collect", TASK, "out=x", "noise=-1"], "noise=-1"),
        (["rescore", "gone"], "is no dataset"),
        (["rescore", "gone", "reward=oracle"], "in the dataset already"),
        (["export", "gone"], "out=FOLDER"),
        (["export", "gone", "out=x"], "is no dataset"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(line, says, here, capsys):
    (here / "file.txt").write_text("here")
    assert main(line) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("vlmrl: ")
    assert not (here / "x").exists()
