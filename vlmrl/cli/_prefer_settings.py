"""Settings of ``vlmrl prefer``, which its films are made by too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from vlmrl.config.schema import Section, Sentences


class PreferSettings(Section):
    """Settings of ``vlmrl prefer``."""

    task: str | None = None
    """A task's name; `vlmrl list tasks` shows them. Null: that of the first run."""
    run: tuple[Path, ...] = ()
    """Run directories whose agents act in films too; arguments without = are these."""
    out: Path | None = None
    """The folder of films and answers; one that is there already is gone on with."""
    goal: Sentences = ()
    """What is asked about, in a sentence; again for several; none: the task's own."""
    agents: str | None = None
    """Who acts, with commas between, as for `vlmrl collect`; null: everybody who can."""
    clips: Annotated[int, Field(ge=2, le=500)] = 24
    """Films to be compared."""
    seconds: PositiveFloat = 2.0
    """Of a film, in the simulator's time."""
    size: tuple[PositiveInt, PositiveInt] = (64, 64)
    """[height, width] in pixels of the frames that a reward reads; the films on the page are larger."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Of 127.0.0.1; null: the first that is free from 7860 on."""
    seed: NonNegativeInt = 600_000
    """Of the first episode's start, of what is cut out of episodes, and of the order of questions."""
