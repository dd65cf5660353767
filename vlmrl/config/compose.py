"""Put a run's settings together: packaged YAML first, then an experiment, then the user's words, checked at the end.

``compose`` reads a command line and ``configure`` Python arguments; both end in the same validated model. Hydra
composes the YAML of ``vlmrl/conf``; its ``instantiate`` is never used, parts are found by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, overload

from hydra import compose as hydra_compose
from hydra import initialize_config_dir, version
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel

from vlmrl.config import packaged
from vlmrl.config.arguments import Arguments, split, text_keys
from vlmrl.config.complaints import unknown, validate
from vlmrl.config.groups import CONF, GROUPS, groups_of, options, yaml_of
from vlmrl.config.schema import ORACLE, RunConfig
from vlmrl.errors import ConfigError

__all__ = ["compose", "configure", "options"]

M = TypeVar("M", bound=BaseModel)


@overload
def compose(argv: Sequence[str]) -> RunConfig: ...
@overload
def compose(argv: Sequence[str], model: type[M], positional: str | None = None) -> M: ...
def compose(argv: Sequence[str], model: type[BaseModel] = RunConfig, positional: str | None = None) -> BaseModel:
    """Settings from a command line.

    Args:
        argv: ``key=value`` arguments, without program and verb. ``goal=``, ``baseline=`` and ``negative=`` may be given
            several times; they, names and paths are taken verbatim, every other value follows Hydra's grammar.
        model: what to build; its fields decide which config groups take part.
        positional: the text setting that arguments without ``=`` are meant for; None refuses them.

    Raises:
        ConfigError: a key or an option is unknown (the nearest is named), or a value does not fit.
    """
    texts = text_keys(model)
    arguments = split(argv, texts, GROUPS, positional)
    for group in set(arguments.choices) - set(groups_of(model)):
        raise ConfigError(unknown(group, arguments.choices[group], list(model.model_fields)))
    given: dict[str, Any] = {}
    for key, values in arguments.texts.items():
        _put(given, key, list(values) if texts.get(key) else _or_none(values[-1]))
    return _build(model, arguments, given)


@overload
def configure(**settings: Any) -> RunConfig: ...
@overload
def configure(model: type[M], /, **settings: Any) -> M: ...
def configure(model: type[BaseModel] = RunConfig, /, **settings: Any) -> BaseModel:
    """Settings from Python: ``configure(task="cartpole/upright", agent="ppo", reward={"alpha": 0.7})``.

    Args:
        model: what to build.
        settings: each a value, or for a config group the name of an option, or a dict (``name`` picks the option, the
            rest changes its values). Nothing in them is interpreted.

    Raises:
        ConfigError: as for :func:`compose`.
    """
    choices: dict[str, str] = {}
    given: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in groups_of(model):
            given[key] = value
        elif isinstance(value, str):
            choices[key] = value
        elif isinstance(value, list | tuple):
            choices[key] = f"[{','.join(map(str, value))}]"
        else:
            rest = dict(value)
            if "name" in rest:
                choices[key] = str(rest.pop("name"))
            given[key] = rest
    return _build(model, Arguments(choices=choices), given)


def _build(model: type[BaseModel], arguments: Arguments, given: Mapping[str, Any]) -> BaseModel:
    arguments = _with_one_that_knows(arguments, groups_of(model), given)
    data = _compose(arguments, groups_of(model))
    if ("task" in given) != ("env" in given):  # whoever names a world leaves the experiment's
        data.pop("env" if "task" in given else "task", None)
    _merge(data, given)
    data = {key: value for key, value in data.items() if key in model.model_fields or key not in GROUPS}
    return validate(model, data)


def _with_one_that_knows(arguments: Arguments, groups: Sequence[str], given: Mapping[str, Any]) -> Arguments:
    """Where a task is named and no encoder: the packaged model that was told of the task's world."""
    task = given.get("task")
    if not task or "encoder" not in groups or {"encoder", "experiment"} & set(arguments.choices):
        return arguments
    model = packaged.told_of(str(task).partition("/")[0])
    return arguments if model is None else replace(arguments, choices={**arguments.choices, "encoder": model})


def _compose(arguments: Arguments, groups: Sequence[str]) -> dict[str, Any]:
    """What the YAML and the Hydra part of the line say, sections named, nothing validated."""
    overrides = [f"{group}={yaml_of(group, choice)}" for group, choice in arguments.choices.items()]
    try:
        with _hydra():
            root = "config" if groups else None
            composed = hydra_compose(root, [*overrides, *arguments.values], return_hydra_config=True)
            chosen = {**composed.hydra.runtime.choices, **arguments.choices}
            data = _plain(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_hydra_says(error, arguments.values)) from error
    for group in groups:
        section = data.get(group) or {}
        if group != "experiment" and isinstance(section, dict):
            data[group] = _named(group, chosen.get(group), section, arguments.values)
    return data


def _named(group: str, chosen: object, section: dict[str, Any], values: Sequence[str]) -> dict[str, Any]:
    """A section with its name, and with what the name alone says of a part that has no YAML."""
    name = str(chosen)
    if chosen is None or (group == "shaping" and name.startswith("[")):  # several options, which Hydra does not name
        name = "+".join(section)
    if group == "reward" and name == ORACLE:  # an experiment's reward settings fall away, the user's own are refused
        section = {key: value for key, value in section.items() if any(f"reward.{key}" in given for given in values)}
    return {"name": name, **_without_yaml(group, name), **section}


def _without_yaml(group: str, name: str) -> dict[str, Any]:
    if (CONF / group / f"{name}.yaml").is_file():
        return {}
    if group == "encoder":  # of another package, or one that open_clip knows
        return {"family": name} if name in options("encoder") else {"model": name}
    return {name: {}} if group == "shaping" and name in options("shaping") else {}


@contextmanager
def _hydra() -> Iterator[None]:
    """Hydra over our YAML, whoever else in this process uses Hydra, and left as it was."""
    outer = GlobalHydra.instance()
    running, base = outer.hydra, version.getbase()
    outer.clear()
    try:
        with initialize_config_dir(str(CONF.resolve()), job_name="vlmrl", version_base="1.3"):
            yield
    finally:
        outer.hydra = running
        GlobalHydra.set_instance(outer)
        version.VersionBase.instance().version_base = base


def _plain(composed: DictConfig) -> dict[str, Any]:
    OmegaConf.set_struct(composed, False)
    composed.pop("hydra")
    data = OmegaConf.to_container(composed, resolve=True)
    return {str(key): value for key, value in data.items()} if isinstance(data, dict) else {}


def _or_none(text: str) -> str | None:
    return None if text == "null" else text


def _put(data: dict[str, Any], dotted: str, value: object) -> None:
    *above, leaf = dotted.split(".")
    for step in above:
        data = data.setdefault(step, {})
    data[leaf] = value


def _merge(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    for key, value in given.items():
        if isinstance(value, Mapping) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value


def _hydra_says(error: Exception, values: Sequence[str]) -> str:
    """Hydra's objection in one line, led by the argument that it is about."""
    text = str(error).strip() or type(error).__name__
    about = getattr(error, "override", None) or next(
        (value for value in values if value in text or value.lstrip("+~").split("=")[0] in text), "settings"
    )
    wrong = text.splitlines()[0]
    if "Ambiguous value" in text or "Sweep" in text:
        wrong = "several values in a row are a sweep, which no verb runs; give one value, or a list as [a,b]"
    return f"{about.lstrip('+')}: {wrong}"
