"""Encoders: frames and sentences as unit vectors in one space. ``load(name)`` gives one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vlmrl.config.parts import check_keywords, part
from vlmrl.errors import UnknownName

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

__all__ = ["load"]

_CONF = Path(__file__).parent.parent / "conf" / "encoder"


def load(name: str, **settings: Any) -> Encoder:
    """An encoder by the name of its config, or any model that open_clip knows.

    Args:
        name: a YAML of ``vlmrl/conf/encoder`` such as ``sim_clip``; or ``name/tag``, ``hf-hub:org/name``,
            ``local-dir:/path``.
        settings: keywords of the encoder's constructor; they go before those in the YAML.

    Raises:
        UnknownName: no such config and no such model.
        WeightsMissing: the weights are neither on disk nor can they be downloaded.
        ConfigError: a setting is unknown or does not fit.
    """
    configs = sorted(path.stem for path in _CONF.glob("[!_]*.yaml"))
    if name in configs:
        written = yaml.safe_load((_CONF / f"{name}.yaml").read_text(encoding="utf-8")) or {}
    elif "/" in name or ":" in name:
        written = {"model": name}
    else:
        raise UnknownName("encoder", name, [*configs, "NAME/TAG of open_clip", "hf-hub:ORG/NAME", "local-dir:/PATH"])
    keywords = {**written, **settings}
    family = part("encoder", keywords.pop("family", "open_clip"))
    check_keywords("encoder", keywords, family)
    encoder: Encoder = family(**keywords)
    return encoder
