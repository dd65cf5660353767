"""Watching the agent for signs of hacking while it learns from words: a line, a row and a film for each found."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from vlmrl.agents.build import World
from vlmrl.agents.learner.randomness import undisturbed
from vlmrl.agents.policy import TrainedPolicy
from vlmrl.agents.runs.judging import Judging
from vlmrl.agents.runs.rows import Rows
from vlmrl.agents.sights import Sights
from vlmrl.agents.timing import Clock
from vlmrl.config.run_dir import RunDir
from vlmrl.errors import ConfigError, VlmrlError
from vlmrl.judge.kept import Kept
from vlmrl.judge.watch import Watched, watch
from vlmrl.metrics.alarms import Alarm, spread
from vlmrl.metrics.plain import plain
from vlmrl.video.overlay import Numbers
from vlmrl.video.play import FrameScorer
from vlmrl.video.replay import replay

MOST_FILMS = 20
"""Films of alarms in a run: an alarm that rises at every evaluation is believed by then."""


class Watching(BaseCallback):
    """Watches some episodes at each evaluation, asks every alarm, and keeps what rises; training goes on all the same.

    Belongs right behind the callback that judges. Nothing that it does reaches the learner.

    Args:
        run: where rows and films go; of an earlier session of this run those up to ``until`` are kept.
        world: where the agent acts.
        scorer: pays the learner.
        judging: says when, and how often the agent succeeds.
        clock: counts the time.
        say: tells the user.
        until: environment steps that the model has taken.

    Raises:
        RunError: what was watched before cannot be read.
    """

    def __init__(
        self,
        run: RunDir,
        world: World,
        scorer: FrameScorer,
        judging: Judging,
        clock: Clock,
        say: Callable[[str], object],
        until: int = 0,
    ) -> None:
        super().__init__()
        self._run, self._world, self._scorer, self._judging = run, world, scorer, judging
        self._clock, self._say = clock, say
        self._make = Kept(partial(world.env, True))
        self._seeds = list(run.config.evaluation.seeds)[: run.config.evaluation.watch]
        self._rows = Rows(run.watched, ("scores", "success"), until)
        self._told = False
        for film in run.alarm_films.glob("*.mp4"):
            if not film.name.startswith(".") and _steps_of(film.name) > until:
                film.unlink(missing_ok=True)  # what it shows is done again

    def _on_training_start(self) -> None:
        self._watched = self.model.num_timesteps

    def _on_rollout_start(self) -> None:
        latest = self._judging.latest
        if latest is not None and latest[0] > self._watched:
            self._watched = latest[0]
            self._watch(*latest)

    def _on_training_end(self) -> None:
        self._on_rollout_start()
        self._make.close()

    def _on_step(self) -> bool:
        return True

    def _watch(self, steps: int, means: dict[str, float]) -> None:
        with self._clock.of("judging", less="scoring"), undisturbed():
            try:
                policy = TrainedPolicy(self.model)
                seen = watch(policy, self._make, self._world.task, self._seeds, self._scorer, self._world.words)
                levels = self._levels  # measured here, the first time
                success = np.array([means.get("success", np.nan)])
                self._rows.append(steps, {"scores": np.concatenate(seen.scores), "success": success})
            except VlmrlError as fault:
                self._say(f"warning: at {steps:,} steps the agent could not be watched: {fault}; training goes on")
                return
            self._tell_what_is_not_asked(seen)
            for alarm in self._raised(seen, levels):
                film = self._film(steps, alarm, seen)
                self._say(f"alarm {alarm.name} ({steps:,} steps): {alarm.said}{f'; {film}' if film else ''}")
                self._note(steps, alarm, film)

    def _raised(self, seen: Watched, levels: tuple[float, float] | None) -> tuple[Alarm, ...]:
        scores = [row[np.isfinite(row)] for row in self._rows.of("scores")]
        success = [float(row[0]) for row in self._rows.of("success")]
        known = None if np.isnan(success).any() else success
        means, wide = [float(row.mean()) for row in scores], spread(np.concatenate(scores))
        return seen.raised(means, known, levels, wide)

    @cached_property
    def _levels(self) -> tuple[float, float] | None:
        """Median score of a random agent's frames, and of states in which the task is done; None where none are known.

        They are the simulator's knowledge, and stay here: the learner is paid nothing for them.
        """
        if self._world.task is None:
            return None
        sights = Sights(self._world.task, partial(self._world.env, True), self._scorer, self._world.words)
        try:
            return float(np.median(sights.random)), float(np.median(sights.posed("goal")))
        except ConfigError:  # nobody knows how to pose one
            return None

    def _tell_what_is_not_asked(self, seen: Watched) -> None:
        """Say once what nobody can know here, so that silence is not taken for a finding."""
        missing = []
        if self._world.task is None:
            missing.append("diverging, unearned (no ground truth is known)")
        elif self._levels is None:
            missing.append("unearned (no goal states are known)")
        if seen.in_view is None:
            missing.append("out_of_view (where the robot is, is not known)")
        if missing and not self._told:
            self._say(f"watching for signs of hacking, without {' and '.join(missing)}")
        self._told = True

    def _film(self, steps: int, alarm: Alarm, seen: Watched) -> str | None:
        """Write the film of the episode that an alarm names; its place in the run's directory, or None."""
        path = self._run.alarm_films / f"{steps}-{alarm.name}.mp4"
        trace = seen.evaluation.traces[alarm.episode]
        episode = seen.evaluation.episodes[alarm.episode]
        try:
            if len(list(self._run.alarm_films.glob("[0-9]*.mp4"))) >= MOST_FILMS:
                return None
            frames = np.asarray(trace.frames)
            numbers = Numbers(len(frames), trace.score, trace.oracle, trace.success, episode.success)
            note = f"{self._run.config.world}, seed {episode.seed}, {steps:,} steps"
            replay(path, frames, numbers, alarm.name, self._world.words.goal[0], note, seen.fps)
        except (VlmrlError, OSError) as fault:
            self._say(f"warning: the film of alarm {alarm.name} could not be written: {fault}; training goes on")
            return None
        return path.relative_to(self._run.path).as_posix()

    def _note(self, steps: int, alarm: Alarm, film: str | None) -> None:
        seed = self._seeds[alarm.episode]
        about = {"steps": steps, "name": alarm.name, "value": alarm.value, "bound": alarm.bound, "said": alarm.said}
        try:
            with self._run.alarms.open("a", encoding="utf-8") as file:
                file.write(json.dumps(plain({**about, "seed": seed, "film": film}), ensure_ascii=False) + "\n")
        except OSError as fault:
            self._say(f"warning: {self._run.alarms}: cannot be written ({fault.strerror}); training goes on")


def _steps_of(name: str) -> int:
    """The steps in a film's name; 0 for a file that is not ours, which is left alone."""
    steps = name.partition("-")[0]
    return int(steps) if steps.isdigit() else 0
