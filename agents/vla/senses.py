"""What a policy that reads sentences meets: pictures of its cameras, the state, the instruction, and the moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.agents.build import World
from vlmrl.agents.vla.settings import Form
from vlmrl.datasets.cameras import OWN, camera_of, label_of
from vlmrl.envs.frame_tap import FrameTap, Tapped
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Camera, Task
from vlmrl.errors import ConfigError
from vlmrl.types import Array, Words

Stacked: TypeAlias = dict[str, Array]
"""N observations: ``state`` float ``(N, D)``, ``instruction`` text ``(N,)``, ``moment`` int64 ``(N,)``, and of each
camera, by its label, uint8 ``(N, H, W, 3)``."""

STATE, INSTRUCTION, MOMENT = "state", "instruction", "moment"
LONGEST = 1_000
"""Letters of an instruction."""


class Senses(gym.Wrapper[Any, Any, Any, Any]):
    """Shows an environment to a policy that looks and reads: one of :data:`Stacked` is what it observes.

    Args:
        env: observes the state, a vector.
        form: of the policy: its cameras, and every how many steps it looks; between, pictures stay what they were.
        instruction: the sentence; empty says nothing.
        task: names cameras; None knows ``task`` alone.

    Raises:
        ConfigError: the environment does not observe a vector, or there is no such camera.
        RenderError: it can draw no pictures.
    """

    def __init__(self, env: gym.Env[Any, Any], form: Form, instruction: str, task: Task | None = None) -> None:
        super().__init__(env)
        state = env.observation_space
        if not isinstance(state, spaces.Box) or len(state.shape) != 1:
            raise ConfigError(f"obs={state}: a policy with eyes of its own wants the state beside them; take obs=state")
        self._instruction, self._every = instruction, form.replan
        self._eyes = {
            label_of(name): FrameTap(env, form.size, camera_for(name, task), form.profile) for name in form.cameras
        }
        self._seen: dict[str, Array] = {}
        self._moment = 0
        pictures = {name: spaces.Box(0, 255, (*form.size, 3), np.uint8) for name in self._eyes}
        words = spaces.Text(LONGEST, min_length=0, charset=frozenset(instruction) | frozenset(" "))
        moment = spaces.Box(0, np.iinfo(np.int64).max, (), np.int64)
        self.observation_space = spaces.Dict({STATE: state, INSTRUCTION: words, MOMENT: moment, **pictures})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and look."""
        state, info = self.env.reset(seed=seed, options=options)
        self._moment = 0
        return self._observed(state), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and look where it is time to."""
        state, reward, terminated, truncated, info = self.env.step(action)
        self._moment += 1
        return self._observed(state), reward, terminated, truncated, info

    def close(self) -> None:
        """Close the renderers and the environment."""
        for eye in self._eyes.values():
            eye.release()
        super().close()

    def _observed(self, state: Any) -> dict[str, Any]:
        if self._moment % self._every == 0:
            self._seen = {name: eye.frame() for name, eye in self._eyes.items()}
        return {STATE: state, INSTRUCTION: self._instruction, MOMENT: np.int64(self._moment), **self._seen}


def camera_for(name: str, task: Task | None) -> Camera | None:
    """The camera of a name, as :func:`~vlmrl.datasets.cameras.camera_of` reads it; without a task, the model's."""
    if task is not None:
        return camera_of(name, task)
    return None if name == OWN else Camera(name=name)


@dataclass(frozen=True)
class SeenWorld(World):
    """The world of a run whose agent looks and reads.

    Attributes:
        form: of the policy.
        instruction: what it is told; None takes the last of the run's goals, which is the task's plainest order.
    """

    form: Form = field(kw_only=True)
    instruction: str | None = field(default=None, kw_only=True)

    def on(self, task: str, instruction: str | None = None) -> SeenWorld:
        """Another task, in which the same policy is told another thing: by default what that task says.

        Raises:
            UnknownName: there is no such task.
        """
        own = self.config.model_copy(update={"task": task, "env": None, "goal": (), "baseline": (), "negative": ()})
        return replace(self, config=own, task=find_task(task), planned=None, instruction=instruction)

    def bare(self) -> World:
        """The same world as who only feels the state meets it."""
        return World(self.config, self.task, self.size, self.planned)

    def env(self, frames: Tapped) -> gym.Env[Any, Any]:
        """One environment as the agent meets it; with ``frames`` infos show those that are scored."""
        return Senses(super().env(frames), self.form, told(self.words, self.instruction), self.task)


def told(words: Words, instruction: str | None = None) -> str:
    """What a policy is told: the instruction, or the last of the goals, the first of which is what is to be seen."""
    return words.goal[-1] if instruction is None else instruction


def title_of(world: World) -> Words | None:
    """What a film of an agent in this world is called: what it was told; None of one that was told nothing."""
    instruction = told(world.words, world.instruction if isinstance(world, SeenWorld) else None)
    return Words((instruction,)) if instruction else None
