"""Soft actor-critic's update of small networks, in half the time that Stable-Baselines3 takes for it.

The same numbers up to the order of floating-point sums: Haarnoja et al., "Soft Actor-Critic Algorithms and
Applications" (arXiv 1812.05905). Networks of a hundred units take less time to multiply than autograd takes to keep its
books, so the gradients are written out here: all critics go through one product a layer, the present and the next
observations through one pass of the actor, and what nobody reads is not computed (the critics' gradients of the
actor's loss). Batches of many updates are drawn from the replay buffer at once.

Nothing is subclassed and no array changes owner: weights, optimisers and targets stay those of the algorithm, which
saves, loads and logs as before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from stable_baselines3 import SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.sac.policies import LOG_STD_MAX, LOG_STD_MIN, Actor, SACPolicy
from torch import Tensor, nn

MOST_ROWS = 16_384
"""Rows drawn from the replay buffer at once."""

SQUASH = 1e-6
"""Added to ``1 - tanh(u)^2`` before its logarithm, as Stable-Baselines3 does."""

NOTHING = slice(0)
"""None of a layer's inputs."""

EVERYTHING = slice(None)

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


def speed_up(model: BaseAlgorithm) -> bool:
    """Let ``model`` update its networks by :class:`SacUpdate`, if it is a stock SAC of ReLU networks on a CPU.

    Args:
        model: any algorithm; it keeps its own update if it is another, or differs in anything that matters.

    Returns:
        Whether it does.
    """
    if not _fits(model):
        return False
    model.train = SacUpdate(model)  # type: ignore[attr-defined, arg-type]  # _fits says that it is a SAC
    return True


def _fits(model: BaseAlgorithm) -> bool:
    if type(model) is not SAC or type(model.policy) is not SACPolicy or model.device.type != "cpu":
        return False
    actor, critic = model.actor, model.critic
    stock = type(actor) is Actor and type(critic) is ContinuousCritic and type(model.replay_buffer) is ReplayBuffer
    plain = stock and type(actor.features_extractor) is FlattenExtractor and not critic.share_features_extractor
    networks = [actor.latent_pi, *critic.q_networks] if plain else []
    return plain and not actor.use_sde and all(_is_plain(network) for network in networks)


def _is_plain(network: nn.Module) -> bool:
    """Linear layers with biases, a ReLU behind each but perhaps the last."""
    kinds = [type(layer) for layer in network.children()]
    relus = kinds[1::2]
    return kinds[::2] == [nn.Linear] * len(kinds[::2]) and relus == [nn.ReLU] * len(relus) and len(kinds) > 0


