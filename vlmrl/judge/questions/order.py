"""Does it put states into the order that the simulator does?

Spearman's correlation with the oracle over states of every kind.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.rank import spearman
from vlmrl.metrics.verdict import Finding, graded

PLACE = 3
SPEARMAN = (0.7, 0.4)
INVERTED = -0.3
"""From here down the order is the wrong way round, not merely absent."""


def answer(evidence: Evidence) -> Finding:
    """Correlate ranks of scores with ranks of the truth."""
    found = evidence.interval(spearman, evidence.pool.score, evidence.pool.oracle)
    value = found.mean
    colour = graded(value, *SPEARMAN)
    reason = (
        f"Spearman {value:.2f} ({found.low:.2f} to {found.high:.2f}) with the oracle over {len(evidence.pool)} states"
    )
    if colour == "none":
        reason = "a constant has no order"
    elif value <= INVERTED:
        reason += ": the order is inverted, the worse a state the more it pays"
    elif colour != "green":
        reason += ": many a better state scores lower than a worse one"
    return Finding(colour, reason, {"spearman": value, "low": found.low, "high": found.high})
