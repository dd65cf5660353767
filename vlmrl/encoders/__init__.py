"""Encoders: frames and sentences as unit vectors in one space. ``load(name)`` gives one."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from vlmrl.config.groups import CONF, options
from vlmrl.config.parts import check_keywords, part
from vlmrl.errors import UnknownName

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

__all__ = ["kept", "load"]


def load(name: str, **settings: Any) -> Encoder:
    """An encoder by the name of its config, or any model that open_clip knows.

    Args:
        name: a YAML of ``vlmrl/conf/encoder`` such as ``sim_clip``, an encoder of another package, or ``name/tag``,
            ``hf-hub:org/name``, ``local-dir:/path``.
        settings: keywords of the encoder's constructor; they go before those in the YAML.

    Raises:
        UnknownName: no such config and no such model.
        WeightsMissing: the weights are neither on disk nor can they be downloaded.
        ConfigError: a setting is unknown or does not fit.
    """
    known, packaged = options("encoder"), CONF / "encoder" / f"{name}.yaml"
    if "/" in name or ":" in name:
        written = {"model": name}
    elif name not in known:
        raise UnknownName("encoder", name, [*known, "NAME/TAG of open_clip", "hf-hub:ORG/NAME", "local-dir:/PATH"])
    elif packaged.is_file():
        written = yaml.safe_load(packaged.read_text(encoding="utf-8")) or {}
    else:  # another package's, which lives by its constructor's defaults
        written = {"family": name}
    keywords = {**written, **settings}
    family = part("encoder", keywords.pop("family", "open_clip"))
    check_keywords("encoder", keywords, family)
    encoder: Encoder = family(**keywords)
    return encoder


def kept(name: str, **settings: Any) -> Encoder:
    """The same, built once for all who ask for it alike; the last four stay in memory. Errors as for :func:`load`."""
    return _built(name, json.dumps(settings, sort_keys=True))


@lru_cache(maxsize=4)
def _built(name: str, settings: str) -> Encoder:
    return load(name, **json.loads(settings))
