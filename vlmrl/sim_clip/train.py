"""Train sim-clip from scratch: ``vlmrl sim-clip train``. Two stages, each resumable.

1. The image tower, with the text side given by the teacher's sentence vectors through a small projection. The loss pins
   each cosine to its graded target (:mod:`~vlmrl.sim_clip.targets`): contrastive losses leave far similarities
   unpinned, and a reward with a second hill where the agent starts.
2. The text tower, which learns the projected vectors of captions and of a large corpus without pictures, and the same
   pinned cosines against the finished image embeddings. The teacher is then needed no more.

With ``precision=bf16`` convolutions and products of matrices are computed in bf16, weights and losses in float32: 1.8
times as fast on a CPU that has it in hardware.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from open_clip import CLIP
from rich.console import Console
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from vlmrl.encoders.open_clip import OpenClip
from vlmrl.learned import moments
from vlmrl.sim_clip import card, familiarity, vocabulary
from vlmrl.sim_clip.data import draw
from vlmrl.sim_clip.lessons import Lesson, Say, Teaches, lessons, read
from vlmrl.sim_clip.settings import Settings
from vlmrl.sim_clip.targets import cosines
from vlmrl.sim_clip.teacher import DIM as TAUGHT
from vlmrl.sim_clip.teacher import Teacher
from vlmrl.sim_clip.towers import CONTEXT, DIM, build, embed_tokens, pixels, save

FOREIGN = 0.1
"""Weight of the cosines between a frame and captions of other domains, which should be 0."""
PINNED = 10.0
"""Weight of the pinned cosines beside the teacher's vectors, while the text tower learns."""
NOISE = 0.03
"""Largest standard deviation of what is added to the teacher's vectors, so that near sentences land near each other."""
SAVE_EVERY = 200
CALIBRATION, CALIBRATION_SEED = 200, 20_000
"""Frames of each domain by which integers are rounded, and their seed, which neither training nor evaluation draws."""


class Projection(nn.Module):
    """From the teacher's vectors to where frames and captions meet: ``(K, 384) -> (K, 256)`` of unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(TAUGHT, 512), nn.GELU(), nn.Linear(512, DIM))

    def forward(self, taught: Tensor) -> Tensor:
        """Project and normalise."""
        return F.normalize(self.layers(taught), dim=-1)


class Progress:
    """Weights, optimiser and step of a stage, in one safetensors file that is replaced in one go."""

    def __init__(
        self, path: Path, steps: int, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer, say: Say
    ) -> None:
        self._path, self._steps, self._say = path, steps, say
        self._modules, self._optimiser = modules, optimiser
        self._start, self._began = 0, time.time()
        self._loss: float | None = None  # smoothed

    def note(self, step: int, loss: float) -> None:
        """Take note of a step's loss; from time to time, and at the end, save and tell how it goes."""
        self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        if step % SAVE_EVERY == 0 or step == self._steps:
            self.save(step)
            left = (time.time() - self._began) / (step - self._start) * (self._steps - step)
            self._say(
                f"{self._path.stem}: step {step} of {self._steps}, loss {self._loss:.4f}, {left / 60:.1f} min left"
            )

    def save(self, step: int) -> None:
        """Write everything."""
        tensors = {f"{m}/{k}": v for m, module in self._modules.items() for k, v in module.state_dict().items()}
        tensors |= {f"optimiser/{k}": v for k, v in moments.flat(self._optimiser).items()}
        tensors["step"] = torch.tensor(step)
        part = self._path.with_suffix(".part")
        save_file({k: v.contiguous().clone() for k, v in tensors.items()}, part)
        part.replace(self._path)

    def load(self) -> int:
        """Read everything back; the step to go on from, 0 where nothing was saved."""
        if not self._path.exists():
            return 0
        tensors = load_file(self._path)
        for name, module in self._modules.items():
            module.load_state_dict(moments.under(name, tensors))
        moments.put(self._optimiser, moments.under("optimiser", tensors))
        self._start = int(tensors["step"])
        return self._start


def rate(step: int, steps: int, top: float) -> float:
    """Learning rate: a short warm-up, then a cosine down to a hundredth."""
    if step < 100:
        return top * (step + 1) / 100
    return top * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


def _set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = value


def pinned(images: list[Tensor], texts: list[Tensor], targets: list[Tensor]) -> Tensor:
    """Squared error of every cosine from its target; frames and captions of different domains aim at 0."""
    own = torch.stack(
        [(i @ t.T - want).square().mean() for i, t, want in zip(images, texts, targets, strict=True)]
    ).mean()
    if len(images) == 1:
        return own
    every = torch.cat(images) @ torch.cat(texts).T
    own_block = torch.block_diag(*(torch.ones(len(i), len(t)) for i, t in zip(images, texts, strict=True)))
    block = own_block.to(every.device)
    foreign: Tensor = (every * (1 - block)).square().sum() / (1 - block).sum()
    return own + FOREIGN * foreign


