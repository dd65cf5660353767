import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.envs.make import find_task
from vlmrl.errors import RunError
from vlmrl.metrics.evaluation import Comparison, Episode, Evaluation
from vlmrl.report.html import SMALL, write
from vlmrl.video.film import Film

HEADER = (
    "rollout/vlm_return,time/total_timesteps,rollout/oracle_return,rollout/task_return,rollout/success,"
    "eval/oracle_return"
)
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Text, tags and addresses of a page; balanced, or it complains."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def begin(path, **settings):
    """A run's directory as training makes it, before its first step."""
    settings = {"task": "cartpole/upright", "seed": 0, "agent": {"total_steps": 50_000}} | settings
    with RunDir.start(configure(run_dir=str(path), **settings), ["vlmrl", "train", "goal=a pole & a cart"]) as run:
        return run


def log(run, steps):
    rows = [
        f"{step / 1000},{step},{step / 60000},{step / 400},{step / 50000}," for step in range(1000, steps + 1, 1000)
    ]
    rows[-1] += "0.9"
    run.progress.write_text("\n".join([HEADER, *rows]) + "\n")
    times = np.arange(10_000, steps + 1, 10_000)
    np.savez(run.evaluations, timesteps=times, successes=np.tile([True, False], (len(times), 4)))


def judge(run, chosen="last checkpoint"):
    def agent(name, good, why=""):
        episodes = tuple(Episode(1000 + i, 150, good, 0.9 if good else 0.1, 100.0, 0.5 + i / 100) for i in range(50))
        return Evaluation(name, "cartpole/upright", episodes, why)

    words = ("a pole standing upright on a cart",)
    found = Comparison((agent("agent", True, chosen), agent("random", False)), words, spearman=0.9612, auroc=0.987)
    found.save(run.evaluation)


def film(path, size=32):
    with Film(path, 10) as one:
        for level in (0, 90, 200):
            one.write(np.full((size, size, 3), level, np.uint8))
    return path


def finish(path):
    """A run that is done."""
    run = begin(path)
    log(run, 50_000)
    judge(run)
    film(run.films / "last.mp4")
    run.write_json("best_model.json", {"chosen": "best checkpoint, by ground truth"})
    run.write_json("timing.json", {"seconds": 152.4, "shares": {"rendering": 0.4, "scoring": 0.5, "saving": 0.001}})
    return run


