"""Meta-World's fifty tasks: a red Sawyer arm at a wooden table. Truth: Meta-World's own success, and its own reward.

Both know the target of the episode, which the suite draws as a small ball in the picture. Its own corner cameras stand
on their heads, rolled by 180 degrees; here a free camera stands by the robot's shoulder.
"""

from __future__ import annotations

from functools import partial

from vlmrl.envs.played import Played, done_by
from vlmrl.envs.robotics.meta_world import expert, make
from vlmrl.envs.task import Camera, Task
from vlmrl.envs.told import told_task
from vlmrl.types import Words

HORIZON = 300
"""Steps of 12.5 ms; the slowest of the scripted policies needs 200. Meta-World's own limit is 500."""
PASSING = 2
"""Steps of ``hold`` where the handle, pressed on, soon leaves what Meta-World calls done; elsewhere it is 5."""
DONE = "Meta-World's own success is: the thing is within a few centimetres of the episode's target"
CAMERA = Camera(lookat=(0, 0.68, 0.13), distance=1.15, azimuth=152, elevation=-32)


def _task(name: str, goal: str, baseline: str, negative: str, hold: int = 5) -> Task:
    """The task, by Meta-World's name without its version."""
    stock = name.replace("_", "-") + "-v3"
    made, script = partial(make, stock), partial(expert, name=stock)
    return told_task(
        f"metaworld/{name}",
        made,
        DONE,
        Words.of(goal, baseline, negative),
        Played(made, partial(done_by, expert=script, steps=HORIZON), True),
        camera=CAMERA,
        horizon=HORIZON,
        hold=hold,
        expert=script,
    )


