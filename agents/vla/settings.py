"""What a policy that reads sentences is made of, and how it imitates: ``agent.params`` of ``agent=vla/bc``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from vlmrl.config.complaints import validate
from vlmrl.config.schema import AgentConfig, Section
from vlmrl.envs.task import Profile
from vlmrl.errors import ConfigError

M = TypeVar("M", bound=Section)

ABOVE = "agent.params."

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Form(Section):
    """What the policy is: what it sees, and how large it is. All of it stands beside its weights."""

    cameras: tuple[str, ...] = ("task",)
    """What it looks through: ``task``, cameras of the model, ``task:azimuth=45``; none at all for a blind one."""
    size: tuple[PositiveInt, PositiveInt] = (64, 64)
    """[height, width] of its pictures in pixels."""
    profile: Profile = "fast"
    """How much drawing a picture is worth."""
    proprio: NonNegativeInt | None = None
    """The first so many numbers of the state are what the robot feels of itself; null: all of the state."""
    chunk: PositiveInt = 8
    """Actions planned at once."""
    replan: PositiveInt = 4
    """Actions of a plan that are carried out before it looks and plans again."""
    ensemble: NonNegativeFloat | None = None
    """Null: the newest plan acts; m: all plans for a moment, weighted exp(-m i), the oldest first (i = 0)."""
    head: Literal["tokens", "flow"] = "tokens"
    """How a plan is told: bins of each action, all at once, or noise that flows to it."""
    bins: Annotated[int, Field(ge=2)] = 33
    """Of ``tokens``, between the 1st and 99th percentile; an odd number has one for the middle."""
    decode: Literal["mean", "mode"] = "mean"
    """Of ``tokens``: act by the mean over bins, or by the likeliest. Where demonstrations often hold still, that of not
    moving is the likeliest nearly everywhere, and a mode never leaves its place; of several ways a mean takes none."""
    flow_steps: PositiveInt = 10
    """Of ``flow``, Euler's from noise to actions."""
    backbone: str | None = None
    """Null: a small tower that learns; a model's name: that encoder's places, frozen, in its stead."""
    width: PositiveInt = 128
    """Of tokens."""
    heads: PositiveInt = 4
    """Of attention."""
    context_layers: NonNegativeInt = 1
    """Of attention among what is seen, read and felt."""
    layers: PositiveInt = 2
    """Of attention from actions to those."""

    @model_validator(mode="after")
    def _fits(self) -> Form:
        if self.replan > self.chunk:
            raise ConfigError(f"{ABOVE}replan={self.replan}: is more than a plan has; take {self.chunk} or less")
        if self.width % (2 * self.heads):
            raise ConfigError(
                f"{ABOVE}width={self.width}: must be a multiple of twice heads={self.heads}; take {2 * self.heads * 16}"
            )
        if len(set(self.cameras)) < len(self.cameras):
            raise ConfigError(f"{ABOVE}cameras={list(self.cameras)}: names one twice; give each once")
        return self


class Settings(Form):
    """All of ``agent.params``: the form, and how it learns from demonstrations."""

    batch_size: PositiveInt = 64
    """Steps of demonstrations in an update."""
    learning_rate: PositiveFloat = 1e-3
    """Its height, after a twentieth of the run; from there it falls along a cosine."""
    weight_decay: NonNegativeFloat = 1e-4
    """Of AdamW."""
    averaging: Share = 0.995
    """Of the weights that act, what is left of them after an update; 0 takes the newest."""
    forget_text: Share = 0.05
    """Share of steps that are learned without their sentence, so that the policy knows what to do without one."""
    early: Share = 0.5
    """Share of an update that is drawn from the first four steps of episodes. Later on the hand itself tells where it
    is going; only there does the thing that was named have to be found in the picture."""
    foresight: NonNegativeFloat = 5.0
    """Weight of telling beside the actions what the robot will feel when the episode ends, such as where its hand will
    be: a lesson for the eye that no demonstration has to be labelled for. 0: not learned."""
    held_out: NonNegativeInt = 10
    """Every so many-th episode of a dataset is not learned from, and tells how well others are met; 0: none."""
    tail: PositiveInt | None = None
    """Steps that are kept of the end of an episode, once its task is done for good; null: all."""
    episodes: Literal["succeeded", "all"] = "succeeded"
    """Which are learned from."""
    weighting: Literal["none", "progress", "advantage"] = "none"
    """``progress``: RA-BC's weights; ``advantage``: exp(advantage), as AWR's."""
    progress: str = "oracle"
    """What the weights go by: ``oracle``, the ground truth, or a folder of ``scores/`` in the dataset."""
    kappa: NonNegativeFloat = 0.01
    """Of ``progress``: who gains more within a chunk counts fully."""
    temperature: PositiveFloat = 1.0
    """Of ``advantage``, in deviations of the advantage."""
    most: PositiveFloat = 20.0
    """The largest weight of ``advantage``."""
    skip_broken: bool = False
    """Leave out episodes that cannot be read, and say so."""
    other_version: bool = False
    """Learn from datasets of another version of task or simulator."""

    @property
    def form(self) -> Form:
        """The policy's part."""
        return Form(**{name: getattr(self, name) for name in Form.model_fields})


def settings_of(agent: AgentConfig) -> Settings:
    """The settings in an agent's ``params``.

    Raises:
        ConfigError: one is unknown or does not fit; all of them, each as ``agent.params.KEY=value: …``.
    """
    return checked(Settings, agent.params)


def form_of(told: Mapping[str, Any]) -> Form:
    """A policy's form out of its JSON; errors as for :func:`settings_of`."""
    return checked(Form, told)


def checked(model: type[M], params: Mapping[str, Any]) -> M:
    """A model filled with ``agent.params``; errors as for :func:`settings_of`."""
    try:
        return validate(model, params)
    except ConfigError as error:
        lines = [line if line.startswith(ABOVE) else ABOVE + line for line in str(error).splitlines()]
        raise ConfigError("\n".join(lines)) from None
