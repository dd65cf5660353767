"""Train the embedded vision-language model anew, or measure what it knows.

vlmrl sim-clip train           from simulated states and generated captions; stopped, it goes on from where it was
vlmrl sim-clip eval            on held-out states, wordings, goals, cameras and colours
vlmrl sim-clip train --help    the settings of either
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import PositiveInt

from vlmrl.cli import _help, _out
from vlmrl.cli._settings import Answer
from vlmrl.config import packaged
from vlmrl.config.schema import EncoderConfig
from vlmrl.errors import UnknownName

STEPS = ("train", "eval")
HELP = {"-h", "--help"}


class SimClipEvalSettings(Answer):
    """Settings of ``vlmrl sim-clip eval``."""

    encoder: EncoderConfig
    """What to measure: sim_clip, local-dir:/path of one just trained, or any other, to compare."""
    frames: PositiveInt = 800
    """Held-out states of each domain."""


def run(argv: Sequence[str]) -> int:
    """Run ``train`` or ``eval``, whichever the first argument says."""
    if not argv or argv[0] in HELP:
        sys.stdout.write(_help.text_of(sys.modules[__name__]))
        return 0
    if argv[0] not in STEPS:
        raise UnknownName("sim-clip", argv[0], STEPS)
    asked_for_help = bool(HELP & set(argv[1:]))
    return (_train if argv[0] == "train" else _evaluate)(argv[1:], asked_for_help)


def _train(argv: Sequence[str], asked_for_help: bool) -> int:
    from vlmrl.sim_clip.settings import Settings

    if asked_for_help:
        sys.stdout.write(f"{_help.first_line('vlmrl.sim_clip.train')}\n\n{inspect.getdoc(Settings)}\n")
        return 0
    from vlmrl.sim_clip.train import main

    main(argv)
    return 0


def _evaluate(argv: Sequence[str], asked_for_help: bool) -> int:
    if asked_for_help:
        sys.stdout.write(_help.settings_of(SimClipEvalSettings))
        return 0
    from vlmrl.config.compose import compose

    settings = compose(argv, SimClipEvalSettings)
    from vlmrl import encoders
    from vlmrl.sim_clip.evaluate import evaluate

    model = str(settings.encoder.keywords.get("model"))
    domains = packaged.worlds(model) if model in packaged.MODELS else None
    found = evaluate(encoders.load(settings.encoder.name, **settings.encoder.keywords), settings.frames, domains)
    _out.table([_row(task, facts) for task, facts in found["tasks"].items()], "Spearman with the ground truth, by task")
    _out.write(settings.json, found)
    return 0


def _row(task: str, facts: dict[str, Any]) -> dict[str, Any]:
    told = {"task": task, **facts["spearman"], "unseen wordings": facts["wordings"]["mean"]}
    return told | {"other cameras": facts["other_look"], "AUROC of success": facts["auroc"]["neutral"]}