ASSEMBLY = _task(
    "assembly",
    "the ring of the wrench is around the red peg",
    "a robot arm, a wrench and a red peg",
    "the wrench lies on the table beside the red peg",
)
BASKETBALL = _task(
    "basketball",
    "the ball is in the basketball hoop",
    "a robot arm, a ball and a basketball hoop",
    "the ball lies on the table",
)
BIN_PICKING = _task(
    "bin_picking",
    "the green cube is in the blue bin",
    "a robot arm, a red bin, a blue bin and a green cube",
    "the green cube is in the red bin",
)
BOX_CLOSE = _task(
    "box_close",
    "the lid is on the box",
    "a robot arm, a box and a lid",
    "the lid lies on the table beside the open box",
)
BUTTON_PRESS = _task(
    "button_press",
    "the robot arm has pushed the red button into the yellow box",
    "a robot arm and a yellow box with a red button",
    "the red button sticks out of the yellow box",
)
BUTTON_PRESS_TOPDOWN = _task(
    "button_press_topdown",
    "the robot arm has pressed the red button down into the box",
    "a robot arm and a box with a red button on top",
    "the red button sticks out of the top of the box",
)
BUTTON_PRESS_TOPDOWN_WALL = _task(
    "button_press_topdown_wall",
    "the robot arm has reached over the wall and pressed the red button down",
    "a robot arm, a wall and a box with a red button on top",
    "the robot arm is far from the box and the red button sticks out",
)
BUTTON_PRESS_WALL = _task(
    "button_press_wall",
    "the robot arm has reached over the wall and pushed the red button in",
    "a robot arm, a wall and a yellow box with a red button",
    "the robot arm is far from the box and the red button sticks out",
)
COFFEE_BUTTON = _task(
    "coffee_button",
    "the robot arm presses the button of the coffee machine",
    "a robot arm and a coffee machine",
    "the robot arm is away from the coffee machine",
)
COFFEE_PULL = _task(
    "coffee_pull",
    "the white mug stands away from the coffee machine",
    "a robot arm, a white mug and a coffee machine",
    "the white mug stands close to the coffee machine",
)
COFFEE_PUSH = _task(
    "coffee_push",
    "the white mug stands close to the coffee machine",
    "a robot arm, a white mug and a coffee machine",
    "the white mug stands away from the coffee machine",
)
DIAL_TURN = _task(
    "dial_turn",
    "the robot arm has turned the dial",
    "a robot arm and a dial",
    "the robot arm is away from the dial",
)
DISASSEMBLE = _task(
    "disassemble",
    "the wrench is lifted high above the red peg",
    "a robot arm, a wrench and a red peg",
    "the ring of the wrench is around the red peg",
)
DOOR_CLOSE = _task(
    "door_close",
    "the door of the cabinet is closed",
    "a robot arm and a cabinet with a door",
    "the door of the cabinet is open",
)
DOOR_LOCK = _task(
    "door_lock",
    "the latch on the door points down",
    "a robot arm and a door with a latch",
    "the latch on the door points sideways",
)
DOOR_OPEN = _task(
    "door_open",
    "the door of the cabinet is wide open",
    "a robot arm and a cabinet with a door",
    "the door of the cabinet is closed",
)
DOOR_UNLOCK = _task(
    "door_unlock",
    "the latch on the door points sideways",
    "a robot arm and a door with a latch",
    "the latch on the door points down",
)
DRAWER_CLOSE = _task(
    "drawer_close",
    "the green drawer is closed",
    "a robot arm and a green drawer",
    "the green drawer is pulled out",
)
DRAWER_OPEN = _task(
    "drawer_open",
    "the green drawer is pulled out",
    "a robot arm and a green drawer",
    "the green drawer is closed",
)
FAUCET_CLOSE = _task(
    "faucet_close",
    "the red handle of the faucet is turned to the back",
    "a robot arm and a faucet with a red handle",
    "the red handle of the faucet points to the front",
)
FAUCET_OPEN = _task(
    "faucet_open",
    "the red handle of the faucet is turned to the right",
    "a robot arm and a faucet with a red handle",
    "the red handle of the faucet points to the left",
)
HAMMER = _task(
    "hammer",
    "the hammer has driven the nail into the wooden block",
    "a robot arm, a hammer and a nail in a wooden block",
    "the hammer lies on the table and the nail sticks out",
)
HAND_INSERT = _task(
    "hand_insert",
    "the gripper is inside the hole in the table",
    "a robot arm and a table with a hole",
    "the gripper is above the table",
)
HANDLE_PRESS = _task(
    "handle_press",
    "the robot arm has pressed the red handle down",
    "a robot arm and a machine with a red handle",
    "the red handle is up",
    hold=PASSING,
)
HANDLE_PRESS_SIDE = _task(
    "handle_press_side",
    "the robot arm has pressed the red handle down from the side",
    "a robot arm and a machine with a red handle",
    "the red handle is up",
    hold=PASSING,
)
HANDLE_PULL = _task(
    "handle_pull",
    "the robot arm has pulled the red handle up",
    "a robot arm and a machine with a red handle",
    "the red handle is down",
)
HANDLE_PULL_SIDE = _task(
    "handle_pull_side",
    "the robot arm has pulled the red handle up from the side",
    "a robot arm and a machine with a red handle",
    "the red handle is down",
)
LEVER_PULL = _task(
    "lever_pull",
    "the lever with the blue knob stands upright",
    "a robot arm and a lever with a blue knob",
    "the lever with the blue knob lies level",
)
PEG_INSERT_SIDE = _task(
    "peg_insert_side",
    "the green peg is in the hole of the red box",
    "a robot arm, a green peg and a red box with a hole",
    "the green peg lies on the table",
)
PEG_UNPLUG_SIDE = _task(
    "peg_unplug_side",
    "the grey peg is pulled out of the box",
    "a robot arm, a grey peg and a box",
    "the grey peg is inside the box",
)
PICK_OUT_OF_HOLE = _task(
    "pick_out_of_hole",
    "the robot arm holds the red puck up in the air",
    "a robot arm, a red puck and a table with a hole",
    "the red puck is in the hole",
)
PICK_PLACE = _task(
    "pick_place",
    "the robot arm holds the red puck up at the blue ball",
    "a robot arm, a red puck and a blue ball",
    "the red puck lies on the table far from the blue ball",
)
PICK_PLACE_WALL = _task(
    "pick_place_wall",
    "the robot arm has lifted the red puck over the wall to the blue ball",
    "a robot arm, a wall, a red puck and a blue ball",
    "the red puck lies on the table in front of the wall",
)
PLATE_SLIDE = _task(
    "plate_slide",
    "the black plate is in the goal",
    "a robot arm, a black plate and a goal with a net",
    "the black plate is outside the goal",
)
PLATE_SLIDE_BACK = _task(
    "plate_slide_back",
    "the black plate is out of the goal, near the robot",
    "a robot arm, a black plate and a goal with a net",
    "the black plate is in the goal",
)
PLATE_SLIDE_BACK_SIDE = _task(
    "plate_slide_back_side",
    "the black plate is pushed out of the goal",
    "a robot arm, a black plate and a goal with a net",
    "the black plate is in the goal",
)
PLATE_SLIDE_SIDE = _task(
    "plate_slide_side",
    "the black plate is pushed sideways into the goal",
    "a robot arm, a black plate and a goal with a net",
    "the black plate is outside the goal",
)
PUSH = _task(
    "push",
    "the red puck is at the green ball",
    "a robot arm, a red puck and a green ball",
    "the red puck is far from the green ball",
)
PUSH_BACK = _task(
    "push_back",
    "the brown cube is at the green ball",
    "a robot arm, a brown cube and a green ball",
    "the brown cube is far from the green ball",
)
PUSH_WALL = _task(
    "push_wall",
    "the red puck is at the green ball behind the wall",
    "a robot arm, a wall, a red puck and a green ball",
    "the red puck is in front of the wall",
)
REACH = _task(
    "reach",
    "the gripper touches the red ball",
    "a robot arm and a red ball",
    "the gripper is far from the red ball",
)
REACH_WALL = _task(
    "reach_wall",
    "the gripper touches the red ball behind the wall",
    "a robot arm, a wall and a red ball",
    "the gripper is far from the red ball",
)
SHELF_PLACE = _task(
    "shelf_place",
    "the blue cube stands in the wooden shelf",
    "a robot arm, a blue cube and a wooden shelf",
    "the blue cube lies on the table",
)
SOCCER = _task(
    "soccer",
    "the ball is in the soccer goal",
    "a robot arm, a ball and a soccer goal",
    "the ball lies outside the soccer goal",
)
STICK_PULL = _task(
    "stick_pull",
    "the robot arm has pulled the thermos to the green ball with the stick",
    "a robot arm, a blue stick and a thermos",
    "the stick lies on the table and the thermos is far from the green ball",
)
STICK_PUSH = _task(
    "stick_push",
    "the robot arm has pushed the thermos to the green ball with the stick",
    "a robot arm, a blue stick and a thermos",
    "the stick lies on the table and the thermos is far from the green ball",
)
SWEEP = _task(
    "sweep",
    "the brown cube is swept to the edge of the table",
    "a robot arm, a table and a brown cube",
    "the brown cube lies in the middle of the table",
)
SWEEP_INTO = _task(
    "sweep_into",
    "the brown cube is in the hole of the table",
    "a robot arm, a table with a hole and a brown cube",
    "the brown cube lies on the table",
)
WINDOW_CLOSE = _task(
    "window_close",
    "the sliding window is closed",
    "a robot arm and a sliding window",
    "the sliding window is open",
)
WINDOW_OPEN = _task(
    "window_open",
    "the sliding window is open",
    "a robot arm and a sliding window",
    "the sliding window is closed",
)
