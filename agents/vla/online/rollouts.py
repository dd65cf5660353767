"""Episodes to learn from: N side by side, decoded together, the plans of each with all that an update asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from vlmrl.agents.deferred.tally import Tally
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.model import Seen
from vlmrl.agents.vla.online.looking import Looking, begin_at
from vlmrl.agents.vla.online.paying import Pay, Taken
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.senses import INSTRUCTION, MOMENT, STATE
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError

Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Wave:
    """N episodes of one task, of K plans at most, of which h actions each were carried out.

    Attributes:
        task: its name.
        seen: what the policy looked at, rows plan by plan: ``(K * N, ...)``.
        done: float32 ``(K, N, h, A)``, actions in [-1, 1].
        likely: float32 ``(K, N, h, A)``, logarithms of their probabilities then.
        there: bool ``(K, N, h)``, whether it was carried out before the episode was over.
        rewards: float32 ``(T, N)``, 0 behind an episode's end.
        told: means over the episodes of what the environments tell: ``vlm_return``, ``success`` and the like.
        last: score of each episode's last frame, float32 ``(N,)``; None where nothing was scored.
        horizon: steps after which an episode is cut.
    """

    task: str
    seen: Seen
    done: Tensor
    likely: Tensor
    there: NDArray[np.bool_]
    rewards: NDArray[np.float32]
    told: Mapping[str, float]
    last: NDArray[np.float32] | None
    horizon: int

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each episode, int64 ``(N,)``."""
        return np.asarray(self.there.sum(axis=(0, 2)), dtype=np.int64)


class Stage:
    """Environments of one task in which a policy tries things.

    Args:
        name: of the task.
        task: its ground truth, which is counted and reaches nobody; None where there is none.
        venv: the environments.
        instruction: what the policy is told.
        pay: pays episodes.
        horizon: steps after which they are cut.
        looking: draws what the policy sees.
        clock: counts the time of drawing.

    Raises:
        ConfigError: the policy learned other actions than these environments take.
    """

    def __init__(
        self,
        name: str,
        task: Task | None,
        venv: VecEnv,
        instruction: str,
        pay: Pay,
        horizon: int,
        looking: Looking,
        clock: Clock,
    ) -> None:
        self.name, self.venv, self._task, self._instruction = name, venv, task, instruction
        self._pay, self._horizon, self._looking, self._clock = pay, horizon, looking, clock

    def play(
        self,
        mind: Mind,
        temperature: float,
        seeds: Sequence[int],
        generator: torch.Generator,
        each: Callable[[int], bool],
    ) -> Wave | None:
        """Play an episode in each environment, acting at random as the policy says.

        Args:
            mind: acts.
            temperature: of what it tries.
            seeds: one an environment; episodes of equal seeds begin in the same state.
            generator: draws actions.
            each: called after every step with how many episodes took it; False ends everything.

        Returns:
            The episodes; None if they were ended.

        Raises:
            Abstained: a frame got no number.
            ShapeError: what :meth:`Mind.seen` refuses.
        """
        venv, every = self.venv, mind.form.replan
        count = venv.num_envs
        states = begin_at(venv, seeds)
        self._pay.begin(venv)
        tally = Tally(count, count, self._task.succeeded if self._task is not None else None)
        alive, plans = np.ones(count, dtype=bool), _Plans(every)
        moment, actions = 0, np.zeros((count, every, mind.bounds.shape[1]), np.float32)
        while alive.any():
            if moment % every == 0:
                seen = mind.seen(self._observed(states, moment), np.arange(count))
                actions = plans.draw(mind, seen, temperature, generator)
            wanted = np.clip(actions[:, moment % every], *mind.bounds).astype(np.float32)
            observed, paid, done, infos = venv.step(wanted)
            states = np.asarray(observed)
            self._pay.saw(Taken(paid, done, infos, alive))
            plans.carried_out(alive)
            for env in np.flatnonzero(alive).tolist():
                tally.add(env, float(paid[env]), infos[env])
            if not each(int(alive.sum())):
                return None
            for env in np.flatnonzero(alive & done).tolist():
                tally.finish(env)
            alive = alive & ~done
            moment += 1
        rewards = self._pay.rewards()
        told = {**dict(tally.means()), self._pay.column: float(rewards.sum(axis=0).mean())}
        if self._pay.column != "vlm_return":
            told.pop("vlm_return")
        return plans.wave(self.name, rewards, told, self._pay.last, self._horizon)

    def close(self) -> None:
        """Close the environments and what draws."""
        self._looking.close()
        self.venv.close()

    def _observed(self, states: NDArray[Any], moment: int) -> dict[str, Any]:
        with self._clock.of("rendering"):
            pictures = self._looking()
        told = {INSTRUCTION: np.array([self._instruction] * len(states)), MOMENT: np.full(len(states), moment)}
        return {STATE: states, **told, **pictures}


