"""Shares of time are of the time they say."""

import pytest

from vlmrl.agents import timing
from vlmrl.agents.timing import Clock


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the clock reads, to be set by the test."""
    seconds = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: seconds[0])
    return seconds


def test_each_lap_covers_the_time_since_its_own_last_call(now: list[float]) -> None:
    clock = Clock()
    rows, lines = clock.lap(), clock.lap()
    clock.add("learning", 1.0)
    now[0] = 2.0
    assert rows()["learning"] == 0.5
    clock.add("scoring", 1.0)
    now[0] = 4.0
    assert rows() == {**dict.fromkeys(timing.PARTS, 0.0), "scoring": 0.5, "rest": 0.5}
    assert lines() == {**dict.fromkeys(timing.PARTS, 0.0), "learning": 0.25, "scoring": 0.25, "rest": 0.5}
    assert clock.shares() == {**dict.fromkeys(timing.PARTS, 0.0), "learning": 0.25, "scoring": 0.25, "rest": 0.5}


def test_a_lap_may_begin_late(now: list[float]) -> None:
    clock = Clock()
    clock.add("learning", 3.0)
    now[0] = 3.0
    lap = clock.lap()
    now[0] = 4.0
    assert lap() == {**dict.fromkeys(timing.PARTS, 0.0), "rest": 1.0}
