"""What is debugged, played or read and then scored: a run's agent beside a random one, or a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrl.cli import _out
from vlmrl.cli._runs import Trained, trained
from vlmrl.cli._voices import Asked, asked, voices
from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.frame_files import rate, read
from vlmrl.judge.compare import beside_random
from vlmrl.judge.debug import See, Voice
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.evaluation import Evaluation, Trace
from vlmrl.metrics.inspection import Played
from vlmrl.report.debug_page import LARGEST
from vlmrl.report.inline import within
from vlmrl.shaping import Past, Steps, with_past
from vlmrl.types import Array
from vlmrl.video.record import FILM_FPS

if TYPE_CHECKING:
    from vlmrl.cli._debug_settings import DebugSettings

MOST = 5_000
"""Frames of a film on one page."""


@dataclass(frozen=True)
class Subject:
    """Frames with what was said of them.

    Attributes:
        name: the run's directory, or the film's file.
        world: the task or Gymnasium id; of a film the task whose words it was scored against, or empty.
        note: what else there is to say.
        episodes: what was played, or the film.
        voices: who spoke.
        scores: of each voice, ``(T,)`` for each episode.
        see: fetches frames as they were scored.
        fps: states a second.
        paid: the first voice's scores after the run's shaping, likewise; None where nothing is shaped.
        every: of a film, one frame in so many.
    """

    name: str
    world: str
    note: str
    episodes: tuple[Played, ...]
    voices: tuple[Voice, ...]
    scores: tuple[tuple[Array, ...], ...]
    see: See
    fps: float
    paid: tuple[Array, ...] | None = None
    every: int = 1


def of_run(settings: DebugSettings, argv: Sequence[str]) -> Subject:
    """A run's agent and a random one on the same seeds, scored.

    Raises:
        RunError: there is no run, it has no agent yet, or its files are damaged.
        ConfigError: a setting that is for films, or what :func:`vlmrl.cli._voices.asked` refuses.
    """
    _refuse(settings, ("task", "every"), "films, and this is a run")
    agent = trained(settings.subject, settings.checkpoint == "best")
    config, world = agent.config, agent.world
    words = None if config.reward.is_oracle else world.words
    own = None if words is None else Asked(config.reward, config.encoder, words)
    task_words = world.task.words if world.task is not None else None
    heard = voices(asked(settings, argv, words or task_words, own), own is not None, world.task, config.render)
    traces, episodes, fps = _played(agent, agent.seeds(settings.seed, settings.episodes))
    heard_at = [_scored(voice, traces) for voice in heard]
    return Subject(
        name=agent.run.path.resolve().name,
        world=config.world,
        note=f"{agent.steps:,} steps, {agent.chosen}",
        episodes=episodes,
        voices=heard,
        scores=tuple(tuple(scores[1:] for scores in several) for several in heard_at),
        see=lambda wanted: [episodes[episode].frames[step] for episode, step in wanted],
        fps=fps,
        paid=None if own is None or config.agent.imitates else _paid(agent, heard[0], heard_at[0], traces),
    )


def _played(agent: Trained, seeds: Sequence[int]) -> tuple[list[Trace], tuple[Played, ...], float]:
    """Every episode of both agents, and how many states a second they have."""
    traces: list[Trace] = []
    episodes: list[Played] = []
    with beside_random({"agent": agent.policy}, partial(agent.world.env, True)) as (everyone, make):
        env = make()
        fps = float(env.metadata.get("render_fps") or FILM_FPS)
        env.close()
        for name, policy in everyone.items():
            _out.say(f"{name}: {len(seeds)} episodes are played")
            judged = evaluate(policy, make, agent.world.task, seeds, keep_frames=True)
            traces += judged.traces
            episodes += _episodes(name, judged)
    return traces, tuple(episodes), fps


def _episodes(name: str, judged: Evaluation) -> list[Played]:
    return [
        Played(name, _frames(trace), trace.oracle, trace.success, episode.success, episode.seed)
        for episode, trace in zip(judged.episodes, judged.traces, strict=True)
    ]


def _frames(trace: Trace) -> Array:
    if trace.frames is None:
        raise ConfigError("frames: are missing; an environment made with frames=True shows them")
    return trace.frames


def _scored(voice: Voice, traces: Sequence[Trace]) -> list[Array]:
    """``(T + 1,)`` for each episode, the state that it began in first; all in one call, so that no frame is twice."""
    rows = [np.concatenate([[trace.start], _frames(trace)]) for trace in traces]
    return np.split(voice(np.concatenate(rows)), np.cumsum([len(row) for row in rows])[:-1])


def _paid(agent: Trained, voice: Voice, scores: Sequence[Array], traces: Sequence[Trace]) -> tuple[Array, ...] | None:
    """What the run's shaping makes of its scores, ``(T,)`` for each episode; None where that is over."""
    from vlmrl.agents.build import build_shape

    shape = build_shape(agent.world, voice.scorer, _out.say)
    needs = Past(shape).needs
    if needs.bits:
        _out.say("shaping.novelty: paid by how often a state had been visited then, so the pay is not shown")
        return None
    if needs.own is not None:
        _out.say("shaping.blend: paid by what the task itself pays, too, so the pay is not shown")
        return None
    paid = []
    for row, trace in zip(scores, traces, strict=True):
        ends = np.zeros((len(row) - 1, 1), dtype=bool)
        ends[-1] = trace.terminated
        steps = Steps(row[:-1, None], row[1:, None], ends, agent.policy.gamma)
        last = np.arange(len(ends))[:, None] == len(ends) - 1
        paid.append(shape(with_past(shape, steps, last))[:, 0])
    return tuple(paid)


