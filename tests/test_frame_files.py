"""Frames come out of files as they went in, and a file that holds none is named."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vlmrl import frame_files
from vlmrl.errors import ConfigError, ShapeError


@pytest.fixture
def film() -> NDArray[np.uint8]:
    """uint8 (10, 32, 48, 3): each frame of one colour."""
    grey = np.arange(0, 250, 25, dtype=np.uint8)
    return np.broadcast_to(grey[:, None, None, None], (10, 32, 48, 3)).copy()


def everything(path: Path, every: int = 1) -> NDArray[np.uint8]:
    return np.concatenate([frames for _, frames in frame_files.read(path, every)])


def test_an_array_is_read_in_parts(tmp_path: Path, film: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_files, "TOGETHER", 4)
    np.save(tmp_path / "a b.npy", film)
    parts = list(frame_files.read(tmp_path / "a b.npy"))
    assert [start for start, _ in parts] == [0, 4, 8]
    np.testing.assert_array_equal(np.concatenate([frames for _, frames in parts]), film)
    thinned = list(frame_files.read(tmp_path / "a b.npy", 3))
    assert [start for start, _ in thinned] == [0]
    np.testing.assert_array_equal(thinned[0][1], film[::3])


def test_a_picture_is_one_frame(tmp_path: Path, film: NDArray[np.uint8]) -> None:
    Image.fromarray(film[4]).save(tmp_path / "a=b.png")
    np.testing.assert_array_equal(everything(tmp_path / "a=b.png"), film[4:5])
    Image.fromarray(film[4]).convert("RGBA").save(tmp_path / "clear.png")
    np.testing.assert_array_equal(everything(tmp_path / "clear.png"), film[4:5])
    np.save(tmp_path / "one.npy", film[0])
    np.testing.assert_array_equal(everything(tmp_path / "one.npy"), film[:1])


def test_a_gif_and_a_film_are_their_frames(tmp_path: Path, film: NDArray[np.uint8]) -> None:
    from vlmrl.video.film import Film

    for name in ("a.gif", "a.mp4"):
        with Film(tmp_path / name, 10) as written:
            for frame in film:
                written.write(frame)
        found = everything(tmp_path / name)
        assert found.shape == film.shape
        assert np.abs(found.astype(int) - film).max() < 16


@pytest.mark.parametrize(
    "array", [np.zeros((2, 8, 8, 3)), np.full((8, 8, 3), np.nan), np.zeros((8, 8, 4), np.uint8), np.zeros(3, np.uint8)]
)
def test_an_array_of_something_else_is_named(tmp_path: Path, array: NDArray[np.float64]) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ShapeError, match=r"a\.npy: is (float64|uint8) .*; frames are uint8 \(H, W, 3\)"):
        everything(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.png", "a.npy", "a.mp4", "a.txt"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a picture")
    with pytest.raises(ConfigError, match=rf"files=.*{name}: cannot be read as a picture, film or array"):
        everything(tmp_path / name)


def test_a_pickle_in_an_array_is_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        everything(tmp_path / "a.npy")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no file; name a picture"):
        everything(tmp_path / "none.png")


def test_frames_are_kept_evenly_within_memory_and_number(tmp_path: Path, film: NDArray[np.uint8]) -> None:
    np.save(tmp_path / "film.npy", film)
    path, size = tmp_path / "film.npy", film[0].nbytes
    assert list(frame_files.spread(path)) == list(range(10))
    assert list(frame_files.spread(path, most=6)) == [0, 2, 4, 6, 8]
    assert list(frame_files.spread(path, most_bytes=3 * size)) == [0, 4, 8]
    assert list(frame_files.spread(path, most_bytes=1)) == [0]
    for place, frame in frame_files.spread(path, most=3).items():
        np.testing.assert_array_equal(frame, film[place])


def test_a_picture_made_to_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (40, 40)).save(tmp_path / "bomb.png")
    with pytest.raises(ConfigError, match="cannot be read as a picture"):
        everything(tmp_path / "bomb.png")


def test_the_rate_of_a_film_and_a_gif_is_read_and_others_have_the_usual(
    tmp_path: Path, film: NDArray[np.uint8]
) -> None:
    from vlmrl.video.film import Film

    for name in ("a.gif", "a.mp4"):
        with Film(tmp_path / name, 10) as written:
            for frame in film:
                written.write(frame)
        assert frame_files.rate(tmp_path / name) == pytest.approx(10)
    np.save(tmp_path / "a.npy", film)
    Image.fromarray(film[0]).save(tmp_path / "a.png")
    assert frame_files.rate(tmp_path / "a.npy") == frame_files.rate(tmp_path / "a.png") == frame_files.USUAL
