"""Settings of ``vlmrl debug``, which its parts read too."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences


class DebugSettings(Answer):
    """Settings of ``vlmrl debug``."""

    subject: Path
    """A run's directory or a film (mp4, gif, avi, mkv, mov, webm, npy); an argument without = is it."""
    task: str | None = None
    """Of a film: the task whose sentences it is scored against; a run has its own."""
    goal: Sentences = ()
    """A sentence that is true when the task is done; again for another curve. Of a run: beside its own."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world; none: the run's or the task's own."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed; none: the run's or the task's own, if the goal is too."""
    encoder: EncoderConfig
    """The vision-language model of a film; of a run: another one beside its own."""
    reward: RewardConfig
    """How frames and words become a number; of a run: another way beside its own."""
    encoders: tuple[str, ...] = ()
    """More encoders, by name with a comma between them, each with its own settings."""
    rewards: tuple[str, ...] = ()
    """More rewards, likewise."""
    episodes: PositiveInt = 2
    """Of a run: episodes of its agent, and as many of a random one."""
    seed: NonNegativeInt | None = None
    """Of the first episode, the next ones count up; null: the run's evaluation.seed."""
    checkpoint: Literal["last", "best"] = "last"
    """best is chosen by ground truth, and labelled so."""
    every: PositiveInt = 1
    """Of a film, take every so many frames."""
    maps: NonNegativeInt = 12
    """Places along each side at which the picture is covered, to map what carries the score; 0: no maps."""
    html: Path | None = None
    """Where to write the page; none: debug.html in the run's directory, FILM.debug.html beside a film."""
