"""Policies that read the sentence: pictures, instruction and the robot's own state to a chunk of actions."""
