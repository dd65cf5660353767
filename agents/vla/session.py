"""One sitting of a policy that reads: rounds of learning until the steps are done, logged, saved and judged."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from stable_baselines3.common.logger import Logger
from tqdm import tqdm

from vlmrl.agents.learner.randomness import undisturbed
from vlmrl.agents.runs.judging import BY_TRUTH, Curve, means_of
from vlmrl.agents.runs.logs import cut_back, lengths, logger
from vlmrl.agents.runs.progress import MOST_STEPS, ROWS
from vlmrl.agents.runs.result import LAST
from vlmrl.agents.runs.slots import Slots
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla import checkpoint
from vlmrl.agents.vla.checkpoint import Kept
from vlmrl.agents.vla.policy import Mind, VLAPolicy
from vlmrl.agents.vla.senses import SeenWorld
from vlmrl.agents.vla.store import save_mind
from vlmrl.config.run_dir import RunDir
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.evaluation import Evaluation


class Sitting(ABC):
    """Learns until ``agent.total_steps``; goes on from the newest checkpoint.

    Args:
        run: the run's directory.
        worlds: of each task that is judged, that of the run first.
        learner: what learns.
        mind: what acts: the learner's network, which it shares.
        clock: counts the time.
        stop: asked between rounds.
        say: tells the user.

    Attributes:
        stopped: the signal that ended the sitting early, or None.

    Raises:
        RunError: every checkpoint is damaged, or the newest is of another form.
    """

    def __init__(
        self,
        run: RunDir,
        worlds: Mapping[str, SeenWorld],
        learner: Kept,
        mind: Mind,
        clock: Clock,
        stop: Stop,
        say: Callable[[str], object],
    ) -> None:
        self.run, self.mind, self.clock = run, mind, clock
        self._kept, self._worlds, self._stop, self._say = learner, worlds, stop, say
        self.stopped: str | None = None
        self._slots = Slots(run.checkpoints)
        self._seconds = self._take_up()
        self._best = self._best_before()

    @property
    @abstractmethod
    def steps(self) -> int:
        """Steps learned from so far."""

    @property
    @abstractmethod
    def _round_of(self) -> int:
        """Steps of a round, about."""

    @abstractmethod
    def _round(self, bar: tqdm[Any]) -> bool:
        """Learn once more, and move the bar; False if somebody asked to stop meanwhile, and nothing was learned."""

    @abstractmethod
    def _told(self) -> dict[str, float]:
        """What there is to log since the last time, by its column, in the order in which a person reads it."""

    @abstractmethod
    def acting(self) -> AbstractContextManager[object]:
        """The network with the weights that act, for as long as the block lasts."""

    def _notes(self) -> dict[str, Any]:
        """What a checkpoint remembers beside the learner and the books."""
        return {}

    def _recall(self, notes: Mapping[str, Any]) -> None:  # noqa: B027  # nothing is what most want
        """Go on from what :meth:`_notes` gave."""

    @property
    def _tasks(self) -> Sequence[str]:
        """What the policy may be asked for."""
        return list(self._worlds)

    def policy(self) -> VLAPolicy:
        """What acts, with the weights that the network has now."""
        return VLAPolicy(self.mind)

    def learn(self) -> bool:
        """Learn, and leave the weights that act as ``last_model.safetensors`` and a checkpoint, however it ends.

        Returns:
            Whether there was anything left to learn.

        Raises:
            VlmrlError: a file cannot be written; what was saved before is whole.
        """
        total = self.run.config.agent.total_steps
        begun = self.steps
        if begun < total:
            log = logger(self.run, self.run.config.track, begun)
            self._curve = Curve(self.run.evaluations, until=begun)
            self.clock.restart()
            bar = self._bar(total, begun)
            try:
                with self._stop:
                    self._rounds(total, log, bar)
            finally:
                bar.close()
                log.close()
        with self.acting():
            self._save_mind("last", LAST)
        return begun < total

    def _rounds(self, total: int, log: Logger, bar: tqdm[Any]) -> None:
        settings = self.run.config
        begun = logged = saved = judged = self.steps
        started, every = time.perf_counter(), min(MOST_STEPS, max(self._round_of, total // ROWS))
        tenth = begun * 10 // total
        while self.steps < total and self._stop.wish is None:
            if not self._round(bar):
                break
            if self.steps >= logged + every or self.steps >= total:
                logged = self.steps
                text = self._row(log, bar)
                if bar.disable and settings.progress and self.steps * 10 // total > tenth:
                    tenth = self.steps * 10 // total
                    speed = (self.steps - begun) / max(time.perf_counter() - started, 1e-9)
                    self._say(f"{self.steps:>9,} of {total:,} steps, {speed:.0f} steps/s: {text}")
            if (often := settings.evaluation.every) and self.steps // often > judged // often:
                judged = self.steps
                self._judge(log)
            if self.steps >= saved + settings.checkpoint_every:
                saved = self._save()
        self.stopped = self._stop.wish if self.steps < total else None
        if self.steps > saved:
            self._save()

    def _row(self, log: Logger, bar: tqdm[Any]) -> str:
        """Write what was learned since the last row, and show it."""
        told = self._told()
        for name, value in told.items():
            log.record(name, value)
        log.record("time/total_timesteps", self.steps)
        log.dump(self.steps)
        text = ", ".join(f"{name.partition('/')[2].replace('_', ' ')} {value:.3g}" for name, value in told.items())
        bar.set_postfix_str(text)
        return text

    def _judge(self, log: Logger) -> None:
        """Judge the weights that act on some of the tasks, evenly spread, and keep the best so far."""
        settings = self.run.config.evaluation
        names, count = list(self._worlds), settings.episodes
        found: list[Evaluation] = []
        with self.clock.of("judging"), undisturbed(), self.acting():
            for index in range(min(count, len(names))):
                world = self._worlds[names[index * len(names) // min(count, len(names))]]
                seeds = list(settings.seeds)[index : count : len(names)]
                found.append(evaluate(self.policy(), partial(world.env, False), world.task, seeds))
            judged = replace(found[0], episodes=tuple(one for several in found for one in several.episodes), traces=())
            means = means_of(judged)
            merit = [means["success"], means["oracle_return"]] if "success" in means else [means["task_return"]]
            if self._best is None or merit > self._best:
                self._best = merit
                self._save_mind("best", BY_TRUTH, merit=merit)
        self._curve.add(self.steps, judged)
        for name, mean in means.items():
            log.record(f"eval/{name}", mean)
        self._say(f"{self.steps:>9,} steps: " + ", ".join(f"{name} {mean:.3g}" for name, mean in means.items()))

    def _save(self) -> int:
        """Write a checkpoint; the steps that it has."""
        notes = {**self._notes(), "lines": lengths(self.run), "seconds": self._seconds + self.clock.total}
        with self.clock.of("saving"):
            self._slots.write(self.steps, lambda draft: checkpoint.write(draft, self._kept, notes))
        return self.steps

    def _save_mind(self, which: str, chosen: str, **notes: Any) -> None:
        path = self.run.last_model if which == "last" else self.run.best_model
        size = list(next(iter(self._worlds.values())).size)
        tasks = list(self._tasks)
        save_mind(path, self.mind, chosen=chosen, steps=self.steps, frame_size=size, tasks=tasks, **notes)

    def _take_up(self) -> float:
        """Put the newest checkpoint into the learner, and the run's files back; seconds spent until then."""
        if not self.run.continued:
            return 0.0
        notes = self._slots.newest(lambda path: checkpoint.read(path, self._kept))
        cut_back(self.run, notes["lines"] if notes is not None else {})
        if notes is None:
            return 0.0
        self._recall(notes)
        self._say(f"going on from {self._slots.paths()[-1].name} of {self.run.path}")
        return float(notes["seconds"])

    def _best_before(self) -> list[float] | None:
        if not self.run.best_model.is_file():
            return None
        return [float(value) for value in self.run.read_json("best_model.json")["merit"]]

    def _bar(self, total: int, begun: int) -> tqdm[Any]:
        hidden = not (self.run.config.progress and sys.stderr.isatty())
        return tqdm(total=total, initial=begun, unit="step", unit_scale=True, dynamic_ncols=True, disable=hidden)
