"""Gymnasium's humanoid as a person sees it: where its limbs are, how it is dressed, and postures by name."""
