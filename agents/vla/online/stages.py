"""The environments of a run's tasks, made when they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vlmrl.agents.deferred.gaps import Gaps
from vlmrl.agents.runs.session import Teacher, gaps_of
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.online.looking import Looking
from vlmrl.agents.vla.online.paying import OwnPay, Pay, WordPay
from vlmrl.agents.vla.online.rollouts import Stage, check_actions
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.senses import SeenWorld, told
from vlmrl.config.schema import RunConfig
from vlmrl.envs.make import env_spec
from vlmrl.errors import ConfigError
from vlmrl.video.play import LONGEST

OPEN = 4
"""Tasks whose environments stay open: each has drawing contexts of its own."""


class Stages:
    """Stages by task, the last :data:`OPEN` of which stay open.

    Args:
        config: of the run.
        worlds: by task.
        teachers: what pays there; None where the environment does.
        mind: whose actions and cameras they must have.
        gamma: the learner's discount.
        clock: counts the time of each part.

    Raises:
        ConfigError: rewards that cannot be paid to whole episodes, or scoring by a student or late.
    """

    def __init__(
        self,
        config: RunConfig,
        worlds: Mapping[str, SeenWorld],
        teachers: Mapping[str, Teacher | None],
        mind: Mind,
        gamma: float,
        clock: Clock,
    ) -> None:
        self.worlds, self._config, self._teachers, self._mind = worlds, config, teachers, mind
        self._gamma, self.clock = gamma, clock
        self._open: dict[str, Stage] = {}
        for teacher in teachers.values():
            check_teacher(config, teacher)

    def __getitem__(self, name: str) -> Stage:
        """The stage of a task.

        Raises:
            ConfigError: its actions are not the policy's, or it has no such camera.
            RenderError: nothing can be drawn.
        """
        stage = self._open.pop(name, None) or self._made(name)
        self._open[name] = stage  # the last one is the newest
        while len(self._open) > OPEN:
            self._open.pop(next(iter(self._open))).close()
        return stage

    def close(self) -> None:
        """Close all environments."""
        while self._open:
            self._open.popitem()[1].close()

    def _made(self, name: str) -> Stage:
        world, teacher = self.worlds[name], self._teachers[name]
        venv = world.bare().envs(teacher is not None, self.clock, self._config.agent.n_envs)
        try:
            check_actions(self._mind, venv, name, str(self._config.agent.policy))
            looking = Looking(venv, self._mind.form, world.task, self._config.render.contexts)
        except BaseException:
            venv.close()
            raise
        pay: Pay = OwnPay()
        if teacher is not None:
            gaps = gaps_of(self._config.scoring, teacher.scorer.cadence) or Gaps()
            pay = WordPay(teacher, world.words, gaps, self._gamma)
        instruction = told(world.words, world.instruction)
        return Stage(name, world.task, venv, instruction, pay, horizon_of(world), looking, self.clock)


def horizon_of(world: SeenWorld) -> int:
    """Steps after which an episode is cut."""
    if world.task is not None:
        return world.task.horizon
    return env_spec(world.config.world).max_episode_steps or LONGEST


def check_teacher(config: RunConfig, teacher: Teacher | None) -> None:
    """Refuse rewards that whole episodes cannot be paid by once they are over.

    Raises:
        ConfigError: the message names the setting.
    """
    if teacher is None:
        return
    agent = f"agent={config.agent.name}"
    if teacher.learner is not None:
        raise ConfigError(
            f"reward={config.reward.name}: learns beside the agent, step by step, and {agent} is paid by whole "
            "episodes; take another reward, or agent=sac"
        )
    if config.scoring.between in ("student", "late"):
        raise ConfigError(
            f"scoring.between={config.scoring.between}: guesses scores from the state, and {agent} looks at pictures; "
            "take line or hold"
        )
    needs: Any = getattr(teacher.shape, "needs", None)
    if needs is not None and (needs.bits or needs.own is not None):
        what = "shaping.novelty" if needs.bits else "shaping.blend"
        raise ConfigError(f"{what}: is not paid to {agent}, which compares whole episodes; leave it out")
