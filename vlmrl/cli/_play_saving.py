"""What was found in the playground, written down: the command line that learns from it, files where the user says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from vlmrl.cli import _out
from vlmrl.config.atomic import write_text
from vlmrl.errors import ConfigError
from vlmrl.judge.playground import Asked


def arguments(task: str, asked: Asked, encoder: Sequence[str] = ()) -> list[str]:
    """What follows ``vlmrl train`` to learn from this: every sentence and setting, unquoted.

    Args:
        task: its name.
        asked: words and reward.
        encoder: the arguments that chose the encoder.
    """
    words = asked.words
    sides = (("goal", words.goal), ("baseline", words.baseline), ("negative", words.negative))
    said = [f"{side}={sentence}" for side, sentences in sides for sentence in sentences]
    settings = [f"reward.{key}={json.dumps(value)}" for key, value in asked.keywords.items()]
    return [f"task={task}", *said, *encoder, f"reward={asked.reward}", *settings]


def command(given: Sequence[str]) -> str:
    """The command line, an argument a line, as a POSIX shell reads it."""
    return " \\\n  ".join(["vlmrl train", *(_quoted(one) for one in given)])


def script(given: Sequence[str]) -> str:
    """A shell script of it, which hands on what it is called with."""
    return (
        f'# From `vlmrl play`; whatever follows the name is added: sh NAME dry_run=true\n{command(given)} \\\n  "$@"\n'
    )


def save(where: str, content: str, over: bool) -> Path:
    """Write a file where the user says.

    Args:
        where: the file; folders on the way are made.
        content: of it.
        over: replace a file that is there.

    Returns:
        its place.

    Raises:
        ConfigError: no place was named, it is a folder, or there is such a file and ``over`` is not set.
        RunError: it cannot be written.
    """
    if not where.strip():
        raise ConfigError("file: is missing; say where to write it")
    path = Path(where.strip()).expanduser()
    if path.is_dir():
        raise ConfigError(f"file={path}: is a folder; name a file in it")
    if path.exists() and not over:
        raise ConfigError(f"file={path}: is there already; choose another, or tick that it may be replaced")
    write_text(_out.place(path), content)
    return path.absolute()


def _quoted(argument: str) -> str:
    key, _, value = argument.partition("=")
    return f"{key}={shlex.quote(value)}"
