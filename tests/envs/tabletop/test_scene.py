"""The scene: things are where the code reads them, and the cameras see what they must."""

import itertools

import mujoco
import numpy as np
import pytest

from vlmrl.envs.render import Renderer
from vlmrl.envs.tabletop import arm, instructions, scene
from vlmrl.envs.tabletop.states import bad_states, goal_states, starts
from vlmrl.envs.task import Camera


@pytest.fixture(scope="module")
def model():
    return scene.model()


def test_everything_has_its_place_in_a_state(model):
    places = {model.joint(number).name: model.jnt_qposadr[number] for number in range(model.njnt)}
    assert [places[name] for name in ("yaw", "shoulder", "elbow", "wrist", "roll")] == list(range(arm.JOINTS))
    assert [places["left"], places["right"]] == list(range(7))[scene.FINGERS]
    assert [places[name] for name in ("drawer", "button", "lamp")] == [scene.DRAWER, scene.PRESSED, scene.LIT]
    assert [places[name] for name in scene.COLOURS] == [scene.FIRST + 7 * number for number in range(4)]
    assert model.nq == scene.NQ
    placed = {int(model.body_mocapid[body]): model.body(body).name for body in range(model.nbody)}
    assert [placed[number] for number in range(5)] == [f"{zone} zone" for zone in scene.ZONES] + list(scene.DISTRACTORS)


def test_no_place_of_the_hand_comes_near_a_limit_of_a_joint(model):
    corners = np.array(list(itertools.product(*zip(arm.LOW, arm.HIGH, strict=True))))
    grid = np.concatenate([corners, np.random.default_rng(0).uniform(arm.LOW, arm.HIGH, (500, 3))])
    low, high = model.jnt_range[: arm.JOINTS].T
    assert (arm.joints_at(grid) > low + 0.1).all()
    assert (arm.joints_at(grid) < high - 0.1).all()


def test_the_front_camera_sees_the_fingertips_wherever_they_can_go(model):
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = model.camera("front").id
    for place in itertools.product(*zip(arm.LOW, arm.HIGH, strict=True)):
        seen = data.cam_xmat[camera].reshape(3, 3).T @ (place - data.cam_xpos[camera])
        across = np.abs(seen[:2]) / (-seen[2] * np.tan(np.radians(model.cam_fovy[camera] / 2)))
        assert (across < 0.97).all(), place


@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_what_is_parked_is_out_of_view(model, camera):
    data = mujoco.MjData(model)
    starts(instructions()[0], np.random.default_rng(0), 1).pose().apply(0, model, data)
    with Renderer(model, (64, 64), Camera(name=camera)) as renderer:
        before = renderer.frame(data)
        data.mocap_pos[len(scene.ZONES) :] += (0.0, -50.0, 0.0)
        mujoco.mj_forward(model, data)
        np.testing.assert_array_equal(renderer.frame(data), before)


def test_the_lamp_rises_while_the_button_is_pressed(model):
    data = mujoco.MjData(model)
    data.qfrc_applied[model.joint("button").dofadr] = 4.0
    mujoco.mj_step(model, data, 200)
    assert data.qpos[scene.PRESSED] > 0.015
    assert data.qpos[scene.LIT] == pytest.approx(scene.LAMP * data.qpos[scene.PRESSED], abs=0.004)


FORMS = list({asked.form: asked for asked in instructions()}.values())


@pytest.mark.parametrize("asked", FORMS, ids=lambda asked: asked.form)
def test_posed_states_stay_as_they_are(model, asked):
    """Nothing that a pose holds is inside another thing, to be thrown about by the first step."""
    data, rng = mujoco.MjData(model), np.random.default_rng(1)
    for poses in (starts(asked, rng, 4).pose(), goal_states(rng, 4, asked), bad_states(rng, 4, asked)):
        for number in range(len(poses)):
            mujoco.mj_resetData(model, data)
            poses.apply(number, model, data)
            data.ctrl[:] = data.qpos[: model.nu]
            mujoco.mj_step(model, data, 10)
            blocks = data.qvel[model.joint("red").dofadr[0] :].reshape(4, 6)
            assert np.abs(blocks[:, :2]).max() < 0.3, f"pose {number} throws a block"


@pytest.mark.slow
@pytest.mark.parametrize("form", [asked.form for asked in FORMS])
def test_every_instruction_has_states(form):
    from vlmrl.envs.tabletop.truth import done, nearness
    from vlmrl.envs.task import State

    rng = np.random.default_rng(0)
    for asked in (one for one in instructions() if one.form == form):
        near = []
        for poses, right in ((goal_states(rng, 8, asked), True), (bad_states(rng, 8, asked), False)):
            none = np.zeros((8, 0))
            state = State(poses.qpos, none, none, poses.mocap_pos, none, none, none, none)
            assert (done(state, asked) == right).all(), asked.name
            near.append(nearness(state, asked))
        assert near[0].min() > near[1].max(), asked.name
        assert not done(starts(asked, rng, 8).state(), asked).any()
