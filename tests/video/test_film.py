import re
import subprocess
import tracemalloc
from importlib.metadata import version

import numpy as np
import pytest
from moviepy import ImageClip, ImageSequenceClip, TextClip, VideoFileClip
from moviepy.config import FFMPEG_BINARY
from PIL import Image

from vlmrl.errors import ConfigError, RunError, ShapeError
from vlmrl.video.film import Film
from vlmrl.video.letters import face


def moving(index, height=64, width=96):
    """A red square on a blue ground with a green strip, moved by two pixels a frame."""
    frame = np.full((height, width, 3), (40, 60, 160), np.uint8)
    frame[-10:] = (30, 140, 60)
    frame[10:30, 2 * index : 2 * index + 20] = (210, 40, 40)
    return frame


def written(path, count=20, fps=20, **size):
    with Film(path, fps) as film:
        for index in range(count):
            film.write(moving(index, **size))
    return path


def read(path):
    with VideoFileClip(str(path)) as clip:
        return clip.fps, [clip.get_frame((index + 0.5) / clip.fps) for index in range(round(clip.duration * clip.fps))]


def test_an_mp4_reads_back_as_it_was_written(tmp_path):
    fps, frames = read(written(tmp_path / "film.mp4"))
    assert fps == 20
    assert len(frames) == 20
    for index, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - moving(index)).mean() < 3


def test_an_mp4_plays_everywhere_and_starts_before_it_is_loaded(tmp_path):
    path = written(tmp_path / "film.mp4")
    said = subprocess.run([FFMPEG_BINARY, "-i", str(path)], capture_output=True, text=True, check=False).stderr
    assert re.search(r"Video: h264 \(High\).*yuv420p\(tv, bt709", said), said
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_gif_reads_back_as_it_was_written(tmp_path):
    path = written(tmp_path / "film.gif")
    fps, frames = read(path)
    assert fps == pytest.approx(20)
    assert len(frames) == 20
    for index, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - moving(index)).max() < 16
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 0) == 20
        assert image.info["loop"] == 0  # for ever
        assert image.info["duration"] == 50


def test_many_colours_still_make_a_gif(tmp_path):
    ramp = np.stack(np.meshgrid(np.arange(0, 256, 2), np.arange(0, 256, 2)), -1).astype(np.uint8)
    frames = [np.dstack([ramp, np.full(ramp.shape[:2], level, np.uint8)]) for level in (0, 120, 240)]
    with Film(tmp_path / "ramp.gif", 10) as film:
        for frame in frames:
            film.write(frame)
    for shown, frame in zip(read(tmp_path / "ramp.gif")[1], frames, strict=True):
        assert np.abs(shown.astype(int) - frame).mean() < 16


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_odd_sides_are_filled_up(tmp_path, ending):
    _, frames = read(written(tmp_path / f"film.{ending}", 3, height=63, width=95))
    assert frames[0].shape == (64, 96, 3)
    assert np.abs(frames[0][:63, :95].astype(int) - moving(0, 63, 95)).mean() < 4


@pytest.mark.parametrize("ending", ["mp4", "gif", "GIF"])
def test_one_frame_makes_a_film(tmp_path, ending):
    path = tmp_path / f"film.{ending}"
    with Film(path, 10) as film:
        film.write(moving(0))
    assert len(read(path)[1]) == 1


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_any_name_of_a_file_will_do(tmp_path, ending):
    path = tmp_path / "it's [a, b]; c:d 100% \\ grün" / f"-über 'all'.{ending}"
    assert len(read(written(path, 4))[1]) == 4
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_a_film_that_breaks_off_leaves_the_earlier_one_and_nothing_else(tmp_path, ending):
    path = written(tmp_path / f"film.{ending}")
    before = path.read_bytes()

    def break_off():
        with Film(path, 20) as film:
            film.write(moving(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_memory_does_not_grow_with_length(tmp_path, ending):
    def peak(count):
        tracemalloc.start()
        with Film(tmp_path / f"film.{ending}", 20) as film:
            for index in range(count):
                film.write(moving(index % 30, 128, 128))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)  # imports and caches
    assert peak(120) < peak(10) + 4 * 128 * 128 * 3


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_what_is_no_frame_is_refused_and_the_film_given_up(tmp_path, ending):
    wrong = [
        np.zeros((64, 96), np.uint8),
        np.zeros((64, 96, 4), np.uint8),
        np.zeros((64, 96, 3), np.float32),
        np.zeros((0, 96, 3), np.uint8),
        np.zeros((64, 98, 3), np.uint8),
    ]

    def write(frame):
        with Film(tmp_path / f"film.{ending}", 20) as film:
            film.write(moving(0))
            film.write(frame)

    for frame in wrong:
        with pytest.raises(ShapeError, match="frame"):
            write(frame)
    assert list(tmp_path.iterdir()) == []


def test_a_film_without_frames_is_refused(tmp_path):
    with pytest.raises(ShapeError, match="no frame was written"), Film(tmp_path / "film.mp4", 20):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["film.avi", "film", "film.mp4.zip"])
def test_another_ending_is_named(tmp_path, name):
    with pytest.raises(ConfigError, match=r"must end in \.mp4 or \.gif"):
        Film(tmp_path / name, 20)


@pytest.mark.parametrize(
    ("name", "fps"), [("film.mp4", 0), ("film.mp4", -1), ("film.gif", 60), ("film.mp4", float("nan"))]
)
def test_a_rate_out_of_range_is_named(tmp_path, name, fps):
    with pytest.raises(ConfigError, match="fps="):
        Film(tmp_path / name, fps)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(RunError, match=r"film=.*cannot be written"):
        Film(tmp_path / "file" / "film.mp4", 20)


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_what_ffmpeg_says_when_it_fails_is_quoted(tmp_path, ending):
    folder = tmp_path / "gone"
    film = Film(folder / f"film.{ending}", 20)
    (folder / film._part.name).unlink()
    folder.rmdir()
    folder.write_text("a file where the directory was")

    def go_on():
        for index in range(400):
            film.write(moving(index % 30))
        film.close()

    with pytest.raises((RunError, NotADirectoryError)):
        go_on()


def test_moviepy_works_with_the_patched_pillow(tmp_path):
    """moviepy 2.2.1 asks for Pillow below 12, which has published holes; all that it does with Pillow works anyway."""
    major, minor = (int(part) for part in version("pillow").split(".")[:2])
    assert (major, minor) >= (12, 2)
    frames = [moving(index) for index in range(6)]
    clip = ImageSequenceClip(frames, fps=10)
    clip.write_gif(str(tmp_path / "own.gif"), logger=None)  # imageio, which calls Pillow
    clip.write_videofile(str(tmp_path / "own.mp4"), logger=None, audio=False)
    clip.resized(0.5).write_gif(str(tmp_path / "half.gif"), logger=None)  # Pillow's resize
    assert len(read(tmp_path / "own.gif")[1]) == len(read(tmp_path / "own.mp4")[1]) == 6
    assert read(tmp_path / "half.gif")[1][0].shape == (32, 48, 3)
    Image.fromarray(frames[0]).save(tmp_path / "still.png")
    np.testing.assert_array_equal(ImageClip(str(tmp_path / "still.png")).get_frame(0), frames[0])
    text = TextClip(font=str(face(20).path), text="upright", font_size=20, color="black", bg_color="white")
    assert text.get_frame(0).min() < 100
