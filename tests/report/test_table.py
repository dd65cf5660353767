import pytest

from vlmrl.metrics.intervals import Interval
from vlmrl.report.table import number, span


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "0.50"),
        (-0.204, "\N{MINUS SIGN}0.20"),
        (12.345, "12.3"),
        (1234.5, "1234"),
        (-0.001, "0.00"),
        (0.0, "0.00"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(value, shown):
    assert number(value) == shown


def test_ranges_read_as_words():
    assert span(Interval(0.9, 0.788, 0.961), percent=True) == "79 to 96\N{NO-BREAK SPACE}%"
    assert span(Interval(0.9, -0.788, 0.961)) == "\N{MINUS SIGN}0.79 to 0.96"
    assert span(Interval(0.9, float("nan"), float("nan"))) == "\N{EN DASH}"
