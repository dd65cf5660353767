"""Judging the agent while it learns: by ground truth where there is any, on seeds that training never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from vlmrl.agents.build import World
from vlmrl.agents.learner.randomness import undisturbed
from vlmrl.agents.policy import TrainedPolicy, save_agent
from vlmrl.agents.runs.rows import Rows
from vlmrl.agents.timing import Clock
from vlmrl.config.run_dir import RunDir
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.kept import Kept
from vlmrl.metrics.evaluation import Evaluation
from vlmrl.video.play import FrameScorer

COLUMNS = {
    "results": "task_return",
    "ep_lengths": "length",
    "successes": "success",
    "oracle_returns": "oracle_return",
    "vlm_returns": "vlm_return",
}
"""The arrays of evaluations.npz, SB3's three first, and the field of an episode that each holds."""

BY_TRUTH = "best checkpoint, by ground truth"
BY_OWN_REWARD = "best checkpoint, by the environment's own reward"


class Curve(Rows):
    """Every evaluation of a run, kept in ``evaluations.npz`` as SB3 lays it out: one row an evaluation.

    Args:
        path: the file.
        until: forget evaluations after this step, which a killed run did and a continued one does again.

    Raises:
        RunError: the file is there and cannot be read.
    """

    def __init__(self, path: Path, until: int = 0) -> None:
        super().__init__(path, tuple(COLUMNS), until)

    def add(self, steps: int, judged: Evaluation) -> None:
        """Append an evaluation and write the file anew, in one piece.

        Raises:
            RunError: it cannot be written; what was there is whole.
        """
        known = {name: [getattr(episode, field) for episode in judged.episodes] for name, field in COLUMNS.items()}
        self.append(steps, {name: np.array(values) for name, values in known.items() if None not in values})


class Judging(BaseCallback):
    """Judges the agent from time to time, logs what came out, and keeps the best so far as ``best_model.zip``.

    Best is what succeeds most often, and among equals what is nearest to done: chosen by ground truth, and labelled so.

    Args:
        run: where results go.
        world: where the agent acts.
        scorer: scores frames where no ground truth is known; None where nothing needs scoring.
        curve: takes the results.
        clock: counts the time.
        say: tells the user.

    Attributes:
        latest: the step of the last evaluation and the means that came of it; None before the first.
    """

    def __init__(
        self,
        run: RunDir,
        world: World,
        scorer: FrameScorer | None,
        curve: Curve,
        clock: Clock,
        say: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._run, self._world, self._curve, self._clock, self._say = run, world, curve, clock, say
        # With ground truth at hand, drawing and scoring would tell little more and cost most of the time.
        self._scorer = scorer if world.task is None else None
        self._make = Kept(partial(world.env, self._scorer is not None))
        self._settings = run.config.evaluation
        self._best = _best_before(run)
        self.latest: tuple[int, dict[str, float]] | None = None

    def _on_training_start(self) -> None:
        self._judged = self.model.num_timesteps

    def _on_rollout_start(self) -> None:
        every = self._settings.every
        if every and self.model.num_timesteps // every > self._judged // every:
            self.judge()

    def _on_training_end(self) -> None:
        self._on_rollout_start()
        self._make.close()

    def _on_step(self) -> bool:
        return True

    def judge(self) -> Evaluation:
        """Judge the agent as it is now."""
        self._judged = steps = self.model.num_timesteps
        seeds = list(self._settings.seeds)[: self._settings.episodes]
        with self._clock.of("judging"), undisturbed():
            words = self._world.words if self._scorer is not None else None
            judged = evaluate(TrainedPolicy(self.model), self._make, self._world.task, seeds, self._scorer, words)
        self._curve.add(steps, judged)
        means = means_of(judged)
        self.latest = steps, means
        for name, mean in means.items():
            self.logger.record(f"eval/{name}", mean)
        self._say(f"{steps:>9,} steps: " + ", ".join(f"{name} {mean:.3g}" for name, mean in means.items()))
        self._keep_best(means)
        return judged

    def _keep_best(self, means: Mapping[str, float]) -> None:
        truth = self._world.task is not None
        merit = [means[name] for name in (("success", "oracle_return") if truth else ("task_return",))]
        if self._best is not None and merit <= self._best:
            return
        self._best = merit
        chosen = BY_TRUTH if truth else BY_OWN_REWARD
        save_agent(self._run.best_model, self.model, self._world, chosen, merit=merit, **means)


def means_of(judged: Evaluation) -> dict[str, float]:
    """Mean over the episodes of each measure that all of them have."""
    found = {}
    for field in COLUMNS.values():
        values = [getattr(episode, field) for episode in judged.episodes]
        if None not in values:
            found[field] = float(np.mean(values))
    return found


def _best_before(run: RunDir) -> list[float] | None:
    """The merit of the best agent that an earlier session of this run kept."""
    if not run.best_model.is_file():
        return None
    return [float(value) for value in run.read_json(run.best_model.with_suffix(".json").name)["merit"]]
