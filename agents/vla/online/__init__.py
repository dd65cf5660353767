"""Policies that read the sentence, learning from rewards: GRPO and PPO, which share all but advantage and value."""
