"""From a run's settings to its parts: the world, the scorer, the shape of the reward, the environments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

import gymnasium as gym
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor, VecNormalize

from vlmrl import encoders
from vlmrl.agents.anchors import measured, unmeasured, whole
from vlmrl.agents.learner.discretise import Discretise, DiscretiseEnvs
from vlmrl.agents.learner.sb3 import DISCRETE
from vlmrl.agents.nonnegative import NonNegative
from vlmrl.agents.timing import Clock, TimedEnvs, time_frames
from vlmrl.agents.vec_env import VectorView
from vlmrl.config import parts
from vlmrl.config.schema import RunConfig
from vlmrl.envs.batch import Look, make_batch
from vlmrl.envs.frame_tap import FrameTap, Tapped
from vlmrl.envs.gauge import Gauge
from vlmrl.envs.layers import layer_of
from vlmrl.envs.make import env_spec, find_task, make_env, may_end_early, task_names
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.judge.pictures import with_pictures
from vlmrl.keypoints.build import gauge_of
from vlmrl.rewards.base import RewardModel, unit_scores
from vlmrl.scoring.clips import ClipScorer
from vlmrl.scoring.tracks import AnyScorer, scorer_of
from vlmrl.shaping.base import Chain, Float, Steps, chain
from vlmrl.types import Words

Shape = Callable[[Steps], Float]

STATE_SIZE = (64, 64)
"""Height and width of frames in pixels where nothing says otherwise: no encoder, no ``render.size``."""


@dataclass(frozen=True)
class World:
    """Where a run takes place.

    Attributes:
        config: the run's settings.
        task: the ground truth; None for a Gymnasium id, of which nobody knows what success is.
        size: ``(height, width)`` of frames in pixels.
        planned: the gauge that was made for it before, which remembers what a model has answered; None: none yet.
    """

    config: RunConfig
    task: Task | None
    size: tuple[int, int] = STATE_SIZE
    planned: Gauge | None = None

    @cached_property
    def gauge(self) -> Gauge | None:
        """What the run's reward reads off the simulator; None for one that looks at frames.

        Raises:
            ConfigError: there is nothing to read here.
        """
        if self.planned is not None:
            return self.planned
        reward, encoder = self.config.reward, self.config.encoder
        eyes = partial(encoders.kept, encoder.name, family=encoder.family, **encoder.keywords)
        return None if reward.is_oracle else gauge_of(reward.name, reward.keywords, self.task, self.words, eyes)

    def env(self, frames: Tapped) -> gym.Env[Any, Any]:
        """One environment as the agent meets it; with ``frames`` it shows them, and pays nothing."""
        env = make_env(self._where, **self._look(frames))
        return Discretise(env, self.config.agent.bins) if self._choosing(env.action_space) else env

    def envs(self, frames: bool, clock: Clock, count: int) -> VecEnv:
        """``count`` of them stepped together, monitored and timed; their states normalised if the agent asks for it.

        With ``frames`` they show those that nobody can draw later, and all if every one is scored or seen by the agent.
        On MuJoCo's own threads where they have a batched form, one after the other where they have none: the numbers
        are the same.
        """
        # A gauge must see every state, and costs no drawing.
        few = frames and self.config.scoring.every > 1 and self.gauge is None
        tapped: Tapped = "ends" if few else frames
        batch = self._batch(tapped, clock, count)
        venv: VecEnv = VecMonitor(self._singles(tapped, clock, count) if batch is None else batch)
        seen = venv.observation_space
        if self.config.agent.normalize and (vectors := _vectors(seen)):
            keys = vectors if isinstance(seen, spaces.Dict) else None
            venv = VecNormalize(venv, norm_reward=False, norm_obs_keys=keys)
        return TimedEnvs(venv, clock)

    def _batch(self, frames: Tapped, clock: Clock, count: int) -> VecEnv | None:
        batch = make_batch(self._where, count, contexts=self.config.render.contexts, **self._look(frames))
        if batch is None:
            return None
        if batch.easel is not None:
            time_frames(batch.easel, clock)
        venv = VectorView(batch)
        return DiscretiseEnvs(venv, self.config.agent.bins) if self._choosing(venv.action_space) else venv

    def _singles(self, frames: Tapped, clock: Clock, count: int) -> VecEnv:
        def one() -> gym.Env[Any, Any]:
            env = self.env(frames)
            if (tap := layer_of(env, FrameTap)) is not None:
                time_frames(tap, clock)
            return env

        return DummyVecEnv([one] * count)

    @property
    def _where(self) -> Task | str:
        return self.task or self.config.world

    def _look(self, frames: Tapped) -> Look:
        return {
            "obs": self.config.obs,
            "size": self.size,
            "frames": frames,
            # Learning from words, an end for being unhealthy would tell what the words should.
            "healthy_end": self.config.reward.is_oracle,
            "profile": self.config.render.profile,
            "gauge": self.gauge if frames else None,
        }

    def _choosing(self, actions: spaces.Space[Any]) -> bool:
        """Whether the algorithm must be offered choices of these actions."""
        return self.config.agent.algorithm in DISCRETE and isinstance(actions, spaces.Box)

    @property
    def may_end_early(self) -> bool:
        """Whether an episode may end before its time limit in a way that the run cannot switch off."""
        return self.task is None and may_end_early(env_spec(self.config.world))

    @property
    def words(self) -> Words:
        """The sentences of the run; a run on the oracle's reward in a world without a task has none.

        Raises:
            ConfigError: there is no goal.
        """
        return self.config.words(self.task.words if self.task is not None else None)


def _vectors(space: spaces.Space[Any]) -> list[str]:
    """What of an observation is a vector of numbers; pictures are scaled by the policy itself."""
    seen = space.spaces if isinstance(space, spaces.Dict) else {"state": space}
    return [name for name, part in seen.items() if isinstance(part, spaces.Box) and len(part.shape) == 1]


def find_world(config: RunConfig) -> World:
    """The world that ``task`` or ``env`` names.

    Raises:
        UnknownName: no such task or Gymnasium id; the message names the nearest.
    """
    if config.task is not None:
        task: Task | None = find_task(config.task)
    else:
        env_spec(config.world)
        # Our own ids have a task behind them, and so a ground truth.
        ours = config.world.startswith("vlmrl/")
        task = next((one for one in map(find_task, task_names()) if one.env_id == config.world), None) if ours else None
    return World(config, task, config.render.size or STATE_SIZE)


def build_scorer(config: RunConfig, words: Words, task: Task | None = None) -> AnyScorer:
    """Load the encoder, put the reward model on it, and check the words.

    Args:
        config: the run's settings.
        words: the run's sentences.
        task: whose own states are drawn for a reward that wants pictures and was given none; None: it is refused.

    Raises:
        UnknownName: no encoder or reward of that name.
        WeightsMissing: the encoder's weights are not there.
        ConfigError: a setting or a sentence that the reward model refuses.
    """
    parts.check_encoder(config.encoder)
    parts.check_reward(config.reward)
    encoder = parts.part("encoder", config.encoder.family)(**config.encoder.keywords)
    name, look = config.reward.name, config.render
    keywords = with_pictures(name, config.reward.keywords, task, look.size or encoder.image_size, look.profile)
    model: RewardModel = parts.part("reward", name)(encoder=encoder, **keywords)
    model.check(words)
    if task is not None:
        model.check_view(asdict(task.camera))
    return scorer_of(model)


def build_shape(world: World, scorer: AnyScorer, say: Callable[[str], object]) -> Shape:
    """From scores to rewards, as ``shaping`` says; made non-negative where an episode may end early.

    Args:
        world: where the rewards are earned.
        scorer: gives the scores.
        say: tells the user what was measured, and warns of rewards that an early end would spoil.

    Raises:
        UnknownName: no shaper of that name.
        ConfigError: a setting that a shaper refuses, or an anchor that only a task's own states could give.
    """
    shaping = world.config.shaping.keywords
    if isinstance(scorer, ClipScorer):
        if world.may_end_early:
            say(
                f"warning: env={world.config.world}: its episodes may end early, and their one number then comes "
                "sooner: above 0 it pays to end, below 0 to go on, whatever is seen"
            )
        return chain(whole(shaping, type(scorer.model).__name__))
    if scorer.model.learns:
        settings = unmeasured(shaping, type(scorer.model).__name__)
    else:
        settings = measured(shaping, world.task, partial(world.env, True), scorer, world.words, say)
    shape = chain(settings, unit_scores(scorer.model))
    _check_past(world.config, shape)
    if scorer.model.learns:
        _check_learning(world.config, shape)
    return _safe_to_end(world, scorer.model, shape, say) if world.may_end_early else shape


def _check_past(config: RunConfig, shape: Chain) -> None:
    """Refuse shapers that ask for a past which this run cannot tell.

    Raises:
        ConfigError: the message names both settings.
    """
    key = f"shaping={config.shaping.name}"
    moves = shape.needs.own is not None and shape.needs.own.rate > 0
    if (shape.needs.best or moves) and config.scoring.between == "late":
        what = "the best score so far" if shape.needs.best else "how well the words pay"
        raise ConfigError(
            f"{key}, scoring.between=late: {what} is not known while scores come in late; take "
            "scoring.between=student, or shapers that ask for none"
        )
    if shape.needs.bits and config.obs != "state":
        raise ConfigError(
            f"{key}, obs={config.obs}: novelty counts cells of the state, and the agent sees pictures; take obs=state, "
            "or leave novelty out"
        )


def _check_learning(config: RunConfig, shape: Chain) -> None:
    """Refuse settings under which steps could not be paid anew by a reward that has learned since.

    Raises:
        ConfigError: the message names both settings.
    """
    key = f"reward={config.reward.name}"
    if config.scoring.every > 1 or config.scoring.between == "late":
        raise ConfigError(
            f"{key}, scoring.every={config.scoring.every}: it learns while the agent does, and looks at every frame; "
            "leave scoring as it is"
        )
    if shape.needs.best or shape.needs.bits:
        raise ConfigError(
            f"{key}, shaping={config.shaping.name}: asks for an episode's past, and steps are paid anew when the "
            "reward has learned; take shapers that ask for none"
        )


def _safe_to_end(world: World, model: RewardModel, shape: Chain, say: Callable[[str], object]) -> Shape:
    """Rewards of at least 0, so that no agent learns to end its episodes; a warning where that would harm."""
    key = f"env={world.config.world}"
    if shape.needs.own is not None:
        say(
            f"warning: {key}: its episodes may end early, and what the task itself pays beside the words is left as it "
            "is, so that ending them may pay where both together are below 0"
        )
        return shape
    # Differences must keep their sign, or going back and forth would pay.
    if any(shaper.pays_differences for shaper in shape.shapers):
        say(
            f"warning: {key}: its episodes may end early, and rewards for progress can be negative, which makes ending "
            "pay; shaping=score is safer here"
        )
        return shape
    if any(shaper.never_negative for shaper in shape.shapers):
        return shape
    if model.low is None:
        raise ConfigError(
            f"{key}: its episodes may end early, and {type(model).__name__} knows no lowest score to make rewards "
            "non-negative with; set shaping=calibrate with clip=true"
        )
    say(
        f"warning: {key}: its episodes may end early, which cannot be switched off, and a negative reward would make "
        f"ending them pay; every reward is raised by what a score of {model.low:g} is paid, so that none is below 0"
    )
    return NonNegative(shape, model.low)