class SacUpdate:
    """Takes the place of ``SAC.train``.

    Args:
        model: the algorithm. Its critics' weights become views of one tensor a layer.
    """

    def __init__(self, model: SAC) -> None:
        self._model = model
        self._actor = _Layers([model.actor.latent_pi])
        heads: Any = model.actor.mu, model.actor.log_std
        self._mean, self._log_std = (_Layers([nn.Sequential(head)]) for head in heads)
        self._critic, self._target = _Layers(model.critic.q_networks), _Layers(model.critic_target.q_networks)
        self._learning = self._actor, self._mean, self._log_std, self._critic

    @torch.no_grad()
    def __call__(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Update ``gradient_steps`` times on ``batch_size`` rows each, and log what ``SAC.train`` logs."""
        model, buffer = self._model, self._model.replay_buffer
        assert buffer is not None  # learning has begun
        model.policy.set_training_mode(True)
        optimizers = [model.actor.optimizer, model.critic.optimizer]
        if model.ent_coef_optimizer is not None:
            optimizers.append(model.ent_coef_optimizer)
        model._update_learning_rate(optimizers)
        for layers in self._learning:
            layers.take_gradients()
        told: list[Tensor] = []
        while len(told) < gradient_steps:
            count = min(gradient_steps - len(told), max(1, MOST_ROWS // batch_size))
            rows = buffer.sample(count * batch_size, env=model._vec_normalize_env)
            seen, seen_next = (each.float().flatten(1) for each in (rows.observations, rows.next_observations))
            columns = (seen, rows.actions, seen_next, rows.rewards, rows.dones)
            for batch in zip(*(column.split(batch_size) for column in columns), strict=True):
                told.append(self._step(*batch))
                if (len(told) - 1) % model.target_update_interval == 0:
                    torch._foreach_lerp_(self._target.tensors, self._critic.tensors, model.tau)
        self._log(gradient_steps, told)

    def _step(self, seen: Tensor, actions: Tensor, seen_next: Tensor, rewards: Tensor, dones: Tensor) -> Tensor:
        """One update. Returns entropy coefficient, its loss, the actor's and the critics' loss, ``(4,)``."""
        model, batch = self._model, len(seen)
        drawn = self._act(torch.cat([seen, seen_next]))
        now, after = drawn.part(0, batch), drawn.part(batch, 2 * batch)
        log_alpha = model.log_ent_coef
        if log_alpha is not None and model.ent_coef_optimizer is not None:
            alpha = log_alpha.exp()
            surplus = (now.log_prob + float(model.target_entropy)).mean()
            alpha_loss = -log_alpha * surplus
            log_alpha.grad = -surplus.reshape(log_alpha.shape)
            model.ent_coef_optimizer.step()
        else:
            alpha, alpha_loss = model.ent_coef_tensor.reshape(1), torch.zeros(1)

        # Critics: half the squared error to the entropic target, summed over critics.
        future = self._target.forward(torch.cat([seen_next, after.actions], 1))[-1].amin(0)
        goal = rewards + (1 - dones) * model.gamma * (future - alpha * after.log_prob)
        passed = self._critic.forward(torch.cat([seen, actions], 1))
        error = passed[-1] - goal
        self._critic.backward(passed, error / batch)
        model.critic.optimizer.step()

        # Actor: alpha log pi - min Q, through the critics as they are now.
        passed = self._critic.forward(torch.cat([seen, now.actions], 1))
        values, least = passed[-1].min(0)
        share = torch.zeros_like(passed[-1]).scatter_(0, least[None], -1 / batch)
        by_action = self._critic.backward(passed, share, weights=False, inputs=slice(seen.shape[1], None)).sum(0)
        self._learn_to_act(now, by_action, alpha / batch)
        model.actor.optimizer.step()

        actor_loss = (alpha * now.log_prob - values).mean()
        return torch.stack([alpha[0], alpha_loss[0], actor_loss, 0.5 * error.square().mean((1, 2)).sum()])

    def _act(self, seen: Tensor) -> _Drawn:
        """Actions for observations, and all that their gradient will need."""
        passed = self._actor.forward(seen)
        mean = self._mean.forward(passed[-1])[-1][0]
        raw = self._log_std.forward(passed[-1])[-1][0]
        log_std = raw.clamp(LOG_STD_MIN, LOG_STD_MAX)
        noise = torch.randn_like(mean)
        spread = log_std.exp() * noise
        actions = (mean + spread).tanh_()
        slope = 1 - actions * actions
        squash = slope + SQUASH
        log_prob = (-0.5 * noise * noise - log_std - HALF_LOG_2_PI - squash.log()).sum(1, keepdim=True)
        return _Drawn(passed, raw, spread, actions, slope, squash, log_prob)

    def _learn_to_act(self, drawn: _Drawn, from_value: Tensor, alpha: Tensor) -> None:
        """The gradient of the actor's loss.

        Args:
            drawn: what the actor did.
            from_value: gradient of what the critics say, by action.
            alpha: the entropy coefficient over the batch size.
        """
        by_mean = drawn.slope * (from_value + 2 * alpha * drawn.actions / drawn.squash)
        by_log_std = by_mean * drawn.spread - alpha
        by_log_std *= (drawn.raw >= LOG_STD_MIN) & (drawn.raw <= LOG_STD_MAX)
        last = [drawn.passed[-1], drawn.raw[None]]
        into = self._mean.backward(last, by_mean[None], inputs=EVERYTHING)
        into = into + self._log_std.backward(last, by_log_std[None], inputs=EVERYTHING)
        self._actor.backward(drawn.passed, into)

    def _log(self, gradient_steps: int, told: list[Tensor]) -> None:
        model = self._model
        model._n_updates += gradient_steps
        model.logger.record("train/n_updates", model._n_updates, exclude="tensorboard")
        if not told:
            return
        alpha, alpha_loss, actor_loss, critic_loss = torch.stack(told).mean(0).tolist()
        model.logger.record("train/ent_coef", alpha)
        model.logger.record("train/actor_loss", actor_loss)
        model.logger.record("train/critic_loss", critic_loss)
        if model.ent_coef_optimizer is not None:
            model.logger.record("train/ent_coef_loss", alpha_loss)


@dataclass(frozen=True)
class _Drawn:
    """Actions that an actor drew for B observations, and what its gradient needs.

    Attributes:
        passed: what came out of the actor's layers.
        raw: logarithm of the standard deviation before it is clamped.
        spread: standard deviation times noise.
        actions: in (-1, 1).
        slope: of the squashing, ``1 - actions^2``.
        squash: the same with a little added, whose logarithm is in the density.
        log_prob: logarithm of the density, ``(B, 1)``.
    """

    passed: Sequence[Tensor]
    raw: Tensor
    spread: Tensor
    actions: Tensor
    slope: Tensor
    squash: Tensor
    log_prob: Tensor

    def part(self, start: int, end: int) -> _Drawn:
        """Some of them."""
        passed = [each[..., start:end, :] for each in self.passed]
        rest = (self.raw, self.spread, self.actions, self.slope, self.squash, self.log_prob)
        return _Drawn(passed, *(each[start:end] for each in rest))


class _Layers:
    """Networks of the same shape, side by side: ``n`` of them, their weights stacked a layer.

    Args:
        networks: linear layers, a ReLU between each two and perhaps one at the end.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        linears = [[layer for layer in network.children() if isinstance(layer, nn.Linear)] for network in networks]
        self._owners = list(zip(*linears, strict=True))
        self._activated = any(isinstance(layer, nn.ReLU) for layer in list(networks[0].children())[-1:])
        self.weights = [_stacked([linear.weight for linear in layer]) for layer in self._owners]
        self.biases = [_stacked([linear.bias for linear in layer]) for layer in self._owners]
        self._gradients = [
            (torch.zeros_like(w), torch.zeros_like(b)) for w, b in zip(self.weights, self.biases, strict=True)
        ]

    @property
    def tensors(self) -> list[Tensor]:
        """All weights and biases."""
        return [*self.weights, *self.biases]

    def take_gradients(self) -> None:
        """Let every parameter's gradient be what :meth:`backward` writes."""
        for layer, (by_weight, by_bias) in zip(self._owners, self._gradients, strict=True):
            for at, linear in enumerate(layer):
                linear.weight.grad, linear.bias.grad = by_weight[at], by_bias[at]

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs ``(B, in)`` or ``(n, B, in)`` and what came out of every layer, ``(n, B, out)``."""
        passed = [inputs if inputs.dim() == 3 else inputs.expand(len(self.weights[0]), *inputs.shape)]
        last = len(self.weights) - 1
        for at, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            out = torch.baddbmm(bias[:, None], passed[-1], weight.transpose(1, 2))
            passed.append(out.relu_() if at < last or self._activated else out)
        return passed

    def backward(
        self, passed: Sequence[Tensor], gradient: Tensor, *, weights: bool = True, inputs: slice = NOTHING
    ) -> Tensor:
        """Gradients from that of the output, ``(n, B, out)``.

        Args:
            passed: what :meth:`forward` gave.
            gradient: by the output.
            weights: write those of weights and biases into their parameters' gradients.
            inputs: the inputs whose gradient is returned, ``(n, B, k)``.
        """
        for at in range(len(self.weights) - 1, -1, -1):
            if self._activated or at < len(self.weights) - 1:
                gradient = torch.ops.aten.threshold_backward(gradient, passed[at + 1], 0)
            if weights:
                by_weight, by_bias = self._gradients[at]
                torch.bmm(gradient.transpose(1, 2), passed[at], out=by_weight)
                torch.sum(gradient, 1, out=by_bias)
            if at or inputs is not NOTHING:
                gradient = torch.bmm(gradient, self.weights[at] if at else self.weights[0][..., inputs])
        return gradient


def _stacked(parameters: list[nn.Parameter]) -> Tensor:
    """One tensor of which the parameters become views."""
    stacked = torch.stack([parameter.data for parameter in parameters])
    for at, parameter in enumerate(parameters):
        parameter.data = stacked[at]
    return stacked
