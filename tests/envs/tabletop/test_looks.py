"""Looks that vary: by the seed alone, within their ranges, and of the picture alone."""

import mujoco
import numpy as np
import pytest

from tests.envs.tabletop.test_experts import script_of
from vlmrl.envs import make_env
from vlmrl.envs.batch.form import form_of
from vlmrl.envs.simulator import simulator
from vlmrl.envs.tabletop import Looks, scene, task
from vlmrl.envs.tabletop.looks import NAMED, standing, vary
from vlmrl.errors import ConfigError

SENTENCE = "put the red block left of the blue one"


def first_frames(looks, seeds):
    env = make_env(task(SENTENCE, looks=looks))
    found = [env.reset(seed=seed)[1]["frame"] for seed in seeds]
    env.close()
    return found


def test_the_same_seed_gives_the_same_frame_and_others_differ():
    once, other, again = first_frames(Looks(), [3, 5, 3])
    np.testing.assert_array_equal(once, again)
    assert (once != other).mean() > 0.5, "another episode hardly looks different"
    np.testing.assert_array_equal(first_frames(Looks(), [3])[0], once)


def test_none_at_all_are_the_plain_looks():
    nothing = Looks(hues=0, surfaces=0, light=0, sun=0, camera=0, distractors=0)
    np.testing.assert_array_equal(first_frames(nothing, [3])[0], first_frames(None, [3])[0])


def test_an_episode_begins_where_the_plain_one_does():
    plain, varied = make_env(task(SENTENCE), frames=False), make_env(task(SENTENCE, looks=Looks()), frames=False)
    np.testing.assert_array_equal(plain.reset(seed=8)[0], varied.reset(seed=8)[0])
    plain.close()
    varied.close()


@pytest.mark.parametrize("alone", ["hues", "surfaces", "light", "sun", "camera", "distractors"])
def test_each_changes_the_picture(alone):
    nothing = dict.fromkeys(("hues", "surfaces", "light", "sun", "camera", "distractors"), 0)
    seeds = [1, 2, 3]
    changed = first_frames(Looks(**{**nothing, alone: getattr(Looks(), alone)}), seeds)
    pairs = list(zip(changed, first_frames(None, seeds), strict=True))
    assert any((one != plain).any() for one, plain in pairs)


def test_what_sentences_name_keeps_its_colour():
    model, plain, rng = scene.model(), scene.model(), np.random.default_rng(0)
    names = [model.geom(number).name.removesuffix(" zone") for number in range(model.ngeom)]
    numbers = [names.index(name) for name in NAMED]
    known = plain.geom_rgba[numbers, :3]
    for _ in range(50):
        vary(model, plain, Looks(hues=0.12, surfaces=1.0), rng)
        found = model.geom_rgba[numbers, :3]
        nearest = np.abs(found[:, None] - known[None]).sum(axis=-1).argmin(axis=1)
        np.testing.assert_array_equal(nearest, np.arange(len(NAMED)))
        assert ((found >= 0) & (found <= 1)).all()


def test_distractors_stand_apart_from_each_other_or_out_of_view():
    rng = np.random.default_rng(0)
    counts = set()
    for _ in range(100):
        places = standing(Looks(), rng)
        there = places[places[:, 1] > -1]
        counts.add(len(there))
        gaps = np.linalg.norm(there[:, None] - there[None], axis=-1)
        assert (gaps[~np.eye(len(there), dtype=bool)] > 0.07).all()
    assert counts == {0, 1, 2, 3}


def test_it_has_no_batched_form_so_that_no_model_is_shared():
    env = make_env(task(SENTENCE, looks=Looks()), frames=False)
    assert form_of(env) is None
    env.close()
    plain = make_env(task(SENTENCE), frames=False)
    assert form_of(plain) is not None
    assert simulator(plain)[0] is not simulator(env)[0]
    plain.close()


def test_a_range_beyond_its_limit_is_named():
    with pytest.raises(ConfigError, match=r"looks\.hues=0\.5: must lie in 0\.\.0\.12"):
        Looks(hues=0.5)


def test_a_script_does_it_whatever_it_looks_like():
    asked = task(SENTENCE, looks=Looks())
    env = make_env(asked, frames=False)
    for seed in range(3):
        observation, info = env.reset(seed=seed)
        policy, success = script_of(asked, env), []
        for _ in range(asked.horizon):
            observation, *_, info = env.step(policy(observation, info))
            success.append(info["success"])
        assert asked.succeeded(np.array(success))
    env.close()


def test_the_physics_are_the_same():
    model, plain = scene.model(), scene.model()
    vary(model, plain, Looks(), np.random.default_rng(0))
    one, other = mujoco.MjData(model), mujoco.MjData(plain)
    mujoco.mj_step(model, one, 50)
    mujoco.mj_step(plain, other, 50)
    np.testing.assert_array_equal(one.qpos, other.qpos)
