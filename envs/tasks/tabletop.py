"""Tabletop of our own: an arm, blocks, a drawer and a button. Truth: gaps between things that sentences name [m].

Fifteen of the grammar's instructions are listed here; any other can be named all the same
(``tabletop/put_green_behind_orange``), or said: ``vlmrl.envs.tabletop.task`` takes a sentence.
"""

from vlmrl.envs.tabletop import task
from vlmrl.envs.tabletop.build import unlisted

__all__ = ["unlisted"]

REACH_RED = task("reach the red block")
REACH_BUTTON = task("reach the button")
LIFT_BLUE = task("lift the blue block")
PUSH_GREEN_LEFT = task("push the green block to the left")
PUSH_YELLOW_ONTO_ORANGE = task("push the yellow block onto the orange zone")
PUT_RED_IN_ORANGE = task("put the red block in the orange zone")
PUT_BLUE_IN_PURPLE = task("put the blue block in the purple zone")
PUT_RED_IN_DRAWER = task("put the red block in the drawer")
PUT_RED_LEFT_OF_BLUE = task("put the red block left of the blue block")
PUT_YELLOW_BEHIND_GREEN = task("put the yellow block behind the green block")
PUT_BLUE_IN_FRONT_OF_PURPLE = task("put the blue block in front of the purple zone")
STACK_RED_ON_BLUE = task("stack the red block on the blue block")
OPEN_DRAWER = task("open the drawer")
CLOSE_DRAWER = task("close the drawer")
PRESS_BUTTON = task("press the button")
