"""Rewards that arrive late: frames are held, scored in one batch, and paid before the update."""

from vlmrl.agents.deferred.callback import DeferredReward
from vlmrl.agents.deferred.gaps import Gaps
from vlmrl.agents.deferred.student import StudentGaps
from vlmrl.agents.deferred.unpaid import mark_gap

__all__ = ["DeferredReward", "Gaps", "StudentGaps", "mark_gap"]
