"""One part of the benchmark, measured in the process that calls; a module of its own, so that a fresh one finds it."""

from __future__ import annotations

from importlib import import_module

from rich.console import Console

from benchmarks.speed import Budget, Figure


def measured_by(module: str, budget: Budget) -> list[Figure]:
    """The figures of the part that ``module`` measures, each told as soon as it is known."""
    console, found = Console(), list[Figure]()
    for figure in import_module(module).measure(budget):
        found.append(figure)
        console.print(f"{figure.name}: {figure.ours:g} / {figure.peer:g} {figure.unit} = {figure.ratio:g}")
    return found
