"""Write docs/data/sim_clip.json: how well sim-clip knows each task, as it was measured when it was trained.

python docs/known.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlmrl.config.atomic import write_json
from vlmrl.sim_clip.card import measured
from vlmrl.sim_clip.familiarity import WANTED

FILE = Path(__file__).parent / "data" / "sim_clip.json"
RED = '<strong style="color: #c62828">{}</strong>'


def rows() -> list[dict[str, Any]]:
    """One row a task; a Spearman below what is wanted is red."""
    found = []
    for task, (model, told) in sorted(measured().items()):
        facts = told["tasks"][task]
        rho = facts["spearman"]["neutral"]
        found.append(
            {
                "task": task,
                "encoder": model,
                "spearman": RED.format(rho) if rho < WANTED else rho,
                "auroc": facts["auroc"]["neutral"],
                "wordings": facts["wordings"]["mean"],
                "other_look": facts["other_look"],
                "sentences": told["sentences"][task.partition("/")[0]]["median"],
            }
        )
    return found


if __name__ == "__main__":
    write_json(FILE, {"command": "vlmrl sim-clip train", "wanted": WANTED, "rows": rows()})
