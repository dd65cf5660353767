"""What makes physics an environment, for all simulations at once: observation, reward, end and start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, TypeAlias

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.types import Array

Rows: TypeAlias = "slice | Ids"
"""Which simulations: ``ALL``, or int32 ``(k,)``."""

ALL = slice(None)


@dataclass
class Judged:
    """What a step was worth, N environments at once.

    Attributes:
        reward: float ``(N,)``.
        terminated: bool ``(N,)``, true ends only.
        terms: what the reward is made of, by its name in the stock environment's info, ``(N, …)`` each.
    """

    reward: Array
    terminated: NDArray[np.bool_]
    terms: dict[str, Array] = field(default_factory=dict)


class Robot(ABC):
    """The batched form of one stock environment, with the stock environment's own arithmetic in its own order.

    Subclasses live in ``envs/batch/robots``; a file is found by the name of the module that defines the stock class.

    Args:
        env: the stock environment, unwrapped, reset once: its settings, spaces and model are this one's.
        engine: the simulations.

    Attributes:
        of: the classes that this is the batched form of, as ``module:Class``; a subclass of theirs is another.
        forces: contact forces (``cfrc_ext``) are computed after each step, as stock environments do.
        stage: up to which MuJoCo computes after a start, so that the first observation finds what it needs, and after
            each step of a robot that is ``current``.
        current: positions of bodies, geoms and sites are those of the state, not of a substep before.
        exact: rewards are the stock ones to the last bit on every CPU.
        persistent: each simulation keeps an ``MjData`` of its own.
        qpos, qvel, ctrl: live views of the state, ``(N, …)``.
    """

    of: ClassVar[tuple[str, ...]]
    forces: ClassVar[bool] = False
    current: ClassVar[bool] = False
    exact: ClassVar[bool] = True
    stage: ClassVar[int] = int(mujoco.mjtStage.mjSTAGE_ACC)
    persistent: ClassVar[bool] = False

    def __init__(self, env: Any, engine: Engine) -> None:
        self.env, self.engine = env, engine
        self.qpos, self.qvel, self.ctrl = (engine.field(name) for name in ("qpos", "qvel", "ctrl"))

    @property
    @abstractmethod
    def substeps(self) -> int:
        """Timesteps of the model in one step of the environment."""

    @abstractmethod
    def restart(self, ids: Ids, generators: list[np.random.Generator]) -> None:
        """Put simulations where an episode starts, drawing from each one's own generator what the stock one draws."""

    @abstractmethod
    def observe(self, rows: Rows = ALL) -> Array:
        """What the learner sees, ``(k, n)``: a new array of the stock observation's dtype."""

    def copy_starts(
        self, ids: Ids, generators: list[np.random.Generator], begin: Callable[[], tuple[Array, Any]]
    ) -> None:
        """Let the stock environment begin an episode with each simulation's generator, and take its state.

        Args:
            ids: the simulations.
            generators: one for each simulation of the engine.
            begin: resets the stock environment, or layers around it.
        """
        self.engine.reset(ids)
        for sim in ids:
            self.env.np_random = generators[sim]
            self.begun(int(sim), begin())
            self.engine.store(int(sim), self.env.data)
        rows = self.engine.state[ids]
        self.engine.forward(ids, self.stage)
        self.engine.state[ids] = rows  # the stock one computed forces once; twice is another start for the solver

    def begun(self, sim: int, seen: tuple[Array, Any]) -> None:  # noqa: B027  # as below
        """Note what the stock environment's reset gave for a simulation, observation and info; by default nothing."""

    def remember(self) -> None:  # noqa: B027  # most need it, yet not all
        """Note before a step what the reward will compare with; by default nothing."""

    def advance(self) -> None:
        """Step the physics of every simulation, and compute what follows from the state reached, if it is current."""
        self.engine.step(self.substeps, self.stage if self.current else 0)
        if self.forces:
            self.engine.apply("mj_rnePostConstraint")

    @abstractmethod
    def judge(self, actions: Array) -> Judged:
        """What the step was worth that ``actions`` ``(N, nu)`` led to."""

    def final(self, ids: Ids) -> dict[str, Array]:
        """What the stock environment's info says beside the reward's terms, ``(k, …)`` each; by default nothing."""
        return {}

    def refresh(self, ids: Ids | None = None) -> None:
        """Bring positions up to date with the state, where they are not."""
        if not self.current:
            self.engine.forward(ids, int(mujoco.mjtStage.mjSTAGE_POS))


