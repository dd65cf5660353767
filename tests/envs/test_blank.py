"""Blank frames: refused at the start, told of once later."""

import warnings

import numpy as np
import pytest

from vlmrl.envs.blank import BlankCheck
from vlmrl.errors import RenderError

BLANK = np.full((4, 5, 3), 7, np.uint8)
SEEN = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


def whose(row):
    return f"env {row}"


def test_a_blank_first_frame_is_refused():
    with pytest.raises(RenderError, match="env 0: its first frame is one colour all over"):
        BlankCheck()(np.stack([BLANK, SEEN]), whose)


def test_a_later_one_is_told_of_once_and_names_the_environment():
    check = BlankCheck()
    check(SEEN[None], whose)
    with pytest.warns(UserWarning, match="env 2: a frame is one colour all over"):
        check(np.stack([SEEN, SEEN, BLANK]), whose)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(BLANK[None], whose)


def test_frames_that_show_something_pass_in_silence():
    check = BlankCheck()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            check(np.stack([SEEN, SEEN]), whose)
