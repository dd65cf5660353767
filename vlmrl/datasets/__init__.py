"""Episodes that are kept: what was done, what came of it, and every state that it led through, so that nothing is lost.

Any camera can look at them again and any reward can be asked again. Minari's format holds all of it; LeRobot's is made
from it.
"""
