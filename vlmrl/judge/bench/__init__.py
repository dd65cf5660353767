"""Rewards ranked: who takes part, what they score and how well, kept on disk, and what got worse."""
