"""Score pictures and films against a sentence, one frame at a time; or films as wholes, by a reward that reads them so.

  vlmrl score film.mp4 goal="a pole standing upright on a cart" baseline="a pole on a cart"
  vlmrl score a.png b.png goal="..." reward=cosine encoder=ViT-B-32/laion2b_s34b_b79k
  vlmrl score frames.npy goal="..." baseline="..." json=scores.json
  vlmrl score a.mp4 b.mp4 goal="..." reward=roboclip reward.film=demo.mp4
  vlmrl score film.mp4 goal="..." reward=progress reward.weights=progress.safetensors

Files are images, films (mp4, gif, avi, mkv, mov, webm), or .npy arrays of uint8 frames, (H, W, 3) or (B, H, W, 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.scoring.clips import ClipScorer
    from vlmrl.scoring.histories import HistoryScorer
    from vlmrl.scoring.scorer import Scorer
    from vlmrl.types import Words


class ScoreSettings(Answer):
    """Settings of ``vlmrl score``."""

    files: tuple[Path, ...] = ()
    """What to score; an argument without = is a file."""
    goal: Sentences = ()
    """A sentence that is true when the task is done; again for several."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed."""
    every: PositiveInt = 1
    """Of a film, score every so many frames."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    reward: RewardConfig
    """How frames and words become a number."""


SETTINGS = ScoreSettings
MOST_SHOWN = 40


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, ScoreSettings, positional="files")
    if not settings.files:
        raise ConfigError("files: are missing; name pictures, films or .npy arrays of frames")
    if settings.reward.is_oracle:
        raise ConfigError("reward=oracle: is the simulator's own reward, and a picture has no simulator; take another")
    from vlmrl import encoders, rewards
    from vlmrl.scoring.clips import ClipScorer, scorer_for
    from vlmrl.scoring.histories import HistoryScorer
    from vlmrl.types import Words

    words = Words(settings.goal, settings.baseline, settings.negative)
    keywords = settings.encoder.keywords
    encoder = encoders.load(settings.encoder.name, **keywords)
    scorer = scorer_for(rewards.taught(settings.reward.name, encoder, **settings.reward.keywords))
    scorer.model.check(words)
    if isinstance(scorer, ClipScorer):
        rows = [_of_film(scorer, path, words, settings.every) for path in settings.files]
        if scorer.abstained:
            _out.say(f"abstained: the reward can say nothing of {scorer.abstained} of {scorer.clips_scored} films")
    elif isinstance(scorer, HistoryScorer):
        rows = [row for path in settings.files for row in _of_episode(scorer, path, words, settings.every)]
    else:
        rows = [row for path in settings.files for row in _of_frames(scorer, path, words, settings.every)]
    _out.table(_thinned(rows))
    _out.write(
        settings.json, {"goal": words.goal, "baseline": words.baseline, "negative": words.negative, "rows": rows}
    )
    return 0


def _of_frames(scorer: Scorer, path: Path, words: Words, every: int) -> Iterator[dict[str, Any]]:
    from vlmrl.frame_files import read

    for first, frames in read(path, every):
        for index, score in enumerate(scorer.frames(frames, words)):
            yield {"file": str(path), "frame": first + index * every, "score": round(float(score), 6)}


def _of_episode(scorer: HistoryScorer, path: Path, words: Words, every: int) -> Iterator[dict[str, Any]]:
    """Each frame of a film by those before it; of a long film the rows are kept, and not the pictures."""
    import numpy as np

    from vlmrl.frame_files import read

    seen, places = [], []
    for first, frames in read(path, every):
        seen.append(scorer.look(frames))
        places += [first + index * every for index in range(len(frames))]
    if not places:
        raise ConfigError(f"files={path}: holds no frame; name a film that shows something")
    for place, score in zip(places, scorer.histories([np.concatenate(seen)], [0], words), strict=True):
        yield {"file": str(path), "frame": place, "score": round(float(score), 6)}


def _of_film(scorer: ClipScorer, path: Path, words: Words, every: int) -> dict[str, Any]:
    """A film's one score, None where the reward abstains; of a long film frames evenly spread."""
    import numpy as np

    from vlmrl.frame_files import spread

    frames = list(spread(path).values())[::every]
    if not frames:
        raise ConfigError(f"files={path}: holds no frame; name a film that shows something")
    score = float(scorer.clips([np.stack(frames)], words)[0])
    return {"file": str(path), "frames": len(frames), "score": round(score, 6) if np.isfinite(score) else None}


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most :data:`MOST_SHOWN` rows, evenly spread; the JSON has all."""
    step = -(-len(rows) // MOST_SHOWN)
    return rows[:: max(1, step)]
