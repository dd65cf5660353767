"""Each cause of a patch: it is there without the patch, gone with it, and nothing is touched where it is not."""

import subprocess
import sys
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from vlmrl.envs import patches

PROBES = {
    "dm_control": (
        "from dm_control import suite; env = suite.load('cartpole', 'balance').physics",
        "object has no attribute 'flex_vertedge'",
    ),
    "metaworld": (
        "from metaworld.env_dict import ALL_V3_ENVIRONMENTS as all; env = all['reach-v3']()",
        "could not broadcast input array from shape (11,) into shape (12,)",
    ),
    "gymnasium_robotics": (
        "from gymnasium_robotics.envs.fetch.reach import MujocoFetchReachEnv; env = MujocoFetchReachEnv()",
        "AssertionError",
    ),
}
"""What each patch makes work, and how it ends without."""


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("package", PROBES)
def test_without_the_patch_it_fails_and_with_it_runs(package):
    pytest.importorskip(package)
    code, end = PROBES[package]
    bare = run(code)
    if bare.returncode == 0:  # upstream is mended: then the patch must keep its hands off
        assert getattr(patches, f"mend_{package}")() is False
        return
    assert bare.stderr.strip().splitlines()[-1].partition(end)[1]
    head = f"from vlmrl.envs.patches import mend_{package} as mend; "
    mended = run(f"{head}print(mend(), mend()); {code}; print(env.model.nq > 0)")
    assert mended.stdout.split() == ["True", "False", "True"], mended.stderr


def test_the_kitchen_had_the_same_cause_as_fetch():
    pytest.importorskip("gymnasium_robotics")
    code = "from gymnasium_robotics.envs.franka_kitchen import KitchenEnv; KitchenEnv()"
    if run(code).returncode:
        assert run(f"from vlmrl.envs.patches import mend_gymnasium_robotics as m; m(); {code}").returncode == 0


def test_the_cause_an_enum_is_never_equal_to_a_number_of_numpys():
    hinge, kind = mujoco.mjtJoint.mjJNT_HINGE, np.int32(3)
    assert kind == hinge
    if hinge == kind:
        pytest.skip("MuJoCo's enums compare both ways again: mend_gymnasium_robotics can go")


def test_the_cause_rows_of_equalities_are_wider_than_eleven():
    assert mujoco.MjModel.from_xml_string(patches._WELDED).eq_data.shape == (1, mujoco.mjNEQDATA)
    assert patches.wide_equalities() == (mujoco.mjNEQDATA > 11)


def test_welds_are_written_as_metaworld_meant_and_the_rest_of_a_row_is_left():
    model = mujoco.MjModel.from_xml_string(patches._WELDED.replace('name="a"', 'name="a" mocap="true"'))
    before = model.eq_data.copy()
    patches._reset_mocap_welds(SimpleNamespace(model=model))
    np.testing.assert_array_equal(model.eq_data[0, :11], patches.WELD)
    np.testing.assert_array_equal(model.eq_data[0, 11:], before[0, 11:])


JOINTS = """
<mujoco><worldbody>
  <body><joint name="slide" type="slide"/><geom size="1"/>
    <body><joint name="ball" type="ball"/><geom size="1"/></body></body>
  <body><freejoint name="free"/><geom size="1"/></body>
  <body><joint name="hinge"/><geom size="1"/></body>
</worldbody></mujoco>
"""


def test_joints_are_set_and_read_whatever_their_kind():
    model = mujoco.MjModel.from_xml_string(JOINTS)
    data = mujoco.MjData(model)
    kinds = {"slide": (1, 1), "ball": (4, 3), "free": (7, 6), "hinge": (1, 1)}
    for start, (name, sizes) in enumerate(kinds.items()):
        places, speeds = (start + np.arange(size, dtype=float) for size in sizes)
        patches.set_joint_qpos(model, data, name, places)
        patches.set_joint_qvel(model, data, name, speeds)
    for start, (name, sizes) in enumerate(kinds.items()):
        got = patches.get_joint_qpos(model, data, name), patches.get_joint_qvel(model, data, name)
        for values, size in zip(got, sizes, strict=True):
            np.testing.assert_array_equal(values, start + np.arange(size))
    got[0][:] = 9
    assert data.joint("hinge").qpos[0] == 3, "a copy"
