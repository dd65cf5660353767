"""Sentences and paths reach the run as they were typed; everything else is left to Hydra's grammar."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from vlmrl.config.arguments import split, text_keys
from vlmrl.config.compose import compose
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError

ODD = (
    "a pole, upright, on a cart",
    "the robot's left foot isn't 'down'",
    'a "quoted" pole',
    "[a, list] (or) {not: one}",
    "$HOME costs $5 and ${oc.env:HOME} or ${seed}",
    "angle=0, x==y",
    "=",
    "ein Stab, der aufrecht stöht",
    "立っている棒 🤖 ω=1",
    "back\\slash and `tick` and %s and #hash",
    "a line\nand another",
    "  spaces around  ",
    "null",
    "true",
    "1e-3",
    "~+*!&|<>;?",
)


def test_a_sentence_is_taken_as_it_is_typed() -> None:
    sentences = tuple(text for text in ODD if any(letter.isalnum() for letter in text))
    sides = ("goal", "baseline", "negative")
    config = compose(["task=a/b", *(f"{side}={sentence}" for side in sides for sentence in sentences)])
    assert [getattr(config, side) for side in sides] == [sentences] * 3


@given(st.text(max_size=40), st.sampled_from(["", "+", "++"]))
def test_no_text_at_all_is_interpreted(text: str, sign: str) -> None:
    found = split([f"{sign}goal={text}"], {"goal": True}, ())
    assert found.texts == {"goal": (text,)}
    assert found.values == ()


def test_a_sentence_given_again_is_one_more() -> None:
    config = compose(["task=a/b", "goal=one, two", "goal=three", "baseline=b", "+baseline=c=d"])
    assert config.goal == ("one, two", "three")
    assert config.baseline == ("b", "c=d")


@pytest.mark.parametrize("text", [ODD[1], ODD[4]])
def test_a_path_is_taken_as_it_is_typed(text: str) -> None:
    config = compose(["task=a/b", f"run_dir=/tmp/{text}", f"encoder.model=local-dir:/{text}"])
    assert config.run_dir == Path(f"/tmp/{text}")
    assert config.encoder.keywords["model"] == f"local-dir:/{text}"


def test_a_gymnasium_id_keeps_its_package_and_version() -> None:
    assert compose(["env=my.package:Space/Env-v0", "goal=x"]).env == "my.package:Space/Env-v0"


def test_null_means_no_path_and_no_task() -> None:
    config = compose(["experiment=demo", "task=null", "env=Hopper-v5", "goal=x", "run_dir=null"])
    assert config.task is None
    assert config.run_dir is None


def test_one_path_is_not_two() -> None:
    with pytest.raises(ConfigError, match="run_dir=b: is given twice"):
        compose(["task=a/b", "run_dir=a", "run_dir=b"])


@pytest.mark.parametrize("argument", ["hydra.run.dir=/tmp/x", "hydra/launcher=basic", "+hydra.verbose=true"])
def test_hydras_own_settings_are_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="Hydra's own settings have no effect"):
        compose(["task=a/b", argument])


@pytest.mark.parametrize(
    ("argument", "message"),
    [("cartpole/upright", "is no setting; write key=value"), ("--seed=1", "is no option"), ("-m", "is no option")],
)
def test_what_is_no_setting_is_refused(argument: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose([argument, "task=a/b"])


def test_arguments_without_a_key_go_where_a_verb_says() -> None:
    class Files(BaseModel):
        files: tuple[Path, ...] = ()

    found = compose(["a b.png", "./c=d.png", "files=e=f"], Files, positional="files")
    assert found.files == (Path("a b.png"), Path("c=d.png"), Path("e=f"))


def test_what_is_text_follows_from_the_schema() -> None:
    texts = text_keys(RunConfig)
    assert {key for key, several in texts.items() if several} == {"goal", "baseline", "negative", "data"}
    assert {key for key, several in texts.items() if not several} == {"task", "env", "run_dir"}
