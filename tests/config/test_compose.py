"""Settings come together from YAML, experiment and user, and whatever does not fit is named with what would."""

from pathlib import Path
from typing import Any

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from vlmrl.config import parts
from vlmrl.config.compose import compose, configure
from vlmrl.config.groups import CONF, GROUPS, options
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError, UnknownName

TASK = "task=cartpole/upright"


def test_the_defaults_are_the_ones_of_the_design() -> None:
    config = compose([TASK])
    names = {group: getattr(config, group).name for group in GROUPS if group != "experiment"}
    assert names == {
        "encoder": "sim_clip",
        "reward": "goal_baseline",
        "shaping": "default",
        "agent": "sac",
        "render": "fast",
        "track": "default",
    }
    assert config.seed is None
    assert config.resume == "auto"


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in options(group)])
def test_every_option_composes_and_fits_its_constructor(group: str, name: str) -> None:
    config = compose([TASK, f"{group}={name}"])
    if group == "experiment":
        assert config.task
    else:
        assert getattr(config, group).name == name
    parts.check(config)


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_yaml_says_what_it_is_for(path: Path) -> None:
    comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    assert any(not line.startswith("# @package") for line in comments)


def test_python_and_command_line_say_the_same() -> None:
    line = ["task=a/b", "agent=ppo", "agent.params.gamma=0.9", "reward.alpha=0.7", "goal=x, y", "render.size=[32,48]"]
    python = configure(
        task="a/b",
        agent={"name": "ppo", "params": {"gamma": 0.9}},
        reward={"alpha": 0.7},
        goal="x, y",
        render={"size": (32, 48)},
    )
    assert compose(line) == python
    assert python.agent.params["n_epochs"] == 10  # a dict changes the option, it does not replace it


def test_a_value_from_the_user_goes_before_the_experiments() -> None:
    config = compose(["seed=7", "experiment=demo", "agent=ppo"])
    assert (config.seed, config.agent.name, config.task) == (7, "ppo", "cartpole/upright")


def test_naming_an_env_leaves_the_experiments_task() -> None:
    config = compose(["experiment=demo", "env=Hopper-v5", "goal=x"])
    assert (config.task, config.env) == (None, "Hopper-v5")


def test_later_values_replace_earlier_ones() -> None:
    assert compose([TASK, "seed=1", "seed=2", "agent=ppo", "agent=td3"]).seed == 2
    assert compose([TASK, "agent=ppo", "agent=td3"]).agent.algorithm == "TD3"


@pytest.mark.parametrize(
    "name", ["ViT-B-32/laion2b_s34b_b79k", "hf-hub:timm/ViT-SO400M", "local-dir:/a b/c,d's [e]=$f", "ViT-B-32/openai"]
)
def test_any_model_of_open_clip_is_an_encoder(name: str) -> None:
    config = compose([TASK, f"encoder={name}", "encoder.device=cuda:0"])
    assert (config.encoder.name, config.encoder.family) == (name, "open_clip")
    assert config.encoder.keywords == {"model": name, "device": "cuda:0"}
    assert configure(task="cartpole/upright", encoder=name).encoder.keywords == {"model": name}


def test_shapers_stand_in_the_order_of_the_line() -> None:
    shaping = compose([TASK, "shaping=[calibrate, score,scale]", "shaping.scale.factor=2"]).shaping
    assert shaping.name == "calibrate+score+scale"
    assert list(shaping.keywords) == ["calibrate", "score", "scale"]
    assert shaping.keywords["scale"] == {"factor": 2}
    assert configure(task="a/b", shaping=["calibrate", "score", "scale"]).shaping.name == shaping.name


def test_the_oracle_takes_no_settings_and_leaves_the_experiments() -> None:
    assert compose([TASK, "reward=oracle"]).reward.is_oracle
    with pytest.raises(ConfigError, match="reward=oracle: takes no settings, got alpha"):
        compose([TASK, "reward=oracle", "reward.alpha=0.5"])


TYPOS = {
    "seedd=1": "seedd=1: is not known; did you mean seed?",
    "+sede=1": "sede=1: is not known; did you mean seed?",
    "++agent.total_step=1": "agent.total_step=1: is not known; did you mean agent.total_steps?",
    "evaluation.evry=1": "evaluation.evry=1: is not known; did you mean evaluation.every?",
    "+render.profil=fast": "render.profil=fast: is not known; did you mean render.profile?",
    "agent.learning_rate=1": "agent.learning_rate=1: is not known; did you mean agent.params.learning_rate?",
    "size=[8,8]": "size=[8, 8]: is not known; did you mean render.size?",
    "rewards=cosine": "rewards=cosine: is not known; did you mean reward?",
    "agnt.n_envs=2": "agnt={n_envs: 2}: is not known; did you mean agent?",
    "alpha=1": "alpha=1: is not known; did you mean reward.alpha?",
}


