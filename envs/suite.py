"""dm_control's suite as Gymnasium environments, at its own control rate or at the one that a task asks for.

Every environment of the suite is registered as ``dm_control/<domain>-<task>-v0``, the id that Shimmy made known, when
``vlmrl.envs`` is imported. That costs next to nothing: the ids are read off dm_control's source, which is not imported.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree

import gymnasium as gym
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from vlmrl.envs import gl  # chooses the GL library before dm_control looks for a display
from vlmrl.envs.mjcf import whole_steps
from vlmrl.envs.patches import mend_dm_control
from vlmrl.envs.render import FILM_SIZE, Renderer
from vlmrl.envs.task import Camera
from vlmrl.errors import ConfigError, RenderError

Observation = NDArray[np.float32]
Start: TypeAlias = Callable[[Any, np.random.RandomState], None]
"""Changes the start of an episode, given dm_control's physics, already in its own start, and what it draws from."""

HORIZON = 1000
"""Steps of an episode in all of dm_control's suite; LQR, which has no limit there, gets the same."""
ENTRY = "vlmrl.envs.suite:suite"
"""What Gymnasium calls for an id of the suite."""
TASK = re.compile(r"^@SUITE\.add\([^)]*\)\s*def (\w+)\(", re.MULTILINE)
"""How a file of the suite says that a function makes an environment."""


class SuiteEnv(gym.Env[Observation, NDArray[np.float32]]):
    """One dm_control environment with a flat float32 observation, and actions in [-1, 1] or the model's range.

    It ends where dm_control's own does, which is LQR's at rest and no other; a simulation that diverged is cut there,
    with a warning.

    Args:
        load: builds the dm_control environment.
        control_dt: seconds between actions, a whole number of the model's timesteps; None is dm_control's own.
        render_mode: ``rgb_array`` draws 480 x 480 films through :attr:`view`; None draws nothing.
        start: changes dm_control's start of an episode.

    Attributes:
        substeps: timesteps of the model between actions.
        origin: what makes it the environment that it is, as ``module:name``: ``start``, or dm_control's task.
        view: the model's first camera that follows the robot, or else its first; None where it has none.

    Raises:
        ConfigError: ``control_dt`` is no whole number of timesteps.
        RenderError: another render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012  # Gymnasium's own

    def __init__(
        self,
        load: Callable[[], Any],
        control_dt: float | None = None,
        render_mode: str | None = None,
        start: Start | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise RenderError(f"render_mode={render_mode}: must be rgb_array or None")
        mend_dm_control()
        inner = load()
        gl.free_first_at_exit()  # dm_control has been imported by now
        self._physics, self._task = inner.physics, inner.task
        self.model: mujoco.MjModel = self._physics.model.ptr
        self.data: mujoco.MjData = self._physics.data.ptr
        self.dt = float(inner.control_timestep()) if control_dt is None else control_dt
        self.substeps = whole_steps(self.dt, self.model)
        self._start = start
        made: Any = start or type(self._task)
        self.origin = f"{made.__module__}:{made.__qualname__}"
        self.view = _view(self.model)
        self.render_mode = render_mode
        self._film: Renderer | None = None
        self.metadata = {**self.metadata, "render_fps": max(1, round(1 / self.dt))}
        spec = self._task.action_spec(self._physics)
        self.action_space = spaces.Box(spec.minimum.astype(np.float32), spec.maximum.astype(np.float32))
        length = sum(np.size(part) for part in self._task.get_observation(self._physics).values())
        self.observation_space = spaces.Box(-np.inf, np.inf, (length,), np.float32)

    def observe(self) -> Observation:
        """The present state as the learner sees it: float32 ``(n,)``."""
        parts = self._task.get_observation(self._physics).values()
        return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; the same seed gives the same start."""
        super().reset(seed=seed)
        # dm_control's tasks draw from a RandomState of their own; a new one would first ask the system for entropy.
        self._task.random.seed(self.np_random.integers(2**31))
        with self._physics.reset_context():
            self._task.initialize_episode(self._physics)
            if self._start is not None:
                self._start(self._physics, self._task.random)
        return self.observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply ``action`` for :attr:`dt` seconds. The reward is dm_control's own."""
        self._task.before_step(action, self._physics)
        diverged = self._advance()
        self._task.after_step(self._physics)
        terminated = self._task.get_termination(self._physics) == 0.0  # a discount, or None while it goes on
        return self.observe(), float(self._task.get_reward(self._physics)), terminated, diverged, {}

    def _advance(self) -> bool:
        """Step the physics; whether the simulation diverged, from which MuJoCo has then reset it."""
        from dm_control.rl.control import PhysicsError

        try:
            self._physics.step(self.substeps)
        except PhysicsError as cause:
            warnings.warn(
                f"env={self.origin}: the simulation became unstable; the episode is cut here: {cause}", stacklevel=3
            )
            with self._physics.suppress_physics_errors():
                self._physics.forward()
            return True
        return False

    def render(self) -> NDArray[np.uint8] | None:
        """The present state in the ``pretty`` profile, uint8 ``(480, 480, 3)``, or None without a render mode."""
        if self.render_mode is None:
            return None
        if self._film is None:
            self._film = Renderer(self.model, FILM_SIZE, self.view, "pretty")
        return self._film.frame(self.data)

    def close(self) -> None:
        """Close the film's renderer."""
        if self._film is not None:
            self._film.close()
            self._film = None


