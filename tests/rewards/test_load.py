"""A reward is found by its name, with what its YAML says and the caller changes."""

import pytest

from vlmrl import rewards
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.rewards.goal_baseline import GoalBaseline


def test_settings_go_before_the_yaml(toy_encoder):
    changed = rewards.load("goal_baseline", toy_encoder, alpha=0.25)
    assert isinstance(changed, GoalBaseline)
    assert (changed.alpha, changed.min_distance) == (0.25, 0.005)


def test_an_unknown_name_is_answered_with_the_nearest(toy_encoder):
    with pytest.raises(UnknownName, match=r"reward=goal_basline: is not known; did you mean goal_baseline\?"):
        rewards.load("goal_basline", toy_encoder)


def test_an_unknown_setting_is_answered_with_the_nearest(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.alfa=0\.5.*did you mean reward\.alpha\?"):
        rewards.load("goal_baseline", toy_encoder, alfa=0.5)
