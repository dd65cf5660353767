"""Tasks of worlds that tell their own truth: success and nearness are those of the suite's own task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from vlmrl.envs.played import Played, at_random
from vlmrl.envs.task import Camera, PoseFn, State, Task
from vlmrl.envs.world import nearness
from vlmrl.types import Array, Words


class Told:
    """Success as the suite's own task tells it: a callable that pickles.

    Args:
        when: when that is, in words: "the door is open".
    """

    def __init__(self, when: str) -> None:
        self.__doc__ = f"True while {when}."

    def __call__(self, state: State) -> Array:
        """Bool ``(...)``."""
        done: Array = state.told[..., 0] > 0.5
        return done


def told_task(
    name: str,
    make: Callable[[], gym.Env[Any, Any]],
    when: str,
    words: Words,
    goal_states: PoseFn,
    *,
    camera: Camera,
    horizon: int,
    **others: Any,
) -> Task:
    """A task of a :class:`~vlmrl.envs.world.World`, done once it was done for a moment: for five steps, unless told.

    Args:
        name: ``domain/behaviour``.
        make: makes the world.
        when: it is done, in words.
        words: its sentences.
        goal_states: as :class:`~vlmrl.envs.task.Task` has them; bad ones are played at random.
        camera: it is drawn through.
        horizon: steps of an episode.
        **others: further fields of the task.
    """
    return Task(
        name=name,
        make=make,
        goal=words.goal,
        baseline=words.baseline,
        negative=words.negative,
        oracle=nearness,
        success=Told(when),
        camera=camera,
        horizon=horizon,
        goal_states=goal_states,
        bad_states=Played(make, at_random, False),
        **{"hold": 5, "held": "any", **others},
    )
