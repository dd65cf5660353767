"""What is tried: groups begin alike, a batch sees and is paid what each alone would be, likelihoods are true."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.agents.vla.online.conftest import TASK
from vlmrl.agents.build import find_world
from vlmrl.agents.deferred import Gaps
from vlmrl.agents.runs.session import Teacher
from vlmrl.agents.timing import AllCores, Clock
from vlmrl.agents.vla.online.learner import OnlineLearner
from vlmrl.agents.vla.online.looking import Looking, begin_at
from vlmrl.agents.vla.online.paying import OwnPay, WordPay
from vlmrl.agents.vla.online.rollouts import Stage, check_actions, rows_of
from vlmrl.agents.vla.online.settings import Grpo, Ppo
from vlmrl.agents.vla.opened import seen_world
from vlmrl.agents.vla.senses import Senses, told
from vlmrl.config.compose import configure
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import Abstained, ConfigError
from vlmrl.shaping import Chain
from vlmrl.shaping.delta import Delta

SEEDS = [7, 7, 7, 9, 9, 9]


def world_of(mind, task=TASK, reward="oracle"):
    return seen_world(find_world(configure(task=task, reward=reward, agent="vla/grpo")), mind.form)


def stage_of(mind, pay=None, frames=False):
    world = world_of(mind)
    venv = world.bare().envs(frames, Clock(), len(SEEDS))
    looking = Looking(venv, mind.form, world.task, None)
    stage = Stage(TASK, world.task, venv, told(world.words), pay or OwnPay(), 120, looking, Clock())
    return stage


def play(stage, mind, temperature=1.0, each=lambda count: True):
    try:
        return stage.play(mind, temperature, SEEDS, torch.Generator().manual_seed(0), each)
    finally:
        stage.close()


def test_episodes_of_a_group_begin_in_the_same_state_and_go_different_ways(mind_of):
    mind = mind_of()
    stage = stage_of(mind)
    states = begin_at(stage.venv, SEEDS)
    assert np.array_equal(states[:3], np.repeat(states[:1], 3, axis=0))
    assert np.array_equal(states[3:], np.repeat(states[3:4], 3, axis=0))
    assert not np.array_equal(states[0], states[3])
    with make_env(TASK, frames=False) as env:
        assert np.array_equal(states[3], env.reset(seed=9)[0])
    wave = play(stage, mind)
    felt = wave.seen.proprio.reshape(*wave.there.shape[:2], -1)
    assert torch.equal(felt[0, :3], felt[0, :1].expand(3, -1))
    assert not torch.equal(wave.done[0, 0], wave.done[0, 1])
    assert not torch.equal(felt[-1, 0], felt[-1, 1])


def test_a_batch_is_paid_what_each_alone_would_be(mind_of):
    mind = mind_of()
    wave = play(stage_of(mind), mind)
    assert wave.lengths.tolist() == [120] * 6
    assert wave.rewards.shape == (120, 6)
    for member in (1, 4):
        actions = mind.actions.from_unit(wave.done[:, member].flatten(0, 1).numpy())
        with make_env(TASK, frames=False) as env:
            env.reset(seed=SEEDS[member])
            alone = [env.step(np.clip(action, *mind.bounds))[1] for action in actions]
        np.testing.assert_allclose(wave.rewards[:, member], alone, atol=1e-6)
    assert wave.told["task_return"] == pytest.approx(wave.rewards.sum(axis=0).mean())
    assert "vlm_return" not in wave.told


@pytest.mark.parametrize("temperature", [1.0, 1.6])
@pytest.mark.parametrize("settings", [Grpo(group_size=3, kl=0.1), Ppo()])
def test_likelihoods_are_those_of_the_policy_that_acted(mind_of, temperature, settings):
    mind = mind_of()
    wave = play(stage_of(mind), mind, temperature)
    chosen = settings.model_copy(update={"temperature": temperature})
    learner = OnlineLearner(mind.network, chosen)
    plans = learner.judge(wave)
    assert len(plans) == 30 * 6
    gist = mind.network.gist(rows_of(plans.seen, torch.arange(len(plans)), torch.device("cpu")))
    np.testing.assert_allclose(learner._likely(mind.network, gist, plans.done).detach(), plans.likely, atol=1e-4)
    assert learner.groups(plans) == 6 // settings.group


def test_plans_that_no_single_step_was_taken_of_are_not_learned_from(mind_of):
    mind = mind_of()
    wave = play(stage_of(mind), mind)
    there = wave.there.copy()
    there[2:, 0] = False  # the first episode ended with its second plan, one step into it
    there[1, 0, 1:] = False
    rewards = wave.rewards.copy()
    rewards[5:, 0] = 0.0
    plans = OnlineLearner(mind.network, Grpo(group_size=3)).judge(replace(wave, there=there, rewards=rewards))
    assert len(plans) == 30 * 5 + 2
    assert plans.there.sum() == 120 * 5 + 5


def test_a_wave_can_be_ended_at_any_step(mind_of):
    mind, counted = mind_of(), list[int]()

    def each(count: int) -> bool:
        counted.append(count)
        return len(counted) < 5

    assert play(stage_of(mind), mind, each=each) is None
    assert counted == [6] * 5


class Scores:
    """Of single frames, of whole films, or of films so far: how bright they are."""

    def __init__(self, **about):
        for name, value in about.items():
            setattr(self, name, value)

    def frames(self, frames, words):
        return frames.mean((1, 2, 3), dtype=np.float64).astype(np.float32) / 255

    def clips(self, clips, words):
        return np.array([self.frames(clip, words).mean() + len(clip) for clip in clips], np.float32)

    def look(self, frames):
        return self.frames(frames, None)[:, None]

    def histories(self, seen, since, words):
        return np.concatenate([np.cumsum(rows[:, 0])[at:] for rows, at in zip(seen, since, strict=True)])


def alone(mind, wave, member):
    """The frames of an episode, its first among them, from an environment of its own."""
    actions = mind.actions.from_unit(wave.done[:, member].flatten(0, 1).numpy())
    with make_env(TASK, frames=True) as env:
        shown = [env.reset(seed=SEEDS[member])[1]["frame"]]
        shown += [env.step(np.clip(action, *mind.bounds))[4]["frame"] for action in actions]
    return np.stack(shown)


@pytest.mark.parametrize("kind", ["frames", "some", "ends", "whole", "history"])
def test_words_pay_whole_episodes_as_they_pay_step_by_step(mind_of, kind):
    mind = mind_of()
    about = {"whole": {"cadence": "episode"}, "history": {"takes": "history"}}.get(kind, {})
    gaps = {"some": Gaps(7), "ends": Gaps(1000)}.get(kind, Gaps())
    scores = Scores(**about)
    shape = Chain([Delta()]) if kind == "ends" else Chain()
    teacher = Teacher(AllCores(scores, Clock(), 1), shape, None)
    wave = play(stage_of(mind, WordPay(teacher, find_task(TASK).words, gaps, 1.0), frames=True), mind)
    film = alone(mind, wave, 4)
    bright = scores.frames(film, None)
    wanted = bright[1:]
    if kind == "some":
        scored = sorted({*range(0, 121, 7), 120})
        wanted = np.interp(np.arange(121), scored, bright[scored])[1:]
    elif kind == "ends":
        wanted = np.full(120, (bright[-1] - bright[0]) / 120)
    elif kind == "whole":
        wanted = np.r_[np.zeros(119), scores.clips([film], None)]
    elif kind == "history":
        wanted = np.cumsum(bright)[1:]
    np.testing.assert_allclose(wave.rewards[:, 4], wanted, rtol=1e-4, atol=1e-5)
    assert wave.last[4] == pytest.approx(wave.rewards[-1, 4] if kind != "ends" else bright[-1], rel=1e-4)
    assert wave.told["vlm_return"] == pytest.approx(wave.rewards.sum(axis=0).mean(), rel=1e-5)
    assert {"success", "oracle_return"} <= set(wave.told)


def test_a_frame_without_a_number_stops_it(mind_of):
    class Silent(Scores):
        def frames(self, frames, words):
            return np.full(len(frames), np.nan, np.float32)

    mind = mind_of()
    pay = WordPay(Teacher(AllCores(Silent(), Clock(), 1), Chain(), None), find_task(TASK).words, Gaps(50), 1.0)
    with pytest.raises(Abstained, match="env 0 before its first step"):
        play(stage_of(mind, pay, frames=True), mind)


def test_what_a_batch_sees_is_what_each_alone_would(mind_of):
    task = "tabletop/press_button"
    mind = mind_of(task, cameras=("task", "wrist"), size=(24, 24), proprio=4)
    world = world_of(mind, task)
    venv = world.bare().envs(False, Clock(), 3)
    looking = Looking(venv, mind.form, world.task, None)
    actions = np.random.default_rng(0).uniform(-1, 1, (4, 3, mind.bounds.shape[1])).astype(np.float32)
    try:
        begin_at(venv, [5, 6, 7])
        first = looking()
        for action in actions:
            venv.step(action)
        later = looking()
    finally:
        looking.close()
        venv.close()
    senses = Senses(make_env(task, frames=False), mind.form, "press the button", world.task)
    try:
        seen, _ = senses.reset(seed=6)
        for name in ("task", "wrist"):
            assert np.array_equal(first[name][1], seen[name])
        for action in actions:
            seen = senses.step(action[1])[0]
        for name in ("task", "wrist"):
            assert np.array_equal(later[name][1], seen[name])
            assert not np.array_equal(later[name][1], first[name][1])
    finally:
        senses.close()


def test_environments_with_other_actions_are_refused(mind_of):
    mind = mind_of("cartpole/upright")
    venv = world_of(mind_of()).bare().envs(False, Clock(), 2)
    try:
        with pytest.raises(
            ConfigError, match=r"agent.policy=runs/x: learned actions of 1 numbers .* point_mass/target"
        ):
            check_actions(mind, venv, TASK, "runs/x")
    finally:
        venv.close()
