"""From scores to rewards: pure functions over finished steps, in NumPy."""

from vlmrl.shaping._past import Past, with_past
from vlmrl.shaping.base import Chain, Needs, Own, Shaper, Steps, chain

__all__ = ["Chain", "Needs", "Own", "Past", "Shaper", "Steps", "chain", "with_past"]
