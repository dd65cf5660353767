"""What other packages need to run on the MuJoCo that is installed: each cause is looked for, and mended.

On MuJoCo 3.17 those are Meta-World 3.0.0 and Gymnasium-Robotics 1.4.2, on MuJoCo 4 dm_control 1.0.50 as well. Nothing
is read from version numbers: a patch tries what fails, and keeps its hands off where it works. The adapters call
:func:`mend_dm_control`, :func:`mend_metaworld` and :func:`mend_gymnasium_robotics` before they make an environment; a
second call changes nothing.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

WELD = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 5.0])
"""What Meta-World writes of every weld: anchor [m], relative position [m] and rotation, torque scale."""
_WELDED = (
    '<mujoco><worldbody><body name="a"/><body name="b"><geom size="1"/></body></worldbody>'
    '<equality><weld body1="a" body2="b"/></equality></mujoco>'
)


def mend_dm_control() -> bool:
    """Have fields that MuJoCo no longer has left out of dm_control's tables; whether that was needed.

    Cause: dm_control indexes every array of the model and of its data by name, from tables that are generated with a
    release. MuJoCo 4 dropped nine fields of flexible bodies: "'MjModel' object has no attribute 'flex_vertedge'",
    whichever environment is made. Nothing of the suite reads them.
    """
    from dm_control.mujoco.wrapper.mjbindings import sizes

    gone = [
        (table, name)
        for table, struct in (("mjmodel", mujoco.MjModel), ("mjdata", mujoco.MjData))
        for name in sizes.array_sizes[table]
        if not hasattr(struct, name)
    ]
    for table, name in gone:
        del sizes.array_sizes[table][name]
    return bool(gone)


def wide_equalities() -> bool:
    """Whether this MuJoCo has more numbers an equality constraint than the eleven that Meta-World writes."""
    return bool(mujoco.mjNEQDATA > len(WELD))


def mend_metaworld() -> bool:
    """Have Meta-World's welds written into rows of any width; whether that was needed.

    Cause: from MuJoCo 3.17 rows of ``eq_data`` are 12 wide. ``SawyerMocapBase.reset_mocap_welds`` assigns 11 numbers to
    a whole row: "could not broadcast input array from shape (11,) into shape (12,)", whichever environment is made. The
    eleven have kept their places, and the twelfth keeps what the model says.
    """
    from metaworld.sawyer_xyz_env import SawyerMocapBase

    if not wide_equalities() or not _refuses_wide_rows(SawyerMocapBase):
        return False
    setattr(SawyerMocapBase, "reset_mocap_welds", _reset_mocap_welds)  # noqa: B010  # mypy sees a method there
    return True


def _refuses_wide_rows(base: Any) -> bool:
    """Whether Meta-World's own method fails on a model of one weld and one mocap body."""

    class Bare:
        model = mujoco.MjModel.from_xml_string(_WELDED.replace('name="a"', 'name="a" mocap="true"'))

    try:
        base.reset_mocap_welds(Bare())
    except ValueError:
        return True
    return False


def _reset_mocap_welds(self: Any) -> None:
    """Reset the mocap welds that actuate the arm, as Meta-World's own."""
    if self.model.nmocap > 0 and self.model.eq_data is not None:
        welds = self.model.eq_type == int(mujoco.mjtEq.mjEQ_WELD)
        self.model.eq_data[welds, : len(WELD)] = WELD


def mend_gymnasium_robotics() -> bool:
    """Have joints told apart by whole numbers in Gymnasium-Robotics' helpers; whether that was needed.

    Cause: in MuJoCo's bindings from 3.12 on, an enum compared with a NumPy integer from the enum's side is never equal:
    ``np.int32(3) == mjJNT_HINGE`` is True, ``mjJNT_HINGE == np.int32(3)`` is False. ``joint_type in (mjJNT_HINGE,
    mjJNT_SLIDE)`` asks from the enum's side, so an assertion without a message fails for every hinge and slide: in all
    Fetch, hand and kitchen environments.
    """
    from gymnasium_robotics.utils import mujoco_utils

    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><body><joint name="hinge"/><geom size="1"/></body></worldbody></mujoco>'
    )
    try:
        mujoco_utils.get_joint_qpos(model, mujoco.MjData(model), "hinge")
    except AssertionError:
        for mended in (set_joint_qpos, set_joint_qvel, get_joint_qpos, get_joint_qvel):
            setattr(mujoco_utils, mended.__name__, mended)
        return True
    return False


def set_joint_qpos(model: mujoco.MjModel, data: mujoco.MjData, name: str, value: Any) -> None:
    """Set the position of a joint: 7 numbers of a free one, 4 of a ball, 1 of others [m, rad]."""
    data.qpos[_positions(model, name)] = value


def set_joint_qvel(model: mujoco.MjModel, data: mujoco.MjData, name: str, value: Any) -> None:
    """Set the velocity of a joint: 6 numbers of a free one, 3 of a ball, 1 of others [m/s, rad/s]."""
    data.qvel[_speeds(model, name)] = value


def get_joint_qpos(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> NDArray[np.float64]:
    """The position of a joint, a copy."""
    return np.array(data.qpos[_positions(model, name)])


def get_joint_qvel(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> NDArray[np.float64]:
    """The velocity of a joint, a copy."""
    return np.array(data.qvel[_speeds(model, name)])


def _positions(model: mujoco.MjModel, name: str) -> slice:
    joint = model.joint(name)  # a KeyError names what there is
    start = int(joint.qposadr[0])
    return slice(start, start + {0: 7, 1: 4}.get(int(joint.type[0]), 1))


def _speeds(model: mujoco.MjModel, name: str) -> slice:
    joint = model.joint(name)
    start = int(joint.dofadr[0])
    return slice(start, start + {0: 6, 1: 3}.get(int(joint.type[0]), 1))
