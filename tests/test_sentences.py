"""The sentences table judges every agent by what each sentence asks for."""

import numpy as np
import pytest

from benchmarks import sentences
from vlmrl.agents.build import find_world
from vlmrl.agents.learner import sb3
from vlmrl.agents.policy import save_agent
from vlmrl.agents.timing import Clock
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.envs.task import State
from vlmrl.errors import ConfigError


def at(place: float, angle: float) -> State:
    nothing = np.zeros((0, 3))
    return State(np.array([place, angle]), np.zeros(2), np.zeros(0), *[nothing] * 5)


@pytest.mark.parametrize(
    ("place", "angle", "does"),
    [
        (0.0, 0.0, {"upright"}),
        (-1.7, np.pi, {"left"}),
        (1.7, np.pi, {"right"}),
        (0.45, np.pi, {"little_right"}),
        (0.45, 0.1, {"little_right", "upright"}),
        (-0.45, np.pi, set()),
        (1.1, np.pi, set()),
    ],
)
def test_each_sentence_is_done_where_it_says(place, angle, does):
    state = at(place, angle)
    assert {name for name, task in sentences.aims().items() if task.success(state)} == does


def test_a_little_right_is_nearest_where_it_is_done():
    places = np.linspace(-1.8, 1.8, 73)
    near = [float(sentences.aims()["little_right"].oracle(at(place, 0.0))) for place in places]
    assert places[int(np.argmax(near))] == pytest.approx(sentences.LITTLE_RIGHT)
    assert min(near) >= 0


def test_an_agent_is_judged_by_every_sentence(tmp_path):
    config = configure(
        task="cartpole/left", seed=0, run_dir=tmp_path / "run", evaluation={"episodes": 1, "final_episodes": 2}
    )
    with RunDir.start(config, ["vlmrl", "train"]) as run:
        world = find_world(config)
        model = sb3.build(config.agent, world.envs(False, Clock(), 1), config.policy, 0)
        save_agent(run.last_model, model, world, "last checkpoint")
    (row,) = sentences.sentences(tmp_path)["rows"]
    assert row["goal"] == ["the cart is at the left end of the rail"]
    assert (row["episodes"], row["seed"], row["chosen"]) == (2, 0, "last checkpoint")
    assert row["upright"]["mean"] == 0.0  # an untrained agent swings nothing up
    assert {"left", "right", "little_right"} <= set(row)


def test_a_folder_without_runs_is_refused(tmp_path, capsys):
    with pytest.raises(ConfigError, match="no finished run of the cart-pole"):
        sentences.sentences(tmp_path)
    assert sentences.main([]) == sentences.main([str(tmp_path)]) == 2
    assert "name the folder" in capsys.readouterr().err
