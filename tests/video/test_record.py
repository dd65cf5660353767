import gymnasium as gym
import numpy as np
import pytest
from moviepy import VideoFileClip
from PIL import Image

from tests.judge.dial import Dial, Place, go_right, make, task
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import ConfigError, RunError
from vlmrl.types import Words
from vlmrl.video.record import Look, record

SMALL = Look(size=(96, 96), linger=0.5)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return record(go_right, task(), [folder / "film.mp4", folder / "film.gif"], 5, Place(), make=make, look=SMALL)


def test_both_films_are_written_and_play(recorded):
    mp4, gif = recorded.paths
    with VideoFileClip(str(mp4)) as clip:
        assert clip.fps == 20
        assert round(clip.duration * clip.fps) == 13 + 10  # every state, and half a second of the last
        wide, tall = clip.size
        assert wide > 2 * 96
        assert tall > 96
    with Image.open(gif) as image:
        assert getattr(image, "n_frames", 0) > 10
    assert {path.name for path in mp4.parent.iterdir()} == {"film.mp4", "film.gif"}


def test_both_agents_start_alike_and_only_one_goes_right(recorded):
    assert recorded.agent.oracle[0] == recorded.random.oracle[0]
    assert recorded.agent.succeeded
    assert not recorded.random.succeeded
    assert recorded.agent.steps == recorded.random.steps == 13


def test_the_score_is_that_of_the_frames_the_reward_model_sees(recorded):
    np.testing.assert_allclose(recorded.agent.score, recorded.agent.oracle, atol=0.02)


def test_the_random_agent_is_the_one_of_the_evaluation(recorded):
    from vlmrl.judge.episodes import evaluate
    from vlmrl.judge.random_policy import RandomPolicy

    judged = evaluate(RandomPolicy(Dial().action_space), make, task(), [5])
    np.testing.assert_array_equal(judged.traces[0].oracle, recorded.random.oracle[1:])


def test_a_fast_simulator_is_shown_in_real_time(tmp_path):
    drawn = []

    class Counting(Dial):
        def render(self):
            drawn.append(self.steps)
            return super().render()

    def build():
        return gym.wrappers.TimeLimit(Counting(fps=90), 20)

    film = record(
        go_right, task(20), tmp_path / "film.mp4", make=build, look=Look(size=(96, 96), beside=False, linger=0)
    )
    assert film.fps == 30
    assert drawn == [0, 3, 6, 9, 12, 15, 18, 20]  # every third state, and the last
    with VideoFileClip(str(tmp_path / "film.mp4")) as clip:
        assert round(clip.duration * clip.fps) == 8 + 1


def test_episodes_of_different_length_share_a_film(tmp_path):
    def left(observations):
        return -np.ones_like(observations)

    film = record(left, task(), tmp_path / "film.mp4", 5, make=lambda: make(ends=True), look=SMALL)
    assert film.random is not None
    assert film.agent.steps < film.random.steps
    with VideoFileClip(str(tmp_path / "film.mp4")) as clip:
        assert round(clip.duration * clip.fps) == film.random.steps + 10


def test_an_agent_may_be_filmed_alone(tmp_path):
    film = record(go_right, task(), tmp_path / "film.mp4", make=make, look=Look(size=(96, 96), beside=False))
    assert film.random is None
    with VideoFileClip(str(tmp_path / "film.mp4")) as clip:
        assert clip.size[0] < 2 * 96


def test_a_gif_is_smaller_and_slower(tmp_path):
    look = Look(size=(400, 400), linger=0.2)
    record(go_right, task(6), tmp_path / "film.gif", make=lambda: make(6, fps=30), look=look)
    with Image.open(tmp_path / "film.gif") as image:
        assert image.width == 640
        assert image.info["duration"] in (60, 70)  # 15 frames a second


def test_any_gymnasium_id_is_filmed(tmp_path):
    film = record(
        lambda o: np.zeros((len(o), 1)),
        "InvertedPendulum-v5",
        tmp_path / "film.mp4",
        words=Words.of("a pole standing upright"),
        make=lambda: gym.wrappers.TimeLimit(make_env("InvertedPendulum-v5"), 3),
        look=SMALL,
    )
    assert film.agent.succeeded is None
    assert film.agent.oracle is None


def test_a_shipped_task_is_filmed_in_the_pretty_profile(tmp_path):
    cartpole = find_task("cartpole/upright").but(horizon=3)
    film = record(lambda o: np.zeros((len(o), 1)), cartpole, tmp_path / "film.mp4", look=SMALL)
    assert film.agent.steps == 4
    with VideoFileClip(str(tmp_path / "film.mp4")) as clip:
        assert clip.get_frame(0).std() > 30


def test_without_words_there_is_no_title(tmp_path):
    heights = []
    for words in (None, Words.of("the bar is on the right")):
        look = Look(size=(96, 96), beside=False, linger=0)
        record(go_right, task(3), tmp_path / "film.gif", make=lambda: make(3), words=words, look=look)
        with Image.open(tmp_path / "film.gif") as image:
            heights.append(image.height)
    assert heights[0] < heights[1]


def test_bad_arguments_are_named_before_anything_is_played(tmp_path):
    with pytest.raises(ConfigError, match="names no file"):
        record(go_right, task(), [], make=make)
    with pytest.raises(ConfigError, match=r"\.mp4 or \.gif"):
        record(go_right, task(), tmp_path / "film.avi", make=make, look=SMALL)
    with pytest.raises(ConfigError, match="words: are missing"):
        record(go_right, "InvertedPendulum-v5", tmp_path / "film.mp4", scorer=Place(), look=SMALL)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        record(go_right, task(), tmp_path / "file" / "film.mp4", make=make, look=SMALL)


def test_an_error_while_playing_leaves_the_earlier_film(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"earlier")

    def broken(observations):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record(broken, task(), path, make=make, look=SMALL)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]
