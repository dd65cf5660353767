"""Rewards from words as Gymnasium wrappers, for whoever brings another learner."""
