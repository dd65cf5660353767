"""What a step of a vector environment brings along for its reward: frames in its infos, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from vlmrl.agents.deferred.guards import layers
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.shaping.base import Float, Steps


@dataclass(frozen=True)
class Step:
    """One step of N environments, whose scores may not be in yet.

    Attributes:
        before, after: float32 ``(N,)``, scores of the frames before and after it; NaN until they are in.
        done: bool ``(N,)``, the episode ended, truly or by a time limit.
        infos: without their frames.
        seen: ``(N, D)``, what the policy saw after it; None where nobody asked.
        past: what shapers asked of the episodes before it, float32 ``(N,)`` by the name of the field of
            :class:`~vlmrl.shaping.base.Steps`; filled in when known.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    done: NDArray[np.bool_]
    infos: list[dict[str, Any]]
    seen: NDArray[np.float32] | None = None
    past: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def terminated(self) -> NDArray[np.bool_]:
        """True ends only, bool ``(N,)``."""
        limit = [bool(info.get("TimeLimit.truncated", False)) for info in self.infos]
        ended: NDArray[np.bool_] = self.done & ~np.array(limit, dtype=bool)
        return ended


def rewards_of(
    steps: Sequence[Step], gamma: float, shape: Callable[[Steps], Float], weight: float | None = None
) -> Float:
    """What T steps are paid, float32 ``(T, N)``; ``weight`` is that of :class:`~vlmrl.shaping.base.Steps`.

    Raises:
        ShapeError: ``shape`` gave something else, or a number that is not finite.
    """
    before, after, terminated = (
        np.stack([getattr(s, side) for s in steps]) for side in ("before", "after", "terminated")
    )
    past = {name: np.stack([step.past[name] for step in steps]) for name in steps[0].past}
    rewards = np.asarray(shape(Steps(before, after, terminated, gamma, weight=weight, **past)), dtype=np.float32)
    if rewards.shape != after.shape or not np.isfinite(rewards).all():
        raise ShapeError(f"shape: gave rewards {rewards.shape} for scores {after.shape}; must be as many, and finite")
    return rewards


def led_to(seen: Any, step: Step, normalised: VecNormalize | None) -> NDArray[Any]:
    """The states that a step led to, ``(N, D)``; what is seen is given back as it is where it is something else.

    Args:
        seen: what the policy saw after it, of an ended episode the next one's first.
        step: holds the last of an ended one.
        normalised: by whom; None: nobody. ``seen`` is not.
    """
    rows = np.array(seen)
    if rows.ndim != 2:
        return rows
    for env in np.flatnonzero(step.done).tolist():
        last = step.infos[env]["terminal_observation"]
        rows[env] = last if normalised is None else normalised.unnormalize_obs(last)
    return rows


def blank(n: int) -> NDArray[np.float32]:
    """N scores that are not in yet."""
    return np.full(n, np.nan, dtype=np.float32)


def present_frames(venv: VecEnv, envs: Sequence[int] | None = None) -> list[Any] | None:
    """A frame of environments as they stand, in the middle of an episode or not; None where nobody can tell.

    Args:
        venv: has them.
        envs: which; None is all.
    """
    return venv.env_method("frame", indices=envs) if all(venv.env_is_wrapped(FrameTap)) else None


def reset_frame(venv: VecEnv, env: int) -> Any:
    """The first frame of the episode that environment ``env`` began last, or None."""
    *_, base = layers(venv)  # wrappers of vector environments have a list of that name too, which nobody fills
    return base.reset_infos[env].get("frame")


def check_unpaid(rewards: Any) -> None:
    """Refuse an environment that pays the learner itself.

    Raises:
        ConfigError: a reward is not 0.
    """
    if np.any(rewards):
        raise ConfigError(
            f"reward={np.asarray(rewards).tolist()}: the environment pays its own reward, which must not reach the "
            "learner; wrap it in vlmrl.envs.frame_tap.FrameTap, and put no wrapper that pays around that"
        )