def test_every_unknown_key_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(ConfigError) as caught:
        compose([TASK, *TYPOS])
    assert sorted(str(caught.value).splitlines()) == sorted(TYPOS.values())


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("reward=goal_baselin", r"reward=goal_baselin: is not known; did you mean goal_baseline\?"),
        ("encoder=sim_clpi", r"encoder=sim_clpi: is not known; did you mean sim_clip\?"),
        ("agent=sca", r"agent=sca: is not known; did you mean sac\?"),
        ("experiment=dmeo", r"experiment=dmeo: is not known; did you mean demo\?"),
        ("shaping=[score,scael]", r"shaping=scael: is not known; did you mean scale\?"),
        ("render=../fast", r"render=\.\./fast: is not known"),
        ("reward=_empty", "reward=_empty: is not known"),
        ("encoder=ViT-B-32", "encoder=ViT-B-32: is not known"),
    ],
)
def test_an_unknown_option_is_refused_and_the_nearest_named(argument: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        compose([TASK, argument])


MISFITS = {
    "agent.n_envs=many": "agent.n_envs=many: is not a whole number (environments stepped together)",
    "agent.total_steps=1.5": "agent.total_steps=1.5: is not a whole number (environment steps, summed over all "
    "environments)",
    "checkpoint_every=0": "checkpoint_every=0: should be greater than 0 (environment steps between checkpoints)",
    "seed=-1": "seed=-1: should be greater than or equal to 0 (null: one is drawn and printed)",
    "obs=pixel": "obs=pixel: should be 'state', 'pixels' or 'both' (what the policy sees)",
    "progress=perhaps": "progress=perhaps: is neither true nor false (show a progress bar)",
    "evaluation=5": "evaluation=5: is not a group of settings (how the agent is judged)",
    "render.profile=ugly": "render.profile=ugly: should be 'fast', 'vlm' or 'pretty' (how much drawing a frame is "
    "worth; null: the task's own)",
}


def test_every_value_that_does_not_fit_is_named_with_what_would() -> None:
    with pytest.raises(ConfigError) as caught:
        compose([TASK, *MISFITS])
    assert sorted(str(caught.value).splitlines()) == sorted(MISFITS.values())


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("render.size=[64,-1]", r"render\.size\.1=-1: should be greater than 0"),
        ("seed=4294967296", "seed=4294967296: is too large"),
        ("seed=999993", r"seed=999993: meets the evaluation's seeds 1000000\.\.1000049"),
        ("seed=1,2", "seed=1,2: several values in a row are a sweep"),
        ("agent.params.x={a: [1,2}", r"agent\.params\.x=\{a: \[1,2\}: no viable alternative"),
        ("~agent.nothing", "~agent.nothing: Could not delete"),
        ("goal=...", "goal='...': has no words"),
        ("goal=", "goal='': has no words"),
    ],
)
def test_a_value_that_means_nothing_is_named(argument: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose([TASK, argument])


@pytest.mark.parametrize(
    "argument",
    [
        "+reward._target_=os.system",
        "agent.params.policy_kwargs={_target_: os.system}",
        "agent.params.x=[{_target_: os.system}]",
        "reward={_target_: os.system}",
        "_target_=os.system",
        "shaping.scale._partial_=true",
    ],
)
def test_no_setting_names_code_to_call(argument: str) -> None:
    with pytest.raises(ConfigError, match=r"names code to call|is not known"):
        compose([TASK, argument])


def test_python_settings_name_no_code_either() -> None:
    with pytest.raises(ConfigError, match=r"agent\.params\._target_=os\.system: a setting never names code"):
        configure(task="a/b", agent={"params": {"_target_": "os.system"}})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "task: is missing"),
        (["task=a/b", "env=Hopper-v5", "goal=x"], "are two worlds"),
        (["env=Hopper-v5"], "env=Hopper-v5: has no sentence of its own"),
    ],
)
def test_there_is_one_world_with_a_goal(settings: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose(settings)


def test_an_env_needs_no_goal_when_the_simulator_pays() -> None:
    assert compose(["env=Hopper-v5", "reward=oracle"]).goal == ()


def test_hydra_elsewhere_in_the_process_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("a: 1\n", encoding="utf-8")
    with initialize_config_dir(str(tmp_path), version_base="1.2"):
        compose([TASK])
        with pytest.raises(ConfigError):
            compose([TASK, "nothing=1"])
        assert hydra_compose("mine").a == 1
    assert not GlobalHydra.instance().is_initialized()


def test_settings_are_frozen() -> None:
    config: Any = compose([TASK])
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3
    assert isinstance(config, RunConfig)
