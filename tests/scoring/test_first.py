"""Equal frames are found whatever their sums say, and no others."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.scoring import first as first_module
from vlmrl.scoring.first import First, chosen


def slowly(frames, words):
    seen: dict[tuple[int, bytes], int] = {}
    return [
        seen.setdefault((one, frame.tobytes()), row) for row, (frame, one) in enumerate(zip(frames, words, strict=True))
    ]


def by_parts(frames, words, size):
    batch, first = torch.from_numpy(frames), First(torch.from_numpy(frames), words)
    return [one for at in range(0, len(frames), size) for one in first.rows(at, batch[at : at + size].numpy())]


@given(
    picks=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=30),
    size=st.integers(1, 12),
    shape=st.sampled_from([(4, 5), (1, 1), (1, 3), (2, 4)]),
    collide=st.booleans(),
)
def test_a_frame_came_first_where_its_bytes_did(picks, size, shape, collide):
    frames = np.random.default_rng(0).integers(0, 256, (5, *shape, 3), np.uint8)[[pick for pick, _ in picks]]
    words = [one for _, one in picks]
    with pytest.MonkeyPatch.context() as patch:
        if collide:  # every sum is 0
            patch.setattr(first_module, "_factors", lambda count: np.zeros(count, np.uint64))
        assert by_parts(frames, words, size) == slowly(frames, words)


def test_one_level_of_one_pixel_makes_another_frame():
    frames = np.zeros((193, 8, 8, 3), np.uint8)
    frames.reshape(193, -1)[np.arange(1, 193), np.arange(192)] = 1
    assert by_parts(frames, [0] * 193, 64) == list(range(193))


def test_rows_side_by_side_are_not_copied():
    batch = torch.arange(24).view(8, 3)
    assert chosen(batch, [2, 3, 4]).data_ptr() == batch[2].data_ptr()
    for rows in ([0], [2, 3, 4], [2, 4, 3], [4, 3, 2], [1, 5], [3, 3, 5]):
        torch.testing.assert_close(chosen(batch, rows), batch[rows])
