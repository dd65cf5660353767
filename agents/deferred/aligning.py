"""Moves the weight of the words beside the task's own reward, by the policy gradients of the two.

See :mod:`vlmrl.shaping.blend` for the formula. Gradients are those of REINFORCE on the last layer of the policy, over
the steps of a rollout; for algorithms with a replay buffer, over the last steps taken, by policies a little older.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from vlmrl.agents.deferred.steps import Step, rewards_of
from vlmrl.agents.deferred.unpaid import Rewards
from vlmrl.agents.learner.memory import parts_of, replay_buffer
from vlmrl.errors import ConfigError
from vlmrl.shaping import Own
from vlmrl.shaping.blend import advantages, moved

WINDOW = 2048
"""Steps of all environments together from which a gradient is read where rollouts are shorter than that."""

AT_ONCE = 512
"""Steps that go through the policy at once."""


@dataclass
class _Seen:
    """One step of N environments: what the policy saw before it, what it did, and what it was paid."""

    observation: Any
    actions: NDArray[Any]
    done: NDArray[np.bool_]
    own: Rewards | None = None
    words: Rewards | None = None


class Aligning:
    """Pays steps, and where the task's own reward is blended in, moves the weight of the words beside it.

    Args:
        how: the shaper's settings; None: there is no such shaper. Without a rate nothing moves.

    Attributes:
        weight: of the words' part, now; None where nothing moves it.
        cosine: between the two gradients at the last look; None before the first, and where nothing could be told.
    """

    def __init__(self, how: Own | None) -> None:
        self._how = how if how is not None and how.rate > 0 else None
        self.weight: float | None = None if self._how is None else self._how.weight
        self.cosine: float | None = None
        self._window: list[_Seen] = []
        self._unpaid: deque[_Seen] = deque()

    @property
    def moves(self) -> bool:
        """Whether there is a weight that moves."""
        return self._how is not None

    def check(self, model: BaseAlgorithm) -> None:
        """Refuse a learner whose policy has no gradient of this kind.

        Raises:
            ConfigError: it draws no actions by chance, or remembers.
        """
        policy: Any = model.policy
        drawn = hasattr(getattr(policy, "actor", None), "get_action_dist_params")
        if self.moves and not (drawn or isinstance(policy, ActorCriticPolicy)):
            raise ConfigError(
                f"shaping.blend.rate: the weight follows the policy's gradient, and {type(model).__name__} draws no "
                "actions by chance; take rate=0, or PPO, A2C, SAC, TQC or CrossQ"
            )

    @property
    def told(self) -> dict[str, float]:
        """What is worth logging: the ``weight`` of the words, and the last ``alignment`` between the two gradients."""
        known = {"weight": self.weight, "alignment": self.cosine}
        return {name: value for name, value in known.items() if value is not None}

    def parts(self, model: BaseAlgorithm) -> tuple[Rewards, ...]:
        """Where a replay buffer keeps what its rewards are made of; nowhere while nothing moves."""
        buffer = replay_buffer(model)
        return () if buffer is None or not self.moves else parts_of(buffer)

    def restart(self, anew: bool) -> None:
        """Forget the steps that were never paid; ``anew`` all, where others follow that do not go on from them."""
        self._window = [] if anew else [one for one in self._window if one.own is not None]
        self._unpaid.clear()

    def saw(self, model: BaseAlgorithm, done: NDArray[np.bool_], told: Mapping[str, Any]) -> None:
        """Take in a step.

        Args:
            model: before it takes in the observation that the step led to.
            done: bool ``(N,)``.
            told: the algorithm's locals.
        """
        if not self.moves:
            return
        action = told["buffer_actions"] if "buffer_actions" in told else told["actions"]
        drawn = not isinstance(model, OffPolicyAlgorithm) or model.num_timesteps > model.learning_starts
        seen = _Seen(deepcopy(model._last_obs), np.array(action), done)
        self._unpaid.append(seen)
        if drawn:  # else by nobody's policy
            self._window.append(seen)

    def pay(self, steps: Sequence[Step], gamma: float, shape: Any) -> tuple[Rewards, ...]:
        """What T steps are paid, float32 ``(T, N)``; of that the task's own part and the words', where a weight moves.

        A shape with a weight in it is a straight line in that weight.
        """
        if self.weight is None:
            return (rewards_of(steps, gamma, shape),)
        own = rewards_of(steps, gamma, shape, weight=0.0)
        words = rewards_of(steps, gamma, shape, weight=1.0) - own
        for seen, mine, theirs in zip((self._unpaid.popleft() for _ in steps), own, words, strict=True):
            seen.own, seen.words = mine, theirs
        return _sum(own, words, self.weight), own, words

    def look(self, model: BaseAlgorithm) -> None:
        """Move the weight if enough was seen; pay the rows of a replay buffer anew by it. All steps must be paid."""
        steps, buffer = self._window, replay_buffer(model)
        if self._how is None or self.weight is None or not steps:
            return
        if buffer is not None and len(steps) * len(steps[0].done) < WINDOW:
            return
        self._window = []
        before = self.weight
        self.weight, self.cosine = moved(before, *policy_gradients(model, steps), self._how)
        if buffer is not None and self.weight != before:
            buffer.rewards[:] = _sum(*parts_of(buffer), self.weight)


def _sum(own: Rewards, words: Rewards, weight: float) -> Rewards:
    return (own + np.float32(weight) * words).astype(np.float32)


def policy_gradients(model: BaseAlgorithm, steps: Sequence[_Seen]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``sum over steps of (d log pi(a | s) / d theta) A`` for the advantages of either reward; theta the last layer.

    Returns:
        Two of float64 ``(P,)``: of the task's own, and of the words'.
    """
    last = _last_layers(model)
    done = np.stack([one.done for one in steps])
    with torch.no_grad():
        features = torch.cat([inner for _, inner in _through(model, last, steps)]).to("cpu", torch.float64).numpy()
    features = features.reshape(*done.shape, -1)
    gamma = float(model.gamma)  # type: ignore[attr-defined]
    paid = (np.stack([getattr(one, part) for one in steps]) for part in ("own", "words"))
    worth = np.stack([advantages(rewards, done, gamma, features).ravel() for rewards in paid])
    found = [np.zeros(sum(weight.numel() for weight in last.parameters())) for _ in worth]
    at = 0
    for likely, _ in _through(model, last, steps):
        for row, total in zip(worth, found, strict=True):
            some = torch.as_tensor(row[at : at + len(likely)], dtype=likely.dtype, device=likely.device)
            parts = torch.autograd.grad((likely * some).sum(), list(last.parameters()), retain_graph=True)
            total += torch.cat([part.flatten() for part in parts]).to("cpu", torch.float64).numpy()
        at += len(likely)
    return found[0], found[1]


def _last_layers(model: BaseAlgorithm) -> nn.ModuleList:
    """What of the policy turns features into the distribution of actions."""
    policy: Any = model.policy
    if isinstance(policy, ActorCriticPolicy):
        return nn.ModuleList([policy.action_net])
    return nn.ModuleList([policy.actor.mu])


def _through(
    model: BaseAlgorithm, last: nn.ModuleList, steps: Sequence[_Seen]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Log-likelihoods ``(B,)`` of the actions that were taken, and the last layer's inputs ``(B, F)``, part by part."""
    policy: Any = model.policy
    policy.set_training_mode(False)
    each = max(1, AT_ONCE // len(steps[0].done))
    inner: list[torch.Tensor] = []
    hook = last[0].register_forward_pre_hook(lambda _, given: inner.append(given[0].detach()))
    try:
        for at in range(0, len(steps), each):
            some = steps[at : at + each]
            observations, _ = policy.obs_to_tensor(_joined([one.observation for one in some]))
            actions = torch.as_tensor(np.concatenate([one.actions for one in some]), device=policy.device)
            inner.clear()
            if isinstance(policy, ActorCriticPolicy):
                likely = policy.get_distribution(observations).log_prob(actions)
            else:
                mean, deviation, more = policy.actor.get_action_dist_params(observations)
                likely = policy.actor.action_dist.proba_distribution(mean, deviation, **more).log_prob(actions)
            yield likely, inner[0].flatten(1)
    finally:
        hook.remove()


def _joined(observations: Sequence[Any]) -> Any:
    """Steps of N environments as one batch, row by row of time."""
    if isinstance(observations[0], dict):
        return {key: np.concatenate([one[key] for one in observations]) for key in observations[0]}
    return np.concatenate(observations)
