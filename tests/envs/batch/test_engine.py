"""The engine: each simulation is one MjData stepped alone, and every misuse is named before MuJoCo sees it."""

import gc

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlmrl.envs.batch.engine import Engine, SimulationError
from vlmrl.errors import ConfigError

FALLING = """
<mujoco>
  <option integrator="RK4"/>
  <worldbody>
    <geom type="plane" size="3 3 .1"/>
    <body pos="0 0 .15"><freejoint/><geom size=".1"/>
      <body pos=".1 0 0"><joint name="arm"/><geom type="capsule" size=".03" fromto="0 0 0 .2 0 0"/></body>
    </body>
  </worldbody>
  <actuator><motor joint="arm"/></actuator>
</mujoco>
"""


@pytest.fixture
def model():
    return mujoco.MjModel.from_xml_string(FALLING)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_simulation_is_one_stepped_alone(model, threads):
    engine, alone = Engine(model, 5, threads, persistent=True), [mujoco.MjData(model) for _ in range(5)]
    qvel, ctrl, forces = (engine.field(name) for name in ("qvel", "ctrl", "cfrc_ext"))
    engine.reset()
    for sim, data in enumerate(alone):
        qvel[sim, :3] = data.qvel[:3] = (0.3 * sim, 0, -sim)
    touched = False
    for step in range(60):
        ctrl[:, 0] = np.sin(step + np.arange(5))
        engine.step(3)
        engine.apply("mj_rnePostConstraint")
        for sim, data in enumerate(alone):
            data.ctrl[0] = ctrl[sim, 0]
            mujoco.mj_step(model, data, 3)
            mujoco.mj_rnePostConstraint(model, data)
            np.testing.assert_array_equal(engine.field("qpos")[sim], data.qpos)
            np.testing.assert_array_equal(engine.field("xpos")[sim], data.xpos)
            np.testing.assert_array_equal(forces[sim], data.cfrc_ext)
            touched |= bool(data.cfrc_ext.any())
    assert touched


@settings(max_examples=20)
@given(chosen=st.sets(st.integers(0, 5), min_size=1))
def test_a_call_on_some_leaves_the_others_as_they_are(chosen):
    engine = Engine(mujoco.MjModel.from_xml_string(FALLING), 6, 2)
    engine.reset()
    engine.step(4)
    before, ids = engine.state.copy(), np.array(sorted(chosen), dtype=np.int32)
    engine.reset(ids)
    changed = (engine.state != before).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(changed), ids)


def test_states_travel_to_a_data_and_back(model):
    engine, data = Engine(model, 2, 1), mujoco.MjData(model)
    engine.reset()
    engine.field("qpos")[1, 0] = 7
    engine.load(1, data)
    assert data.qpos[0] == 7
    data.qpos[0] = 8
    engine.store(0, data)
    assert engine.field("qpos")[0, 0] == 8


def test_a_simulation_that_mujoco_gives_up_on_is_named():
    balls = "".join(f'<body pos="0 0 {0.05 + 0.01 * i}"><freejoint/><geom size=".1"/></body>' for i in range(20))
    small = mujoco.MjModel.from_xml_string(
        f'<mujoco><size memory="20K"/><worldbody><geom type="plane" size="5 5 .1"/>{balls}</worldbody></mujoco>'
    )
    with pytest.raises(SimulationError, match=r"env 0: MuJoCo gave up on it and 1 others.*out of memory"):
        Engine(small, 2, 1).step(1)


@pytest.mark.parametrize("count", [0, -1])
def test_no_simulations_are_refused(model, count):
    with pytest.raises(ConfigError, match=f"num_envs={count}: must be at least 1"):
        Engine(model, count)


def test_misuse_is_named_before_it_ends_the_process(model):
    engine = Engine(model, 3, 1)
    with pytest.raises(ConfigError, match="threads=0"):
        Engine(model, 3, 0)
    with pytest.raises(ConfigError, match="substeps=0"):
        engine.step(0)
    for ids in ([1, 0], [1, 1], [0.5]):
        with pytest.raises(ConfigError, match="sorted and each once"):
            engine.forward(np.array(ids, dtype=np.int32 if isinstance(ids[0], int) else float))
    with pytest.raises(ConfigError, match=r"must lie in 0\.\.2"):
        engine.forward(np.array([3], dtype=np.int32))
    for name in ("no_such_field", "efc_force", "ncon"):
        with pytest.raises(ConfigError, match=f"field={name}"):
            engine.field(name)
    with pytest.raises(ValueError, match="read-only"):
        engine.field("xpos")[0] = 0


def test_arrays_keep_the_engine_alive(model):
    engine = Engine(model, 4, 1)
    engine.reset()
    qpos = engine.field("qpos")
    expected = qpos.copy()
    del engine
    gc.collect()
    np.testing.assert_array_equal(qpos, expected)
