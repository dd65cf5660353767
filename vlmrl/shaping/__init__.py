"""From scores to rewards: pure functions over finished steps, in NumPy."""

from vlmrl.shaping.base import Chain, Shaper, Steps, chain

__all__ = ["Chain", "Shaper", "Steps", "chain"]
