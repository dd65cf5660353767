"""A page on which people compare films: what it asks, what it keeps, who may ask it, and going on later."""

import json
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest

from vlmrl.cli import prefer
from vlmrl.cli._prefer_clips import Clips
from vlmrl.cli._prefer_server import Questions
from vlmrl.config.compose import compose
from vlmrl.errors import ConfigError
from vlmrl.preferences.answers import Answer, labels, read, write

SMALL = ["task=cartpole/upright", "clips=3", "seconds=0.2", "agents=random", "size=[32,32]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three films of a random agent, made once."""
    out = tmp_path_factory.mktemp("prefer") / "films"
    opened([*SMALL, f"out={out}"])
    return out


@pytest.fixture
def films(folder):
    """The same, without answers."""
    (folder / "answers.jsonl").unlink(missing_ok=True)
    return folder


def opened(arguments):
    """Open the page, and close it."""
    with prefer.opened(compose(arguments, prefer.SETTINGS)):
        pass


@contextmanager
def served(out, *more):
    """The page, being served by a thread."""
    with prefer.opened(compose([*SMALL, f"out={out}", *more], prefer.SETTINGS)) as one:
        thread = threading.Thread(target=one.run, daemon=True)
        thread.start()
        try:
            yield one
        finally:
            one.server.shutdown()
            thread.join()


def ask(url, body=None, **headers):
    wanted = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(wanted, timeout=20) as answer:
        return answer.read().decode()


def refused(url, body=None, **headers):
    with pytest.raises(urllib.error.HTTPError) as fault:
        ask(url, body, **headers)
    return fault.value.code, fault.value.read().decode()


def say(one, better):
    """Answer the next question; it, and what is asked then."""
    a, b = json.loads(ask(f"{one.url}next"))["pair"]
    return (a, b), json.loads(ask(f"{one.url}answer", {"a": a, "b": b, "better": better}))


def lines(out):
    return [json.loads(line) for line in (out / "answers.jsonl").read_text().splitlines()]


def test_films_are_drawn_for_people_and_for_rewards(films):
    about = json.loads((films / "clips.json").read_text())
    assert (about["task"], about["clips"]) == ("cartpole/upright", ["0000", "0001", "0002"])
    assert {row["actor"] for row in about["from"]} == {"random"}
    for name in about["clips"]:
        frames = np.load(films / "films" / f"{name}.npy")
        assert frames.dtype == np.uint8
        assert frames.shape[1:] == (32, 32, 3)
        assert len(np.unique(frames.reshape(len(frames), -1), axis=0)) > 1
        assert (films / "films" / f"{name}.mp4").stat().st_size > 500


def test_every_pair_is_asked_once_and_each_answer_is_on_the_disk(films):
    with served(films) as one:
        page = ask(one.url)
        assert "a pole standing upright on a cart" in page
        asked = []
        for number, better in enumerate((0, 1, None)):
            pair, told = say(one, better)
            asked.append(tuple(sorted(pair)))
            row = lines(films)[-1]
            assert (row["a"], row["b"], row["better"]) == (f"films/{pair[0]}.npy", f"films/{pair[1]}.npy", better)
            assert (told["answered"], told["left"]) == (number + 1, 2 - number)
        assert len(set(asked)) == 3
        assert told["pair"] is None
        assert "films" not in told


def test_the_last_answer_can_be_taken_back(films):
    with served(films) as one:
        first, _ = say(one, 1)
        told = json.loads(ask(f"{one.url}undo", {}))
        assert (tuple(told["pair"]), told["answered"], lines(films)) == (first, 0, [])
        assert json.loads(ask(f"{one.url}undo", {}))["answered"] == 0


def test_it_goes_on_later_where_it_was(films):
    with served(films) as one:
        say(one, 0.5)
        following = json.loads(ask(f"{one.url}next"))
    with served(films) as one:
        told = json.loads(ask(f"{one.url}next"))
        assert (told["pair"], told["answered"], told["films"]) == (following["pair"], 1, following["films"])
        say(one, 0)
    assert [row["better"] for row in lines(films)] == [0.5, 0]
    assert {row["goal"] for row in lines(films)} == {"a pole standing upright on a cart"}


def test_who_does_not_know_the_address_gets_nothing(films):
    with served(films) as one:
        base = one.url.rsplit("/", 2)[0]
        assert base.startswith("http://127.0.0.1:")
        assert one.server.socket.getsockname()[0] == "127.0.0.1"
        assert refused(f"{base}/")[0] == 404
        assert refused(f"{base}/next")[0] == 404
        assert refused(f"{one.url}../../etc/passwd")[0] == 404
        assert refused(f"{one.url}next", Host="elsewhere.example")[0] == 404
        assert refused(f"{one.url}answer", {"a": "0", "b": "1", "better": 1}, Host="elsewhere.example")[0] == 404


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"a": "0000", "b": "nowhere", "better": 1}, "that question is answered already"),
        ({"better": 1}, "'a'"),
        ([], "list"),
        ("x" * 5_000, None),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(films, said, why):
    with served(films) as one:
        code, text = refused(f"{one.url}answer", said)
        assert code == (404 if why is None else 400)
        assert why is None or why in text
        pair = json.loads(ask(f"{one.url}next"))["pair"]
        assert "better=7 is none of" in refused(f"{one.url}answer", {"a": pair[0], "b": pair[1], "better": 7})[1]
    assert not (films / "answers.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["task=cartpole/upright"], "out: is missing"),
        (["out={out}"], "task: is missing"),
        (["task=cartpole/left", "out={out}"], r"holds films of cartpole/upright \(version"),
        (["task=cartpole/upright", "out={out}", "goal=a cart"], "holds films of .* about 'a pole standing upright"),
        (["task=cartpole/upright", "out={out}/films"], "holds no films of ours"),
        (["task=cartpole/upright", "out={out}", "clips=1"], "clips=1"),
    ],
)
def test_what_cannot_be_asked_about_is_refused(films, arguments, said):
    with pytest.raises(ConfigError, match=said):
        opened([one.format(out=films) for one in arguments])