class GymnasiumRobot(Robot):
    """A MuJoCo environment of Gymnasium: settings are read off the stock one, whatever it was made with."""

    normal_speeds: ClassVar[bool] = False
    """Whether first velocities are drawn from a normal distribution, not evenly."""

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self.dt = float(env.dt)
        self.home = env.init_qpos.copy(), env.init_qvel.copy()

    @property
    def substeps(self) -> int:
        """Gymnasium's ``frame_skip``."""
        return int(self.env.frame_skip)

    def setting(self, name: str) -> Any:
        """A keyword that the stock environment was made with."""
        return getattr(self.env, f"_{name}")

    def starts(self, generators: Sequence[np.random.Generator]) -> tuple[Array, Array]:
        """Where an episode of each generator begins: joint positions ``(k, nq)`` and velocities ``(k, nv)``.

        The numbers are drawn in the stock environment's order.
        """
        qpos, qvel = self.home
        scale, split = self.setting("reset_noise_scale"), qpos.size
        even = split if self.normal_speeds else split + qvel.size  # drawn at once or one after the other is the same
        noise = evenly(generators, scale, even)
        if self.normal_speeds:
            speeds = scale * np.array([generator.standard_normal(qvel.size) for generator in generators])
        else:
            speeds = noise[:, split:]
        return qpos + noise[:, :split], qvel + speeds

    def restart(self, ids: Ids, generators: list[np.random.Generator]) -> None:
        """Default state, noise on positions and velocities, and once for all what depends on them, if anybody asks."""
        if not ids.size:
            return
        self.engine.reset(ids)
        self.qpos[ids], self.qvel[ids] = self.starts([generators[sim] for sim in ids.tolist()])
        if self.engine.derives:
            self.engine.forward(ids)

    def finite(self) -> NDArray[np.bool_]:
        """Whether every number of the state is, bool ``(N,)``."""
        if np.isfinite(self.engine.state).all():  # one look at all is nearly always enough
            return np.ones(self.engine.count, dtype=bool)
        whole: NDArray[np.bool_] = np.isfinite(self.qpos).all(axis=1) & np.isfinite(self.qvel).all(axis=1)
        return whole

    def state(self, rows: Rows = ALL) -> tuple[Array, Array]:
        """Joint positions ``(k, nq)`` and velocities ``(k, nv)``."""
        return self.qpos[rows], self.qvel[rows]


class TaskRobot(Robot):
    """An environment that pays nothing itself and never ends, under a task whose oracle pays."""

    @property
    def substeps(self) -> int:
        """Timesteps between actions."""
        return int(self.env.substeps)

    def restart(self, ids: Ids, generators: list[np.random.Generator]) -> None:
        """Let the stock environment begin each episode."""
        self.copy_starts(ids, generators, self.env.reset)

    def judge(self, actions: Array) -> Judged:
        """Nothing: a task's oracle pays, and nothing ends but by the time limit."""
        count = self.engine.count
        return Judged(np.zeros(count), np.zeros(count, dtype=bool))


class SuiteRobot(TaskRobot):
    """An environment of dm_control's suite under a task, whose reward is the task's oracle.

    dm_control leaves positions and velocities of the state reached in place after a step; so does this.
    """

    current = True
    stage = int(mujoco.mjtStage.mjSTAGE_VEL)
    persistent = True  # the next step goes on from the stages computed at the end of this one

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._firsts: dict[int, Array] = {}
        self._none = np.empty((0, *env.observation_space.shape), np.float32)

    def begun(self, sim: int, seen: tuple[Array, Any]) -> None:
        """Keep the first observation: what is felt at the start, dm_control computed without actuators."""
        self._firsts[sim] = seen[0]

    def observe(self, rows: Rows = ALL) -> Array:
        """float32 ``(k, n)``; of simulations by their number, which have just begun, what the stock reset gave."""
        if not isinstance(rows, slice):
            return np.stack([self._firsts.pop(sim) for sim in rows.tolist()]) if rows.size else self._none
        return np.concatenate(self.parts(rows), axis=1, dtype=np.float32)

    @abstractmethod
    def parts(self, rows: Rows) -> list[Array]:
        """The observation's parts in dm_control's order, ``(k, …)`` each."""


