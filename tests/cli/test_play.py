"""``vlmrl play``: what it refuses, what it writes, and its page in a real browser."""

import importlib.util
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from vlmrl import encoders
from vlmrl.cli import BAD_INPUT, _play_saving, main
from vlmrl.cli.play import PlaySettings, opened
from vlmrl.config.compose import compose, configure
from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.judge.playground import Asked, Playground
from vlmrl.types import Words

UP = "a pendulum pointing straight up"
DOWN = "a pendulum hanging straight down"
PHONE = {"width": 375, "height": 700}
slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["task=pendulum/uprigt"], "did you mean pendulum/upright?"),
        (["reward=oracle"], "reads no words"),
        (["reward.alhpa=1"], "alpha"),
        (["port=0"], "port"),
        (["port=70000"], "port"),
        (["host=0.0.0.0"], "host"),
        (["server_name=0.0.0.0"], "server_name"),
        (["goal=..."], "has no words"),
        (["encoder=sim_clap"], "sim_clip"),
        (["agent=sac"], "agent"),
    ],
)
def test_what_makes_no_sense_is_named(arguments, said, capsys):
    assert main(["play", *arguments]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_a_port_in_use_is_told_before_anything_is_loaded(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["play", f"port={port}"]) == BAD_INPUT
    assert re.search(rf"port={port}: cannot be listened at: .* in use; give another", capsys.readouterr().err)


def test_without_gradio_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["play"]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error == "vlmrl: play: Gradio is not installed; pip install 'vlmrl[play]'\n"


WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("asks for", arguments, flush=True)
sys.addaudithook(watch)
from vlmrl.cli import main
sys.exit(main(["play", "task=pendulum/upright"]))
"""


@slow
def test_it_asks_nothing_of_the_net_and_ctrl_c_ends_it_and_leaves_nothing_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SHARE": "True"}
    command = [sys.executable, "-c", WATCHED]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as play:
        said = ""
        while (found := re.search(r"http://127\.0\.0\.1:\S+", said)) is None:
            line = play.stdout.readline()
            assert line, said
            said += line
        assert "vlmrl play" in urllib.request.urlopen(found[0], timeout=30).read().decode()
        assert list(tmp_path.glob("vlmrl-play-*"))
        play.send_signal(signal.SIGINT)
        said += play.communicate(timeout=30)[0]
    assert play.returncode == 0, said
    assert "asks for" not in said
    assert "Traceback" not in said
    assert list(tmp_path.glob("vlmrl-play-*")) == []


ODD = Words.of(('it\'s "upright"', "a, b = $HOME `c` [d] {e}"), "a \\ b", "!no")


def test_a_command_is_read_back_as_it_was_meant():
    asked = Asked(ODD, "softmax_negatives", {"tau": 0.05, "threshold": None})
    given = _play_saving.arguments("walker/stand", asked, ["encoder=vit_b_32", "encoder.precision=fp32"])
    line = shlex.split(_play_saving.command(given).replace("\\\n", ""))
    assert line[:2] == ["vlmrl", "train"]
    config = compose(line[2:])
    assert (config.task, config.words()) == ("walker/stand", ODD)
    assert (config.encoder.name, config.encoder.keywords["precision"]) == ("vit_b_32", "fp32")
    assert (config.reward.name, config.reward.keywords) == ("softmax_negatives", {"tau": 0.05, "threshold": None})


def test_a_script_hands_on_every_character_and_what_it_is_called_with(tmp_path):
    stand_in = tmp_path / "vlmrl"
    stand_in.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n", encoding="utf-8")
    stand_in.chmod(0o755)
    given = _play_saving.arguments("walker/stand", Asked(ODD, "cosine"))
    (tmp_path / "odd.sh").write_text(_play_saving.script(given), encoding="utf-8")
    done = subprocess.run(
        ["sh", "odd.sh", "dry_run=true"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == ["train", *given, "dry_run=true"]


def test_nothing_that_is_there_is_lost(tmp_path):
    path = tmp_path / "new" / "mine.sh"
    assert _play_saving.save(f" {path} ", "first", over=False) == path
    with pytest.raises(ConfigError, match="is there already"):
        _play_saving.save(str(path), "second", over=False)
    assert path.read_text(encoding="utf-8") == "first"
    _play_saving.save(str(path), "second", over=True)
    assert path.read_text(encoding="utf-8") == "second"
    for where, said in (("", "say where"), (str(tmp_path), "is a folder"), (str(path / "x"), "cannot be written")):
        with pytest.raises(Exception, match=said):
            _play_saving.save(where, "third", over=True)


@pytest.fixture(scope="module")
def served():
    """The playground of the pendulum, served in a thread."""
    with opened(configure(PlaySettings, task="pendulum/upright")) as served:
        thread = Thread(target=served.run, daemon=True)
        thread.start()
        yield served
        served.server.should_exit = True
        thread.join(10)


@pytest.fixture
def page(served, tab):
    """The page, once the first frame is scored."""
    tab.goto(served.url)
    tab.wait_for_selector("#scores output", timeout=30_000)
    yield tab
    assert [one for one in tab.complaints if not one.startswith(f"asks for {served.url}")] == []


def number(page, meter: str) -> float:
    return float(page.get_attribute(f"#picture .{meter}", "data-value"))


def settled(page, read, before, seconds: float = 15.0):
    """What ``read`` gives once it is no longer ``before`` and stays."""
    until, last = time.monotonic() + seconds, before
    while time.monotonic() < until:
        page.wait_for_timeout(300)
        now = read()
        if now != before and now == last:
            return now
        last = now
    raise AssertionError(f"stayed {before!r}, last {last!r}")


def stable(page, read, seconds: float = 1.5):
    """What ``read`` gives once it has stayed the same for so long."""
    last, since = read(), time.monotonic()
    while time.monotonic() < since + seconds:
        page.wait_for_timeout(100)
        if (now := read()) != last:
            last, since = now, time.monotonic()
    return last


def score(page) -> str:
    return "; ".join(page.eval_on_selector_all("#scores output", "all => all.map(one => one.dataset.score)"))


def picture(page) -> str:
    return str(page.get_attribute("#picture img.large", "src"))


def put(page, angle: float) -> None:
    """Type a number into the slider of the only joint."""
    page.fill("#coordinate-0 input[type=number]", str(angle))
    page.press("#coordinate-0 input[type=number]", "Tab")


@slow
def test_a_moved_slider_moves_the_picture_the_score_and_the_truth(page):
    before, drawn = score(page), picture(page)
    put(page, 3.1)
    down = settled(page, lambda: score(page), before)
    assert picture(page) != drawn
    assert number(page, "truth") < 0.01
    put(page, 0)
    assert float(settled(page, lambda: score(page), down)) > float(down) + 0.3
    assert number(page, "truth") > 0.999
    assert "done" in page.inner_text("#picture .truth")


@slow
def test_of_rapid_moves_the_last_counts(page):
    put(page, 1)
    stable(page, lambda: score(page))
    slider = page.locator("#coordinate-0 input[type=range]")
    slider.focus()
    for _ in range(60):
        slider.press("ArrowRight")
    shown = float(stable(page, lambda: score(page)))
    assert page.input_value("#coordinate-0 input[type=number]") == "1.6"
    with Playground(find_task("pendulum/upright"), encoders.load("sim_clip")) as ground:
        frame = ground.view(ground.moved(ground.posture("start", 0), [1.6])).frame
        (reading,) = ground.read(frame, Asked(ground.task.words, "goal_baseline", {"alpha": 0.5}))
    assert shown == pytest.approx(reading.score, abs=2e-6)


@slow
def test_other_words_change_the_score_and_say_so_where_they_are_strange(page):
    before = score(page)
    assert "AUROC 1.00" in page.inner_text("#scores")
    page.fill("#goal textarea", f"{DOWN}\n{UP}")
    both = settled(page, lambda: score(page), before)
    assert len(both.split("; ")) == 3
    assert "AUROC 0.00" in page.inner_text("#scores")
    page.fill("#goal textarea", "<b>quarterly</b> revenue")
    settled(page, lambda: score(page), both)
    assert "“<b>quarterly</b> revenue”" in page.inner_text("#scores h3")
    assert "never captioned: b, quarterly, revenue" in page.inner_text("#notices")


@slow
def test_words_that_cannot_be_scored_are_told_and_the_picture_still_moves(page):
    page.fill("#baseline textarea", UP)
    page.wait_for_selector("#notices .wrong")
    assert "too near to give a direction" in page.inner_text("#notices .wrong")
    drawn = picture(page)
    put(page, 0.5)
    settled(page, lambda: picture(page), drawn)
    page.fill("#baseline textarea", "")  # the task's own
    page.wait_for_selector("#scores output")
    assert page.query_selector("#notices .wrong") is None


@slow
def test_buttons_draw_goal_states_bad_ones_and_starts(page):
    drawn = picture(page)
    page.get_by_role("button", name="A goal state").click()
    goal = settled(page, lambda: picture(page), drawn)
    assert number(page, "truth") > 0.95
    page.get_by_role("button", name="A bad state").click()
    bad = settled(page, lambda: picture(page), goal)
    assert number(page, "truth") < 0.5
    assert "not done" in page.inner_text("#picture .truth")
    page.get_by_role("button", name="A random start").click()
    settled(page, lambda: picture(page), bad)
    # A slider goes on from where the button put it.
    assert page.input_value("#coordinate-0 input[type=number]") != "0"


@slow
def test_alpha_and_the_reward_change_the_score(page):
    put(page, 2)
    before = stable(page, lambda: score(page))
    page.fill("#alpha input[type=number]", "1")
    page.press("#alpha input[type=number]", "Tab")
    whole = settled(page, lambda: score(page), before)
    page.get_by_label("Reward").click()
    page.get_by_role("option", name="cosine").click()
    settled(page, lambda: score(page), whole)
    assert not page.locator("#alpha").is_visible()
    page.get_by_text("Learn from it").click()
    said = page.inner_text("#command").replace("\xa0", " ")
    assert "reward=cosine" in said
    assert "alpha" not in said


@slow
@pytest.mark.timeout(300)
def test_a_saved_command_is_one_that_train_accepts(page, tmp_path):
    before = score(page)
    page.fill("#goal textarea", "the pendulum's rod is up")
    settled(page, lambda: score(page), before)
    page.get_by_text("Learn from it").click()
    page.fill("#script textarea", str(tmp_path / "up.sh"))
    page.get_by_role("button", name="Save the command").click()
    page.wait_for_selector("#script-saved .done")
    script = tmp_path / "up.sh"
    saved = script.read_text(encoding="utf-8")
    page.get_by_role("button", name="Save the command").click()
    page.wait_for_selector("#script-saved .wrong")
    assert "is there already" in page.inner_text("#script-saved")
    assert script.read_text(encoding="utf-8") == saved
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(script), "dry_run=true"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "dry run of pendulum/upright" in done.stdout
    assert "the pendulum's rod is up" in done.stdout


@slow
def test_a_task_is_written_as_it_was_shown_and_only_then(page, tmp_path):
    before = score(page)
    put(page, 1.2)
    settled(page, lambda: score(page), before)
    page.fill("#goal textarea", "a pendulum tilted to the side")
    page.get_by_text("Make a task of this pose").click()
    page.fill("#folder textarea", str(tmp_path))
    page.get_by_role("button", name="Save the task").click()
    page.wait_for_selector("#task-saved .wrong")
    assert "has not been shown yet" in page.inner_text("#task-saved")
    assert list(tmp_path.iterdir()) == []
    page.fill("#name textarea", "my_pendulum/tilted")
    page.get_by_role("button", name="Show the code").click()
    page.wait_for_selector("#code .cm-content")
    page.get_by_role("button", name="Save the task").click()
    page.wait_for_selector("#task-saved .done")
    spec = importlib.util.spec_from_file_location("my_pendulum", tmp_path / "my_pendulum.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TILTED.name == "my_pendulum/tilted"
    assert module.TILTED.goal == ("a pendulum tilted to the side",)
    assert module.POSE.qpos == (1.2,)
    assert module.TILTED.world == "pendulum"
    page.get_by_role("button", name="Save the task").click()
    page.wait_for_selector("#task-saved .wrong")
    assert "is there already" in page.inner_text("#task-saved")


@slow
def test_a_picture_and_a_film_of_ones_own_are_scored(page, tmp_path):
    with Playground(find_task("pendulum/upright"), encoders.load("sim_clip")) as ground:
        frames = [ground.view(ground.moved(ground.posture("start", 0), [angle])).frame for angle in (0.0, 3.1)]
    Image.fromarray(frames[0]).save(tmp_path / "up <i>.png")
    np.save(tmp_path / "film.npy", np.stack(frames))
    (tmp_path / "no.png").write_text("no picture", encoding="utf-8")
    before = score(page)
    page.get_by_role("tab", name="Your own picture or film").click()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(tmp_path / "up <i>.png")
    up = settled(page, lambda: score(page), before)
    assert "Nobody knows its truth" in page.inner_text("#picture")
    page.get_by_label("Clear").first.click()
    pose = settled(page, lambda: score(page), up)
    assert pose == before
    chooser.set_input_files(tmp_path / "film.npy")
    assert settled(page, lambda: score(page), pose) == up
    page.fill("#frame input[type=number]", "1")
    page.press("#frame input[type=number]", "Tab")
    assert float(settled(page, lambda: score(page), up)) < float(up) - 0.3
    page.get_by_label("Clear").first.click()
    page.wait_for_timeout(500)
    chooser.set_input_files(tmp_path / "no.png")
    page.wait_for_selector(".notice.wrong")
    said = page.inner_text(".notice.wrong")
    assert "no.png: cannot be read as a picture" in said
    assert "/tmp" not in said


@slow
def test_the_page_fits_a_phone(page):
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@slow
def test_this_machine_alone_is_served_and_only_who_knows_the_address(served):
    assert served.url.startswith("http://127.0.0.1:")
    port = int(served.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):  # an address of this machine, too
        socket.create_connection(("127.0.0.2", port), timeout=2).close()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/config", timeout=10)
    foreign = urllib.request.Request(served.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(foreign, timeout=10)
    assert urllib.request.urlopen(served.url, timeout=10).status == 200
