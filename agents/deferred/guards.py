"""Settings under which late rewards would be lost, doubled or saved before they are written: refused at the start."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer, RolloutBuffer
from stable_baselines3.common.callbacks import (
    BaseCallback,
    CallbackList,
    CheckpointCallback,
    ConvertCallback,
    EvalCallback,
    EventCallback,
)
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import TrainFrequencyUnit
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.errors import ConfigError


def layers(venv: VecEnv) -> Iterator[VecEnv]:
    """The vector environment and all that it wraps, outermost first."""
    yield venv
    while isinstance(venv, VecEnvWrapper):
        venv = venv.venv
        yield venv


def check_model(model: BaseAlgorithm) -> None:
    """Refuse algorithms and buffers whose rows cannot be paid late.

    Raises:
        ConfigError: the message names the setting and what would be right.
    """
    if isinstance(model, OnPolicyAlgorithm):
        _check_on_policy(model)
    elif isinstance(model, OffPolicyAlgorithm):
        _check_off_policy(model)
    else:
        raise ConfigError(
            f"model={type(model).__name__}: keeps no steps to be paid; use PPO, A2C, SAC, TD3, DQN, TQC or CrossQ"
        )
    venv = model.get_env()
    if venv is None:
        raise ConfigError(f"model={type(model).__name__}: has no environment; call model.set_env first")
    for layer in layers(venv):
        if isinstance(layer, VecNormalize) and layer.norm_reward:
            raise ConfigError(
                "norm_reward=True: VecNormalize would learn its scale from rewards that have not arrived yet; "
                "use VecNormalize(env, norm_reward=False), and the shaper 'scale' where rewards need another size"
            )


def _check_on_policy(model: OnPolicyAlgorithm) -> None:
    if type(model).collect_rollouts is not OnPolicyAlgorithm.collect_rollouts:
        # It alone hands the callback the last values, without which the advantages cannot be computed again.
        raise ConfigError(
            f"model={type(model).__name__}: collects rollouts in a way of its own, without telling the value of the "
            "last observation; use PPO, A2C or TRPO"
        )
    if not isinstance(model.rollout_buffer, RolloutBuffer):
        raise ConfigError(f"rollout_buffer_class={type(model.rollout_buffer).__name__}: must be a RolloutBuffer")
    if getattr(model, "clip_range_vf", None) is not None:
        warnings.warn(
            "clip_range_vf: bounds the value's change in units of the reward, whose size depends on the encoder; "
            "leave it None unless the scores are calibrated",
            stacklevel=2,
        )


def _check_off_policy(model: OffPolicyAlgorithm) -> None:
    buffer = model.replay_buffer
    if isinstance(buffer, HerReplayBuffer):
        raise ConfigError(
            "replay_buffer_class=HerReplayBuffer: asks the environment for rewards of goals never seen, which no frame "
            "shows; use ReplayBuffer, or DictReplayBuffer for Dict observations"
        )
    if not isinstance(buffer, ReplayBuffer):
        raise ConfigError(f"replay_buffer_class={type(buffer).__name__}: must be a ReplayBuffer")
    if buffer.optimize_memory_usage:
        raise ConfigError(
            "optimize_memory_usage=True: keeps one array for two observations and cannot tell time limits from ends; "
            "leave it False"
        )
    steps = getattr(model.train_freq, "frequency", model.train_freq)  # a TrainFreq once learning was set up
    by_step = getattr(model.train_freq, "unit", TrainFrequencyUnit.STEP) is TrainFrequencyUnit.STEP
    if by_step and isinstance(steps, int) and steps > buffer.buffer_size:
        raise ConfigError(
            f"train_freq={steps}: a rollout of {steps} steps x {buffer.n_envs} envs is longer than the replay buffer's "
            f"{buffer.buffer_size} rows, so rows would be lost unpaid; raise buffer_size or lower train_freq"
        )


def check_callbacks(root: Any, deferred: BaseCallback, model: BaseAlgorithm) -> None:
    """Refuse an order of callbacks in which another reads, saves or judges steps that have no reward yet.

    Args:
        root: the callback that ``learn`` was given; None where it is not known.
        deferred: the one that pays.
        model: the algorithm.

    Raises:
        ConfigError: ``deferred`` is not the first, or a callback beside it would save unpaid rows or judge by them.
    """
    if not isinstance(root, BaseCallback):
        return
    leaves = list(_leaves(root))
    if leaves[0] is not deferred:
        first = type(leaves[0]).__name__
        raise ConfigError(
            f"callback=[{first}, …]: DeferredReward must come first, so that no other callback sees steps without a "
            f"reward; pass [DeferredReward(…), {first}(…), …], and never nest it in another"
        )
    for leaf in leaves[1:]:
        if isinstance(leaf, type(deferred)):
            raise ConfigError("callback=[DeferredReward, DeferredReward]: would pay each step twice; keep one")
        if isinstance(leaf, CheckpointCallback) and leaf.save_replay_buffer and _rows_wait(model):
            raise ConfigError(
                "save_replay_buffer=True: CheckpointCallback saves in the middle of a rollout, whose rows have no "
                "reward yet; give it to DeferredReward(after_labels=[CheckpointCallback(…)]), called once a rollout"
            )
        if isinstance(leaf, EvalCallback) and any(leaf.eval_env.env_is_wrapped(FrameTap)):
            raise ConfigError(
                "eval_env: is wrapped in FrameTap and so pays 0 always, by which no best model can be chosen; "
                "judge on the task's own reward, for example with make_env(task, frames=False)"
            )


def warn_early_end(paid: float) -> None:
    """Say what an early end does to a reward from words.

    Args:
        paid: the return of the episode that ended early.
    """
    teaches = (
        "steps were paid below 0, so ending early pays; calibrate scores to 0 and above (shaping=[calibrate])"
        if paid < 0
        else "steps were paid above 0, so staying alive pays whatever the words say"
    )
    warnings.warn(
        "termination: an episode ended before its time limit, which tells the learner something that no frame shows; "
        f"{teaches}; switch early ends off where the environment allows (terminate_when_unhealthy=False)",
        stacklevel=2,
    )


def _rows_wait(model: BaseAlgorithm) -> bool:
    """Whether a step other than the present one can be stored and unpaid while callbacks run."""
    if not isinstance(model, OffPolicyAlgorithm):
        return False
    freq = model.train_freq
    return (getattr(freq, "frequency", freq), getattr(freq, "unit", None)) != (1, TrainFrequencyUnit.STEP)


def _leaves(callback: BaseCallback) -> Iterator[BaseCallback]:
    """The callbacks that do something, in the order in which they are called."""
    if isinstance(callback, CallbackList):
        for child in callback.callbacks:
            yield from _leaves(child)
        return
    if not (isinstance(callback, ConvertCallback) and callback.callback is None):  # learn's stand-in for no callback
        yield callback
    if isinstance(callback, EventCallback) and callback.callback is not None:
        yield from _leaves(callback.callback)
