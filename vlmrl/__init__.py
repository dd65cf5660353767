"""Train an embodied agent from a sentence, and learn honestly whether the reward meant anything.

``import vlmrl`` is light: it opens no file, no device and no connection. The names below come with their modules when
they are first used.

    >>> import vlmrl
    >>> vlmrl.configure(task="cartpole/upright", agent={"total_steps": 1_000}).agent.total_steps
    1000
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmrl import _triton_guard

if TYPE_CHECKING:
    from vlmrl.agents.deferred import DeferredReward as DeferredReward
    from vlmrl.agents.train import train as train
    from vlmrl.config.compose import configure as configure
    from vlmrl.config.schema import RunConfig as RunConfig
    from vlmrl.errors import VlmrlError as VlmrlError
    from vlmrl.scoring import score as score
    from vlmrl.scoring.scorer import Scorer as Scorer
    from vlmrl.types import Words as Words
    from vlmrl.wrappers.vector import VectorVLMReward as VectorVLMReward
    from vlmrl.wrappers.vlm_reward import VLMReward as VLMReward

    __version__: str

_LAZY = {
    "DeferredReward": "vlmrl.agents.deferred:DeferredReward",
    "RunConfig": "vlmrl.config.schema:RunConfig",
    "Scorer": "vlmrl.scoring.scorer:Scorer",
    "VLMReward": "vlmrl.wrappers.vlm_reward:VLMReward",
    "VectorVLMReward": "vlmrl.wrappers.vector:VectorVLMReward",
    "VlmrlError": "vlmrl.errors:VlmrlError",
    "Words": "vlmrl.types:Words",
    "configure": "vlmrl.config.compose:configure",
    "score": "vlmrl.scoring:score",
    "train": "vlmrl.agents.train:train",
}

__all__ = sorted(_LAZY)

# In a checkout without symbolic links (Windows, some archives) the two folders are reached from here.
if not (Path(__file__).parent / "envs").is_dir():
    __path__.append(str(Path(__file__).parent.parent))

_triton_guard.install()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("vlmrl")
    if name not in _LAZY:
        raise AttributeError(f"module 'vlmrl' has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "__version__"})
