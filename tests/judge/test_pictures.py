"""Pictures that nobody gave are drawn from the task, alike each time, and whoever draws them says so."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.judge.synthetic import episodes
from vlmrl import encoders, rewards
from vlmrl.agents.build import build_scorer, find_world
from vlmrl.agents.train import train
from vlmrl.cli import main
from vlmrl.cli._entries import entries
from vlmrl.config.compose import configure
from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.judge.bench.run import Plan, bench
from vlmrl.judge.pictures import FILMS, HELD, PICTURES, POINTS, RANDOM, SEED, sources, tell_drawn, with_pictures
from vlmrl.judge.playground import Asked, Playground
from vlmrl.judge.stage import Stage
from vlmrl.report.html import write
from vlmrl.types import Words

TASK = find_task("pendulum/upright")
RUN = {"task": TASK.name, "seed": 3, "agent": {"total_steps": 64, "n_envs": 2}, "progress": False}


@pytest.fixture(scope="module")
def encoder():
    return encoders.load("sim_clip", device="cpu", precision="fp32")


def test_goals_starts_and_ways_are_the_tasks_own_and_alike_each_time():
    found = with_pictures("grasp2vec", {"least": 0.2}, TASK, (48, 64))
    assert found["least"] == 0.2
    assert found["image"].shape == found["start"].shape == (PICTURES, 48, 64, 3)
    again = with_pictures("grasp2vec", {}, TASK, (48, 64))
    for key in ("image", "start"):
        np.testing.assert_array_equal(found[key], again[key])
    films = with_pictures("perceptual", {}, TASK, (48, 64))["film"]
    assert films.shape == (FILMS, POINTS + HELD, 48, 64, 3)
    assert all((film[0] != film[-1]).any() for film in films)
    with Stage(TASK, (48, 64)) as stage:
        assert stage.truth(TASK.goal_states(np.random.default_rng(SEED), PICTURES))[1].all()


def test_what_a_user_gave_is_kept_and_nothing_is_drawn_without_a_task():
    given = {"image": "goal.png"}
    assert with_pictures("vip", given, TASK, (32, 32)) == given
    assert with_pictures("vip", {"image": None}, None, (32, 32)) == {"image": None}
    assert with_pictures("cosine", {}, TASK, (32, 32)) == {}
    assert set(with_pictures("grasp2vec", given, TASK, (32, 32))) == {"image", "start"}
    assert sources("grasp2vec", given) == {"image": "goal.png", "start": f"{PICTURES} starts of the task's own"}
    assert sources("goal_baseline", {"alpha": 0.5}) == {}


def test_what_a_random_agent_sees_is_drawn_and_is_no_knowledge_of_the_goal():
    found = with_pictures("ensemble", {"k": 2.0}, TASK, (48, 64))["frames"]
    assert found.shape[1:] == (48, 64, 3)
    assert RANDOM * 3 / 4 <= len(found) <= RANDOM * 2
    np.testing.assert_array_equal(found, with_pictures("ensemble", {}, TASK, (48, 64))["frames"])
    assert sources("ensemble", {}) == {}
    both = {"rewards": "goal_baseline+grasp2vec", "image": "goal.png"}
    assert sources("ensemble", both) == {"image": "goal.png", "start": f"{PICTURES} starts of the task's own"}
    lines: list[str] = []
    tell_drawn("ensemble", {}, lines.append)
    assert len(lines) == 1
    assert "tell nothing of the goal" in lines[0]
    assert "privileged" not in lines[0]


def test_a_run_is_judged_by_the_pictures_that_paid_it_in_its_own_size():
    config = configure(**RUN, reward="goal_image", render={"size": [48, 48]})
    world = find_world(config)
    first, second = (build_scorer(config, world.words, world.task).model for _ in range(2))
    assert first.fingerprint == second.fingerprint
    other = configure(**RUN, reward="goal_image")
    assert build_scorer(other, world.words, world.task).model.fingerprint != first.fingerprint


def test_without_a_task_the_setting_is_asked_for(tmp_path, capsys):
    config = configure(env="Pendulum-v1", goal="a pendulum pointing up", reward="vip")
    with pytest.raises(ConfigError, match=r"reward\.image: is missing; give reward\.image=picture\.png, or a task"):
        build_scorer(config, Words.of("a pendulum pointing up"), None)
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert main(["score", str(tmp_path / "a.png"), "goal=a pole", "reward=vip"]) != 0
    assert "reward.image: is missing" in capsys.readouterr().err
    assert main(["score", str(tmp_path / "a.png"), "goal=a pole", "reward=vip", f"reward.image={tmp_path}/a.png"]) == 0
    assert "0" in capsys.readouterr().out


@pytest.mark.slow
def test_the_check_says_that_pictures_were_drawn_and_that_no_words_are_read(capsys, tmp_path):
    main(["check", f"task={TASK.name}", "reward=goal_image", f"json={tmp_path}/c.json"])
    said = capsys.readouterr().out
    assert f"reward.image: {PICTURES} goal states of the task's own" in said
    assert "privileged" in said
    assert "reads no words" in said


@pytest.mark.slow
def test_a_benchmark_shows_each_task_its_own_pictures(tmp_path, encoder):
    (entry,) = entries("goal_image:alpha=0.5", "sim_clip", "shipped")
    recorded = {TASK.name: (TASK, episodes(count=6))}
    plan = Plan(moments=8, resamples=10, processes=1)
    found = bench(recorded, [entry], tmp_path, plan)
    (cell,) = [cell for cell in found.cells if cell.contender == entry.contender]
    assert cell.contender.prompts == "drawn pictures"
    assert cell.measures["auroc_trained"].mean > 0.95
    keywords = with_pictures("goal_image", {"alpha": 0.5}, TASK, encoder.image_size)
    frames = keywords["image"]
    alone = rewards.load("goal_image", encoder, **keywords).score_frames(frames, TASK.words).cpu().numpy()
    words = entry.words(TASK)
    np.testing.assert_allclose(entry.score(frames, words), alone, atol=1e-3)
    assert entry.others(TASK, words) == {}


def test_an_ensemble_takes_part_in_a_benchmark_with_its_words(encoder):
    plain, mixed = entries("ensemble:combine=worst,ensemble:rewards=goal_baseline+vip", "sim_clip", "shipped")
    assert (plain.contender.prompts, mixed.contender.prompts) == ("shipped", "shipped, drawn pictures")
    words = plain.words(TASK)
    frames = with_pictures("vip", {}, TASK, encoder.image_size)["image"]
    keywords = with_pictures("ensemble", {"combine": "worst"}, TASK, encoder.image_size)
    alone = rewards.load("ensemble", encoder, **keywords).score_frames(frames, TASK.words).cpu().numpy()
    np.testing.assert_allclose(plain.score(frames, words), alone, atol=1e-3)
    others = plain.others(TASK, words)
    assert TASK.negative[0] in others
    assert plain.score(frames, others[TASK.negative[0]]).mean() < alone.mean()


def test_the_playground_draws_its_own(encoder):
    with Playground(TASK, encoder) as ground:
        frame = ground.view(ground.moved(ground.posture("start", 0), [0.0])).frame
        (reading,) = ground.read(frame, Asked(TASK.words, "goal_image", {"alpha": 0.0}))
    assert reading.score > np.median(reading.of_bad)


@pytest.mark.slow
def test_the_run_and_its_report_tell_who_showed_the_pictures(tmp_path):
    lines: list[str] = []
    small = {"evaluation": {"episodes": 1, "final_episodes": 1, "every": 0}, "checkpoint_every": 64}
    drawn = train(configure(**RUN, **small, reward="goal_image", run_dir=str(tmp_path / "drawn")), lines.append)
    assert any("privileged" in line for line in lines)
    assert any("paid by pictures: image (8 goal states of the task's own" in line for line in lines)
    assert json.loads((drawn.path / "pictures.json").read_text()) == sources("goal_image", {})
    write(drawn.path)
    page = (drawn.path / "report.html").read_text()
    assert "paid by pictures" in page
    assert "privileged" in page
    assert "paid by the words alone" not in page


@pytest.mark.slow
def test_a_run_of_an_ensemble_is_paid_by_words_and_asks_whether_its_members_agree(tmp_path, monkeypatch):
    from vlmrl.metrics import alarms

    asked: list[str] = []
    disagreeing = alarms.disagreeing

    def noted(scores, pairs, spread):
        asked.extend(pairs)
        return disagreeing(scores, pairs, spread)

    monkeypatch.setattr(alarms, "disagreeing", noted)
    small = {"evaluation": {"episodes": 1, "final_episodes": 1, "every": 32}, "checkpoint_every": 64}
    lines: list[str] = []
    done = train(configure(**RUN, **small, reward="ensemble", run_dir=str(tmp_path / "run")), lines.append)
    assert any("paid for 'a pendulum pointing straight up' against 'a pendulum'" in line for line in lines)
    assert not (done.path / "pictures.json").exists()
    assert "members 'goal_baseline, whole' and 'goal_baseline, centre'" in asked
    write(done.path)
    assert "paid by the words alone" in (done.path / "report.html").read_text()
