"""Every setting of a run: its name, type, range, default and meaning, written once.

The parts that can be swapped (encoder, reward, shaping, agent) carry the keywords of their own constructor beside the
few fields below; :mod:`vlmrl.config.parts` compares those with the constructor itself, so no list of them exists here.
Build a :class:`RunConfig` with :func:`vlmrl.config.compose.configure` or :func:`vlmrl.config.compose.compose`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, NonNegativeInt, PositiveInt, model_validator

from vlmrl.errors import ConfigError
from vlmrl.types import Words

ORACLE = "oracle"
"""``reward=oracle`` learns from the simulator's own ground truth: no words, no model; what text is compared with."""

CLONING = "vla/bc"
"""``agent.algorithm`` of one that imitates demonstrations."""

READING = "vla/"
"""How each ``agent.algorithm`` begins that reads sentences; they belong to vlmrl, not to Stable-Baselines3."""

MOST_SEEDS = 2**31
"""Seeds lie below; NumPy, torch, Gymnasium and dm_control all take them."""


def _sentences(value: object) -> object:
    """One sentence, several, or none (null), as a tuple; anything else is left for pydantic to refuse."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


Sentences = Annotated[tuple[str, ...], BeforeValidator(_sentences)]
"""Sentences, in the user's own characters; one string counts as one sentence."""


class Section(BaseModel):
    """Settings that belong together. Frozen; a key that is no field is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Part(Section):
    """A section whose further keys are the keywords of the named part's constructor."""

    model_config = ConfigDict(extra="allow")

    name: str
    """Which one, by the place of its file; `vlmrl list` shows them."""

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments for the part's constructor, a copy."""
        return dict(self.model_extra or {})


class EncoderConfig(Part):
    """The vision-language model. ``keywords`` go to the class of ``vlmrl/encoders/<family>.py``."""

    family: str = "open_clip"
    """The module of vlmrl/encoders that loads it."""


class RewardConfig(Part):
    """How frames and words become a number. ``keywords`` go to the class of ``vlmrl/rewards/<name>.py``."""

    @property
    def is_oracle(self) -> bool:
        """Whether this run learns from the simulator's ground truth instead of from words."""
        return self.name == ORACLE

    @model_validator(mode="after")
    def _oracle_takes_nothing(self) -> RewardConfig:
        if self.is_oracle and self.keywords:
            given = ", ".join(self.keywords)
            raise ConfigError(f"reward=oracle: takes no settings, got {given}; it is the simulator's own reward")
        return self


class ShapingConfig(Part):
    """How the scores of a finished rollout become rewards. ``keywords``: shapers in their order, each with its own."""


class AgentConfig(Section):
    """The learner."""

    name: str
    """Which one; `vlmrl list agents` shows them."""
    algorithm: str
    """A class of stable_baselines3 or sb3_contrib, such as SAC, PPO or TQC; or vla/bc, vla/grpo or vla/ppo."""
    policy: str | None = None
    """Null: MlpPolicy, CnnPolicy or MultiInputPolicy, whichever reads what the policy sees. Of vla/grpo and vla/ppo the
    directory of the run whose clone they begin with."""
    total_steps: PositiveInt
    """Environment steps, summed over all environments."""
    n_envs: PositiveInt = 8
    """Environments stepped together."""
    normalize: bool = False
    """Bring each number of the state that the policy sees to mean 0 and deviation 1 over what was seen so far.
    Pictures stay as they are: policies scale them themselves."""
    bins: PositiveInt = 3
    """Values of each continuous action that an algorithm of discrete actions (DQN) chooses among."""
    params: dict[str, JsonValue] = {}
    """Keywords of the algorithm's constructor; a rate may be {start: 1e-3, end: 1e-4}, linear over the run."""

    @property
    def imitates(self) -> bool:
        """Whether it learns from demonstrations, and reads sentences, instead of being paid."""
        return self.algorithm == CLONING

    @property
    def reads(self) -> bool:
        """Whether its policy reads sentences, and looks through cameras of its own."""
        return self.algorithm.startswith(READING)


class RenderConfig(Section):
    """How scored frames are drawn."""

    name: str
    """Which one, a YAML of conf/render."""
    size: tuple[PositiveInt, PositiveInt] | None = None
    """[height, width] in pixels; null: what the encoder reads, so that nothing is resized."""
    profile: Literal["fast", "vlm", "pretty"] | None = None
    """How much drawing a frame is worth; null: the task's own."""
    contexts: PositiveInt | None = None
    """Drawing contexts, each in a thread of its own; null: one a physical core, up to four. 1 where a graphics driver
    hangs with more. Environments without a batched form draw in one, and so does a machine without a GPU."""


class ScoringConfig(Section):
    """Which frames are scored while an agent learns; whoever judges scores them all."""

    every: PositiveInt = 1
    """Score, and draw, every k-th frame of an environment alone, beside the first and last of an episode: the rewards
    between follow from their neighbours. Where rendering and scoring take most of the time, this saves most of it."""
    between: Literal["line", "hold", "student", "late"] = "line"
    """line: scores go straight from one to the next; hold: the score before, which looks at nothing to come; student:
    what a small network, learning along, makes of the state; while it errs all frames are scored; late: as student,
    and while it is right nobody waits for the encoder, whose scores change rewards when they come in. Runs with late
    scores depend on how fast the machine is."""


