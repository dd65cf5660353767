"""The settings that a run directory keeps: written, read, and compared with those of a run that wants to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from vlmrl.config import atomic
from vlmrl.config.complaints import validate
from vlmrl.config.schema import RunConfig
from vlmrl.config.trust import CONFIG, HEADER
from vlmrl.errors import RunError

MAY_CHANGE = (
    "agent.total_steps",
    "checkpoint_every",
    "dry_run",
    "encoder.batch_size",
    "encoder.compile",
    "encoder.device",
    "evaluation",
    "progress",
    "resume",
    "run_dir",
    "track",
)
"""What a continued run may have otherwise than before: how long, how fast and how watched, never what is learned."""


def store(path: Path, config: RunConfig) -> None:
    """Write a run's settings into its directory, in one piece; RunError if that fails."""
    atomic.write_text(path / CONFIG, f"{HEADER}\n{as_yaml(config)}")


def as_yaml(config: RunConfig) -> str:
    """All settings of a run, in the order of the schema."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=1000)


def run_in(path: Path, resume: str) -> RunConfig | None:
    """The settings of the run that lies there; None for nothing at all, or only what a run killed at once left behind.

    Raises:
        RunError: it is a file or holds something else, or ``resume`` is ``never`` and there is a run.
    """
    if not path.exists():
        return None
    if not path.is_dir():
        raise RunError(f"run_dir={path}: is a file; give a directory, new or of a run")
    if (path / CONFIG).is_file():
        if resume == "never":
            raise RunError(f"run_dir={path}: holds a run already; give another, or resume=auto to go on with it")
        return stored(path)
    foreign = [one.name for one in path.iterdir() if one.name != ".lock" and not one.name.startswith(f".{CONFIG}.")]
    if foreign:
        raise RunError(
            f"run_dir={path}: holds {min(foreign)} and no run; give a new or empty directory, nothing was changed"
        )
    return None


def stored(path: Path) -> RunConfig:
    """The settings of the run in ``path``, which may have been moved since.

    Raises:
        RunError: there is no run, or its config.yaml was cut off or changed, or is of another version.
    """
    file = path / CONFIG
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"run_dir={path}: holds no run ({CONFIG} is missing); `vlmrl train run_dir=...` makes one"
        ) from None
    except (OSError, ValueError, yaml.YAMLError) as cause:
        raise RunError(f"{file}: cannot be read: {cause}") from cause
    if not isinstance(data, Mapping):
        raise RunError(f"{file}: holds no settings; it was cut off or is not ours")
    try:
        return validate(RunConfig, data).model_copy(update={"run_dir": path})
    except ValueError as cause:
        raise RunError(f"{file}: was not written by this version of vlmrl: {cause}") from cause


def check_same(path: Path, before: RunConfig, now: RunConfig) -> None:
    """Refuse to continue a run with settings that change what is learned.

    Raises:
        RunError: some differ; all of them are listed.
    """
    there, here = (dict(_flat(config.model_dump(mode="json"))) for config in (before, now))
    differ = [
        f"  {key}: {there.get(key)} there, {here.get(key)} now"
        for key in sorted({*there, *here})
        if there.get(key) != here.get(key) and not any(key == free or key.startswith(f"{free}.") for free in MAY_CHANGE)
    ]
    if differ:
        listed = "\n".join(differ)
        raise RunError(f"run_dir={path}: holds a run with other settings; give the same, or another run_dir:\n{listed}")


def _flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