@pytest.fixture
def run(tmp_path):
    """A run that is done, to change."""
    return finish(tmp_path / "run")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run that is done, and the page that tells it, to look at."""
    run = finish(tmp_path_factory.mktemp("runs") / "run")
    assert write(run.path) == run.report
    return run


@pytest.fixture(scope="module")
def page(done):
    return Page(done.report)


def test_a_finished_run_is_told_in_one_page(page):
    assert "“a pole standing upright on a cart”" in page.text
    assert "succeeded in 100 % of 50 episodes (93 to 100 %)" in page.text
    assert "a random agent in 0 %" in page.text
    assert page.tags.count("svg") == 3 + 4  # three charts, and a line for each share and nearness in the table
    assert "Unfinished" not in page.text
    assert "0.96" in page.text
    assert "0.99" in page.text
    assert "took 152 s: scoring 50 %, rendering 40 %." in page.text


def test_nothing_is_fetched_from_elsewhere(page):
    assert page.addresses
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert not re.search(r"url\((?!#)|@import|<script|<link", page.source)


def test_the_film_is_inside_the_page(done, page):
    data = next(one for one in page.addresses if one.startswith("data:video/mp4;base64,"))
    assert base64.b64decode(data.split(",")[1]) == (done.films / "last.mp4").read_bytes()


def test_of_two_films_of_one_name_the_mp4_is_shown_and_a_gif_stands_alone(run):
    film(run.films / "last.gif")
    film(run.films / "other.gif")
    page = Page(write(run.path))
    assert page.tags.count("video") == 1
    assert page.tags.count("img") == 1
    assert "films/other.gif" in page.text


def test_a_large_film_is_linked(run):
    (run.films / "long film.mp4").write_bytes(bytes(SMALL + 1))
    page = Page(write(run.path))
    assert "films/long%20film.mp4" in page.addresses
    assert "(8 MB, beside this page)" in page.text


def test_settings_command_and_versions_are_there(page):
    text = page.text
    assert "vlmrl train 'goal=a pole & a cart'" in text
    assert "total_steps: 50000" in text
    assert "gymnasium" in text


def test_it_says_who_paid_and_who_chose(page):
    text, task = page.text, find_task("cartpole/upright")
    assert "never reached the learner" in text
    assert "The sentences are those that ship with the task" in text
    assert "agent last checkpoint" in text
    assert "best_model.zip in the run's directory is another: best checkpoint, by ground truth" in text
    assert f"on each of its last {task.hold_steps} steps, of {task.horizon}" in text
    assert "knows nothing else of the world" in text
    assert "another training seed makes another agent" in text


def test_what_was_chosen_by_ground_truth_is_called_so(run):
    judge(run, "best checkpoint, by ground truth")
    assert "agent best checkpoint, by ground truth" in Page(write(run.path)).text


def test_a_run_paid_by_ground_truth_is_not_told_as_one_from_text(tmp_path):
    run = begin(tmp_path / "run", reward="oracle")
    log(run, 50_000)
    judge(run)
    text = Page(write(run.path)).text
    assert "trained on the simulator's ground truth. No sentence took part" in text
    assert "trained from the sentence" not in text
    assert "trained on the ground truth itself" in text
    assert "VLM return" not in text
    assert "“" not in text


def test_a_users_own_sentence_is_shown_as_it_is(tmp_path):
    goal = 'a <b>pole</b> & "cart", isn\'t it? ${x} [y] ünïcode'
    run = begin(tmp_path / "run", goal=goal, baseline="<script>alert(1)</script>")
    page = Page(write(run.path))
    assert f"“{goal}”" in page.text
    assert "script" not in page.tags
    assert "The sentences are the user's own" in page.text


def test_a_world_without_ground_truth_is_told_as_such(tmp_path):
    run = begin(tmp_path / "run", task=None, env="Hopper-v5", goal="a robot leg standing", baseline="a robot leg")
    episodes = (Episode(1000, 9, None, None, 80.0, 0.4), Episode(1001, 8, None, None, 90.0, 0.5))
    Comparison((Evaluation("agent", "Hopper-v5", episodes),), ("a robot leg standing",)).save(run.evaluation)
    text = Page(write(run.path)).text
    assert "No ground truth is known for Hopper-v5" in text
    assert "Task return" in text
    assert "Success" not in text


def test_an_unfinished_run_says_so(tmp_path):
    run = begin(tmp_path / "run")
    log(run, 21_000)
    page = Page(write(run.path))
    assert "Unfinished. 21,000 of 50,000 steps are taken" in page.text
    assert "Results" not in page.text
    assert page.tags.count("svg") == 3


def test_a_trained_run_that_was_not_judged_says_so(tmp_path):
    run = begin(tmp_path / "run")
    log(run, 50_000)
    assert "Trained, and not yet judged" in Page(write(run.path)).text


def test_checkpoints_count_as_steps_taken(tmp_path):
    run = begin(tmp_path / "run")
    log(run, 10_000)
    (run.checkpoints / "step_000030000").mkdir(parents=True)
    assert "30,000 of 50,000" in Page(write(run.path)).text


def test_a_run_that_has_just_begun_has_a_report(tmp_path):
    text = Page(write(begin(tmp_path / "run").path)).text
    assert "Unfinished. 0 of 50,000" in text
    assert "Nothing has been logged yet" in text


def test_a_row_that_is_being_written_does_not_matter(run):
    with run.progress.open("a") as file:
        file.write("12.5,501")
    log_before = run.progress.read_text()
    assert Page(write(run.path)).tags.count("svg") == 7
    assert run.progress.read_text() == log_before


def test_rows_of_evaluations_filled_up_with_nan_are_read(run):
    rows = np.array([[1.0, 0.0, np.nan], [1.0, 1.0, 1.0], [np.nan] * 3])
    np.savez(run.evaluations, timesteps=np.array([1000, 2000, 3000]), successes=rows)
    assert "Success" in Page(write(run.path)).text


@pytest.mark.parametrize("content", [None, "file", "directory", "other"])
def test_a_directory_that_is_no_run_is_named(tmp_path, content):
    path = tmp_path / "there"
    if content == "file":
        path.write_text("")
    elif content is not None:
        path.mkdir()
    if content == "other":
        (path / "config.yaml").write_text("- a list\n")
    with pytest.raises(RunError, match="there"):
        write(path)
    assert not (path / "report.html").exists()


@pytest.mark.parametrize("name", ["evaluation.json", "evaluations.npz", "versions.json", "config.yaml"])
def test_a_damaged_file_is_named_and_the_earlier_report_stays(run, name):
    before = write(run.path).read_bytes()
    whole = (run.path / name).read_bytes()
    (run.path / name).write_bytes(whole[: len(whole) // 3])
    with pytest.raises(RunError, match=name):
        write(run.path)
    assert run.report.read_bytes() == before


def test_the_run_may_have_been_moved(run, tmp_path):
    moved = run.path.rename(tmp_path / "elsewhere")
    assert write(moved) == moved / "report.html"


@pytest.mark.parametrize(("judge", "privileged"), [("encoder", False), ("oracle", True)])
def test_who_compared_frames_is_told_and_what_of_it_the_simulator_knew(tmp_path, judge, privileged):
    run = begin(tmp_path / "run", reward="preference")
    about = {"judge": judge, "privileged": privileged, "questions": 80, "answered": 72, "answers_right": 0.975}
    run.write_json("preferences.json", about)
    text = Page(write(tmp_path / "run")).text
    assert re.search(rf"The judge, {judge} ?, answered 72 of 80 questions and abstained from the others", text)
    assert "98 % were right" in text
    assert ("privileged" in text) == privileged
    assert "paid by the words alone" not in text