def suite(
    domain: str,
    task: str,
    control_dt: float | None = None,
    render_mode: str | None = None,
    start: Start | None = None,
) -> gym.Env[Any, Any]:
    """The environment ``domain``/``task`` of dm_control's suite.

    Args:
        domain: such as ``cheetah``.
        task: such as ``run``.
        control_dt: seconds between actions; None is dm_control's own.
        render_mode: ``rgb_array`` for films.
        start: changes dm_control's start of an episode.

    Raises:
        ConfigError: dm_control has no such environment.
    """
    from dm_control import suite as dm_suite  # costs a second, and not every task needs it

    if (domain, task) not in dm_suite.ALL_TASKS:
        raise ConfigError(f"suite={domain}/{task}: dm_control's suite has no such environment")
    return SuiteEnv(lambda: dm_suite.load(domain, task), control_dt, render_mode, start)


@cache
def suite_model(domain: str, task: str) -> mujoco.MjModel:
    """The model of an environment of the suite, to compute poses with; nobody may change it."""
    inner: Any = suite(domain, task).unwrapped
    model: mujoco.MjModel = inner.model
    return model


def placed(inner: Any, xml: str | bytes, assets: dict[str, Any], *names: str) -> Any:
    """Make parts of a dm_control environment's world a mocap body, whose place is part of the state.

    dm_control moves its targets in the model, where no pose can set them and no stored state holds them.

    Args:
        inner: the environment.
        xml: the model's source.
        assets: the files that it includes.
        *names: geoms, sites and lights of the world; the body takes the name and the place of the first, the others
            come to lie where it is. Or one body.

    Returns:
        ``inner``, with another model.
    """
    root = ElementTree.fromstring(xml)
    world: Any = root.find("worldbody")
    parts = {part.get("name"): part for part in world}
    first = parts[names[0]]
    if first.tag == "body":
        first.set("mocap", "true")
    else:
        body = ElementTree.SubElement(world, "body", name=names[0], mocap="true", pos=first.get("pos", "0 0 0"))
        for name in names:
            world.remove(parts[name])
            parts[name].attrib.pop("pos", None)
            body.append(parts[name])
    inner.physics.reload_from_xml_string(ElementTree.tostring(root, encoding="unicode"), assets)
    return inner


def _view(model: mujoco.MjModel) -> Camera | None:
    follows = model.cam_mode == int(mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM)
    # The first that follows, else the first: argmax of nothing but False is 0.
    return Camera(name=model.camera(int(np.argmax(follows))).name) if model.ncam else None


@cache
def _sources() -> dict[str, str]:
    """The source of every file of dm_control's suite, by domain; none where it is not installed."""
    found = importlib.util.find_spec("dm_control")
    folders = [Path(place) / "suite" for place in (found.submodule_search_locations or ())] if found else []
    return {path.stem: path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("*.py"))}


def suite_names() -> tuple[tuple[str, str], ...]:
    """Domain and task of every environment that the installed suite has: ``(("acrobot", "swingup"), …)``."""
    return tuple((domain, task) for domain, source in _sources().items() for task in sorted(TASK.findall(source)))


def suite_ends(domain: str) -> bool:
    """Whether episodes of a domain may end before their time limit."""
    return "def get_termination(" in _sources()[domain]


def register_suite() -> None:
    """Register dm_control's suite with Gymnasium, but for ids that are there already (Shimmy's are the same)."""
    for domain, task in suite_names():
        env_id = f"dm_control/{domain}-{task}-v0"
        if env_id not in gym.registry:
            gym.register(
                env_id,
                ENTRY,
                max_episode_steps=HORIZON,
                kwargs={"domain": domain, "task": task},
                disable_env_checker=True,
            )
