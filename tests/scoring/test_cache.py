"""A cache forgets from memory, never from its file, and never gives another's score."""

import os
import sqlite3
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlmrl.errors import ConfigError, RunError
from vlmrl.scoring import ScoreCache, Scorer
from vlmrl.scoring.cache import ENTRY_BYTES
from vlmrl.types import Words


def key(number):
    return number.to_bytes(16, "big")


@settings(max_examples=100)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 9), max_size=5)), max_size=30),
    room=st.integers(1, 6),
)
def test_what_was_used_last_is_what_stays(steps, room):
    cache = ScoreCache(room * ENTRY_BYTES)
    recent: list[int] = []
    for put, numbers in steps:
        if put:
            cache.put({key(number): float(number) for number in numbers})
            used = list(dict.fromkeys(numbers))
        else:
            found = cache.get([key(number) for number in numbers])
            assert found == [float(number) if number in recent else None for number in numbers]
            used = [number for number in numbers if number in recent]
        for number in used:
            recent = [other for other in recent if other != number] + [number]
        recent = recent[-room:]
        assert len(cache) == len(recent)


def test_memory_stays_below_its_bound():
    cache = ScoreCache(max_bytes=2**20)
    tracemalloc.start()
    for start in range(0, 20_000, 500):
        cache.put({os.urandom(16): float(number) + 0.5 for number in range(start, start + 500)})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20
    assert len(cache) == 2**20 // ENTRY_BYTES


def test_a_file_outlives_the_cache_to_the_last_bit(tmp_path):
    score = float(np.float32(0.1))
    with ScoreCache(path=tmp_path / "deep" / "scores.sqlite") as first:
        first.put({key(1): score, key(2): -0.0})
    with ScoreCache(path=tmp_path / "deep" / "scores.sqlite") as second:
        assert second.get([key(2), key(3), key(1)]) == [-0.0, None, score]
        assert len(second) == 2, "what came from the file is in memory now"


def test_what_memory_forgets_the_file_keeps(tmp_path):
    with ScoreCache(3 * ENTRY_BYTES, tmp_path / "scores") as cache:
        cache.put({key(number): float(number) for number in range(1200)})
        assert len(cache) == 3
        assert cache.get([key(number) for number in range(1200)]) == [float(number) for number in range(1200)]


def test_two_may_use_one_file_at_a_time(tmp_path):
    with ScoreCache(path=tmp_path / "scores") as one, ScoreCache(path=tmp_path / "scores") as other:
        one.put({key(1): 1.0})
        other.put({key(2): 2.0, key(1): 1.0})
        assert one.get([key(2)]) == other.get([key(2)]) == [2.0]


def test_a_scorer_goes_on_where_another_process_stopped(model, brightness, frames, tmp_path):
    words = Words.of("up")
    with ScoreCache(path=tmp_path / "scores") as cache:
        first = Scorer(model, cache=cache).frames(frames, words)
    with ScoreCache(path=tmp_path / "scores") as cache:
        later = Scorer(brightness(), cache=cache)
        np.testing.assert_array_equal(later.frames(frames, words), first)
        assert (later.frames_scored, later.cache_hits) == (0, 13)


def test_no_room_for_one_score_is_refused():
    with pytest.raises(ConfigError, match=r"max_bytes=10: must be \d+ or more"):
        ScoreCache(max_bytes=10)


def test_a_file_of_another_kind_is_refused_and_left_whole(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, " * 100)
    with pytest.raises(RunError, match=r"notes.txt: cannot be used as a score cache"):
        ScoreCache(path=path)
    assert path.read_text() == "these are my notes, " * 100


def test_a_database_of_another_program_is_refused_and_left_whole(tmp_path):
    path = tmp_path / "others.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE scores (mine TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(RunError, match=r"others.sqlite: is an SQLite file, yet no score cache"):
        ScoreCache(path=path)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be used as a score cache.*directory you may write to"):
        ScoreCache(path=tmp_path / "file" / "scores")
    with pytest.raises(RunError, match=r"cannot be used as a score cache"):
        ScoreCache(path=tmp_path)


def test_a_file_that_takes_no_more_says_so(tmp_path):
    with ScoreCache(path=tmp_path / "scores") as cache:
        with sqlite3.connect(tmp_path / "scores") as other:
            other.execute("DROP TABLE scores")
        other.close()
        with pytest.raises(RunError, match=r"score cache: cannot be written"):
            cache.put({key(1): 1.0})
        with pytest.raises(RunError, match=r"score cache: cannot be read"):
            cache.get([key(1)])