def of_film(settings: DebugSettings, argv: Sequence[str]) -> Subject:
    """A film's frames, scored as they are and kept as small as the page shows them.

    Raises:
        ConfigError: there is no such file or it cannot be read, it is too long, there is no goal, or what
            :func:`vlmrl.cli._voices.asked` refuses.
        UnknownName: no such task.
    """
    path = settings.subject
    _refuse(settings, ("episodes", "seed", "checkpoint"), "runs, and this is a film")
    if not path.is_file():
        raise ConfigError(f"subject={path}: is not there; give a run's directory or a film")
    task = find_task(settings.task) if settings.task is not None else None
    heard = voices(asked(settings, argv, task.words if task is not None else None), task=task)
    small: list[Array] = []
    scores: list[list[Array]] = [[] for _ in heard]
    for _, frames in read(path, settings.every, "subject"):
        for voice, said in zip(heard, scores, strict=True):
            said.append(voice(frames))
        small += [within(frame, LARGEST) for frame in frames]
        if len(small) > MOST:
            raise ConfigError(f"every={settings.every}: leaves more than {MOST:,} frames for one page; take fewer")
    if not small:
        raise ConfigError(f"subject={path}: holds no frame")
    return Subject(
        name=path.name,
        world=settings.task or "",
        note="" if settings.every == 1 else f"one frame in {settings.every}",
        episodes=(Played(path.name, np.stack(small)),),
        voices=heard,
        scores=tuple((np.concatenate(said),) for said in scores),
        see=partial(_read_again, settings),
        fps=rate(path) / settings.every,
        every=settings.every,
    )


def _refuse(settings: DebugSettings, names: Sequence[str], others: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if value != type(settings).model_fields[name].default:
            raise ConfigError(f"{name}={value}: is for {others}; leave it out")


def _read_again(settings: DebugSettings, wanted: Sequence[tuple[int, int]]) -> list[Array]:
    """Frames of a film as they were scored: kept all at once, a long film's would fill the memory."""
    rows = {step for _, step in wanted}
    found: dict[int, Array] = {}
    for first, frames in read(settings.subject, settings.every, "subject"):
        start = first // settings.every
        found |= {row: frames[row - start].copy() for row in rows if start <= row < start + len(frames)}
    return [found[step] for _, step in wanted]
