"""Keypoint affordance (KAGI): a way planned through points of the world, and how far along it the robot has come."""
