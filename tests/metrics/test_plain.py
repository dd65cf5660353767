import json
import math

import numpy as np
import pytest

from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.plain import plain


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_what_is_no_number_is_none_however_deep_it_lies(number):
    found = plain({"a": [(number, 1.5)], 2: Interval(0.5, number, number)})
    assert found == {"a": [[None, 1.5]], "2": {"mean": 0.5, "low": None, "high": None}}


def test_what_json_knows_stays_as_it_is():
    told = {"text": "nan", "yes": True, "count": 3, "none": None, "rows": [[0.25, -0.5], []]}
    assert plain(told) == told
    assert plain(told)["yes"] is True


def test_numbers_and_arrays_of_numpy_are_written():
    told = json.dumps(plain({"array": np.array([[1.0, np.nan]], dtype=np.float32), "one": np.float32(0.5)}))
    assert json.loads(told) == {"array": [[1.0, None]], "one": 0.5}
