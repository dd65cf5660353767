"""States of a task put before the camera: posed, on the way to the goal, played at random, and come to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Self

import mujoco
import numpy as np

from vlmrl.envs.coordinates import posture
from vlmrl.envs.gauge import SIGHT, View
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Camera, Pose, Profile, State, Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.envs.world import put, state_of
from vlmrl.types import Array


@dataclass(frozen=True)
class Shots:
    """Frames with what is true in them.

    Attributes:
        frames: uint8 ``(B, H, W, 3)``.
        oracle: float64 ``(B,)`` in [0, 1], nearness to the goal.
        success: bool ``(B,)``.
    """

    frames: Array
    oracle: Array
    success: Array

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: object) -> Self:
        """Some of them, by what NumPy takes as an index of rows."""
        return type(self)(*(getattr(self, part.name)[rows] for part in fields(self)))

    @classmethod
    def join(cls, several: Sequence[Self]) -> Self:
        """All of them, one after the other."""
        return cls(*(np.concatenate([getattr(one, part.name) for one in several]) for part in fields(cls)))


class Stage:
    """One simulator of a task, posed and stepped at will.

    Args:
        task: the task.
        size: ``(height, width)`` of frames in pixels.
        profile: how much drawing a frame is worth; None is the task's own.
        seed: of starts and actions.

    Raises:
        RenderError: frames cannot be drawn.
    """

    def __init__(
        self, task: Task, size: tuple[int, int] = (64, 64), profile: Profile | None = None, seed: int = 0
    ) -> None:
        self.task = task
        self._size, self._profile = size, profile or task.profile
        self._env = TaskEnv(task)
        self._env.reset(seed=seed)
        self._env.action_space.seed(seed)
        self._model, self._data = simulator(self._env)
        self._renderers: dict[Camera, Renderer] = {}

    @property
    def model(self) -> mujoco.MjModel:
        """The simulator's model; leave it as it is."""
        return self._model

    def posture(self) -> Array:
        """The present joint positions, and after them the places of the bodies that the task places, in one row."""
        return posture(self._data.qpos, self._data.mocap_pos)

    def start(self, seed: int) -> Array:
        """The posture in which an episode starts."""
        self._env.reset(seed=seed)
        return self.posture()

    def starts(self, seeds: Sequence[int], camera: Camera | None = None) -> Shots:
        """Frames of the states in which the episodes of these seeds start, through the task's camera or another."""
        found = []
        for seed in seeds:
            self._env.reset(seed=seed)
            found.append(self._shot(camera))
        return self._shots(found)

    def postures(self, poses: Pose) -> Array:
        """Poses as postures, ``(n, nq + 3 nmocap)``: bodies that they do not place stand where they are."""
        placed = poses.mocap_pos
        if placed is None:
            placed = np.repeat(self._data.mocap_pos[None], len(poses), axis=0)
        return np.array([posture(*row) for row in zip(poses.qpos, placed, strict=True)])

    def posed(self, poses: Pose, camera: Camera | None = None) -> Shots:
        """Frames of poses, through the task's camera or another."""
        return self._shots([self._pose(poses, index, camera) for index in range(len(poses))])

    def states(self, poses: Pose) -> State:
        """The states of poses ``(n,)``, nothing drawn."""
        states = []
        for index in range(len(poses)):
            put(self._env, poses, index)
            states.append(state_of(self._env))
        return State.stack(states)

    def view(self, poses: Pose, index: int) -> View:
        """One of the poses through the task's camera, large and finely drawn, as planners are shown it."""
        put(self._env, poses, index)
        state_of(self._env)
        with Renderer(self._model, SIGHT, self.task.camera, "vlm") as renderer:
            return View(renderer.frame(self._data), renderer.pinhole)

    def truth(self, poses: Pose) -> tuple[Array, Array]:
        """What is true in poses, nothing drawn: float64 oracle ``(n,)`` in [0, 1] and bool success ``(n,)``."""
        return self._true(self.states(poses))

    def between(self, start: Pose, goal: Pose, points: int) -> Pose:
        """Straight paths in the space of joints, from each start to its goal: ``n * points`` poses, path after path.

        Things that the task places stay where the goal has them, and the world is the goal's.
        """
        rows, way = [], np.zeros(self._model.nv)
        for first, last in zip(start.qpos, goal.qpos, strict=True):
            mujoco.mj_differentiatePos(self._model, way, 1.0, first, last)
            for share in np.linspace(0, 1, points):
                row = np.array(first)
                mujoco.mj_integratePos(self._model, row, way, share)
                rows.append(row)
        placed = None if goal.mocap_pos is None else np.repeat(goal.mocap_pos, points, axis=0)
        world = None if goal.episode is None else np.repeat(goal.episode, points)
        return Pose(np.array(rows), None, placed, world)

    def played(self, seed: int, every: int = 1, camera: Camera | None = None) -> Shots:
        """One episode of a random agent, every so many frames of it, through the task's camera or another."""
        self._env.reset(seed=seed)
        found = []
        for step in range(1, self.task.horizon + 1):
            self._env.step(self._env.action_space.sample())
            if step % every == 0:
                found.append(self._shot(camera))
        return self._shots(found)

    def at_rest(self, poses: Pose, steps: int) -> Shots:
        """Where the robot comes to rest from each pose when nobody acts for so many steps."""
        found = []
        space = self._env.action_space
        still = np.zeros(space.shape or (), space.dtype)
        for index in range(len(poses)):
            self._env.reset()
            put(self._env, poses, index)
            for _ in range(steps):
                self._env.step(still)
            found.append(self._shot())
        return self._shots(found)

    def close(self) -> None:
        """Close renderers and simulator."""
        for renderer in self._renderers.values():
            renderer.close()
        self._env.close()

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pose(self, poses: Pose, index: int, camera: Camera | None) -> tuple[Array, State]:
        put(self._env, poses, index)
        return self._shot(camera)

    def _shot(self, camera: Camera | None = None) -> tuple[Array, State]:
        """The present state and its picture."""
        camera = camera or self.task.camera
        if camera not in self._renderers:
            self._renderers[camera] = Renderer(self._model, self._size, camera, self._profile)
        state = state_of(self._env)
        return self._renderers[camera].frame(self._data), state

    def _shots(self, found: Sequence[tuple[Array, State]]) -> Shots:
        return Shots(np.stack([frame for frame, _ in found]), *self._true(State.stack([state for _, state in found])))

    def _true(self, states: State) -> tuple[Array, Array]:
        oracle = np.asarray(self.task.oracle(states), dtype=np.float64)
        return oracle, np.asarray(self.task.success(states), dtype=bool)
