"""The verbs on a run that was paid by keypoints: those that can, do; the others say which can."""

import pytest

from vlmrl.cli import main

RUN = ["task=reacher/touch", "reward=keypoints", "agent=sac", "agent.total_steps=64", "agent.n_envs=2", "seed=3"]
RUN += ["agent.params.learning_starts=32", "evaluation.every=0", "evaluation.final_episodes=2", "progress=false"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *RUN, f"run_dir={path}"]) == 0
    return path


def test_it_is_judged_filmed_and_reported(run, capsys, tmp_path):
    assert main(["eval", str(run), "episodes=2"]) == 0
    assert main(["record", str(run), f"out={tmp_path / 'film.gif'}", "size=[64,64]"]) == 0
    assert (tmp_path / "film.gif").stat().st_size > 1000
    assert main(["report", str(run)]) == 0
    assert (run / "plan.png").is_file()
    assert 'href="plan.png"' in (run / "report.html").read_text()
    capsys.readouterr()


@pytest.mark.parametrize(
    "asked",
    [
        ["check", "task=reacher/touch", "reward=keypoints"],
        ["debug", "RUN"],
        ["score", "FILM", "goal=a", "reward=keypoints"],
    ],
    ids=lambda asked: asked[0],
)
def test_what_looks_at_frames_or_posed_states_says_who_reads_episodes(run, asked, capsys, tmp_path):
    from PIL import Image

    film = tmp_path / "film.png"
    Image.new("RGB", (64, 64)).save(film)
    asked = [{"RUN": str(run), "FILM": str(film)}.get(word, word) for word in asked]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "goes by the robot's keypoint along an episode" in said
    assert "bench" in said
