"""Gather the cards of taught rewards into docs/data/taught.json: what each made of the films held out from it.

    python benchmarks/taught.py runs/taught
    make docs

A card is what ``vlmrl reward train`` writes beside the weights. A row says what its lesson changes of what it is by
default; the last one is a mere count of frames on the films of the first card by name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.gather import gather
from vlmrl.errors import ConfigError
from vlmrl.learned.teach import lesson_of

COUNT = "a count of frames"


def taught(folder: Path) -> dict[str, Any]:
    """What the file holds: a row a card, by their names, and the command.

    Raises:
        ConfigError: there is no card.
    """
    cards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not cards:
        raise ConfigError(f"{folder}: holds no card; `vlmrl reward train … out={folder}/NAME.safetensors` writes one")
    rows = sorted(map(_row, cards), key=lambda row: (row["tasks"], row["lesson"]))
    count = {one["measure"]: one[COUNT] for one in cards[0]["evaluation"]}
    about = {"reward": COUNT, "tasks": cards[0]["data"]["tasks"], "lesson": "", "steps": None, "encoder": ""}
    rows.append({**rows[0], **about, "episodes": cards[0]["data"]["episodes"], **count})
    return {"command": f"python benchmarks/taught.py {folder}", "rows": rows}


def _row(card: dict[str, Any]) -> dict[str, Any]:
    usual = asdict(lesson_of(card["reward"], {}))  # type: ignore[call-overload]  # every lesson is a dataclass
    other = [f"{name}={value}" for name, value in card["lesson"].items() if value != usual[name]]
    found = {one["measure"]: one["found"] for one in card["evaluation"]}
    about = {
        "reward": card["reward"],
        "tasks": card["data"]["tasks"],
        "lesson": ", ".join(other),
        "steps": card["learned"]["best"],
    }
    return {**about, "episodes": card["data"]["episodes"], "encoder": card["encoder_name"], **found}


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to gather."""
    return gather(arguments, "taught", taught)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
