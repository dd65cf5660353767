"""OGBench's tabletops: a UR5e arm with a cube, or with a drawer, a window and two buttons that lock them."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs import gl  # chooses the GL library before dm_control looks for a display
from vlmrl.envs.task import Policy
from vlmrl.envs.world import World, brought, near
from vlmrl.types import Array

Thing: TypeAlias = Literal["cube", "drawer", "window", "left button", "right button"]
Side: TypeAlias = Literal["open", "closed", ""]

MEMORY = "button_states"
"""A mocap body without a shape, whose x and y are the buttons' states: so they are part of what a pose sets."""
SLIDES = {"drawer": {"open": -0.16, "closed": 0.0}, "window": {"open": 0.2, "closed": 0.0}}
"""Where the joint of a drawer or window is when open and when closed [m]."""
BUTTONS = {"left button": 0, "right button": 1}


class OGBench(World):
    """OGBench's cube or scene with one thing to do, as its data were collected: a random start, one target.

    The target of the cube is drawn as a see-through cube. Its own colours for success are off: they would say in the
    picture what the reward is asked to find out.

    Args:
        thing: what must be moved or pressed.
        side: to which end a drawer or window must go; it starts at the other, unlocked. A button starts red and must be
            white.

    Raises:
        ConfigError: ogbench is not installed.
    """

    def __init__(self, thing: Thing, side: Side = "") -> None:
        self.thing, self.side = thing, side
        self.stock: Any = _cube() if thing == "cube" else _scene()
        gl.free_first_at_exit()  # dm_control has been imported by now
        self.stock.reset(seed=0)
        self.model, self.data, self.dt = self.stock.model, self.stock.data, float(self.stock.control_timestep())
        # Its spotlight's cone of 100 degrees GL refuses, with an error that turns up in the next drawing context, and
        # lights all around instead, which is 180.
        self.model.light_cutoff[self.model.light_cutoff > 90] = 180
        self.action_space = spaces.Box(-1.0, 1.0, (5,), np.float32)
        self.observation_space = spaces.Box(-np.inf, np.inf, self.observe().shape, np.float32)

    def begin(self, episode: int) -> None:
        """Draw the places of arm, cube and target from the episode's seed."""
        stock = self.stock
        stock.reset(seed=episode)
        if self.thing == "cube":
            return
        states, slide = np.zeros(2, int), SLIDES.get(self.thing)
        stock._target_task = self.thing.rpartition(" ")[2]
        if slide is not None:  # unlocked, and at the other end
            states[:] = 1
            start, end = (slide[side] for side in ("closed", "open")[:: 1 if self.side == "open" else -1])
            self.data.joint(f"{self.thing}_slide").qpos[0] = start
            setattr(stock, f"_target_{self.thing}_pos", end)
            self.model.site(f"{self.thing}_handle_center_target").pos[0 if self.thing == "window" else 1] = end
        else:
            stock._target_button = BUTTONS[self.thing]
            stock._target_button_states = np.eye(2, dtype=int)[stock._target_button]
        stock._cur_button_states = states
        self._remember()
        stock._apply_button_states()  # ends with mj_forward
        stock.pre_step()

    def act(self, action: Array) -> None:
        """Move the gripper by up to 5 cm along each axis, turn it, and close or open it."""
        self.stock.step(np.asarray(action, np.float64))
        self._remember()

    def posed(self) -> None:
        """Give buttons and handles the colours of the buttons' states."""
        if self.thing != "cube":
            self.stock._cur_button_states = np.round(self._memory[:2]).astype(int)
            self.stock._apply_button_states()
        self.stock.pre_step()

    def observe(self) -> Array:
        """OGBench's own observation, then how far the cube's target is from the cube [m]: float32 ``(n,)``."""
        told = self.stock.compute_ob_info()
        gap = [told["privileged/target_block_pos"] - told["privileged/block_0_pos"]] if self.thing == "cube" else []
        return np.concatenate([self.stock.compute_observation(), *gap]).astype(np.float32)

    def told(self) -> Array:
        """OGBench's success for its one target; and how near gripper and thing, and thing and target are."""
        told, stock = self.stock.compute_ob_info(), self.stock
        hand = told["proprio/effector_pos"]
        if self.thing == "cube":
            cube, target = told["privileged/block_0_pos"], told["privileged/target_block_pos"]
            done = stock._compute_successes()[0]
            return np.array([done, near(_gap(hand, cube), _gap(cube, target))])
        _, buttons, *slides = stock._compute_successes()
        if self.thing in BUTTONS:
            which = BUTTONS[self.thing]
            depth = 0.0 if buttons[which] else 0.02 + float(told[f"privileged/button_{which}_pos"][0])
            top = self.data.site(f"btntop_{which}").xpos
            return np.array([buttons[which], near(_gap(hand, top), max(0.0, depth))])
        handle, end = (told[f"privileged/{kind}{self.thing}_handle_pos"] for kind in ("", "target_"))
        return np.array([slides[0 if self.thing == "drawer" else 1], near(_gap(hand, handle), _gap(handle, end))])

    @property
    def _memory(self) -> Array:
        place: Array = self.data.mocap_pos[self.model.body(MEMORY).mocapid[0]]
        return place

    def _remember(self) -> None:
        if self.thing != "cube":
            self._memory[:2] = self.stock._cur_button_states


def _gap(one: Array, other: Array) -> float:
    return float(np.linalg.norm(one - other))


def _cube() -> Any:
    stock: Any = brought("ogbench.manipspace.envs.cube_env").CubeEnv("single", mode="data_collection")
    stock._cube_success_colors = stock._cube_colors
    return stock


def _scene() -> Any:
    base: Any = brought("ogbench.manipspace.envs.scene_env").SceneEnv

    class Remembering(base):  # type: ignore[misc]  # known at run time alone
        def add_objects(self, arena_mjcf: Any) -> None:
            super().add_objects(arena_mjcf)
            arena_mjcf.worldbody.add("body", name=MEMORY, mocap="true")

    return Remembering("scene", mode="data_collection", visualize_info=False)


def make(thing: Thing, side: Side = "") -> gym.Env[Any, Any]:
    """The environment in which ``thing`` must be moved or pressed."""
    return OGBench(thing, side)


def expert(env: gym.Env[Any, Any]) -> Policy:
    """OGBench's own Markov oracle for the target of the episode."""
    world: Any = env.unwrapped
    kind = world.thing.rpartition(" ")[2]
    oracle = getattr(brought(f"ogbench.manipspace.oracles.markov.{kind}_markov"), f"{kind.capitalize()}MarkovOracle")
    script = oracle(env=world.stock, min_norm=0.4)
    script.reset(None, None)
    # It has drawn from NumPy's global generator where to go in the end: the episode's seed should say.
    rng = np.random.default_rng(world.episode)
    script._final_pos = rng.uniform(*world.stock._arm_sampling_bounds)
    script._final_yaw = rng.uniform(-np.pi, np.pi)
    return partial(_scripted, script, world.stock)


def _scripted(script: Any, stock: Any, observation: Array, info: dict[str, Any]) -> Array:
    action: Array = script.select_action(observation, stock.compute_ob_info())
    return action.astype(np.float32)
