"""Pendulum: where the rod with the ball points."""

from vlmrl.envs.poses import UniformPose
from vlmrl.sim_clip.grammar import Domain, ways
from vlmrl.sim_clip.language._rods import rod_values

DOMAIN = Domain(
    tasks=("pendulum/upright",),
    subjects={
        "pole": ways(
            "the pendulum; the rod; the pole; the arm with the ball; the ball on the rod; the stick; the bar; the "
            "swinging rod; the pendulum arm; the swinging arm"
        )
    },
    values=rod_values(lambda state: state.qpos[..., 0]),
    neutral=ways(
        "a pendulum; a pendulum in a simulator; a rod with a ball at its end; a swinging rod; a "
        "pendulum on a hinge; a ball on a rod"
    ),
    poses=UniformPose((-3.1416,), (3.1416,)),
    bodies=("pole", "mass"),
    asked={"pendulum/upright": ("pole.upright",)},
)
