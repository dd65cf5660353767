"""Reward models: frames and words to numbers. ``load(name, encoder)`` gives one.

Each module is a reward, but ``base``, what all of them promise. What some share is in the folders with an underscore.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vlmrl.config.parts import check_keywords, part

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder
    from vlmrl.rewards.base import RewardModel

__all__ = ["load", "taught"]

_CONF = Path(__file__).parent.parent / "conf" / "reward"


def load(name: str, encoder: Encoder, **settings: Any) -> RewardModel:
    """A reward model by its name.

    Args:
        name: a module of ``vlmrl/rewards``, or what another package declares.
        encoder: given to it.
        settings: keywords of its constructor; they go before those in ``vlmrl/conf/reward/<name>.yaml``.

    Raises:
        UnknownName: no such reward.
        ConfigError: a setting is unknown or out of range.
    """
    model = part("reward", name)
    path = _CONF / f"{name}.yaml"
    written = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
    keywords = {**written, **settings}
    check_keywords("reward", keywords, model, given=("encoder",))
    reward: RewardModel = model(encoder, **keywords)
    return reward


def taught(name: str, encoder: Encoder, **settings: Any) -> RewardModel:
    """A reward model whose scores mean something; as :func:`load`, for whoever teaches none.

    Raises:
        UnknownName: no such reward.
        ConfigError: a setting is unknown or out of range, or the reward has to learn first.
    """
    from vlmrl.rewards.base import refuse_untaught

    reward = load(name, encoder, **settings)
    refuse_untaught(reward)
    return reward
