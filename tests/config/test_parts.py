"""The constructor is the schema: keywords that it does not take are named before anything is built."""

from typing import Any

import pytest

from vlmrl.config import parts
from vlmrl.config.compose import compose
from vlmrl.config.schema import EncoderConfig, RewardConfig, ShapingConfig
from vlmrl.errors import ConfigError, UnknownName


class Tool:
    def __init__(
        self, encoder: object, size: int, rate: float = 0.5, mode: str = "fast", deep: bool = False
    ) -> None: ...


def anything(**settings: Any) -> None: ...


def check(**keywords: Any) -> None:
    parts.check_keywords("tool", keywords, Tool, given=("encoder",), also=("name",))


def test_what_the_constructor_takes_is_fine() -> None:
    check(size=3)
    check(size=3, rate=1, mode="slow", deep=True)
    parts.check_keywords("tool", {"whatever": 1}, anything)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"size": 1, "raet": 1}, r"tool\.raet=1: is not known; did you mean tool\.rate\?"),
        ({"size": 1, "nmae": 1}, r"tool\.nmae=1: is not known; did you mean tool\.name\?"),
        ({}, r"tool\.size: is missing; Tool cannot do without it"),
        ({"size": 1, "encoder": 2}, r"tool\.encoder=2: is decided by the run itself"),
        ({"size": 1, "rate": "fast"}, r"tool\.rate=fast: is not a number; the default is 0\.5"),
    ],
)
def test_what_it_does_not_take_is_named(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(**keywords)


def test_a_rewards_typo_is_found_in_its_constructor() -> None:
    with pytest.raises(ConfigError, match=r"reward\.alpa=1: is not known; did you mean reward\.alpha\?"):
        parts.check_reward(RewardConfig(name="goal_baseline", alpa=1))  # type: ignore[call-arg]


def test_hydra_plus_lets_no_typo_pass() -> None:
    config = compose(["task=a/b", "+reward.alpa=0.1"])
    with pytest.raises(ConfigError, match=r"reward\.alpa=0\.1: is not known"):
        parts.check(config)


def test_an_encoders_typo_is_found_in_its_constructor() -> None:
    with pytest.raises(ConfigError, match=r"encoder\.devise=cpu: is not known; did you mean encoder\.device\?"):
        parts.check_encoder(EncoderConfig(name="x", model="sim_clip", devise="cpu"))  # type: ignore[call-arg]


def test_a_shaper_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownName, match="shaping=clibrate: is not known; did you mean calibrate"):
        parts.check_shaping(ShapingConfig(name="mine", clibrate={}))  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"shaping\.scale=2: is no group of settings"):
        parts.check_shaping(ShapingConfig(name="mine", scale=2))  # type: ignore[call-arg]
    with pytest.raises(
        ConfigError, match=r"shaping\.scale\.fctor=2: is not known; did you mean shaping\.scale\.factor"
    ):
        parts.check_shaping(ShapingConfig(name="mine", scale={"fctor": 2}))  # type: ignore[call-arg]


def test_the_oracle_needs_neither_encoder_nor_reward() -> None:
    parts.check(compose(["task=a/b", "reward=oracle", "encoder=a/b", "encoder.nothing=1"]))
