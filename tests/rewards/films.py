"""Small films whose embeddings say which frame they are, for what learns from them."""

import torch

from vlmrl.rewards._taught.learned import Film

DIM = 12


def film(length, done, succeeded=True, task=0, seed=0, stages=()):
    """A film whose embedding number t says t, so that what was drawn can be told."""
    seen = torch.zeros(length, DIM)
    seen[:, 0] = torch.arange(length)
    seen[:, 1] = seed
    flags = torch.zeros(length, dtype=torch.bool)
    flags[list(done)] = True
    return Film(f"film {seed}", task, seen, flags, succeeded, stages)
