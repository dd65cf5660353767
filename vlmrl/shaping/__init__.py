"""From scores to rewards: pure functions over finished steps, in NumPy."""

from vlmrl.shaping._past import Past, with_past
from vlmrl.shaping.base import Chain, Needs, Shaper, Steps, chain

__all__ = ["Chain", "Needs", "Past", "Shaper", "Steps", "chain", "with_past"]
