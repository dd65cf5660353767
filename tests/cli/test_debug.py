"""``vlmrl debug``: of runs and of films, what it writes, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vlmrl.cli import BAD_INPUT, main
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.encoders.base import Encoder
from vlmrl.rewards.cosine import Cosine
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

TINY = [
    "task=pendulum/upright", "agent.total_steps=160", "agent.n_envs=2", "seed=1", "progress=false",
    "agent.params.learning_starts=100", "agent.params.gradient_steps=1", "agent.params.policy_kwargs={net_arch: [8]}",
    "evaluation.every=0", "evaluation.final_episodes=2", "track.tensorboard=false",
]  # fmt: skip
SMALL = 8 * 10**6


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def film(tmp_path: Path, frames: NDArray[np.uint8]) -> Path:
    """A gif of 13 pictures at ten a second."""
    path = tmp_path / "a film, [odd].gif"
    pictures = [Image.fromarray(frame) for frame in frames]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    return path


@pytest.fixture
def toy(toy_directory: Path) -> list[str]:
    return [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]


def test_each_goal_and_reward_of_a_film_is_a_curve_of_the_scorers_own_numbers(
    film: Path, toy: list[str], toy_encoder: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["goal=a pole, upright", "goal=it's up", "baseline=a pole", "rewards=cosine", "reward.alpha=0.7"]
    assert main(["debug", str(film), *said, *toy, "every=2", "maps=5", f"json={tmp_path}/new/d.json"]) == 0
    told = read(tmp_path / "new" / "d.json")
    from vlmrl.frame_files import read as frames_of

    shown = np.concatenate([some for _, some in frames_of(film, 2)])
    expected = [
        Scorer(model).frames(shown, Words((goal,), ("a pole",)))
        for model in (GoalBaseline(toy_encoder, alpha=0.7), Cosine(toy_encoder))
        for goal in ("a pole, upright", "it's up")
    ]
    assert [curve["name"] for curve in told["curves"]] == ["a pole, upright", "it's up"] * 2
    for curve, scores in zip(told["curves"], expected, strict=True):
        np.testing.assert_allclose(curve["values"][0], scores, atol=1e-5)
        assert curve["spearman"] is None
    assert (told["fps"], told["every"]) == (5.0, 2)
    assert told["episodes"][0]["oracle"] is None
    assert {one["kind"] for one in told["moments"]} == {"high", "low"}
    page = film.with_suffix(".debug.html")
    assert "A film alone has no ground truth" in page.read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert f"page: {page}" in printed
    assert "highest" in printed


def test_a_films_words_may_be_a_tasks(film: Path, toy: list[str], tmp_path: Path) -> None:
    arguments = ["task=cartpole/upright", "maps=0", f"html={tmp_path}/p.html", f"json={tmp_path}/d.json"]
    assert main(["debug", str(film), *toy, *arguments]) == 0
    told = read(tmp_path / "d.json")
    assert told["curves"][0]["words"]["goal"] == ["a pole standing upright on a cart"]
    assert told["world"] == "cartpole/upright"
    assert not film.with_suffix(".debug.html").exists()


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run that has no agent yet."""
    with RunDir.start(
        configure(task="pendulum/upright", seed=1, run_dir=tmp_path / "begun"), ["vlmrl", "train"]
    ) as run:
        return run.path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "subject"),
        (["{at}/nowhere"], "nowhere: holds no run"),
        (["{at}"], "holds no run"),
        (["{at}/nowhere.mp4", "goal=up"], "nowhere.mp4: is not there; give a run's directory or a film"),
        (["{begun}"], "has no last_model.zip yet"),
        (["{begun}", "task=pendulum/upright"], "task=pendulum/upright: is for films"),
        (["{broken}", "goal=up", "baseline=a rod"], "broken.mp4: cannot be read as a picture, film or array"),
        (["{film}"], "goal: is missing"),
        (["{film}", "goal=up"], "baseline: is missing"),
        (["{film}", "goal=up", "task=pendulum/uprigt"], "pendulum/upright"),
        (["{film}", "goal=up", "reward=oracle"], "reward=oracle: is the truth itself"),
        (["{film}", "goal=up", "rewards=cosine,cosin"], "cosine"),
        (["{film}", "goal=up", "encoders=sim_clop"], "sim_clip"),
        (["{film}", "goal=up", "episodes=3"], "episodes=3: is for runs"),
        (["{film}", "goal=up", "maps=3"], "maps=3: leaves parts of the picture uncovered"),
        (["{film}", "goal=up", "baseline=a rod", "html={film}/page.html"], "cannot be written"),
        (["{film}", "goal=up", "agent=sac"], "agent"),
    ],
)
def test_what_makes_no_sense_is_named(
    arguments: list[str], said: str, film: Path, begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_text("no film", encoding="utf-8")
    places = {"at": tmp_path, "film": film, "begun": begun, "broken": broken}
    before = sorted(tmp_path.rglob("*"))
    assert main(["debug", *(argument.format(**places) for argument in arguments)]) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_run_is_played_beside_a_random_agent_and_its_shaping_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tab: Any
) -> None:
    path = tmp_path / "run"
    assert main(["train", *TINY, f"run_dir={path}"]) == 0
    said = ["goal=a pendulum hanging straight down", "rewards=cosine", f"json={tmp_path}/d.json"]
    assert main(["debug", str(path), *said]) == 0
    told = read(tmp_path / "d.json")
    names = [(curve["name"], curve["note"].split(" with ")[0]) for curve in told["curves"]]
    opposite = "a pendulum hanging straight down"
    assert names == [
        ("a pendulum pointing straight up", "goal_baseline"),
        (opposite, "goal_baseline"),
        (opposite, "cosine"),
        ("Reward after shaping", "what the learner gets for the first curve; moved and scaled alone, so the same line"),
    ]
    assert [(one["name"], one["seed"]) for one in told["episodes"]] == [
        (name, seed) for name in ("agent", "random") for seed in (1_000_000, 1_000_001)
    ]
    own, other, paid = (told["curves"][index] for index in (0, 1, 3))
    assert own["spearman"] > 0.8
    assert other["spearman"] < -0.5
    assert {len(values) for values in own["values"]} == {200}
    taken_off = np.array(own["values"]) - np.array(paid["values"])  # the default shaping centers scores
    np.testing.assert_allclose(taken_off, taken_off[0, 0], atol=1e-5)
    assert abs(taken_off[0, 0]) > 1e-3
    worst = next(one for one in told["moments"] if one["curve"] == 1)
    assert worst["oracle"] < 0.5
    page = path / "debug.html"
    assert f"page: {page}" in capsys.readouterr().out
    assert page.stat().st_size < SMALL
    tab.goto(page.as_uri())
    tab.wait_for_function("document.querySelector('#film').readyState >= 2")
    assert tab.locator("#episode option").count() == 4
    tab.keyboard.press("End")
    assert tab.inner_text("#now") == "step 200 of 200, 8.0 s"
    assert tab.complaints == []


@pytest.mark.slow
def test_a_run_paid_by_the_simulator_is_scored_with_its_tasks_words(tmp_path: Path) -> None:
    path = tmp_path / "run"
    assert main(["train", *TINY, "reward=oracle", f"run_dir={path}"]) == 0
    assert main(["debug", str(path), "episodes=1", "maps=0", f"json={tmp_path}/d.json"]) == 0
    told = read(tmp_path / "d.json")
    assert [curve["name"] for curve in told["curves"]] == ["a pendulum pointing straight up"]
    assert "paid this agent" not in told["curves"][0]["note"]
    assert main(["debug", str(path), "seed=0"]) == BAD_INPUT
