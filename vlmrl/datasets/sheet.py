"""The datasheet: what a dataset is, who acted in it, and by what it was made; read by machines and by people."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from vlmrl.config.versions import packages
from vlmrl.datasets.episode import Episode
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError, RunError

DECIDING = ("mujoco", "gymnasium", "dm-control", "numpy", "vlmrl")
"""Packages on which states, pictures or starts depend."""

PERTURBED = "perturbed"


@dataclass(frozen=True)
class Sheet:
    """What there is to know of a dataset besides its episodes.

    Attributes:
        task, version: the task, and its version when they were played.
        goal, baseline, negative: its sentences.
        truth: when it is done, in words.
        camera: the task's own camera, field by field.
        profile: its render profile.
        horizon, hold, held: steps of an episode, and for how long success must last.
        fps: states a second.
        signature: MuJoCo's own mark of the compiled model's structure, as text.
        packages: versions of what it depends on.
        actors: of each kind that acted: ``episodes``, ``successes``, ``pushed`` and ``about``.
        cameras: of each that was filmed, ``(height, width)`` in pixels.
        command: the line that made it.
        license: of the data.
    """

    task: str
    version: int
    goal: tuple[str, ...]
    baseline: tuple[str, ...]
    negative: tuple[str, ...]
    truth: str
    camera: Mapping[str, Any]
    profile: str
    horizon: int
    hold: int
    held: str
    fps: float
    signature: str
    packages: Mapping[str, str]
    actors: Mapping[str, Mapping[str, Any]]
    cameras: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    command: str = ""
    license: str = "MIT"

    @classmethod
    def of(
        cls,
        task: Task,
        episodes: Sequence[Episode],
        command: str = "",
        cameras: Mapping[str, tuple[int, int]] | None = None,
    ) -> Self:
        """The sheet of episodes that were just played."""
        with TaskEnv(task) as env:
            fps, signature = float(env.metadata["render_fps"]), simulator(env)[0].signature
        here = packages()
        return cls(
            task.name,
            task.version,
            task.goal,
            task.baseline,
            task.negative,
            task.truth,
            {**asdict(task.camera), "lookat": list(task.camera.lookat)},
            task.profile,
            task.horizon,
            task.hold_steps,
            task.held,
            fps,
            str(signature),
            {name: here[name] for name in DECIDING if name in here},
            _actors(task, episodes),
            cameras or {},
            command,
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """A sheet out of its JSON.

        Raises:
            RunError: something is missing or unknown.
        """
        try:
            sides = {side: tuple(told[side]) for side in ("goal", "baseline", "negative")}
            cameras = {name: (int(size[0]), int(size[1])) for name, size in told["cameras"].items()}
            return cls(**{**told, **sides, "cameras": cameras})
        except (KeyError, TypeError, AttributeError, ValueError) as cause:
            raise RunError(f"the datasheet cannot be read ({cause}); it is another version's") from cause

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, which :meth:`read` reads."""
        return asdict(self)

    def check(self, task: Task, other_version: bool = False) -> None:
        """Nothing, where states, truth and pictures mean here what they meant where the dataset was made.

        Args:
            task: the task as it is now.
            other_version: warn of another version instead of refusing it.

        Raises:
            ConfigError: another version of MuJoCo or of the task, or another robot.
        """
        here = packages()
        with TaskEnv(task) as env:
            signature = str(simulator(env)[0].signature)
        if signature != self.signature:
            raise ConfigError(
                f"dataset: its states are of a robot that {task.name} had with vlmrl {self.packages.get('vlmrl')}; the "
                f"robot is another one now (vlmrl {here['vlmrl']}): pip install vlmrl=={self.packages.get('vlmrl')}"
            )
        told = []
        if self.packages.get("mujoco") != here["mujoco"]:
            had = self.packages.get("mujoco")
            told.append(
                f"was played with mujoco {had}, and this is mujoco {here['mujoco']} (pip install mujoco=={had})"
            )
        if self.version != task.version:
            told.append(
                f"is of version {self.version} of {task.name}, which is version {task.version} now "
                f"(`vlmrl collect task={task.name} out=DIR` plays it anew)"
            )
        for line in told:
            if not other_version:
                raise ConfigError(
                    f"dataset: {line}; or give other_version=true: states and labels stay what they were, pictures of "
                    "them may differ, and actions may lead elsewhere"
                )
            warnings.warn(f"dataset: {line}; pictures of its states may differ", stacklevel=2)

    def page(self, reading: str) -> str:
        """The sheet for people, in Markdown.

        Args:
            reading: how to read the dataset, in Markdown.
        """
        rows = [
            f"| {name} | {told['episodes']} | {told['successes']} | {told['pushed']} | {told['about']} |"
            for name, told in self.actors.items()
        ]
        filmed = ", ".join(f"{name} ({size[1]} x {size[0]})" for name, size in self.cameras.items()) or "none"
        pushed = _PUSHED if any(told["pushed"] for told in self.actors.values()) else ""
        made = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return "\n".join(
            [
                f"# {self.task}",
                f"\n> {'; '.join(self.goal)}\n",
                f"Episodes of vlmrl's task `{self.task}` (version {self.version}): {self.horizon} steps each, "
                f"{self.fps:g} a second.",
                f"It is done when: {self.truth}",
                f"An episode succeeded if that held on {'each of the last' if self.held == 'last' else 'any'} "
                f"{self.hold} steps{'' if self.held == 'last' else ' in a row'}.\n",
                "## Who acts\n",
                "| actor | episodes | succeeded | pushed | what it is |",
                "| --- | --- | --- | --- | --- |",
                *rows,
                pushed,
                "## What is in it\n",
                "Every state as the simulator has it, bit for bit, with action, observation and ground truth; the "
                "reward is the task's oracle in [0, 1], which is not what any learner is paid that is judged by it.",
                f"Cameras filmed: {filmed}. Any other camera can be drawn from the states (`vlmrl rescore`).",
                f"Baseline: {'; '.join(self.baseline) or 'none'}. Negative: {'; '.join(self.negative) or 'none'}.\n",
                "## How to read it\n",
                reading,
                "## Where it comes from\n",
                f"Made with {made}, by" if self.command else f"Made with {made}.",
                f"\n```sh\n{self.command}\n```\n" if self.command else "",
                f"Simulations alone, nothing about people. License: {self.license}.\n",
            ]
        )


_PUSHED = """
Pushed episodes are worth the most to whoever learns from them: smooth demonstrations never show the way back from a
mistake, these do. Who acts differs from its script by noise, and is shoved at times; `push` says where, when and how
hard.
"""


def _actors(task: Task, episodes: Sequence[Episode]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(episode.actor for episode in episodes):
        mine = [episode for episode in episodes if episode.actor == name]
        found[name] = {
            "episodes": len(mine),
            "successes": sum(episode.succeeded(task) for episode in mine),
            "pushed": sum(episode.pushed for episode in mine),
            "about": " / ".join(dict.fromkeys(episode.about for episode in mine)),
        }
    return found
