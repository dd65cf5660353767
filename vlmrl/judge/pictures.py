"""Pictures for rewards that look at some: drawn from a task's own states where nobody gave any.

Goals and starts are the simulator's knowledge of what done looks like, told to the learner by its reward. Whoever draws
says so. What a random agent sees is no such knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vlmrl.config.parts import part
from vlmrl.envs.task import Camera, Pose, Profile, Task
from vlmrl.errors import ConfigError
from vlmrl.judge.stage import Stage
from vlmrl.rewards.base import RewardModel, Sight
from vlmrl.types import Array

PICTURES = 8
"""Goal states, and as many starts."""
FILMS, POINTS = 4, 24
"""Straight ways from a start to a goal, and frames of each."""
HELD = 8
"""Frames for which a film stays at its goal, as whoever films a task does: a last stage that ends there has its middle
before it."""
RANDOM, EPISODES = 64, 4
"""Frames of a random agent, and over how many episodes they are spread."""
SEED = 20_261_122
"""Seeds what is drawn, alike for every run, so that equal runs are paid alike and an agent is judged as it was paid."""

SAID: Mapping[Sight, str] = {
    "goal": f"{PICTURES} goal states of the task's own, posed in the simulator",
    "start": f"{PICTURES} starts of the task's own",
    "way": f"{FILMS} straight ways from a start to a goal state of the task's own, posed in the simulator",
    "random": f"{RANDOM} frames from {EPISODES} episodes of a random agent",
}


def with_pictures(
    name: str,
    settings: Mapping[str, Any],
    task: Task | None,
    size: tuple[int, int],
    profile: Profile | None = None,
    camera: Camera | None = None,
) -> dict[str, Any]:
    """A reward's settings, and in them the pictures that it wants and nobody gave.

    Args:
        name: of the reward.
        settings: keywords of its constructor.
        task: whose states are drawn; None: nothing is, and the reward itself will say what it misses.
        size: ``(height, width)`` of pictures in pixels, best that of the frames to be scored.
        profile: how much drawing a picture is worth; None is the task's own.
        camera: sees the states; None is the task's own.

    Returns:
        the settings; pictures as uint8 ``(K, H, W, 3)``, films as ``(K, T, H, W, 3)``.

    Raises:
        UnknownName: no such reward.
        RenderError: nothing can be drawn.
    """
    missing = part("reward", name).missing_pictures(settings)
    if not missing or task is None:
        return dict(settings)
    with Stage(task, size, profile, SEED) as stage:
        return {**settings, **{key: _drawn(stage, sight, camera) for key, sight in missing.items()}}


def sources(name: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Where the pictures of a reward beside a task come from, by its settings; empty for one that looks at none.

    Those that show a random agent are left out: frames are not compared with them.
    """
    model = part("reward", name)
    drawn = {key: SAID[sight] for key, sight in model.missing_pictures(settings).items() if sight != "random"}
    given = {key: str(value) for key, value in settings.items() if value is not None and _shown(model, settings, key)}
    return given | drawn


def _shown(model: type[RewardModel], settings: Mapping[str, Any], key: str) -> bool:
    """Whether a setting holds pictures that frames are compared with: such a one would be missed."""
    try:
        sight = model.missing_pictures({name: value for name, value in settings.items() if name != key}).get(key)
    except ConfigError:  # the others make no sense without it
        return False
    return sight not in (None, "random")


def tell_drawn(name: str, settings: Mapping[str, Any], say: Callable[[str], object]) -> None:
    """Tell the user which pictures are drawn from the task, and what that makes of the result."""
    for key, sight in part("reward", name).missing_pictures(settings).items():
        told = (
            "they give the members of the ensemble their scale, and tell nothing of the goal"
            if sight == "random"
            else "that is the simulator's knowledge, so a result with it is privileged, not from words or pictures of "
            "one's own alone"
        )
        say(f"reward.{key}: {SAID[sight]}; {told}")


def _drawn(stage: Stage, sight: Sight, camera: Camera | None) -> Array:
    rng = np.random.default_rng(SEED)
    if sight == "random":
        every = max(1, stage.task.horizon * EPISODES // RANDOM)
        return np.concatenate([stage.played(SEED + episode, every, camera).frames for episode in range(EPISODES)])
    if sight == "start":
        return stage.starts(range(SEED, SEED + PICTURES), camera).frames
    if sight == "goal":
        return stage.posed(stage.task.goal_states(rng, PICTURES), camera).frames
    starts = Pose(np.stack([stage.start(SEED + film)[: stage.model.nq] for film in range(FILMS)]))
    ways = stage.between(starts, stage.task.goal_states(rng, FILMS), POINTS)
    frames = stage.posed(ways, camera).frames
    films = frames.reshape(FILMS, POINTS, *frames.shape[1:])
    return np.concatenate([films, np.repeat(films[:, -1:], HELD, axis=1)], axis=1)
