"""Environments by name: tasks, Gymnasium ids, and what is said of a wrong name."""

import subprocess
import sys

import gymnasium as gym
import pytest

from vlmrl.envs import find_task, make, make_env, task_names
from vlmrl.envs.make import _tasks_of, env_spec
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.find import find


@pytest.mark.parametrize(
    "start", ["import vlmrl.envs; e='vlmrl/Cartpole-Upright-v0'", "e='vlmrl.envs:vlmrl/Cartpole-Upright-v0'"]
)
def test_the_id_works_with_and_without_an_import(start):
    code = f"import gymnasium\n{start}\nenv = gymnasium.make(e); env.reset(seed=0); print(env.spec.max_episode_steps)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["150"]


def test_a_misspelled_task_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean cartpole/upright"):
        find_task("cartpole/uprigth")
    with pytest.raises(UnknownName, match="did you mean cartpole/upright"):
        make_env("cartpol/upright")


def test_a_misspelled_id_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean Hopper-v5"):
        make_env("Hoper-v5")
    with pytest.raises(ConfigError, match="no_such_package cannot be imported"):
        env_spec("no_such_package:Env-v0")


def test_a_package_before_the_id_is_imported():
    assert env_spec("gymnasium:Hopper-v5").id == "Hopper-v5"
    env = make_env("vlmrl.envs:vlmrl/Pendulum-Upright-v0", seed=0)
    assert "success" in env.reset(seed=0)[1]
    env.close()


def test_a_name_given_twice_is_refused(monkeypatch):
    module = find("task", "pendulum")
    monkeypatch.setattr(module, "AGAIN", module.UPRIGHT.but(horizon=10), raising=False)
    _tasks_of.cache_clear()
    with pytest.raises(ConfigError, match="task=pendulum/upright: is defined twice in vlmrl"):
        find_task("pendulum/upright")
    monkeypatch.setattr(module, "AGAIN", module.UPRIGHT, raising=False)  # another word for the same task is none
    assert find_task("pendulum/upright") is module.UPRIGHT
    monkeypatch.undo()
    _tasks_of.cache_clear()


def test_a_broken_task_of_another_package_takes_no_other_with_it(monkeypatch):
    monkeypatch.setattr(make, "names", lambda kind: ("broken", "pendulum"))
    monkeypatch.setattr(make, "plugins", lambda kind: {"broken": None})
    monkeypatch.setattr(make, "_tasks_of", lambda domain: 1 / 0 if domain == "broken" else ["pendulum/upright"])
    with pytest.warns(UserWarning, match="task=broken: of another package, cannot be loaded and is left out: division"):
        assert make.task_names() == ("pendulum/upright",)
    monkeypatch.setattr(make, "plugins", lambda kind: {})
    with pytest.raises(ZeroDivisionError):
        make.task_names()


def test_an_early_end_for_being_unhealthy_is_switched_off_where_it_can_be():
    env = make_env("Hopper-v5", frames=False, seed=0)
    ends = [env.step(env.action_space.sample())[2] for _ in range(200)]
    assert not any(ends)
    env.close()


def test_films_are_drawn_by_the_registered_environment():
    env = gym.make("vlmrl/Reacher-Touch-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (480, 480, 3)
    assert env.metadata["render_fps"] == 25
    env.close()


def test_every_domain_and_behaviour_of_the_first_suite_is_there():
    assert {
        "cartpole/upright",
        "cartpole/balance",
        "cartpole/left",
        "cartpole/right",
        "pendulum/upright",
        "reacher/touch",
    } < set(task_names())
