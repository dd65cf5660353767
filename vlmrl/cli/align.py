"""Learn from a few preferences what matters in films: a projection of an encoder's embeddings, for reward=rapl.

  vlmrl align preferences.yaml demo=good.mp4 out=aligned.safetensors
  vlmrl train task=cartpole/upright reward=rapl reward.film=good.mp4 reward.projection=aligned.safetensors

The YAML or JSON file is a list of pairs of films, the better one first: - [a.mp4, b.mp4]. Paths in it are looked up
from where the file lies. Films are mp4, gif, avi, mkv, mov, webm, or .npy arrays of uint8 frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from vlmrl.encoders.base import Encoder


class AlignSettings(Answer):
    """Settings of ``vlmrl align``."""

    preferences: tuple[Path, ...] = ()
    """Files of preferences; an argument without = is one."""
    demo: tuple[Path, ...] = ()
    """A film of the task done as it should be; again for several."""
    out: Path | None = None
    """The file to write, ending in .safetensors; a .json beside it says how it came out."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    frames: PositiveInt = 32
    """Of a film that are looked at, evenly spread."""
    dim: PositiveInt = 32
    """Numbers that are left of an embedding."""
    steps: PositiveInt = 200
    """Of the optimiser."""
    epsilon: PositiveFloat = 0.05
    """Blur of the transport between films, in units of 1 - cosine."""
    temperature: PositiveFloat = 0.05
    """Difference of two films' likeness to the demonstration that makes a preference 73 % sure."""
    seed: NonNegativeInt = 0
    """Of the order in which preferences are learned from."""


SETTINGS = AlignSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, AlignSettings, positional="preferences")
    if settings.out is None or settings.out.suffix != ".safetensors":
        raise ConfigError(f"out={settings.out}: is no file to write; give out=NAME.safetensors")
    if not settings.demo:
        raise ConfigError("demo: is missing; give demo=FILM of the task done as it should be")
    pairs = [pair for path in settings.preferences for pair in _pairs(path)]
    if not pairs:
        raise ConfigError("preferences: are none; name a file with a list of [better.mp4, worse.mp4]")
    from dataclasses import asdict

    from vlmrl import encoders
    from vlmrl.rewards._taught.align import Aligner, save

    place = _out.place(settings.out)
    encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
    names = list(dict.fromkeys(path for pair in pairs for path in pair))
    films = [_film(encoder, path, settings.frames, "preferences") for path in names]
    demos = [_film(encoder, path, settings.frames, "demo") for path in settings.demo]
    aligner = Aligner(settings.dim, settings.steps, settings.epsilon, settings.temperature, settings.seed)
    said = [(names.index(better), names.index(worse)) for better, worse in pairs]
    matrix, learned = aligner.learn(films, said, demos, encoder.fingerprint)
    save(place, matrix, learned)
    _out.say(f"of {learned.preferences} preferences {learned.right:.0%} are met, {learned.before:.0%} before")
    if learned.held_right is not None and learned.held_before is not None:
        _out.say(f"of {learned.held} held out {learned.held_right:.0%} are met, {learned.held_before:.0%} before")
    else:
        _out.say("too few preferences to hold any out (10 are needed): nobody knows how well it does on others")
    _out.say(str(settings.out))
    _out.write(settings.json, {"out": str(settings.out), **asdict(learned)})
    return 0


def _pairs(path: Path) -> list[tuple[Path, Path]]:
    """The pairs of a file, the better film first."""
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as cause:
        raise ConfigError(f"preferences={path}: cannot be read ({cause})") from cause
    pairs = body if isinstance(body, list) else [body]
    wrong = [one for one in pairs if not isinstance(one, list) or [type(name) for name in one] != [str, str]]
    if wrong:
        raise ConfigError(f"preferences={path}: {wrong[0]!r} is no pair; write - [better.mp4, worse.mp4]")
    return [(path.parent / better, path.parent / worse) for better, worse in pairs]


def _film(encoder: Encoder, path: Path, most: int, key: str) -> torch.Tensor:
    """Embeddings ``(T, D)`` of a film's frames."""
    import numpy as np

    from vlmrl.frame_files import spread
    from vlmrl.rewards._bases.clips import evenly

    frames = list(spread(path, key=key).values())
    if len(frames) < 2:
        raise ConfigError(f"{key}={path}: a film of {len(frames)} frames; it takes 2 or more")
    return encoder.images(np.stack([frames[place] for place in evenly(len(frames), most)]))