def faster(settings: Settings) -> torch.autocast:
    """The context of a tower's forward pass, in the precision that is asked for."""
    return torch.autocast(settings.place.type, torch.bfloat16, enabled=settings.precision == "bf16")


def aims(
    taught: dict[str, Lesson], rows: dict[str, Tensor], said: dict[str, Tensor], place: torch.device
) -> list[Tensor]:
    """The cosines that the drawn frames and captions should have, domain by domain, at ``place``."""
    return [
        cosines(part.near[rows[n]], part.seen[rows[n]], part.first[said[n]], part.second[said[n]]).to(place)
        for n, part in taught.items()
    ]


def blurred(vectors: Tensor, rng: np.random.Generator) -> Tensor:
    """Unit vectors ``(K, D)`` moved at random, each by another amount, and brought back to unit length.

    Without it the projection learns the captions by heart: wordings never trained on lost 0.05 of Spearman.
    """
    scale = torch.from_numpy(rng.uniform(0, NOISE, (len(vectors), 1)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(tuple(vectors.shape), np.float32))
    return F.normalize(vectors + (scale * noise).to(vectors.device), dim=-1)


def train_images(settings: Settings, taught: dict[str, Lesson], model: CLIP, projection: Projection, say: Say) -> None:
    """Stage 1: the image tower and the projection."""
    place = settings.place
    parameters = [*model.visual.parameters(), *projection.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.02, fused=True)
    progress = Progress(
        settings.work / "images.safetensors",
        settings.image_steps,
        {"visual": model.visual, "projection": projection},
        optimiser,
        say,
    )
    start = progress.load()
    model.visual.to(memory_format=torch.channels_last).train()
    for step in range(start, settings.image_steps):
        _set_rate(optimiser, rate(step, settings.image_steps, 2e-3))
        rng = np.random.default_rng([settings.seed, 3, step])
        rows = {n: part.rows(rng, settings.image_batch) for n, part in taught.items()}
        said = {n: part.captions(rng, 48) for n, part in taught.items()}
        batch = torch.cat([taught[n].frames[r] for n, r in rows.items()])
        with faster(settings):
            embedded = model.encode_image(pixels(batch.to(place)))
        images = F.normalize(embedded.float(), dim=-1).split([len(drawn) for drawn in rows.values()])
        texts = [projection(blurred(taught[n].taught[s].to(place), rng)) for n, s in said.items()]
        loss = pinned(list(images), texts, aims(taught, rows, said, place))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        progress.note(step + 1, float(loss.detach()))
    model.visual.eval()


@torch.inference_mode()
def embed_frames(model: CLIP, frames: Tensor, place: torch.device, batch: int = 512) -> Tensor:
    """Image embeddings of unit length, float32 ``(N, D)`` at ``place``."""
    parts = [F.normalize(model.encode_image(pixels(part.to(place))), dim=-1) for part in frames.split(batch)]
    return torch.cat(parts)


def warm_start(model: CLIP, settings: Settings, merges: list[tuple[str, str]]) -> None:
    """Give every whole word of the vocabulary the principal part of the teacher's vector of that word."""
    words, vectors = read(settings.work / "words")
    taught = torch.from_numpy(vectors)
    _, _, axes = torch.linalg.svd(taught - taught.mean(0), full_matrices=False)
    width = min(len(axes), model.token_embedding.weight.shape[1])
    flat = (taught - taught.mean(0)) @ axes[:width].T
    ids = {entry: i for i, entry in enumerate(vocabulary.entries(merges))}
    with torch.no_grad():
        scale = 0.02 / flat.std()
        for word, row in zip(words, flat, strict=True):
            if word + "</w>" in ids:
                model.token_embedding.weight[ids[word + "</w>"], :width] = row * scale


def train_texts(
    settings: Settings,
    taught: dict[str, Lesson],
    model: CLIP,
    projection: Projection,
    tokenizer: Callable[[list[str]], Tensor],
    say: Say,
) -> None:
    """Stage 2: the text tower, against the finished image embeddings and the projected vectors of the teacher."""
    place = settings.place
    images = {n: embed_frames(model, part.frames[: 3000 * part.share], place).clone() for n, part in taught.items()}
    ids = {n: tokenizer(part.texts) for n, part in taught.items()}
    texts, vectors = read(settings.work / "corpus")
    corpus_ids = tokenizer(texts)
    with torch.no_grad():
        goals = {n: projection(part.taught.to(place)) for n, part in taught.items()}
        corpus_goals = projection(torch.from_numpy(vectors.astype(np.float32)).to(place))
    tower = nn.ModuleDict({"tokens": model.token_embedding, "blocks": model.transformer, "norm": model.ln_final})
    extra = [model.positional_embedding, model.text_projection]
    optimiser = torch.optim.AdamW([*tower.parameters(), *extra], lr=1e-3, weight_decay=0.01, fused=True)
    progress = Progress(settings.work / "texts.safetensors", settings.text_steps, {"model": model}, optimiser, say)
    start = progress.load()
    model.transformer.train()
    for step in range(start, settings.text_steps):
        _set_rate(optimiser, rate(step, settings.text_steps, 1.2e-3))
        rng = np.random.default_rng([settings.seed, 4, step])
        said = {n: part.captions(rng, settings.text_batch) for n, part in taught.items()}
        free = torch.from_numpy(rng.integers(0, len(corpus_ids), 96))
        tokens = torch.cat([*(ids[n][s] for n, s in said.items()), corpus_ids[free]])
        with faster(settings):
            out = embed_tokens(model, tokens.to(place))
        out = F.normalize(out.float(), dim=-1)
        mine = list(out[: -len(free)].split([len(drawn) for drawn in said.values()]))
        rows = {n: part.rows(rng, 64, of=len(images[n])) for n, part in taught.items()}
        seen = [images[n][r] for n, r in rows.items()]
        aim = torch.cat([*(goals[n][s] for n, s in said.items()), corpus_goals[free]])
        loss = PINNED * pinned(seen, mine, aims(taught, rows, said, place)) + (1 - (out * aim).sum(-1)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([*tower.parameters(), *extra], 1.0)
        optimiser.step()
        progress.note(step + 1, float(loss.detach()))
    model.transformer.eval()


def train(settings: Settings, say: Say, teacher: Callable[[], Teaches] = Teacher) -> Path:
    """Train the model that ``settings`` describe, going on where an earlier call stopped.

    Returns:
        ``settings.out``, an open_clip local directory.

    Raises:
        ConfigError: ``settings.work`` holds a training with another recipe.
        WeightsMissing: the teacher's package is not installed.
    """
    from open_clip.tokenizer import SimpleTokenizer

    settings.claim()
    began = time.time()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taught = lessons(settings, say, teacher)
    merges = [(a, b) for a, b in read_merges(settings.work)]
    settings.out.mkdir(parents=True, exist_ok=True)
    vocabulary.write(settings.out, merges)
    tokenizer = SimpleTokenizer(bpe_path=str(settings.out / "bpe.txt.gz"), context_length=CONTEXT)
    torch.manual_seed(settings.seed)
    model, projection = build(tokenizer.vocab_size), Projection()
    warm_start(model, settings, merges)
    model.to(settings.place)
    projection.to(settings.place)
    train_images(settings, taught, model, projection, say)
    train_texts(settings, taught, model, projection, tokenizer, say)
    save(model.cpu(), settings.out, tokenizer.vocab_size)
    familiarity.write(settings.out, settings.worlds)
    calibrate(settings.out, settings.worlds)
    record = {
        "recipe": settings.recipe(),
        "minutes": _minutes(settings.work, began),
        "tower": "regnetx_002",
        "torch": torch.__version__,
    }
    (settings.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    return settings.out


def calibrate(folder: Path, domains: Sequence[str]) -> None:
    """Measure the ranges of ``encoder.precision=int8`` on frames of each domain, drawn as the training's are."""
    drawn = [draw(name, CALIBRATION, CALIBRATION_SEED).frames for name in domains]
    mixed = np.stack(drawn, axis=1).reshape(-1, *drawn[0].shape[1:])
    OpenClip(f"local-dir:{folder}", precision="fp32", device="cpu").calibrate(mixed)


def _minutes(work: Path, began: float) -> float:
    """Minutes spent so far, over all the calls that went on with ``work``."""
    path = work / "minutes.json"
    spent = float(json.loads(path.read_text())) if path.exists() else 0.0
    spent = round(spent + (time.time() - began) / 60, 1)
    path.write_text(json.dumps(spent))
    return spent


def read_merges(work: Path) -> list[list[str]]:
    """The vocabulary's merges, in order."""
    merges: list[list[str]] = json.loads((work / "merges.json").read_text())
    return merges


def main(arguments: Sequence[str]) -> Path:
    """``vlmrl sim-clip train key=value …``."""
    console = Console()
    began = time.time()

    def say(line: str) -> None:
        console.print(f"[{(time.time() - began) / 60:5.1f} min] {line}", highlight=False, markup=False)

    folder = train(Settings.parse(arguments), say)
    say("measuring it on states, wordings, goals and looks that it never saw")
    card.measure(folder)
    say(f"written to {folder}; its card is {folder / 'README.md'}")
    return folder
