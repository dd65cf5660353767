"""The learner: any algorithm of Stable-Baselines3 or sb3-contrib, and all that it knows as plain arrays."""
