"""Threads: one a physical core that the process may use."""

import os

from vlmrl.envs.batch.cores import physical_cores


def machine(folder, siblings):
    for number, shared in siblings.items():
        topology = folder / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{shared}\n", encoding="ascii")
    return folder


def test_two_hardware_threads_of_a_core_count_once(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    cpus = machine(tmp_path, {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"})
    assert physical_cores(cpus, tmp_path / "none") == 2


def test_a_containers_share_is_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    quota = tmp_path / "cpu.max"
    for text, cores in {"150000 100000": 2, "max 100000": 8, "10000 100000": 1, "nonsense": 8}.items():
        quota.write_text(text, encoding="ascii")
        assert physical_cores(tmp_path, quota) == cores


def test_this_machine_has_at_least_one():
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)
