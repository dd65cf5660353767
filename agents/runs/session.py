"""One sitting of a run: the model built or taken up again, its callbacks in their order, and learning until the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from vlmrl.agents.build import Shape, World
from vlmrl.agents.deferred import DeferredReward, Gaps, StudentGaps
from vlmrl.agents.deferred.aligning import Aligning
from vlmrl.agents.learner import sb3
from vlmrl.agents.policy import save_agent
from vlmrl.agents.preferences.loop import Rounds, Truths
from vlmrl.agents.preferences.tickets import Tickets
from vlmrl.agents.runs.checkpoint import Checkpoints, Restored
from vlmrl.agents.runs.judging import Curve, Judging
from vlmrl.agents.runs.logs import EpisodeLog, cut_back, lengths, logger
from vlmrl.agents.runs.progress import Progress
from vlmrl.agents.runs.result import LAST
from vlmrl.agents.runs.saving import Saving
from vlmrl.agents.runs.stop import Interrupted, Stop
from vlmrl.agents.runs.watching import Watching
from vlmrl.agents.timing import AllCores, Clock, Timing, learning_threads, threads
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import ScoringConfig
from vlmrl.preferences.learner import Learner
from vlmrl.rewards.base import Cadence, RewardModel
from vlmrl.shaping import Needs
from vlmrl.types import Array


@dataclass(frozen=True)
class Teacher:
    """What pays the learner, if words do.

    Attributes:
        scorer: scores frames on every core, its time counted.
        shape: from scores to rewards.
        model: the reward model behind the scorer.
        learner: teaches the model while the agent learns; None for one that does not change.
    """

    scorer: AllCores
    shape: Shape
    model: RewardModel
    learner: Learner | None = None

    @property
    def reads_episodes(self) -> bool:
        """Whether it reads more than single frames: whole episodes, or episodes so far."""
        return self.scorer.cadence == "episode" or self.scorer.takes == "history"


class Session:
    """Learns until ``agent.total_steps``, or until somebody asks it to stop; goes on from the newest checkpoint.

    Args:
        run: the run's directory.
        world: where the agent learns.
        teacher: pays it; None leaves that to the environment's own reward.
        clock: counts the time of each part.
        stop: asked between rollouts.
        say: tells the user.

    Attributes:
        model: the algorithm.
        stopped: the signal that ended the session early, or None.

    Raises:
        RunError: every checkpoint is damaged.
        ConfigError: a setting that the algorithm refuses.
    """

    def __init__(
        self, run: RunDir, world: World, teacher: Teacher | None, clock: Clock, stop: Stop, say: Callable[[str], object]
    ) -> None:
        self.run, self.world, self.teacher, self.clock = run, world, teacher, clock
        self._stop, self._say = stop, say
        self.stopped: str | None = None
        self._pays: DeferredReward | None = None
        self._rounds: Rounds | None = None
        agent = run.config.agent
        venv = world.envs(teacher is not None, clock, agent.n_envs)
        self.model: BaseAlgorithm = sb3.build(agent, venv, run.config.policy, run.config.seed or 0)
        # Asked before a checkpoint is read, which holds both parts of rewards where a weight lies between them.
        Aligning(self._needs.own).parts(self.model)
        self._checkpoints = Checkpoints(run.checkpoints)
        self._before = self._take_up()

    def _take_up(self) -> Restored | None:
        """Put the newest checkpoint into the model, and the run's files back to where they were then."""
        if not self.run.continued:
            return None
        before = self._checkpoints.restore(self.model)
        cut_back(self.run, before.notes["lines"] if before is not None else {})
        if before is not None:
            self._say(f"going on from {before.path.name} of {self.run.path}")
        return before

    def learn(self) -> bool:
        """Learn, and leave the last weights as ``last_model.zip`` and a checkpoint, however it ends.

        Returns:
            Whether there was anything left to learn.

        Raises:
            VlmrlError: a frame got no number, a file cannot be written; what was saved before is whole.
        """
        settings, model = self.run.config, self.model
        steps = settings.agent.total_steps - model.num_timesteps
        if steps <= 0:
            save_agent(self.run.last_model, model, self.world, LAST)  # perhaps the run was killed before it could
            return False
        model.set_logger(logger(self.run, settings.track, model.num_timesteps))
        progress = Progress(settings.agent.total_steps, self.clock, settings.progress, self._say)
        saving = Saving(self._checkpoints, settings.checkpoint_every, self._stop, self._notes, self.clock, self._more)
        self.clock.restart()  # loading and building are over
        try:
            with self._stop, threads(learning_threads(settings.policy)):
                model.learn(
                    steps,
                    callback=self._callbacks(saving, progress),
                    log_interval=None,  # type: ignore[arg-type]  # Progress writes, when the rewards are in
                    reset_num_timesteps=model.num_timesteps == 0,
                )
            saving.save()
        except Interrupted as asked:
            self.stopped = str(asked)
        finally:
            progress.close()
            model.logger.close()
        save_agent(self.run.last_model, model, self.world, LAST)
        return True

    def close(self) -> None:
        """Close the environments."""
        venv = self.model.get_env()
        if venv is not None:
            venv.close()

    def _callbacks(self, saving: Saving, progress: Progress) -> list[BaseCallback]:
        """The one that pays comes first; the one that saves last, so that a checkpoint knows all that was written."""
        seconds = float(self._before.notes["seconds"]) if self._before is not None else 0.0
        task, run = self.world.task, self.run
        succeeded = task.succeeded if task is not None else None
        episodes = EpisodeLog(run.monitor, run.config.world, succeeded, self.teacher is None, seconds)
        curve = Curve(run.evaluations, until=self.model.num_timesteps)
        scorer, words = (self.teacher.scorer, self.world.words) if self.teacher is not None else (None, None)
        judging = Judging(run, self.world, scorer, curve, self.clock, self._say)
        callbacks = [Timing(self.clock), episodes, judging, progress, saving]
        if self.teacher is None:
            return callbacks
        if self.world.gauge is not None:
            self._say("not watched for signs of hacking: the alarms look at frames, and this reward reads keypoints")
        elif run.config.evaluation.watch and self.teacher.reads_episodes:
            self._say("not watched for signs of hacking: the alarms ask about frames, and the reward reads episodes")
        elif run.config.evaluation.watch:
            until = self.model.num_timesteps
            watching = Watching(run, self.world, self.teacher.scorer, judging, self.clock, self._say, until)
            callbacks.insert(callbacks.index(judging) + 1, watching)
        gaps = gaps_of(run.config.scoring, self.teacher.scorer.cadence)
        if self.teacher.learner is not None:
            tickets, truths, self._rounds = self._asking(self.teacher, self.teacher.learner)
            paid_by = AllCores(tickets, self.clock, torch.get_num_threads())
            hooks = [self._rounds]
            return [
                DeferredReward(paid_by, words, tickets, succeeded=succeeded, after_labels=hooks),
                truths,
                *callbacks,
            ]
        pays = self._pays = DeferredReward(scorer, words, self.teacher.shape, succeeded=succeeded, gaps=gaps)
        self._recall(pays)
        return [pays, *callbacks]

    @property
    def _needs(self) -> Needs:
        """What the shape of the rewards asks whoever pays to tell."""
        found: Needs = getattr(self.teacher and self.teacher.shape, "needs", Needs())
        return found

    def _asking(self, teacher: Teacher, learner: Learner) -> tuple[Tickets, Truths, Rounds]:
        """What pays by nets that learn meanwhile, as far as an earlier session had come."""
        tickets, truths = Tickets(learner.model, teacher.shape, learner.pool), Truths()
        rounds = Rounds(learner, tickets, truths, teacher.shape, self.run, self.clock, self._say)
        if self._before is not None:
            rounds.recall(self._before.more, self._before.notes["preferences"])
        return tickets, truths, rounds

    def _more(self) -> dict[str, Array]:
        return self._rounds.arrays() if self._rounds is not None else {}

    def _recall(self, pays: DeferredReward) -> None:
        """Go on counting visits, and weighing the words, where the newest checkpoint left off."""
        if self._before is not None and pays.aligning.moves:
            pays.aligning.weight = float(self._before.notes["weight"])
        if self._before is None or not self._needs.bits:
            return
        if visits := self._before.notes.get("visits"):
            pays.recall(visits)
        else:
            self._say("warning: shaping.novelty: the checkpoint holds no counts of visits, which begin anew at 0")

    def _notes(self) -> dict[str, Any]:
        earlier = float(self._before.notes["seconds"]) if self._before is not None else 0.0
        notes = {"lines": lengths(self.run), "seconds": earlier + self.clock.total}
        if self._rounds is not None:
            notes["preferences"] = self._rounds.notes()
        if self._pays is None:
            return notes
        kept = {"visits": self._pays.visits or None, "weight": self._pays.aligning.weight}
        return notes | {name: value for name, value in kept.items() if value is not None}


def gaps_of(scoring: ScoringConfig, cadence: Cadence) -> Gaps | None:
    """Which frames a run's settings have scored; None for all."""
    if cadence == "episode" and scoring.between == "line" and scoring.every > 1:
        return Gaps(scoring.every, "hold")  # the default, which means nothing for frames without scores of their own
    if scoring.between == "late":
        return StudentGaps(scoring.every, late=True)
    if scoring.every == 1:
        return None
    return StudentGaps(scoring.every) if scoring.between == "student" else Gaps(scoring.every, scoring.between)
