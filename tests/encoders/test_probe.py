"""The fastest precision is measured once, must gain, and is the same encoder as when it is named."""

import time

import pytest

from vlmrl import encoders
from vlmrl.encoders import _probe


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vlmrl" / "fastest.json"


class Ways:
    """Ways that take as many seconds as they say, by a clock that they turn themselves."""

    def __init__(self, monkeypatch, **seconds):
        self.now, self.calls = 0.0, dict.fromkeys(seconds, 0)
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        self.ways = {name: lambda name=name, one=one: lambda: self.call(name, one) for name, one in seconds.items()}

    def call(self, name, seconds):
        self.calls[name] += 1
        self.now += seconds


@pytest.mark.parametrize(
    ("seconds", "won"),
    [
        ({"fp32": 3.0, "bf16": 2.0, "int8": 1.0}, "int8"),
        ({"fp32": 1.1, "bf16": 1.0}, "fp32"),
        ({"fp32": 1.0}, "fp32"),
        ({"fp32": 1.0, "bf16": 80.0, "int8": 0.5}, "int8"),
    ],
    ids=["the fastest", "too little gained", "nothing else", "one is hopeless"],
)
def test_the_fastest_wins_if_it_gains(monkeypatch, seconds, won):
    ways = Ways(monkeypatch, **seconds)
    assert _probe.fastest("a model", ways.ways) == won
    assert all(count == (1 if seconds[name] > 50 else 4) for name, count in ways.calls.items())


def test_it_is_measured_once_for_each_task(monkeypatch, cache):
    ways = Ways(monkeypatch, fp32=2.0, int8=1.0)
    assert [_probe.fastest("a model", ways.ways) for _ in range(3)] == ["int8"] * 3
    assert ways.calls == {"fp32": 4, "int8": 4}
    _probe.fastest("another", ways.ways)
    assert ways.calls == {"fp32": 8, "int8": 8}
    cache.write_text("{cut sh")
    assert _probe.fastest("a model", ways.ways) == "int8"
    assert ways.calls == {"fp32": 12, "int8": 12}


def test_a_cache_that_cannot_be_written_costs_a_measurement_alone(monkeypatch, cache):
    cache.parent.parent.mkdir()
    cache.parent.write_text("a file where the folder should be")
    ways = Ways(monkeypatch, fp32=2.0, int8=1.0)
    assert [_probe.fastest("a model", ways.ways) for _ in range(2)] == ["int8"] * 2
    assert ways.calls == {"fp32": 8, "int8": 8}


def test_the_encoder_chosen_is_the_one_of_that_name(cache):
    chosen = encoders.load("sim_clip", device="cpu", precision="fastest")
    assert chosen.precision in ("fp32", "bf16", "int8")
    assert cache.is_file()
    named = encoders.load("sim_clip", device="cpu", precision=chosen.precision)
    assert chosen.fingerprint == named.fingerprint
