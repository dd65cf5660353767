"""Say what is wrong with a setting so that it can be put right: ``key=value: what is wrong; what would be right``."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vlmrl.errors import ConfigError, nearest

WRONG = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "string_type": "is not text",
    "finite_number": "is not a finite number",
    "model_type": "is not a group of settings",
    "dict_type": "is not a group of settings",
}


M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], data: Mapping[str, Any]) -> M:
    """Build ``model`` from plain data, such as composed settings or a run's config.yaml.

    Raises:
        ConfigError: a key is unknown (the nearest is named) or names code, or a value does not fit; all of them.
    """
    refuse_targets(data)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise complain(error, model, data) from None


def complain(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]) -> ConfigError:
    """All of pydantic's objections in our own words, one a line.

    Args:
        error: what pydantic raised.
        model: what was being built.
        data: from what; its keys are where a misplaced one may have been meant to go.
    """
    elsewhere = [*paths(model), *_leaves(data)]
    return ConfigError("\n".join(dict.fromkeys(_sentence(one, model, elsewhere) for one in error.errors())))


def unknown(key: str, value: object, known: Collection[str], elsewhere: Collection[str] = ()) -> str:
    """The objection to a key that nobody knows.

    Args:
        key: dotted, as the user wrote it.
        value: what was given for it.
        known: the names valid in its place, without the dots before.
        elsewhere: dotted names valid in other places; one that ends alike is what was meant.
    """
    above, _, leaf = key.rpartition(".")
    leaves = {name.rpartition(".")[2] for name in elsewhere if name != key}
    meant = leaf if leaf in leaves else next(iter(difflib.get_close_matches(leaf, leaves, n=1, cutoff=0.85)), None)
    ends_alike = sorted({name for name in elsewhere if name != key and name.rpartition(".")[2] == meant})
    if ends_alike and not difflib.get_close_matches(leaf, known, n=1, cutoff=0.8):
        hint = f"did you mean {' or '.join(ends_alike)}?"
    else:
        hint = nearest(leaf, known, most=40)
        if above and hint.startswith("did you mean "):
            hint = f"did you mean {above}.{hint.removeprefix('did you mean ')}"
    return f"{key}={_shown(value)}: is not known; {hint}"


def paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every dotted key of ``model`` and of the sections inside it."""
    for name, known in model.model_fields.items():
        yield above + name
        if isinstance(known.annotation, type) and issubclass(known.annotation, BaseModel):
            yield from paths(known.annotation, f"{above}{name}.")


def _leaves(data: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in data.items():
        yield f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")


def _sentence(one: ErrorDetails, model: type[BaseModel], elsewhere: Collection[str]) -> str:
    key, value = ".".join(str(step) for step in one["loc"]), one["input"]
    if one["type"] == "extra_forbidden":
        section, _ = _walk(one["loc"][:-1], model)
        return unknown(key, value, list(section.model_fields), elsewhere)
    cause = one.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return str(cause)
    _, meaning = _walk(one["loc"], model)
    if one["type"] == "missing":
        return f"{key}: is missing{meaning}"
    wrong = WRONG.get(one["type"]) or one["msg"].removeprefix("Input ")
    return f"{key}={_shown(value)}: {wrong}{meaning}"


def _walk(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[type[BaseModel], str]:
    """The section that a place lies in, and what the last named setting on the way there means, in brackets."""
    meaning = ""
    for step in loc:
        field = model.model_fields.get(str(step))
        if field is None:
            break
        meaning = f" ({field.description[0].lower()}{field.description[1:].rstrip('.')})" if field.description else ""
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return model, meaning


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(inner)}" for key, inner in value.items()) + "}"
    return str(value) if isinstance(value, str | int | float) or value is None else repr(value)


def refuse_targets(value: Any, above: str = "") -> None:
    """Refuse Hydra's ``_target_`` and its siblings at any depth: a setting never names code to call.

    Raises:
        ConfigError: there is one; the message says where.
    """
    if isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            refuse_targets(inner, f"{above}{index}.")
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        name = str(key)
        if len(name) > 2 and name.startswith("_") and name.endswith("_"):
            raise ConfigError(
                f"{above}{name}={_shown(inner)}: a setting never names code to call; "
                "choose a part by its name (reward=, encoder=, agent=), see CONTRIBUTING for adding one"
            )
        refuse_targets(inner, f"{above}{name}.")