def test_a_missing_film_and_foreign_answers_are_named(films, tmp_path):
    write(films / "answers.jsonl", [Answer("films/0000.npy", "films/9999.npy", 1.0)])
    clips = Clips(films, ("goal",), ("0000", "0001"))
    with pytest.raises(ConfigError, match=r"is about films/0000.npy and films/9999.npy, which are not both here"):
        Questions(films, clips, 0)
    (films / "answers.jsonl").unlink()
    about = json.loads((films / "clips.json").read_text())
    other = tmp_path / "other"
    other.mkdir()
    (other / "clips.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"films/0000.mp4 is missing"):
        opened([*SMALL, f"out={other}"])


def test_nets_can_learn_what_was_said(films, toy_encoder):
    with served(films) as one:
        for better in (0, 0.5, None):
            say(one, better)
    found = labels([films / "answers.jsonl"], toy_encoder)
    assert sorted(label.better for label in found) == [0.0, 0.5]
    frames = np.load(films / lines(films)[0]["a"])
    places = np.unique(np.linspace(0, len(frames) - 1, 8).round().astype(int))
    embedded = toy_encoder.images(frames[places]).numpy()
    sure = next(label for label in found if label.better == 0.0)
    np.testing.assert_allclose(np.unique(sure.a, axis=0), np.unique(embedded, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: is no answer"),
        ('{"a": "x", "b": "y"}', "line 2: is no answer"),
        ('{"a": "x", "b": "x", "better": 1}', "line 2: a and b must be two different files"),
        ('{"a": "x", "b": "y", "better": 0.7}', "better=0.7 is none of"),
        ('{"a": "x", "b": "y", "better": true}', "better=True is none of"),
        ('{"a": "b.npy", "b": "a.npy", "better": 1}', "lines 1 and 2 contradict one another on b.npy and a.npy"),
    ],
)
def test_a_file_that_holds_no_answers_or_contradicts_itself_is_refused(tmp_path, line, said):
    path = tmp_path / "answers.jsonl"
    write(path, [Answer("a.npy", "b.npy", 1.0)])
    same = '{"a": "b.npy", "b": "a.npy", "better": 0}\n'  # the same said twice is no contradiction
    path.write_text(path.read_text() + same, encoding="utf-8")
    assert len(read(path)) == 2
    path.write_text(path.read_text().splitlines()[0] + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read(path)


def test_answers_that_are_not_there_are_said_to_be(tmp_path, toy_encoder):
    with pytest.raises(ConfigError, match=r"cannot be read .*; `vlmrl prefer` writes it"):
        labels([tmp_path / "answers.jsonl"], toy_encoder)
    write(tmp_path / "answers.jsonl", [Answer("a.npy", "b.npy", None)])
    with pytest.raises(ConfigError, match="holds no answer that tells anything"):
        labels([tmp_path / "answers.jsonl"], toy_encoder)
    write(tmp_path / "answers.jsonl", [Answer("a.npy", "b.npy", 1.0)])
    with pytest.raises(ConfigError, match=r"a\.npy: is no file"):
        labels([tmp_path / "answers.jsonl"], toy_encoder)


@pytest.mark.slow
def test_a_person_answers_with_buttons_and_keys(films, chromium):
    with served(films) as one, chromium.new_context(viewport={"width": 900, "height": 760}) as context:
        tab = context.new_page()
        complaints = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(one.url)
        state = tab.locator("#state")
        state.get_by_text("0 answered, 3 left").wait_for()
        for _ in range(200):  # its policy keeps anybody else's scripts from waiting inside the page
            if tab.locator("#film-1").evaluate("film => film.readyState") >= 2:
                break
            tab.wait_for_timeout(50)
        assert tab.locator("#film-1").evaluate("film => film.videoWidth") == 240
        tab.get_by_role("button", name="Right").click()
        state.get_by_text("1 answered, 2 left").wait_for()
        tab.keyboard.press("ArrowLeft")
        state.get_by_text("2 answered, 1 left").wait_for()
        tab.keyboard.press("u")
        state.get_by_text("1 answered, 2 left").wait_for()
        tab.keyboard.press("ArrowUp")
        state.get_by_text("2 answered, 1 left").wait_for()
        tab.get_by_role("button", name="Cannot tell").click()
        state.get_by_text("All 3 questions are answered.").wait_for()
        assert tab.get_by_role("button", name="Left").is_disabled()
    assert [row["better"] for row in lines(films)] == [1, 0.5, None]
    assert complaints == []
