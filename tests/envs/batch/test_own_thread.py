"""A thread that does one thing after another, and that nobody must wait for."""

import subprocess
import sys
import threading
import time
from functools import partial

import pytest

from vlmrl.envs.batch.own_thread import OwnThread

HUNG = """
import time
from vlmrl.envs.batch import own_thread
thread = own_thread.OwnThread("hung")
thread.submit(lambda: time.sleep(60))
own_thread.end_all.__defaults__ = (0.2,)
"""


def test_tasks_are_done_in_order_in_one_thread():
    thread, done = OwnThread("ours"), []

    def do(number):
        done.append(number)
        return threading.current_thread().name

    futures = [thread.submit(partial(do, number)) for number in range(50)]
    assert {future.result(5) for future in futures} == {"ours"}
    assert done == list(range(50))
    thread.end()


def test_what_a_task_raises_is_told_and_the_next_is_done():
    thread = OwnThread("ours")
    failed, fine = thread.submit(lambda: 1 / 0), thread.submit(lambda: 7)
    with pytest.raises(ZeroDivisionError):
        failed.result(5)
    assert fine.result(5) == 7
    thread.end()


def test_it_ends_when_told_or_forgotten():
    before = threading.active_count()
    told, forgotten = OwnThread("told"), OwnThread("forgotten")
    told.end()
    told.join(5)
    del forgotten
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_a_thread_that_hangs_does_not_keep_the_interpreter():
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 40
