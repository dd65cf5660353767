"""How sim-clip is trained: every number in one place, checked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from vlmrl.encoders.open_clip import device_of
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.find import names

PRECISIONS = ("bf16", "fp32")


@dataclass(frozen=True)
class Settings:
    """The recipe of one training; equal settings give equal models up to the order of floating point sums.

    Attributes:
        out: directory of the finished model.
        work: directory of frames, vectors and checkpoints, from which a stopped training goes on.
        domains: what it is taught, by name and separated by commas; empty is all that have a language.
        seed: of states, looks, captions and weights.
        frames: training frames a domain.
        image_steps: steps of the image tower.
        image_batch: frames a domain in each of them.
        text_steps: steps of the text tower.
        text_batch: captions a domain in each of them.
        singles: captions a value, at most.
        pairs: captions a domain that say two things.
        corpus: sentences without a picture.
        vocabulary: entries of the vocabulary.
        precision: of the towers' forward and backward passes, ``bf16`` or ``fp32``.
        device: ``auto`` takes a GPU where there is one; else ``cpu``, ``cuda``, ``cuda:1``.
        threads: CPU threads; 0 leaves the choice to torch.
    """

    out: Path = Path("sim-clip")
    work: Path = Path("runs/sim-clip")
    domains: str = ""
    seed: int = 0
    frames: int = 16_000
    image_steps: int = 4000
    image_batch: int = 28
    text_steps: int = 1200
    text_batch: int = 20
    singles: int = 200
    pairs: int = 800
    corpus: int = 30_000
    vocabulary: int = 6144
    precision: str = "bf16"
    device: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in ("seed", "threads", "pairs") else 1
            if isinstance(value, int) and value < least:
                raise ConfigError(f"{field.name}={value}: must be at least {least}")
        if self.vocabulary < 1024:
            raise ConfigError(f"vocabulary={self.vocabulary}: must be at least 1024; 514 entries are bytes and marks")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision={self.precision}: must be one of {', '.join(PRECISIONS)}")
        _ = self.place, self.worlds

    @property
    def worlds(self) -> tuple[str, ...]:
        """The domains, by name.

        Raises:
            UnknownName: one has no language.
        """
        known = names("language")
        asked = tuple(name for name in self.domains.split(",") if name)
        for name in asked:
            if name not in known:
                raise UnknownName("domains", name, known)
        return asked or known

    @property
    def place(self) -> torch.device:
        """Where the towers are trained.

        Raises:
            ConfigError: there is no such device.
        """
        return device_of(self.device, "device")

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Settings:
        """Read ``key=value`` arguments.

        Raises:
            ConfigError: no ``key=value``, an unknown key, or a value of the wrong kind.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        given: dict[str, int | str | Path] = {}
        for argument in arguments:
            key, equals, value = argument.partition("=")
            if not equals:
                raise ConfigError(f"{argument}: must read key=value; keys: {', '.join(fields)}")
            if key not in fields:
                raise UnknownName("key", key, fields)
            if not isinstance(fields[key].default, int):
                given[key] = Path(value) if isinstance(fields[key].default, Path) else value
                continue
            try:
                given[key] = int(value.replace("_", ""))
            except ValueError as cause:
                raise ConfigError(f"{argument}: must be a whole number") from cause
        return cls(**given)  # type: ignore[arg-type]

    def recipe(self) -> dict[str, int | str]:
        """What decides the result: everything but places and threads."""
        return {k: v for k, v in dataclasses.asdict(self).items() if k not in ("out", "work", "threads", "device")}

    def claim(self) -> None:
        """Take ``work`` for this recipe.

        Raises:
            ConfigError: it holds a training with another recipe.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        path = self.work / "recipe.json"
        if path.exists() and json.loads(path.read_text()) != self.recipe():
            raise ConfigError(
                f"work={self.work}: holds a training with another recipe ({path}); name another directory"
            )
        path.write_text(json.dumps(self.recipe(), indent=2) + "\n")
