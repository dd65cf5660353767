"""The ways to say what a dataset's episodes were asked for."""

from __future__ import annotations

from vlmrl.datasets.sheet import Sheet
from vlmrl.envs import tabletop
from vlmrl.errors import UnknownName


def wordings_of(sheet: Sheet) -> tuple[str, ...]:
    """A datasheet's goals, and on the tabletop all of the grammar's training wordings; those held out stay held out."""
    said = list(sheet.goal)
    if sheet.task.startswith("tabletop/"):
        for sentence in sheet.goal:
            try:
                said += tabletop.wordings(tabletop.parse(sentence), "train")
            except UnknownName:
                continue  # what is to be seen, not what is asked
    return tuple(dict.fromkeys(said))
