"""Learning a reward from preferences beside the agent that it pays."""
