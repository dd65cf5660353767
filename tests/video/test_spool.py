import numpy as np
import pytest

from vlmrl.errors import ShapeError
from vlmrl.video.spool import Spool


def test_frames_come_back_as_they_were_in_order(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (33, 47, 3), dtype=np.uint8) for _ in range(9)]  # noise: the hardest to keep
    with Spool(tmp_path) as spool:
        for frame in frames:
            spool.write(frame)
        assert len(spool) == 9
        for _ in range(2):  # as often as one likes
            for kept, frame in zip(spool, frames, strict=True):
                np.testing.assert_array_equal(kept, frame)
    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_are_refused():
    with Spool() as spool:
        spool.write(np.zeros((8, 8, 3), np.uint8))
        with pytest.raises(ShapeError, match="like the first"):
            spool.write(np.zeros((8, 10, 3), np.uint8))


def test_an_empty_one_has_no_frames(tmp_path):
    with Spool(tmp_path) as spool:
        assert list(spool) == []


def test_an_error_deletes_it(tmp_path):
    def fail():
        with Spool(tmp_path) as spool:
            spool.write(np.zeros((8, 8, 3), np.uint8))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []
