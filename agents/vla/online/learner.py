"""Updates of a policy from waves of episodes: all of GRPO and PPO but where they get their advantages from."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlmrl.agents.vla.model import Network, Seen
from vlmrl.agents.vla.online.advantages import beside_group, by_critic, discounted
from vlmrl.agents.vla.online.critic import Critic
from vlmrl.agents.vla.online.losses import apart, clipped, outside
from vlmrl.agents.vla.online.rollouts import Wave, rows_of, together
from vlmrl.agents.vla.online.settings import Grpo, Ppo

CLIP = 1.0
"""Longest gradient of the policy, and of the critic."""
AT_ONCE = 256
"""Plans that are looked at together where nothing is learned from them."""


@dataclass(frozen=True)
class Plans:
    """B plans to learn from.

    Attributes:
        seen: what was looked at.
        done, likely: ``(B, h, A)``.
        there: float32 ``(B, h)``, 1 where an action was carried out.
        advantages: float32 ``(B,)``.
        time: float32 ``(B,)``, share of the episode that was over.
        returns: float32 ``(B,)``, what a critic should say; 0 where there is none.
    """

    seen: Seen
    done: Tensor
    likely: Tensor
    there: Tensor
    advantages: Tensor
    time: Tensor
    returns: Tensor

    def __len__(self) -> int:
        return len(self.done)


class OnlineLearner:
    """A policy that learns from what it tried.

    Args:
        network: the policy, as its clone left it.
        clone: what the distance is taken from; None: a copy of ``network``.
        settings: how.

    Attributes:
        network: as it is now.
        critic: what is still to be paid; None where groups say it.
        updates: rounds so far.
    """

    def __init__(self, network: Network, settings: Grpo | Ppo, clone: Network | None = None) -> None:
        self.network, self._settings = network, settings
        self._clone = (clone or copy.deepcopy(network)).eval() if settings.kl else None
        self.critic: Critic | None = None
        rates = [{"params": list(network.parameters()), "lr": settings.learning_rate}]
        if isinstance(settings, Ppo):
            self.critic = Critic(network.form.width).to(network.kinds.device)
            rates.append({"params": list(self.critic.parameters()), "lr": settings.value_rate})
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(rates)
        self.updates = 0

    def weights(self) -> dict[str, Mapping[str, Tensor]]:
        """The policy's, and the critic's if there is one."""
        found: dict[str, Mapping[str, Tensor]] = {"network": self.network.state_dict()}
        return found if self.critic is None else {**found, "critic": self.critic.state_dict()}

    def take(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Go on from what :meth:`weights` gave."""
        self.network.load_state_dict(dict(weights["network"]))
        if self.critic is not None:
            self.critic.load_state_dict(dict(weights["critic"]))

    def judge(self, wave: Wave) -> Plans:
        """The plans of a wave with what they were worth; those of groups that teach nothing are left out."""
        plans, count = wave.there.shape[:2]
        begun = wave.there[:, :, 0]
        time = np.arange(plans)[:, None] * wave.there.shape[2] / wave.horizon * np.ones(count)
        if isinstance(self._settings, Grpo):
            own = self._settings
            found, kept = beside_group(wave.rewards.sum(axis=0), own.group_size, own.alike, own.standardise)
            advantages, returns = np.broadcast_to(found, begun.shape), np.zeros(begun.shape)
            begun = begun & kept
        else:
            advantages, returns = self._by_critic(wave, time, self._settings)
        rows = torch.from_numpy(np.flatnonzero(begun))
        flat = [torch.from_numpy(one.astype(np.float32).reshape(-1)) for one in (advantages, time, returns)]
        there = torch.from_numpy(wave.there.astype(np.float32)).flatten(0, 1)
        done, likely = wave.done.flatten(0, 1)[rows], wave.likely.flatten(0, 1)[rows]
        seen = rows_of(wave.seen, rows, torch.device("cpu"))
        return Plans(seen, done, likely, there[rows], *(one[rows] for one in flat))

    def groups(self, plans: Plans) -> int:
        """How many groups those plans are of: each episode has one that begins it."""
        return int((plans.time == 0).sum()) // self._settings.group

    def learn(self, several: Sequence[Plans], random: np.random.Generator) -> dict[str, float]:
        """A round of updates; means of what is worth logging, {} where there was nothing to learn from."""
        plans = _joined([one for one in several if len(one)])
        self.updates += 1
        if plans is None:
            return {}
        own = self._settings
        acts = not isinstance(own, Ppo) or self.updates > own.warm_up
        if self.critic is not None:
            self.critic.measure(plans.returns)
            spread = plans.advantages.std(unbiased=False)
            plans = _with(plans, (plans.advantages - plans.advantages.mean()) / (spread + 1e-6))
        clones = self._likely_to_clone(plans)
        told: list[dict[str, float]] = []
        batches = -(-len(plans) // own.batch_size)
        for rows in (
            some for _ in range(own.epochs) for some in np.array_split(random.permutation(len(plans)), batches)
        ):
            if not acts and self.critic is None:
                break
            told.append(self._update(plans, torch.from_numpy(rows), clones, acts))
            acts = acts and (own.most_drift is None or told[-1]["drift"] <= own.most_drift)
        names = dict.fromkeys(name for one in told for name in one)
        return {name: float(np.mean([one[name] for one in told if name in one])) for name in names}

    def _update(self, plans: Plans, rows: Tensor, clones: Tensor | None, acts: bool) -> dict[str, float]:
        """One step of the optimiser on some of the plans; without ``acts`` of the critic alone."""
        device = self.network.kinds.device
        seen = rows_of(plans.seen, rows, device)
        with torch.set_grad_enabled(acts):  # the critic teaches nobody but itself
            gist = self.network.gist(seen)
        loss = gist.new_zeros(())
        told: dict[str, float] = {}
        if acts:
            loss, told = self._of_policy(plans, rows, gist, clones)
        if self.critic is not None:
            said = self.critic(gist, plans.time[rows].to(device))
            error = self.critic.loss(said, plans.returns[rows].to(device)).mean()
            loss, told = loss + error, told | {"value_loss": float(error.detach())}
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimizer.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], CLIP)
        self.optimizer.step()
        return told

    def _of_policy(
        self, plans: Plans, rows: Tensor, gist: Tensor, clones: Tensor | None
    ) -> tuple[Tensor, dict[str, float]]:
        """The policy's loss, and what is worth logging of it."""
        own, device = self._settings, gist.device
        clip = (own.clip_low, own.clip_high)
        done, before, there = (one[rows].to(device) for one in (plans.done, plans.likely, plans.there))
        now = self._likely(self.network, gist, done)
        loss = clipped(now, before, plans.advantages[rows].to(device), there, clip, own.likelihood)
        still = now.detach()
        told = {"loss": loss, "drift": apart(before, still, there), "clipped": outside(still, before, there, clip)}
        if clones is not None:
            told["from_clone"] = apart(now, clones[rows].to(device), there)
            loss = loss + own.kl * told["from_clone"]
        return loss, {name: float(value.detach()) for name, value in told.items()}

    def _likely(self, network: Network, gist: Tensor, done: Tensor) -> Tensor:
        """Logarithms of probabilities of the actions ``(B, h, A)`` that were carried out of longer plans."""
        whole = torch.nn.functional.pad(done, (0, 0, 0, network.form.chunk - done.shape[1]))
        found = network.head.log_likelihood(network.reader_of(gist), whole, self._settings.temperature)
        return found[:, : done.shape[1]]

    def _likely_to_clone(self, plans: Plans) -> Tensor | None:
        """What the clone would have made of all that was done; None where nobody asks."""
        if self._clone is None:
            return None
        device, found = self.network.kinds.device, []
        with torch.no_grad():
            for rows in torch.arange(len(plans)).split(AT_ONCE):
                gist = self._clone.gist(rows_of(plans.seen, rows, device))
                found.append(self._likely(self._clone, gist, plans.done[rows].to(device)).cpu())
        return torch.cat(found)

    def _by_critic(
        self, wave: Wave, time: NDArray[np.float64], own: Ppo
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Advantages and returns ``(K, N)``."""
        every = wave.there.shape[2]
        paid = discounted(wave.rewards.T, every, own.gamma)
        values = self._values(wave.seen, torch.from_numpy(time.astype(np.float32)).flatten()).reshape(time.shape)
        steps = wave.there.sum(axis=2).T
        found, returns = by_critic(paid, values.T, steps, steps > 0, own.gamma, own.gae_lambda)
        return found.T, returns.T

    def _values(self, seen: Seen, time: Tensor) -> NDArray[np.float64]:
        assert self.critic is not None
        device, critic = self.network.kinds.device, self.critic
        with torch.no_grad():
            found = [
                critic(self.network.gist(rows_of(seen, rows, device)), time[rows].to(device)).cpu()
                for rows in torch.arange(len(time)).split(AT_ONCE)
            ]
        return torch.cat(found).double().numpy()


def _joined(several: Sequence[Plans]) -> Plans | None:
    if not several:
        return None
    rest = [
        torch.cat([getattr(one, name) for one in several])
        for name in ("done", "likely", "there", "advantages", "time", "returns")
    ]
    return Plans(together([one.seen for one in several]), *rest)


def _with(plans: Plans, advantages: Tensor) -> Plans:
    return Plans(plans.seen, plans.done, plans.likely, plans.there, advantages, plans.time, plans.returns)