class _Plans:
    """What a wave is made of, plan by plan."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._seen: list[Seen] = []
        self._done: list[Tensor] = []
        self._likely: list[Tensor] = []
        self._there: list[NDArray[np.bool_]] = []

    def draw(self, mind: Mind, seen: Seen, temperature: float, generator: torch.Generator) -> NDArray[np.float32]:
        """Plan anew everywhere: the actions to carry out, ``(N, h, A)``, in their own units."""
        with torch.no_grad():
            drawn, likely = mind.network.draw(seen, temperature, generator)
        self._seen.append(Seen([one.cpu() for one in seen.pictures], seen.proprio.cpu(), seen.text.cpu()))
        self._done.append(drawn[:, : self._every].float().cpu())
        self._likely.append(likely[:, : self._every].float().cpu())
        return mind.actions.from_unit(self._done[-1].numpy())

    def carried_out(self, alive: NDArray[np.bool_]) -> None:
        """A step was taken where ``alive`` ``(N,)`` says so."""
        self._there.append(alive.copy())

    def wave(
        self,
        task: str,
        rewards: NDArray[np.float32],
        told: Mapping[str, float],
        last: NDArray[np.float32] | None,
        horizon: int,
    ) -> Wave:
        """All of it."""
        steps, count = len(self._there), len(self._there[0])
        rows = np.zeros((len(self._done) * self._every, count), dtype=bool)
        rows[:steps] = self._there
        there = rows.reshape(len(self._done), self._every, count).transpose(0, 2, 1)
        return Wave(
            task,
            together(self._seen),
            torch.stack(self._done),
            torch.stack(self._likely),
            there,
            rewards,
            told,
            last,
            horizon,
        )


def together(several: Sequence[Seen]) -> Seen:
    """Batches of moments as one, one after the other."""
    pictures = [torch.cat(rows) for rows in zip(*(one.pictures for one in several), strict=True)]
    return Seen(pictures, torch.cat([one.proprio for one in several]), torch.cat([one.text for one in several]))


def rows_of(seen: Seen, rows: Tensor, device: torch.device) -> Seen:
    """Some rows ``(B,)`` of a batch of moments, on a device."""
    pictures = [one[rows].to(device) for one in seen.pictures]
    return Seen(pictures, seen.proprio[rows].to(device), seen.text[rows].to(device))


def check_actions(mind: Mind, venv: VecEnv, where: str, clone: str) -> None:
    """Refuse environments whose actions are not those that the policy learned.

    Raises:
        ConfigError: the message names both.
    """
    space: Any = venv.action_space
    box = np.array([getattr(space, side, np.nan) for side in ("low", "high")])
    if not np.array_equal(box, mind.bounds):
        raise ConfigError(
            f"agent.policy={clone}: learned actions of {mind.bounds.shape[1]} numbers in {mind.bounds.tolist()}, and "
            f"{where} takes {space}; give a clone of that robot"
        )
