"""Thousands of MuJoCo environments in one: vectorised in NumPy, reset in the step that ends an episode."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from vlmrl.envs.batch.easel import Easel, Picture
from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.envs.batch.form import Form
from vlmrl.envs.batch.infos import add, masked, seeds_of, wanted
from vlmrl.envs.batch.robot import Judged
from vlmrl.envs.batch.tracks import Reading, Tracks
from vlmrl.envs.batch.truth import Truth
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.types import Array

Step = tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class BatchEnv(VectorEnv[Array, Array, Array]):
    """``num_envs`` copies of one environment; each goes through the states of the stock one, step for step.

    Observations, rewards, ends and starts are the stock environment's numbers, in its dtypes and spaces. An episode
    that ends is followed by the next within the same step (``SAME_STEP``): the terminal observation is in
    ``infos["final_obs"]``, its info in ``infos["final_info"]``. Infos are made for environments that ended, and for all
    of them only what a task promises (``oracle``, ``success``) and frames: ``frame`` uint8 ``(N, H, W, 3)``, drawn
    before the reset. With frames, rewards are 0 and the environments' own are in ``task_reward``.

    A simulation that diverged, which MuJoCo resets without a word, ends its episode as truncated, with a warning.

    Args:
        env: one stock environment, taken over: its settings, spaces and model are those of all.
        form: its batched form.
        num_envs: how many.
        threads: that simulate; None is one a physical core.
        tapped: frames in every info, or in their place what a gauge reads, and no reward; None for neither.
        film: what :meth:`render` draws; None for nothing.

    Attributes:
        easel: draws the frames; None without them.
        watched: the environments whose frames go into the infos of every step, int ``(k,)``; None is all of them. Of
            the others first and last frames of episodes do, which cannot be drawn later. May be changed.

    Raises:
        ConfigError: fewer than one environment or thread, or a gauge without a task.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        form: Form,
        num_envs: int,
        threads: int | None = None,
        tapped: Picture | Reading | None = None,
        film: Picture | None = None,
    ) -> None:
        self.num_envs, self.env, self.layers = num_envs, env, form.layers
        env.reset(seed=0)  # dm_control's tasks finish their model in their first reset
        stock: Any = env.unwrapped
        self.engine = Engine(stock.model, num_envs, threads, persistent=form.robot.persistent)
        self._robot = form.robot(stock, self.engine)
        self._truth = Truth(form.task, self.engine) if form.task is not None else None
        self.easel: Easel | None = None
        if isinstance(tapped, Reading) and self._truth is None:
            raise ConfigError("gauge: reads up-to-date positions, which only a task's environments keep; give a task")
        if tapped is not None:
            kind = Tracks if isinstance(tapped, Reading) else Easel
            self.easel = kind(stock.model, self.engine, tapped)  # type: ignore[arg-type]  # each its own
        self._film = Easel(stock.model, self.engine, film) if film is not None else None
        self.render_mode = "rgb_array" if film is not None else None
        self.metadata = {**env.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}
        self.spec = env.spec
        self.single_observation_space, self.single_action_space = env.observation_space, env.action_space
        self.observation_space = batch_space(env.observation_space, num_envs)
        self.action_space = batch_space(env.action_space, num_envs)
        self.watched: Sequence[int] | NDArray[np.int_] | None = None
        self._horizon = form.horizon
        self._generators: list[np.random.Generator] = [seeding.np_random()[0] for _ in range(num_envs)]
        self._elapsed = np.zeros(num_envs, dtype=np.int64)
        self._diverged = self.engine.warnings.copy()
        self._seen = np.zeros(self.observation_space.shape or (), self.observation_space.dtype)
        self._everyone = np.ones(num_envs, dtype=bool)
        self._started = False

    @property
    def tapped(self) -> bool:
        """Whether frames are in the infos, and the environments' reward is kept from the learner."""
        return self.easel is not None

    @property  # type: ignore[override]  # one each, as Gymnasium's own vector environments have
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """The generator of each environment, from which its starts are drawn."""
        return tuple(self._generators)

    @np_random.setter  # type: ignore[override]
    def np_random(self, generators: Sequence[np.random.Generator]) -> None:
        if len(generators) != self.num_envs:
            raise ShapeError(f"np_random: {len(generators)} generators for {self.num_envs} environments")
        self._generators = list(generators)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Start episodes, in the very states in which the stock environment starts with the same seed.

        Args:
            seed: one for all, of which environment ``i`` gets ``seed + i``; or one each; None goes on with the
                generators that are there.
            options: ``reset_mask`` bool ``(N,)``: reset only these; ``pose`` of a task's environments; the stock
                environment's own.

        Raises:
            ConfigError: a seed or option that does not fit.
        """
        mask, options = wanted(options, self.num_envs)
        for sim, one in enumerate(seeds_of(seed, self.num_envs)):
            if one is not None and mask[sim]:
                self._generators[sim] = seeding.np_random(one)[0]
        if not self._started and not mask.all():
            raise ConfigError("options.reset_mask: must be all True in the first reset, as no episode has begun yet")
        self._started = True
        infos: dict[str, Any] = {}
        self._seen = self._seen.copy()  # whoever holds the last observations keeps them
        self._restart(np.flatnonzero(mask).astype(np.int32), self._seen, infos, options)
        return self._seen.copy(), infos

    def step(self, actions: Array) -> Step:
        """Act in every environment once.

        Args:
            actions: ``(N, n)``, a row each.

        Raises:
            ShapeError: another shape.
            SimulationError: MuJoCo gave up on a simulation.
            ResetNeeded: no episode has begun.
        """
        if not self._started:
            raise gym.error.ResetNeeded("step: no episode has begun; call reset first")
        actions = np.ascontiguousarray(actions)
        if actions.shape != self.action_space.shape:
            raise ShapeError(f"actions {actions.shape}: must be {self.action_space.shape}, a row for each environment")
        robot = self._robot
        robot.remember()
        robot.ctrl[:] = actions
        robot.advance()
        seen, judged = robot.observe(), robot.judge(actions)
        truths = self._truths()
        terminated = judged.terminated if self._truth is None else self._truth.ended(truths)
        truncated = self._cut()
        ended = np.flatnonzero(terminated | truncated).astype(np.int32)
        last = self._last(ended, judged) if ended.size else {}
        rewards, infos = self._tell(judged, truths, ended)
        if ended.size:
            self._finish(ended, seen, infos, last)
            self._restart(ended, seen, infos, {})
        self._seen = seen
        return seen, rewards, terminated, truncated, infos

    def _cut(self) -> NDArray[np.bool_]:
        """Which episodes are over without a true end, bool ``(N,)``: by the time limit, or by divergence."""
        self._elapsed += 1
        diverged = self._check_divergence()
        return diverged if self._horizon is None else diverged | (self._elapsed >= self._horizon)

    def _last(self, ended: Ids, judged: Judged) -> dict[str, Array]:
        """What the stock environment tells of the step that ended its episode, ``(k, …)`` each."""
        return {**{name: values[ended] for name, values in judged.terms.items()}, **self._robot.final(ended)}

    def _truths(self) -> dict[str, Array]:
        """What a task's ground truth says of the states reached; nothing where there is no task."""
        if self._truth is None:
            return {}
        self._robot.refresh()
        return self._truth()

    def _tell(self, judged: Judged, truths: dict[str, Array], ended: Ids) -> tuple[Array, dict[str, Any]]:
        """Rewards, float64 ``(N,)``, and infos of the states reached: truths, and frames before anybody resets."""
        infos: dict[str, Any] = dict(truths)
        rewards = judged.reward.astype(np.float64) if self._truth is None else self._truth.reward(truths)
        if self.easel is not None:
            infos["task_reward"], rewards = rewards, np.zeros(self.num_envs)
        infos.update({f"_{name}": self._everyone.copy() for name in infos})
        if self.easel is not None:
            ids = np.arange(self.num_envs) if self.watched is None else np.union1d(self.watched, ended).astype(int)
            if ids.size:
                add(infos, "frame", self.easel.draw(ids), ids, self.num_envs)
        return rewards, infos

    def _finish(self, ended: Ids, seen: Array, infos: dict[str, Any], last: dict[str, Array]) -> None:
        """Put aside what the next episodes will overwrite, of environments that ended."""
        final_info: dict[str, Any] = {}
        for name, values in last.items():
            add(final_info, name, values, ended, self.num_envs)
        for name in [name for name in infos if not name.startswith("_")]:
            told = ended[infos[f"_{name}"][ended]]
            add(final_info, name, infos[name][told], told, self.num_envs)
        final_obs = np.full(self.num_envs, None, dtype=object)
        for sim, row in zip(ended.tolist(), seen[ended], strict=True):
            final_obs[sim] = row
        mask = masked(ended, self.num_envs)
        if "task_reward" in infos:  # a reset earns nothing
            infos["task_reward"], infos["_task_reward"] = np.where(mask, 0.0, infos["task_reward"]), ~mask
            if mask.all():
                del infos["task_reward"], infos["_task_reward"]
        infos.update(final_obs=final_obs, _final_obs=mask, final_info=final_info, _final_info=mask.copy())

    def _restart(self, ids: Ids, seen: Array, infos: dict[str, Any], options: dict[str, Any]) -> None:
        """Begin episodes, and put their first observations, truths and frames in place."""
        if options:
            self._robot.copy_starts(ids, self._generators, lambda: self.env.reset(options=dict(options)))
        else:
            self._robot.restart(ids, self._generators)
        self._elapsed[ids] = 0
        self._diverged[ids] = self.engine.warnings[ids]
        seen[ids] = self._robot.observe(ids)
        if self._truth is not None:
            self._robot.refresh(ids)
            for name, values in self._truth(ids).items():
                add(infos, name, values, ids, self.num_envs)
        if self.easel is not None:
            self.easel.begin(ids)
            add(infos, "frame", self.easel.draw(ids), ids, self.num_envs)

    def _check_divergence(self) -> NDArray[np.bool_]:
        """Which simulations MuJoCo reset in this step, bool ``(N,)``."""
        now = self.engine.warnings
        if not (now != self._diverged).any():
            return np.zeros(self.num_envs, dtype=bool)
        lost: NDArray[np.bool_] = (now != self._diverged).any(axis=1)
        self._diverged = now.copy()
        warnings.warn(
            f"env {np.flatnonzero(lost).tolist()}: the simulation became unstable and MuJoCo reset it; the episode is "
            "cut here. Smaller actions, or a model with a smaller timestep, would keep it stable",
            stacklevel=3,
        )
        return lost

    def frames(self, sims: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Frames of the present states of environments, of all by default: uint8 ``(k, H, W, 3)``.

        Raises:
            ConfigError: the environments were made without frames.
        """
        if self.easel is None:
            raise ConfigError("frames=False: these environments draw no frames; make them with frames=True")
        return self.easel.draw(sims)

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """A film's frame of each environment's present state, uint8 ``(H, W, 3)``; None without a render mode."""
        return None if self._film is None else tuple(self._film.draw())

    def close_extras(self, **kwargs: Any) -> None:
        """Close renderers and the stock environment."""
        for easel in (self.easel, self._film):
            if easel is not None:
                easel.close()
        self.env.close()