def evenly(generators: Sequence[np.random.Generator], scale: float, count: int) -> Array:
    """What ``uniform(-scale, scale, count)`` of each generator gives, ``(k, count)``, in a fraction of the time."""
    drawn = np.empty((len(generators), count))
    if not _uniform_rounds_twice():
        for generator, row in zip(generators, drawn, strict=True):
            row[:] = generator.uniform(-scale, scale, count)
        return drawn
    for generator, row in zip(generators, drawn, strict=True):
        generator.random(out=row)
    drawn *= scale - -scale
    drawn += -scale
    return drawn


@cache
def _uniform_rounds_twice() -> bool:
    """Whether NumPy's C code multiplies and then adds; on some processors its compiler made one operation of both."""
    drawn = -0.1 + 0.2 * np.random.default_rng(0).random(1000)
    return bool(np.array_equal(np.random.default_rng(0).uniform(-0.1, 0.1, 1000), drawn))


def one_by_one(
    start: Callable[[np.random.Generator], tuple[Array, Array]], generators: Sequence[np.random.Generator]
) -> tuple[Array, Array]:
    """What ``start`` gives for each generator, positions ``(nq,)`` and velocities ``(nv,)``, in rows."""
    drawn = [start(generator) for generator in generators]
    return np.array([qpos for qpos, _ in drawn]), np.array([qvel for _, qvel in drawn])


def sum_of_squares(rows: Array) -> Array:
    """Of each row, ``(N, …)`` to ``(N,)``, added up in the order in which NumPy adds the row alone."""
    squares = np.square(rows)
    total: Array = squares.reshape(len(rows), -1).sum(axis=1)
    return total


def length(rows: Array) -> Array:
    """Euclidean length of each row, ``(N, n)`` to ``(N,)``, the number that ``np.linalg.norm`` gives of the row alone.

    Of one row that is the root of a dot product, which may round once a term where a sum of squares rounds twice.
    """
    total: Array = np.sqrt(np.vecdot(rows, rows))
    return total


def readings(model: mujoco.MjModel, engine: Engine, *sensors: str) -> Callable[[Rows], Array]:
    """A function that gives what sensors read in some simulations, ``(k, n)``, one after the other."""
    places = np.concatenate([_place(model, name) for name in sensors])
    sensed = engine.field("sensordata")
    return lambda rows: sensed[rows][:, places]


def _place(model: mujoco.MjModel, name: str) -> NDArray[np.int64]:
    sensor = model.sensor(name)
    return np.arange(sensor.adr[0], sensor.adr[0] + sensor.dim[0])


def turned_into(frames: Array, vectors: Array) -> Array:
    """Vectors of the world as seen from bodies.

    Args:
        frames: ``(k, 9)`` how each body is turned, as MuJoCo's ``xmat``.
        vectors: ``(k, 3)``.

    Returns:
        ``(k, 3)``.
    """
    seen: Array = (vectors[:, None] @ frames.reshape(-1, 3, 3))[:, 0]
    return seen


def within(values: Array, bounds: tuple[float, float]) -> Array:
    """Whether values are strictly between the two bounds, bool of their shape."""
    inside: Array = (bounds[0] < values) & (values < bounds[1])
    return inside


def ends(robot: GymnasiumRobot, healthy: Array) -> Array:
    """Whether not being healthy ends an episode here, bool ``(N,)``."""
    over: Array = ~healthy if robot.setting("terminate_when_unhealthy") else np.zeros(len(healthy), dtype=bool)
    return over
