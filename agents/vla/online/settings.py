"""How a policy that reads learns from rewards: ``agent.params`` of ``agent=vla/grpo`` and ``agent=vla/ppo``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from vlmrl.agents.vla.settings import checked
from vlmrl.config.schema import AgentConfig, Section, Sentences
from vlmrl.errors import ConfigError

Discount = Annotated[float, Field(gt=0.0, le=1.0)]


class Online(Section):
    """What both ways to learn from rewards want to know. What the policy is, its clone says."""

    tasks: Sentences = ()
    """Tasks to learn beside the run's own, or patterns of those that the clone was shown: tabletop/reach_*."""
    sharpness: NonNegativeFloat = 5.0
    """Of several tasks, how much rather one near half success is drawn: exp(-sharpness |success - 1/2|); 0: evenly."""
    done: float | None = None
    """Score of an episode's last frame from which it counts as a success for that; null: nobody says, and tasks are
    drawn evenly. With reward=oracle ground truth says."""
    temperature: PositiveFloat = 1.0
    """Of actions that are tried: above 1 they are more unlike the likeliest."""
    likelihood: Literal["token", "chunk"] = "token"
    """What is compared with before: each number of each action, or all that was carried out of a plan, at once."""
    clip_low: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.2
    """How much less likely, as a share, an action may become before that counts no more."""
    clip_high: PositiveFloat = 0.28
    """How much more likely: more than less, so that rare actions can gain ("clip-higher")."""
    kl: NonNegativeFloat = 0.0
    """Weight of the distance from the clone; 0: it is not looked at."""
    learning_rate: PositiveFloat = 1e-4
    """Of the policy, by Adam."""
    batch_size: PositiveInt = 128
    """Plans in an update."""
    epochs: PositiveInt = 2
    """How often each plan of a round is learned from."""
    most_drift: PositiveFloat | None = 0.05
    """Distance (KL) from the policy that acted at which a round's learning ends early; null: never."""

    @property
    def group(self) -> int:
        """Episodes that begin alike."""
        return 1


class Grpo(Online):
    """GRPO's own."""

    group_size: Annotated[int, Field(ge=2)] = 8
    """Episodes from one initial state, which are compared with each other; agent.n_envs is a multiple of it."""
    groups: PositiveInt = 4
    """Groups that taught something before a round's learning begins."""
    patience: PositiveInt = 3
    """How many times as many groups may be tried for that."""
    alike: NonNegativeFloat = 1e-4
    """A group whose returns deviate no more than this teaches nothing, and is left out."""
    standardise: bool = True
    """Divide by the group's deviation; false: only its mean is taken off."""

    @property
    def group(self) -> int:
        """Episodes that begin alike."""
        return self.group_size


class Ppo(Online):
    """PPO's own."""

    gamma: Discount = 0.99
    """Discount of a step."""
    gae_lambda: Annotated[float, Field(ge=0.0, le=1.0)] = 0.95
    """Of the advantage, from plan to plan: 0 trusts the critic, 1 what was paid."""
    value_rate: PositiveFloat = 1e-3
    """Learning rate of the critic."""
    warm_up: NonNegativeInt = 2
    """Rounds in which the critic alone learns."""


KINDS: dict[str, type[Grpo] | type[Ppo]] = {"vla/grpo": Grpo, "vla/ppo": Ppo}
"""By ``agent.algorithm``."""


def online_settings(agent: AgentConfig) -> Grpo | Ppo:
    """The settings in an agent's ``params``.

    Raises:
        ConfigError: one is unknown or does not fit, or environments and groups do not; or there is no such algorithm.
    """
    if agent.algorithm not in KINDS:
        raise ConfigError(f"agent.algorithm={agent.algorithm}: is not known; known: {', '.join(KINDS)}")
    found = checked(KINDS[agent.algorithm], agent.params)
    if agent.n_envs % found.group:
        raise ConfigError(
            f"agent.n_envs={agent.n_envs}: must be a multiple of agent.params.group_size={found.group}, whose episodes "
            f"run side by side; take {max(1, agent.n_envs // found.group) * found.group}"
        )
    if agent.normalize:
        raise ConfigError(f"agent.normalize=true: agent={agent.name} has its clone's own quantiles; leave it out")
    return found
