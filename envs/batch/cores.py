"""How many threads a simulation is worth: one a physical core that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

CPUS = Path("/sys/devices/system/cpu")
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def physical_cores(cpus: Path = CPUS, quota: Path = QUOTA) -> int:
    """Cores that this process may use, at least 1; two hardware threads of one core count once.

    A second thread on a core makes simulations slower, not faster. Where the system tells nothing of its cores, every
    logical CPU counts; a container's share of CPU time bounds the number.

    Args:
        cpus: Linux' description of its CPUs.
        quota: a container's share of CPU time: ``"200000 100000"`` is two CPUs, ``"max 100000"`` is all of them.
    """
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = len({_core(cpus / f"cpu{number}" / "topology", number) for number in mine})
    return max(1, min(cores, _share(quota, cores)))


def _core(topology: Path, number: int) -> tuple[str, ...]:
    """What tells a core from others: the CPUs that share it."""
    try:
        return ("siblings", (topology / "thread_siblings_list").read_text(encoding="ascii").strip())
    except OSError:
        return ("alone", str(number))


def _share(quota: Path, otherwise: int) -> int:
    try:
        most, period = quota.read_text(encoding="ascii").split()
        return otherwise if most == "max" else -(-int(most) // int(period))
    except (OSError, ValueError):
        return otherwise
