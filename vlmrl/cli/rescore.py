"""Score every state of a dataset again, with another reward, other words or through another camera.

vlmrl rescore data/left                                                the task's own words and camera
vlmrl rescore data/left goal="a cart far to the left" camera=task:azimuth=45
vlmrl rescore data/left reward=cosine encoder=ViT-B-32/laion2b_s34b_b79k out=data/left/scores/clip

Frames are drawn from the states. Scores lie beside the data, a file an episode; stopped, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RenderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError


class RescoreSettings(Answer):
    """Settings of ``vlmrl rescore``."""

    dataset: Path
    """The folder of a dataset that `vlmrl collect` wrote; an argument without = is it."""
    goal: Sentences = ()
    """A sentence that is true when the task is done; again for several; none: the dataset's own."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed."""
    camera: str = "task"
    """The task's own, a camera of the model by its name, or the task's turned: task:azimuth=45:elevation=-20."""
    out: Path | None = None
    """The folder of the scores; null: one in the dataset's scores/, named after what was asked."""
    skip_broken: bool = False
    """Leave out episodes that cannot be read, instead of stopping."""
    other_version: bool = False
    """Go on though the dataset was made with another version of simulator or task."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    reward: RewardConfig
    """How frames and words become a number."""
    render: RenderConfig
    """How frames are drawn."""


SETTINGS = RescoreSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, RescoreSettings, positional="dataset")
    if settings.reward.is_oracle:
        raise ConfigError("reward=oracle: is in the dataset already, as its reward; take another")
    from vlmrl import encoders, rewards
    from vlmrl.cli._datasets import task_of, views_of
    from vlmrl.datasets.minari import Dataset
    from vlmrl.datasets.rescore import SCORES, Question, rescore
    from vlmrl.judge.pictures import tell_drawn, with_pictures
    from vlmrl.metrics.plain import plain
    from vlmrl.rewards.base import HistoryReward
    from vlmrl.scoring.cache import ScoreCache
    from vlmrl.scoring.histories import HistoryScorer
    from vlmrl.scoring.scorer import Scorer
    from vlmrl.types import Words

    with Dataset(settings.dataset) as dataset:
        sheet = dataset.sheet
        task = task_of(sheet, settings.other_version)
        views = views_of(settings.camera, task)
        if len(views) != 1:
            raise ConfigError(f"camera={settings.camera}: must be one; score through each in a call of its own")
        ((label, camera),) = views.items()
        own = Words(sheet.goal, sheet.baseline, sheet.negative)
        words = Words.over(own, settings.goal, settings.baseline, settings.negative)
        encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
        size = settings.render.size or encoder.image_size
        told = {"reward": settings.reward.name, "encoder": settings.encoder.name, "camera": label}
        profile = settings.render.profile or task.profile
        tell_drawn(settings.reward.name, settings.reward.keywords, _out.say)
        keywords = with_pictures(settings.reward.name, settings.reward.keywords, task, size, profile, camera)
        model = rewards.taught(settings.reward.name, encoder, **keywords)
        question = Question(words, camera, size, profile, model.fingerprint, told)
        out = settings.out or dataset.folder / SCORES / _name(question.to_json())
        model.check_view(asdict(camera))
        scorer = HistoryScorer(model) if isinstance(model, HistoryReward) else Scorer(model, cache=ScoreCache())
        ranking = rescore(dataset, task, scorer, question, out, settings.skip_broken, _out.say)
    _out.table([{"actor": name, **told} for name, told in ranking.actors.items()])
    _out.say(
        f"{out}: {ranking.states} states of {ranking.episodes} episodes; Spearman with the truth "
        f"{ranking.spearman:.3f} (within an episode {ranking.within:.3f}), AUROC of done {ranking.auroc:.3f}"
    )
    _out.write(settings.json, {"out": str(out), "question": question.to_json(), **plain(ranking)})
    return 0


def _name(question: dict[str, object]) -> str:
    """A folder's name: what was asked in a few words, and a hash that tells it from similar ones."""
    from vlmrl.datasets.cameras import label_of

    told = question["told"]
    assert isinstance(told, dict)
    mark = hashlib.blake2b(json.dumps(question, sort_keys=True).encode(), digest_size=3).hexdigest()
    return label_of("-".join([*map(str, told.values()), mark]))
