"""Scoring: frames and words in, numbers out, the same however they are batched."""

from vlmrl.scoring.cache import ScoreCache
from vlmrl.scoring.once import score
from vlmrl.scoring.scorer import Scorer

__all__ = ["ScoreCache", "Scorer", "score"]
