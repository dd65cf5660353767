"""What is kept of a benchmark comes back as it was, and so does what was kept before the way back was played."""

import numpy as np

from vlmrl.judge.bench.cells import Kept
from vlmrl.metrics.sheet import Sheet

SHEET = Sheet(
    score=np.zeros((2, 3)),
    oracle=np.zeros((2, 3)),
    done=np.zeros((2, 3), dtype=bool),
    succeeded=np.zeros(2, dtype=bool),
    actor=("random", "still"),
    state=np.zeros((2, 3, 1)),
    wrong=np.zeros((2, 0, 2)),
    cycle=np.zeros(2),
    back=np.array([0.5, np.nan]),
)


def test_a_sheet_comes_back_with_and_without_the_way_back(tmp_path):
    kept = Kept(tmp_path)
    kept.keep_sheet("a", SHEET, 1.5)
    kept.keep_sheet("b", Sheet(**{**vars(SHEET), "back": None}), 2.5)
    new, old = kept.sheet("a"), kept.sheet("b")
    assert new is not None
    assert old is not None
    assert new[1] == 1.5
    np.testing.assert_array_equal(np.asarray(new[0].back), np.asarray(SHEET.back))
    assert old[0].back is None
    assert old[0].actor == SHEET.actor
