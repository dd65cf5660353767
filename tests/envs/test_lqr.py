"""The regulator of scripted experts: it brings a pole that would fall back to rest, whatever its push costs."""

import mujoco
import numpy as np
import pytest

from vlmrl.envs.lqr import regulator

POLE = """<mujoco><option timestep="0.01"/><worldbody><body><joint name="hinge" axis="0 1 0"/>
<geom type="capsule" size="0.02" fromto="0 0 0 0 0 1" mass="1"/></body></worldbody>
<actuator><motor joint="hinge"/></actuator></mujoco>"""


@pytest.mark.parametrize("effort", [0.01, 1.0, 100.0])
def test_a_pole_comes_to_rest_upright(effort):
    model = mujoco.MjModel.from_xml_string(POLE)
    data = mujoco.MjData(model)
    gain = regulator(model, np.zeros(1), substeps=2, effort=effort)
    data.qpos[:] = 0.2
    for _ in range(500):
        data.ctrl[:] = -gain @ np.concatenate([data.qpos, data.qvel])
        mujoco.mj_step(model, data, 2)
    assert abs(data.qpos[0]) < 1e-3


def test_what_costs_more_is_used_less():
    model = mujoco.MjModel.from_xml_string(POLE)
    cheap, dear = (regulator(model, np.zeros(1), 2, effort) for effort in (0.01, 100.0))
    assert np.linalg.norm(cheap) > np.linalg.norm(dear)
