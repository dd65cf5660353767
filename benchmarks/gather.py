"""From a folder of runs to a JSON file of docs/data: what every script that gathers runs does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from vlmrl.config import atomic
from vlmrl.errors import VlmrlError

DATA = Path(__file__).resolve().parents[1] / "docs" / "data"


def gather(arguments: Sequence[str], name: str, found_in: Callable[[Path], dict[str, Any]]) -> int:
    """Write ``docs/data/NAME.json`` from the folder that the arguments name.

    Args:
        arguments: one folder.
        name: of the script, and of its file.
        found_in: what the file holds, an object with ``rows``.

    Returns:
        The exit status; 2 where no folder is named, or it holds nothing to gather.
    """
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if len(arguments) != 1:
        console.print(f"python benchmarks/{name}.py FOLDER: name the folder with the runs")
        return 2
    try:
        found = found_in(Path(arguments[0]))
    except VlmrlError as error:
        console.print(str(error))
        return 2
    atomic.write_text(DATA / f"{name}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    console.print(f"{len(found['rows'])} rows; `make docs` puts them into the pages")
    return 0
