"""A task: a sentence, a camera, and a ground truth that is not the reward."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.types import Array, Words

_NOTHING: Array = np.zeros(0)
"""Of a state of which nobody told anything."""


@dataclass(frozen=True)
class State:
    """Where everything is. Every field has the same leading shape ``(...)``: ``()`` for one moment, ``(T,)`` for many.

    Attributes:
        qpos: ``(..., nq)`` joint positions [m, rad].
        qvel: ``(..., nv)`` joint velocities [m/s, rad/s].
        act: ``(..., na)`` actuator activations.
        mocap_pos: ``(..., nmocap, 3)`` positions of the bodies that the task places [m].
        xpos: ``(..., nbody, 3)`` body positions, recomputed from the above [m].
        xmat: ``(..., nbody, 3, 3)`` body orientations; ``[:, 2]`` of a body is its z row.
        geom_xpos: ``(..., ngeom, 3)`` geom positions [m].
        site_xpos: ``(..., nsite, 3)`` site positions [m].
        told: ``(..., k)`` what the simulator's own task says of the state beyond all that: done (0 or 1) and how near
            in [0, 1] in a :class:`~vlmrl.envs.world.World`, nothing (``k`` = 0) elsewhere.
    """

    qpos: Array
    qvel: Array
    act: Array
    mocap_pos: Array
    xpos: Array
    xmat: Array
    geom_xpos: Array
    site_xpos: Array
    told: Array = field(default_factory=lambda: _NOTHING)  # whose shape follows from that of the others

    def __post_init__(self) -> None:
        if self.told is _NOTHING:
            object.__setattr__(self, "told", np.zeros((*np.shape(self.qpos)[:-1], 0)))

    @classmethod
    def of(cls, model: mujoco.MjModel, data: mujoco.MjData, told: Array | None = None) -> State:
        """Copy the state out of ``data``, whose kinematics must be up to date (``mj_kinematics`` or ``mj_forward``)."""
        return cls(
            data.qpos.copy(),
            data.qvel.copy(),
            data.act.copy(),
            data.mocap_pos.copy(),
            data.xpos.copy(),
            data.xmat.reshape(model.nbody, 3, 3).copy(),
            data.geom_xpos.copy(),
            data.site_xpos.copy(),
            _NOTHING if told is None else told,
        )

    @classmethod
    def stack(cls, states: list[State]) -> State:
        """Put states of equal shape one after the other on a new first axis."""
        if not states:
            raise ShapeError("states: an empty list has no shape; give at least one state")
        return cls(*(np.stack([getattr(state, f.name) for state in states]) for f in fields(cls)))

    def __getitem__(self, index: object) -> State:
        """Index the leading axes, of every field alike."""
        return State(*(getattr(self, f.name)[index] for f in fields(State)))


@dataclass(frozen=True)
class Pose:
    """What a generator of states sets; the rest follows from kinematics.

    Attributes:
        qpos: ``(n, nq)`` joint positions [m, rad].
        qvel: ``(n, nv)`` joint velocities [m/s, rad/s], or None for rest.
        mocap_pos: ``(n, nmocap, 3)`` [m], or None to leave them where they are.
        episode: int64 ``(n,)`` seeds of the episodes in whose worlds the poses are, where a
            :class:`~vlmrl.envs.world.World` draws more than this; or None for the world as it is.
    """

    qpos: Array
    qvel: Array | None = None
    mocap_pos: Array | None = None
    episode: Array | None = None

    def __len__(self) -> int:
        return len(self.qpos)

    def __getitem__(self, rows: Any) -> Pose:
        """Some of them, by what NumPy takes as an index of rows."""
        speed, placed, world = (
            None if part is None else part[rows] for part in (self.qvel, self.mocap_pos, self.episode)
        )
        return Pose(self.qpos[rows], speed, placed, world)

    def apply(self, index: int, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Put ``data`` into pose ``index`` and bring everything that depends on it up to date."""
        data.qpos[:] = self.qpos[index]
        data.qvel[:] = 0.0 if self.qvel is None else self.qvel[index]
        if self.mocap_pos is not None:
            data.mocap_pos[:] = self.mocap_pos[index]
        mujoco.mj_forward(model, data)


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from: a camera of the model by name, or a free one around a point.

    Attributes:
        name: a camera of the model; the other fields are then ignored.
        lookat: the point looked at [m].
        distance: from that point [m].
        azimuth: around the vertical [degrees].
        elevation: above the horizon, negative looks down [degrees].
        follow: a body to keep at the same place in the picture, so that it cannot leave it.
    """

    name: str | None = None
    lookat: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance: float = 3.0
    azimuth: float = 90.0
    elevation: float = -10.0
    follow: str | None = None


Profile: TypeAlias = Literal["fast", "vlm", "pretty"]
"""How much drawing a frame is worth: ``fast`` for learning, ``vlm`` for large models, ``pretty`` for films."""

StateFn: TypeAlias = Callable[[State], Array]
PoseFn: TypeAlias = Callable[[np.random.Generator, int], Pose]
Policy: TypeAlias = Callable[[Array, dict[str, Any]], Array]
"""``(observation, info) -> action``, of one environment."""


@dataclass(frozen=True, eq=False)
class Points:
    """The named points of a task, and the way through them that does it.

    Attributes:
        named: by name, ``State (...) -> (..., 3)``, places in the world [m].
        own: the robot's own point, which it knows without a camera: a fingertip, the place between two.
        target: where the own point, or what it carries, is to come; empty where that is no point of its own.
        way: ``State (...) -> (..., K, 3)``: from the first state of an episode, the places to which the own point goes
            one after the other [m]; K is the task's. The simulator's knowledge, as ``goal_states`` is.
        near: how near to the last of them counts as there [m].
        grasp: what it takes hold of or pushes; empty where it only goes somewhere.
        grasped: of the places in ``way``, the number of the one where it does so, from 0.
        hidden: names that stand for nothing to be seen, such as where a block should be; planners are not shown them.
        closed: ``State (...) -> bool (...)``, the robot's fingers are closed, as far as it can tell; None: it has none.

    Raises:
        ConfigError: a name that is not there.
    """

    named: Mapping[str, StateFn]
    own: str
    target: str
    way: StateFn
    near: float = 0.05
    grasp: str = ""
    grasped: int = 0
    closed: StateFn | None = None
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for role in ("own", "target", "grasp"):
            name = getattr(self, role)
            if name not in self.named and (name or role == "own"):
                raise ConfigError(f"points.{role}={name}: is none of the points; they are {', '.join(self.named)}")


@dataclass(frozen=True)
class Task:
    """What an agent is asked to do, in words, and how the simulator tells whether it was done.

    Attributes:
        name: ``domain/behaviour``; the file is ``envs/tasks/<domain>.py``.
        make: builds the environment, without frames and without a time limit of its own.
        goal, baseline, negative: the shipped prompt; several sentences of a side count as their mean embedding.
        camera: sees the robot in every state that the task can reach.
        horizon: steps of an episode; its end is a truncation.
        success: ``State (...) -> bool (...)``, the task is done at this moment.
        oracle: ``State (...) -> float (...)`` in [0, 1], how near it is to done.
        goal_states, bad_states: ``(rng, n) -> Pose``, states in which it is done, and in which it clearly is not.
        version: rises when success, oracle, camera or physics change.
        profile: the render profile of its scored frames.
        hold: steps for which success must last; None is a fifth of the horizon.
        held: ``last``: on each of the last ``hold`` steps. ``any``: on ``hold`` steps in a row, anywhere.
        ends: the episode ends the first time that it is done, as where a robot is stopped then; ``hold`` is 1 and
            ``held`` is ``any``. Its own reward is ``oracle - 1`` then, what a step's state lacks: one that pays for
            being near would pay for never arriving.
        world: the domain whose pictures it shows, by which sim-clip knows it; empty is the domain of its name. A copy
            (:meth:`but`) stays in the world of what it was made from, whatever it is called.
        expert: does the task by script, knowing the simulator: from an environment whose episode has just begun, the
            policy of that episode. None: nobody has written one.
        points: where its robot and the things around it are, by name, for rewards that go by keypoints. None: nobody
            has said so.
    """

    name: str
    make: Callable[[], gym.Env[Array, Array]]
    goal: tuple[str, ...]
    baseline: tuple[str, ...]
    negative: tuple[str, ...]
    camera: Camera
    horizon: int
    success: StateFn
    oracle: StateFn
    goal_states: PoseFn
    bad_states: PoseFn
    version: int = 0
    profile: Profile = "fast"
    hold: int | None = None
    held: Literal["last", "any"] = "last"
    ends: bool = False
    world: str = ""
    expert: Callable[[gym.Env[Any, Any]], Policy] | None = None
    points: Points | None = None

    def __post_init__(self) -> None:
        if self.name.count("/") != 1:
            raise ConfigError(f"task={self.name}: must read domain/behaviour")
        if not self.world:
            object.__setattr__(self, "world", self.name.partition("/")[0])
        if self.horizon < 1 or not 1 <= self.hold_steps <= self.horizon:
            raise ConfigError(
                f"task={self.name}: horizon={self.horizon}, hold={self.hold}: hold must lie in 1..horizon"
            )
        if self.ends and (self.held, self.hold) != ("any", 1):
            raise ConfigError(
                f"task={self.name}: ends={self.ends}: its episodes end the first time that it is done, so it cannot be "
                f"held={self.held}, hold={self.hold}; say held=any, hold=1"
            )

    @property
    def hold_steps(self) -> int:
        """For how many steps success must last."""
        return max(1, self.horizon // 5) if self.hold is None else self.hold

    def reward(self, oracle: Any) -> Any:
        """The environment's own reward for states as near as ``oracle`` says, a float or floats ``(...)``."""
        return oracle - 1.0 if self.ends else oracle

    @property
    def words(self) -> Words:
        """The shipped sentences."""
        return Words(self.goal, self.baseline, self.negative)

    @property
    def truth(self) -> str:
        """When it is done, in words: the first paragraph of what ``success`` says of itself, on one line."""
        asked: Any = self.success
        while isinstance(asked, partial):
            asked = asked.func
        return " ".join((inspect.getdoc(asked) or "").partition("\n\n")[0].split())

    @property
    def env_id(self) -> str:
        """The Gymnasium id: ``vlmrl/Cartpole-Upright-v0`` for ``cartpole/upright``."""
        domain, behaviour = ("".join(part.capitalize() for part in half.split("_")) for half in self.name.split("/"))
        return f"vlmrl/{domain}-{behaviour}-v{self.version}"

    def succeeded(self, success: Array) -> bool:
        """Whether an episode succeeded, from ``success`` on each of its steps.

        Args:
            success: bool ``(T,)``, one entry a step, the state after that step.
        """
        success = np.asarray(success, dtype=bool)
        if success.ndim != 1:
            raise ShapeError(f"success {success.shape}: must be (T,), one entry a step")
        if len(success) < self.hold_steps:
            return False
        if self.held == "last":
            return bool(success[-self.hold_steps :].all())
        run = np.convolve(success, np.ones(self.hold_steps, dtype=int), mode="valid")
        return bool((run == self.hold_steps).any())

    def but(self, **changes: object) -> Task:
        """A copy with some fields changed: how one behaviour of a domain is made from another.

        What counts as success changes where to go: with another ``success`` the ``points`` are none, unless given too.
        """
        if "success" in changes:
            changes = {"points": None, **changes}
        return replace(self, **changes)  # type: ignore[arg-type]
