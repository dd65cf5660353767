"""How far a prompt is from the language that sim-clip was taught, told before a training starts.

Words can miss without any error: a sentence that the model does not understand still gets a vector, and ranks states by
chance. So a run names the nearest sentences that the model knows, and the words that no caption ever used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vlmrl.config import packaged
from vlmrl.config.schema import EncoderConfig
from vlmrl.encoders.base import Encoder
from vlmrl.find import names
from vlmrl.sim_clip.data import domain_of
from vlmrl.sim_clip.grammar import wordings
from vlmrl.sim_clip.towers import WEIGHTS
from vlmrl.types import Array, Words

FAR = 0.87
"""Below this cosine with every sentence known of its world a prompt counts as far from what was taught.

What that is worth, over the sentences written by hand, is measured with the model: ``warned`` in ``evaluation.json``.
"""
WANTED = 0.85
"""Spearman between reward and ground truth that a task's words should reach."""
CLOSE = 0.85
"""Above this cosine goal and baseline are close to one another; captions of one meaning reach it."""
EXAMPLES = 12
"""Known sentences kept of each value."""


def known_sentences(domains: Sequence[str]) -> dict[str, Any]:
    """Trained sentences and every word in them: ``{"sentences": {domain: {value: […]}}, "words": […]}``."""
    sentences: dict[str, dict[str, list[str]]] = {}
    vocabulary: set[str] = set()
    for name in domains:
        domain, rng = domain_of(name), np.random.default_rng(0)
        said = {value.name: wordings(domain, value) for value in domain.values} | {"neutral": list(domain.neutral)}
        for text in (text for texts in said.values() for text in texts):
            vocabulary |= _words(text)
        # The shortest wordings are the plainest: half of the examples are those, half are drawn.
        sentences[name] = {
            value: sorted(texts, key=len)[: EXAMPLES // 2] + rng.permutation(texts)[: EXAMPLES // 2].tolist()
            for value, texts in said.items()
        }  # fmt: skip
    return {"sentences": sentences, "words": sorted(vocabulary)}


def write(folder: Path, domains: Sequence[str]) -> None:
    """Write :func:`known_sentences` beside the weights, as ``known.json``."""
    (folder / "known.json").write_text(json.dumps(known_sentences(domains), indent=1) + "\n")


def taught(folder: Path = WEIGHTS) -> tuple[str, ...]:
    """The domains that the model in ``folder`` was trained on, sorted; the code may have words for more by now."""
    return tuple(sorted(packaged.read(folder, "known.json").get("sentences", names("language"))))


def below(measured: dict[str, Any]) -> dict[str, float]:
    """The tasks of an ``evaluation.json`` whose words rank states worse than is wanted, with their Spearman."""
    found = {task: facts["spearman"]["neutral"] for task, facts in measured.get("tasks", {}).items()}
    return {task: rho for task, rho in found.items() if rho < WANTED}


@cache
def _poor(model: str) -> dict[str, float]:
    return below(packaged.read(packaged.folder(model), "evaluation.json"))


@cache
def _known(model: str) -> tuple[list[tuple[str, str, str]], frozenset[str]]:
    kept = packaged.read(packaged.folder(model), "known.json")
    rows = [(d, v, text) for d, values in kept["sentences"].items() for v, texts in values.items() for text in texts]
    return rows, frozenset(kept["words"])


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def report_where_known(
    settings: EncoderConfig, encoder: Encoder, words: Words, world: str, task: str | None = None
) -> str:
    """As :func:`report`, by the settings of ``encoder``; empty for every encoder but the packaged ones.

    A ``task`` that the model ranks poorly by its shipped words is told, too.
    """
    model = settings.keywords.get("model")
    if model not in packaged.MODELS or not packaged.worlds(model):
        return ""
    lines = [report(words, encoder, world, model)]
    if task in _poor(model):
        lines.append(
            f"warning: by its shipped words {model} ranks states of {task} at a Spearman of {_poor(model)[task]} with "
            f"the ground truth, where {WANTED} is wanted: do not trust its reward there"
        )
    return "\n".join(lines)


def likest(encoder: Encoder, known: Sequence[str], texts: Sequence[str]) -> Array:
    """The cosine of each text with the known sentence that is likest to it: float32 ``(K,)``."""
    found: Array = (encoder.texts(texts) @ encoder.texts(known).T).max(dim=1).values.cpu().numpy()
    return found


def report(words: Words, encoder: Encoder, world: str, model: str = "sim_clip") -> str:
    """Lines for a person: each prompt's nearest known sentences, its unknown words, and a goal too near its baseline.

    Args:
        words: the prompts of a run.
        encoder: that model.
        world: a task's name or world, or a Gymnasium id; only what was said of its domain counts as known.
        model: which of the packaged ones it is.
    """
    rows, vocabulary = _known(model)
    domain = world.split("/")[0]
    rows = [row for row in rows if row[0] == domain]
    if not rows:
        other = packaged.told_of(domain)
        advice = f"encoder={other} was told of it" if other else "Name a model that knows the world"
        return f"warning: {model} never saw {world}; its scores there mean nothing. {advice}"
    known = encoder.texts([text for *_, text in rows])
    lines = []
    for side in ("goal", "baseline", "negative"):
        for text in getattr(words, side):
            likeness = (known @ encoder.texts([text])[0]).cpu().numpy()
            best = np.argsort(-likeness)[:2]
            near = "; ".join(f"{rows[i][2]!r} ({rows[i][1]}, {likeness[i]:.2f})" for i in best)
            lines.append(f"{side} {text!r}: nearest known: {near}")
            strange = sorted(_words(text) - vocabulary)
            if likeness[best[0]] < FAR:
                lines.append(
                    f"  warning: far from what {model} was told of {domain} (below {FAR}); its scores may mean little"
                )
            if strange:
                lines.append(f"  note: never captioned: {', '.join(strange)}")
    if words.baseline:
        alike = float(encoder.texts(words.goal).mean(0) @ encoder.texts(words.baseline).mean(0))
        if alike > CLOSE:
            lines.append(
                f"warning: goal and baseline mean nearly the same to {model} (cosine {alike:.2f}); "
                "it can hardly tell them apart"
            )
    return "\n".join(lines)
