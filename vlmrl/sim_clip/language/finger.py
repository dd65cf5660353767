"""Finger: how far its tip is from the red ball, how it is bent and where it points, where the ball is."""

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.finger import BASE, FAR, LIMIT, distance, fingertip, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, near_angle, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array


def gap(metres: float) -> StateFn:
    """Near where the fingertip is ``metres`` from the ball's centre."""
    return lambda state: near(np.minimum(distance(state), FAR), metres, 0, FAR)


def curl(share: float) -> StateFn:
    """Near where the joint between the links is bent by a share of all that it can be, to whichever side."""
    return lambda state: near(np.abs(state.qpos[..., 1]) / LIMIT, share, 0, 1)


def pointing(degrees: float) -> StateFn:
    """Near where the tip is, from the finger's axis, ``degrees`` above the spinner's direction."""

    def near_direction(state: State) -> Array:
        across, up = np.moveaxis(fingertip(state.qpos) - BASE, -1, 0)
        return near_angle(np.arctan2(up, across), np.radians(degrees))

    return near_direction


def ball(sign: float) -> StateFn:
    """Near where the ball is as high or as low as it can be."""
    return lambda state: near(sign * (state.mocap_pos[..., 0, 2] - BASE[1]), 0.3, -0.3, 0.3)


def spinner(degrees: float) -> StateFn:
    """Near where the spinner stands ``degrees`` off vertical; half a turn looks the same."""
    return lambda state: near_angle(2 * state.qpos[..., 2], 2 * np.radians(degrees))


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Poses of which two in five have the fingertip within 16 cm of the ball, where rewards are decided."""
    close, anywhere = poses(rng, 2 * n // 5, 0.0, 0.16), poses(rng, n - 2 * n // 5, 0.0, FAR)
    balls = [part.mocap_pos for part in (close, anywhere) if part.mocap_pos is not None]
    return Pose(np.concatenate([close.qpos, anywhere.qpos]), None, np.concatenate(balls))


DOMAIN = Domain(
    tasks=("finger/touch",),
    subjects={
        "gap": ways(
            "the fingertip; the finger; the tip of the finger; the robot finger; the tip; the end of the finger; the "
            "robot's fingertip; the jointed finger; the nail"
        ),
        "finger": ways("the finger; the robot finger; the two-link finger; the robot; the digit; the jointed finger"),
        "ball": ways("the ball; the red ball; the target; the red dot; the little red ball; the red sphere"),
        "spinner": ways("the spinner; the double bar; the turning bar; the rotor; the paddle; the spinning body"),
    },
    values=(
        Value(
            "gap.touching",
            gap(0),
            ways(
                "touches the red ball; touches the ball; is in the red ball; is on the ball; pokes the ball; has "
                "reached the red ball; is at the target; meets the red ball; covers the ball; presses on the ball; is "
                "touching the ball; has found the ball; dips into the red ball"
            ),
            ways(
                "touching the red ball; with its tip in the red ball; on the ball; poking the red ball; at the target; "
                "that has reached the ball; in contact with the red ball"
            ),
            ways(
                "touch the red ball; put the fingertip on the ball; poke the ball; reach the red ball; bring the tip "
                "to the target; press the red ball with the finger"
            ),
        ),
        Value(
            "gap.near",
            gap(0.14),
            ways(
                "is near the red ball; is close to the ball; almost touches the ball; is beside the ball; nearly "
                "reaches the ball; is just short of the target; is a little way from the ball"
            ),
            ways(
                "near the red ball; close to the ball; almost touching the ball; beside the ball; just short of the "
                "target"
            ),
        ),
        Value(
            "gap.halfway",
            gap(0.32),
            ways(
                "is some way from the red ball; is a finger's length from the ball; is at a distance from the ball; "
                "does not reach the ball; is apart from the ball; is away from the target"
            ),
            ways(
                "some way from the red ball; at a distance from the ball; a finger's length from the ball; apart from "
                "the ball; away from the target"
            ),
        ),
        Value(
            "gap.far",
            gap(FAR),
            ways(
                "is far from the red ball; points away from the red ball; is far away from the ball; is nowhere near "
                "the ball; is on the other side from the ball; misses the ball by far; is a long way from the target; "
                "is turned away from the ball"
            ),
            ways(
                "far from the red ball; pointing away from the red ball; nowhere near the ball; a long way from the "
                "target; turned away from the ball"
            ),
            ways("stay away from the red ball; point away from the ball; keep far from the ball; avoid the red ball"),
        ),
        Value(
            "finger.straight",
            curl(0),
            ways(
                "is straight; is stretched out; is extended; is not bent; makes a straight line; is stretched to its "
                "full length"
            ),
            ways("stretched out; that is straight; held straight; at full length; extended"),
            ways("stretch the finger; straighten the finger; hold the finger straight; extend it"),
        ),
        Value(
            "finger.bent",
            curl(1),
            ways(
                "is bent; is crooked; is curled; is bent sharply; is bent at a right angle; is hooked; makes a corner"
            ),
            ways("bent sharply; that is crooked; curled up; bent at a right angle; hooked"),
            ways("bend the finger; curl the finger; crook the finger; make a hook"),
        ),
        Value(
            "finger.up",
            pointing(90),
            ways("points up; reaches up; is raised; points at the sky; is turned upward; sticks up"),
            ways("pointing up; that is raised; reaching up; turned upward; sticking up"),
            ways("point up; raise the finger; lift the finger; reach up"),
        ),
        Value(
            "finger.down",
            pointing(-90),
            ways("points down; reaches down; is lowered; points at the floor; is turned downward; hangs down"),
            ways("pointing down; that is lowered; reaching down; turned downward; hanging down"),
            ways("point down; lower the finger; drop the finger; reach down"),
        ),
        Value(
            "ball.high",
            ball(1),
            ways("is at the top; is high up; is above; floats high; is in the upper half; is higher than the hinge"),
            ways("at the top; high up; floating high; in the upper half; over the spinner"),
        ),
        Value(
            "ball.low",
            ball(-1),
            ways("is at the bottom; is low down; is below; floats low; is in the lower half; is lower than the hinge"),
            ways("at the bottom; low down; floating low; in the lower half; near the ground"),
        ),
        Value(
            "spinner.upright",
            spinner(0),
            ways("is upright; stands upright; is vertical; stands on end; stands straight; is turned upright"),
            ways("standing upright; that is vertical; on end; standing straight; turned upright"),
        ),
        Value(
            "spinner.flat",
            spinner(90),
            ways("lies flat; is horizontal; is level; lies on its side; lies across; is turned flat"),
            ways("lying flat; that is horizontal; on its side; lying across; turned flat"),
        ),
    ),
    neutral=ways(
        "a finger, a spinner and a red ball; a finger and a spinner; a robot finger; a finger with two links; a finger "
        "beside a spinner; a red ball and a finger; a two-link finger next to a bar"
    ),
    poses=draw,
    bodies=("proximal", "distal", "fingertip"),
    pairs=(("gap", "finger"), ("gap", "ball"), ("finger", "spinner"), ("gap", "spinner")),
    asked={"finger/touch": ("gap.touching",)},
)
