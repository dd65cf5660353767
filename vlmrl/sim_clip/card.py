"""The model card: what sim-clip is, how it was made, and what it was measured to know, written from the numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlmrl import encoders
from vlmrl.config import packaged
from vlmrl.sim_clip import familiarity, targets
from vlmrl.sim_clip.data import Recipe
from vlmrl.sim_clip.evaluate import evaluate

DRAWN = Recipe()
HEAD = """# sim-clip

A small dual encoder that ships with vlmrl: an image tower ({tower}) and a text transformer, in open_clip
format, {size:.1f} MB. It reads 64 x 64 frames. **It knows these simulators' states and the sentences of its
grammar, and nothing else of the world**: it has never seen a photograph, and every figure below is about the
worlds that it was trained on.

## Data

Every training frame is a simulated state drawn over the whole reachable space, {frames:,} in each of {count}
domains ({domains});
{ends:.0%} are states in which a task is done or clearly is not. {shipped:.0%} are drawn exactly as the tasks draw
them, {own:.0%} in the tasks' own colours through a straying camera, the rest in random paint; {away:.0%} look past
the robot, where every goal scores low. Captions come from a grammar of graded facts; the cosine of a frame and a
caption is pinned to {high} where the caption is true,
{low} where the state is as far from it as can be, and {neutral} for sentences that are true of any frame. A caption of
two facts is their product. Frames and captions of different domains are pinned to 0. A sentence encoder (all-
MiniLM-L6-v2, Apache-2.0) taught the text tower which words mean alike, over {corpus:,} generated sentences
without a picture; it is not needed to run the model.

## Training

`vlmrl sim-clip train`, {minutes:.0f} minutes on two cores, with these settings:
`{command}`.

## Held out

Goal-baseline reward, alpha 0.5, shipped prompts; unseen states through the task's own camera. "Wordings": up to
sixty sentences a task from templates never trained on. "Other look": cameras and colours from ranges never
trained on. Spearman is with the simulator's ground truth, AUROC of success.

| task | Spearman | negatives | plain cosine | AUROC | wordings: mean | median | lowest | other look |
|---|---|---|---|---|---|---|---|---|
"""

SENTENCES = """
Sentences written by hand before the training, in words of their own (up to five of a domain's fifty are plain
enough to coincide with a caption); Spearman between the cosine and how near the state is to what the sentence
says.

| domain | sentences | mean | median | lowest | 0.85 or more |
|---|---|---|---|---|---|
"""

UNSAID = """
A goal that no caption says, 0.45 m right of the middle:

| sentence | Spearman |
|---|---|
"""


WARNED = """
A run warns of a prompt that is far from all that was taught (cosine below {far}). Of {sentences} sentences above,
{share_near:.0%} are nearer; they rank states at a mean Spearman of {mean_near}, the others at {mean_far}. Of those
below 0.5 {poor_that_are_far:.0%} are warned of.
"""

WITHHELD = """
Combinations of words that no caption has ("the red block is left of the blue one", where red and left and blue were
told of in others), {count} in {domain}: Spearman {mean} on average, median {median}, lowest {min}.
"""

STRANGERS = """
Robots of Gymnasium's that it was never shown, with the words of their kin:

| robot | words of | Spearman |
|---|---|---|
"""


def measured() -> dict[str, tuple[str, dict[str, Any]]]:
    """For each task the packaged model that a run takes there by itself, and that model's ``evaluation.json``."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for model in packaged.MODELS:
        told = packaged.read(packaged.folder(model), "evaluation.json")
        found |= {task: (model, told) for task in told["tasks"] if task not in found}
    return found


def card(folder: Path) -> str:
    """The card of the model in ``folder``, from its ``training.json`` and ``evaluation.json``."""
    training: dict[str, Any] = json.loads((folder / "training.json").read_text())
    found: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    recipe = training["recipe"]
    size = (folder / "open_clip_model.safetensors").stat().st_size / 2**20
    text = HEAD.format(
        tower=training["tower"], size=size, frames=recipe["frames"], count=len(found["sentences"]),
        domains=", ".join(found["sentences"]), corpus=recipe["corpus"],
        high=targets.HIGH, low=targets.LOW, neutral=targets.NEUTRAL,
        ends=DRAWN.ends, shipped=DRAWN.shipped, own=DRAWN.own_look, away=DRAWN.away,
        minutes=training["minutes"],
        command=" ".join(f"{key}={value}" for key, value in recipe.items()),
    )  # fmt: skip
    for task, facts in found["tasks"].items():
        rho, said = facts["spearman"], facts["wordings"]
        text += (
            f"| {task} | {rho['neutral']} | {rho['negatives']} | {rho['cosine']} | {facts['auroc']['neutral']} "
            f"| {said['mean']} | {said['median']} | {said['min']} | {facts['other_look']} |\n"
        )
    if red := familiarity.below(found):
        told = ", ".join(f"{task} {rho}" for task, rho in red.items())
        text += f"\n**Below {familiarity.WANTED}, and not to be trusted: {told}.**\n"
    text += SENTENCES
    for domain, said in found["sentences"].items():
        share = said["share_above_0.85"]
        text += f"| {domain} | {said['count']} | {said['mean']} | {said['median']} | {said['min']} | {share:.0%} |\n"
    for domain, spread in found["withheld"].items():
        text += WITHHELD.format(domain=domain, **spread)
    text += WARNED.format(far=familiarity.FAR, **found["warned"]) + STRANGERS
    for robot, row in found["strangers"].items():
        text += f"| {robot} | {row['words_of']} | {row['spearman']} |\n"
    text += UNSAID
    for row in found["unsaid"]:
        text += f"| {row['text']} | {row['spearman']} |\n"
    return text


def write(folder: Path) -> Path:
    """Write the card as ``README.md`` beside the weights."""
    path = folder / "README.md"
    path.write_text(card(folder))
    return path


def measure(folder: Path, frames: int = 800) -> Path:
    """Measure the model in ``folder`` on what was held out, write ``evaluation.json``, and the card from it."""
    found = evaluate(encoders.load(f"local-dir:{folder}"), frames, familiarity.taught(folder))
    (folder / "evaluation.json").write_text(json.dumps(found, indent=2) + "\n")
    return write(folder)