class TrackConfig(Section):
    """Where the numbers of a run are written, beside the report."""

    name: str
    """Which one, a YAML of conf/track."""
    tensorboard: bool = True
    """Write TensorBoard events to tb/."""
    csv: bool = True
    """Write progress.csv."""


class EvaluationConfig(Section):
    """How the agent is judged: by ground truth where the task has one, on seeds that training never sees."""

    every: NonNegativeInt = 10_000
    """Environment steps between evaluations during training; 0: only at the end."""
    episodes: PositiveInt = 8
    """Episodes of each evaluation during training."""
    final_episodes: PositiveInt = 50
    """Episodes of the evaluation after training."""
    watch: NonNegativeInt = 2
    """Episodes of each evaluation during training that are watched for signs of hacking, where words pay; 0: none."""
    seed: NonNegativeInt = 1_000_000
    """Seed of the first evaluation episode; the next ones count up."""

    @property
    def seeds(self) -> range:
        """The seeds of all evaluation episodes."""
        return range(self.seed, self.seed + max(self.episodes, self.final_episodes, self.watch))


class RunConfig(Section):
    """All settings of one training run.

    Raises:
        ConfigError: (from ``compose`` and ``configure``) an unknown key, a value out of range, both or neither of task
            and env, an env without a goal, or training seeds that overlap the evaluation's.
    """

    task: str | None = None
    """A task's name, such as cartpole/upright; `vlmrl list tasks` shows them."""
    env: str | None = None
    """Instead of a task: any Gymnasium id, or package:id; needs goal=."""
    goal: Sentences = ()
    """What the agent should do, in a sentence; again for several; none: the task's own."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world; none: the task's own."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed; none: the task's own, if the goal is too."""
    data: tuple[Path, ...] = ()
    """Datasets of `vlmrl collect` to imitate, or folders with such in them; again for several. For agent=vla/bc."""
    obs: Literal["state", "pixels", "both"] = "state"
    """What the policy sees."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    reward: RewardConfig
    """How frames and words become a number; oracle: the simulator's own reward, to compare with."""
    shaping: ShapingConfig
    """How scores become rewards."""
    agent: AgentConfig
    """The learner."""
    render: RenderConfig
    """How scored frames are drawn."""
    scoring: ScoringConfig = ScoringConfig()
    """Which frames are scored."""
    track: TrackConfig
    """Where numbers are written."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """How the agent is judged."""
    checkpoint_every: PositiveInt = 10_000
    """Environment steps between checkpoints."""
    seed: NonNegativeInt | None = None
    """Null: one is drawn and printed."""
    run_dir: Path | None = None
    """Null: runs/<task>/<reward>-<agent>-s<seed>-<date-time>."""
    resume: Literal["auto", "never"] = "auto"
    """auto: continue the newest checkpoint of run_dir, if it has one."""
    dry_run: bool = False
    """Build everything, draw and score one frame, tell the speed, and stop."""
    progress: bool = True
    """Show a progress bar."""

    @model_validator(mode="after")
    def _one_world(self) -> RunConfig:
        if self.task is None and self.env is None:
            raise ConfigError("task: is missing; give task=NAME (`vlmrl list tasks`), or env= with any Gymnasium id")
        if self.task is not None and self.env is not None:
            raise ConfigError(f"task={self.task}, env={self.env}: are two worlds; give one of them")
        if self.env is not None and not self.goal and not self.reward.is_oracle:
            raise ConfigError(
                f"env={self.env}: has no sentence of its own; say goal='...', and most often baseline='...'"
            )
        return self

    @model_validator(mode="after")
    def _data_for_who_imitates(self) -> RunConfig:
        if self.data and not self.agent.imitates:
            raise ConfigError(
                f"data={', '.join(map(str, self.data))}: is for agent=vla/bc, and agent={self.agent.name} learns by "
                "acting; leave it out"
            )
        if self.agent.reads and self.obs != "state":
            raise ConfigError(f"obs={self.obs}: agent={self.agent.name} looks by cameras of its own; leave obs out")
        return self

    @model_validator(mode="after")
    def _sentences_have_words(self) -> RunConfig:
        Words(self.goal or ("any",), self.baseline, self.negative)
        return self

    @model_validator(mode="after")
    def _seeds_apart(self) -> RunConfig:
        if self.seed is None:
            return self
        if self.seed >= MOST_SEEDS:
            raise ConfigError(f"seed={self.seed}: is too large; take one below {MOST_SEEDS}")
        if self.meets_evaluation(self.seed):
            first, last = self.evaluation.seeds[0], self.evaluation.seeds[-1]
            raise ConfigError(
                f"seed={self.seed}: meets the evaluation's seeds {first}..{last}; take another, or move evaluation.seed"
            )
        return self

    def meets_evaluation(self, seed: int) -> bool:
        """Whether a training environment would start from a seed that the agent is judged on."""
        judged = self.evaluation.seeds
        return seed <= judged[-1] and judged[0] < seed + self.agent.n_envs

    @property
    def policy(self) -> str:
        """The policy's name for Stable-Baselines3: the agent's own, else the one that reads such observations."""
        fitting = {"state": "MlpPolicy", "pixels": "CnnPolicy", "both": "MultiInputPolicy"}
        return self.agent.policy or fitting[self.obs]

    @property
    def world(self) -> str:
        """The task's name, or the Gymnasium id where there is no task."""
        return self.task or self.env or ""

    def words(self, task: Words | None = None) -> Words:
        """The sentences of this run, over those of its task; errors as for :meth:`Words.over`."""
        return Words.over(task, self.goal, self.baseline, self.negative)
