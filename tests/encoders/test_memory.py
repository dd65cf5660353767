"""What is freed between two batches is there for the next."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from vlmrl.encoders._memory import keep_freed

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        blocks = [b"1" * (10 * 2**20) for _ in range(4)]
        del blocks
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10

faults()
first = faults()
keep_freed()
faults()
print(first, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="is about glibc's heap")
def test_large_blocks_are_not_faulted_in_again(monkeypatch):
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120)
    before, after = map(float, done.stdout.split())
    assert before > 4 * 10 * 2**20 / 4096 / 4  # a quarter of all pages, at the least
    assert after < before / 20
