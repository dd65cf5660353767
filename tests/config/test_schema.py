"""A run's settings answer what other parts ask of them, and are never written in two places."""

from typing import Any

import pytest
from pydantic import BaseModel

from vlmrl.config.complaints import validate
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError
from vlmrl.types import Words

SMALLEST: dict[str, Any] = {
    "task": "a/b",
    "encoder": {"name": "sim_clip"},
    "reward": {"name": "cosine"},
    "shaping": {"name": "default"},
    "agent": {"name": "sac", "algorithm": "SAC", "total_steps": 1_000},
    "render": {"name": "fast"},
    "track": {"name": "default"},
}
TASK = Words(("a pole up",), ("a pole",), ("a pole down",))


def config(**changes: Any) -> RunConfig:
    return validate(RunConfig, SMALLEST | changes)


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [field.annotation for field in model.model_fields.values()]
    found = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
    return [model, *(deeper for one in found for deeper in sections(one))]


@pytest.mark.parametrize("section", sections(RunConfig), ids=lambda one: one.__name__)
def test_every_setting_says_what_it_means(section: type[BaseModel]) -> None:
    assert [name for name, field in section.model_fields.items() if not field.description] == []


def test_a_tasks_words_stand_in_for_missing_ones() -> None:
    assert config().words(TASK) == TASK
    assert config(baseline="a stick").words(TASK) == Words(TASK.goal, ("a stick",), TASK.negative)


def test_another_goal_leaves_the_tasks_negatives_which_are_the_opposite_of_its_own() -> None:
    words = config(goal="a pole at the left").words(TASK)
    assert words == Words(("a pole at the left",), TASK.baseline, ())
    assert config(goal="x", negative=["y", "z"]).words(TASK).negative == ("y", "z")


def test_without_a_task_the_words_are_the_users() -> None:
    assert config(task=None, env="Hopper-v5", goal="x").words() == Words(("x",))
    with pytest.raises(ConfigError, match="goal: is missing"):
        config(task=None, env="Hopper-v5", reward={"name": "oracle"}).words()


@pytest.mark.parametrize(
    ("obs", "policy"), [("state", "MlpPolicy"), ("pixels", "CnnPolicy"), ("both", "MultiInputPolicy")]
)
def test_the_policy_reads_what_it_is_given(obs: str, policy: str) -> None:
    assert config(obs=obs).policy == policy
    assert config(obs=obs, agent=SMALLEST["agent"] | {"policy": "Mine"}).policy == "Mine"


@pytest.mark.parametrize("seed", [992, 1_050, 2**31 - 1])
def test_seeds_of_training_may_lie_beside_those_of_the_evaluation(seed: int) -> None:
    assert config(seed=seed, evaluation={"seed": 1_000}).seed == seed


@pytest.mark.parametrize("seed", [993, 1_000, 1_049])
def test_seeds_of_training_never_meet_those_of_the_evaluation(seed: int) -> None:
    with pytest.raises(ConfigError, match=rf"seed={seed}: meets the evaluation's seeds 1000\.\.1049"):
        config(seed=seed, evaluation={"seed": 1_000})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_is_finite(value: float) -> None:
    with pytest.raises(ConfigError, match=r"evaluation\.every"):
        config(evaluation={"every": value})


def test_a_missing_section_is_named_with_its_meaning() -> None:
    with pytest.raises(ConfigError, match=r"agent: is missing \(the learner\)"):
        validate(RunConfig, {key: value for key, value in SMALLEST.items() if key != "agent"})


def test_keywords_are_what_the_fields_leave() -> None:
    encoder = config(encoder={"name": "x", "family": "open_clip", "model": "m", "device": "cpu"}).encoder
    assert encoder.keywords == {"model": "m", "device": "cpu"}
