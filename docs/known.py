"""Write docs/data/sim_clip.json: how well sim-clip knows each task, as it was measured when it was trained.

python docs/known.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlmrl.config.atomic import write_json
from vlmrl.sim_clip.card import WANTED, below
from vlmrl.sim_clip.towers import WEIGHTS

FILE = Path(__file__).parent / "data" / "sim_clip.json"
RED = '<strong style="color: #c62828">{}</strong>'


def rows() -> list[dict[str, Any]]:
    """One row a task; a Spearman below what is wanted is red."""
    measured = json.loads((WEIGHTS / "evaluation.json").read_text(encoding="utf-8"))
    red = below(measured)
    return [
        {
            "task": task,
            "spearman": RED.format(facts["spearman"]["neutral"]) if task in red else facts["spearman"]["neutral"],
            "auroc": facts["auroc"]["neutral"],
            "wordings": facts["wordings"]["mean"],
            "other_look": facts["other_look"],
            "sentences": measured["sentences"][task.partition("/")[0]]["median"],
        }
        for task, facts in measured["tasks"].items()
    ]


if __name__ == "__main__":
    write_json(FILE, {"command": "vlmrl sim-clip train", "wanted": WANTED, "rows": rows()})
