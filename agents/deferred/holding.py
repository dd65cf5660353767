"""What keeps frames until they are scored, by what their scores depend on."""

from __future__ import annotations

from vlmrl.agents.deferred.held import HeldFrames
from vlmrl.agents.deferred.histories import HeldHistories
from vlmrl.agents.deferred.whole import HeldEpisodes
from vlmrl.wrappers.scores import CheckedScores


def held_by(scores: CheckedScores) -> type[HeldFrames]:
    """For whole episodes, for episodes so far, or for single frames."""
    if scores.cadence == "episode":
        return HeldEpisodes
    return HeldHistories if scores.takes == "history" else HeldFrames
