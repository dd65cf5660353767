"""Any model that open_clip can load, from the packaged sim-clip to the largest on the Hugging Face hub."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal, cast, get_args

import open_clip
import torch
from open_clip.model import get_model_preprocess_cfg
from safetensors import SafetensorError
from torch.nn.functional import normalize

from vlmrl.encoders import _int8, _probe
from vlmrl.encoders._dense import Seen, finer, to_pixels
from vlmrl.encoders._fold import fold
from vlmrl.encoders._memory import keep_freed
from vlmrl.encoders._preprocess import Preprocess
from vlmrl.encoders._tokens import Tokens
from vlmrl.encoders._upload import Upload
from vlmrl.encoders._weights import Source, locate
from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.errors import ConfigError, WeightsMissing
from vlmrl.types import Frames

Precision = Literal["auto", "fastest", "fp32", "bf16", "fp16", "int8"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_MATRICES = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.MultiheadAttention)
_SENTENCES_KEPT = 4096
_FINEST = 16
_PROBED = 16
"""Frames that a precision's speed is measured on."""
_CALIBRATED = 64
"""Frames at once while ranges are measured."""


class OpenClip(Encoder):
    """A contrastive vision-language model in open_clip's format.

    Weights of a local directory are read from safetensors only, never from a pickle; what open_clip downloads is read
    with ``weights_only``. Both towers are frozen. Sentences are always embedded in fp32.

    Args:
        model: ``sim_clip``, ``sim_clip_wide``, open_clip's ``name/tag``, ``hf-hub:org/name``, or ``local-dir:/path``.
        precision: of the image tower. ``auto`` is bf16 on a GPU that has it, else fp32; ``fastest`` on a CPU whichever
            of fp32, bf16 and int8 gains on this machine, measured once and remembered, on a GPU as ``auto``. In fp32 a
            frame's row does not depend on its batch to 1e-5; in bf16 and fp16 its cosine with the fp32 row is 0.999 or
            more. ``int8`` is for convolutional towers on a CPU that were calibrated, as sim-clip is: two to three times
            as fast, frames in the same order (rank correlation of rewards 0.99 with fp32), but other numbers.
        device: ``auto`` is CUDA where there is one, else the CPU; or anything that torch calls a device.
        batch_size: frames that go through the image tower at once.
        compile: compile the image tower with ``torch.compile``; the first batches then take a minute.

    Raises:
        WeightsMissing: the weights are neither on disk nor can they be downloaded, or the file is broken.
        ConfigError: no such model, device or precision; or its tokenizer needs transformers and that is missing.
    """

    def __init__(
        self,
        model: str,
        precision: Precision = "auto",
        device: str = "auto",
        batch_size: int = 256,
        compile: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"encoder.batch_size={batch_size}: must be 1 or more")
        self.device = device_of(device)
        self.batch_size = batch_size
        source = locate(model)
        digest = source.digest()
        self._ranges = source.checkpoint.parent / _int8.FILE
        if precision == "fastest" and self.device.type == "cpu":
            precision = self._fastest(model, digest)
        self.precision = _precision(precision, self.device)
        self._tokens = Tokens(source)
        self._towers = _build(source)
        self._preprocess = Preprocess.of(get_model_preprocess_cfg(self._towers))
        self.model = model
        self.dim = int(source.config["embed_dim"])
        self.image_size = self._preprocess.size
        identity = f"{digest}\n{self._preprocess.identity}\n{self.precision}"
        ranges = _int8.read(self._ranges) if self.precision == "int8" else {}
        if ranges:
            identity += f"\n{sorted(ranges.items())}"
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._sentences: OrderedDict[str, torch.Tensor] = OrderedDict()
        self._upload = Upload(self.device)
        self._settle(compile, ranges)
        if self.device.type == "cpu":
            keep_freed()

    def images(self, frames: Frames) -> torch.Tensor:
        """Embed uint8 ``(B, H, W, 3)`` frames of any size as float32 ``(B, D)`` rows of length 1."""
        batch = as_batch(frames)
        rows = [self._embed(part) for part in torch.split(batch, self.batch_size)] if len(batch) else []
        return torch.cat(rows) if rows else torch.empty((0, self.dim), device=self.device)

    def texts(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed K sentences as float32 ``(K, D)`` rows of length 1; each is computed once and then remembered."""
        if isinstance(sentences, str):
            raise ConfigError(f"sentences={sentences!r}: is one string; give a sequence of sentences")
        known = {sentence: self._sentences[sentence] for sentence in sentences if sentence in self._sentences}
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in known]
        if new:
            with torch.no_grad(), self._numbers(text=True):
                ids = self._tokens(new).to(self.device)
                known |= zip(new, normalize(self._towers.encode_text(ids).float(), dim=-1), strict=True)
        for sentence, row in known.items():
            self._sentences[sentence] = row
            self._sentences.move_to_end(sentence)
        while len(self._sentences) > _SENTENCES_KEPT:
            self._sentences.popitem(last=False)
        rows = [known[sentence] for sentence in sentences]
        return torch.stack(rows) if rows else torch.empty((0, self.dim), device=self.device)

    def patches(self, frames: Frames, fine: int = 1) -> torch.Tensor:
        """Embed each place of uint8 ``(B, H, W, 3)`` frames: float32 ``(B, h, w, D)``, rows of length 1."""
        if fine not in range(1, _FINEST + 1) or isinstance(fine, bool):
            raise ConfigError(f"fine={fine}: must be a whole number from 1 to {_FINEST}")
        batch = as_batch(frames)
        empty = not len(batch)
        if empty:  # only a picture shows how many places there are
            batch = torch.zeros((1, *self.image_size, 3), dtype=torch.uint8)
        parts = torch.split(batch, max(1, self.batch_size // fine**2))
        maps = torch.cat([self._embed(part, fine) for part in parts])
        return maps[:0] if empty else maps

    def on_frame(self, maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Maps ``(B, h, w)`` of places on frames of ``size``, ``(B, height, width)``; NaN where those were cut off."""
        return to_pixels(maps, Seen(*self._preprocess.seen(*size)), size)

    def tokens(self, sentence: str) -> int:
        """How many of the text tower's tokens a sentence takes, start and end marks included."""
        return self._tokens.count(sentence)

    def _embed(self, frames: torch.Tensor, fine: int = 0) -> torch.Tensor:
        """Rows ``(B, D)`` of whole frames, or with ``fine`` ``(B, h, w, D)`` of their places."""
        with torch.no_grad(), self._numbers(text=False):
            pixels = self._preprocess(self._upload(frames))
            rows: torch.Tensor = finer(self._towers.visual, pixels, fine) if fine else self._towers.encode_image(pixels)
        return normalize(rows.float(), dim=-1)

    def calibrate(self, frames: Frames) -> Path:
        """Measure the ranges that ``precision="int8"`` rounds by, and write them beside the weights.

        Args:
            frames: uint8 ``(B, H, W, 3)``, a thousand or so like those that will be scored, in mixed order.

        Returns:
            The file written.

        Raises:
            ConfigError: this encoder is not in fp32 on a CPU, or its tower cannot be rounded.
        """
        if self.precision != "fp32" or self.device.type != "cpu":
            raise ConfigError("calibrate: ranges are measured in fp32 on a CPU; load the encoder so")
        pixels = (self._preprocess(part) for part in torch.split(as_batch(frames), _CALIBRATED))
        _int8.write(self._ranges, _int8.measure(self._towers.visual, pixels))
        return self._ranges

    def _fastest(self, model: str, digest: str) -> Precision:
        """Which precision reads this machine's frames fastest, of those that keep frames in their order."""
        known: list[Precision] = ["fp32", "bf16"]
        if self._ranges.is_file():
            known.append("int8")

        def reading(precision: Precision) -> Callable[[], object]:
            encoder = OpenClip(model, precision, "cpu")
            levels = torch.arange(_PROBED * 3 * math.prod(encoder.image_size)) % 251
            return partial(encoder.images, levels.to(torch.uint8).view(_PROBED, *encoder.image_size, 3))

        return cast(Precision, _probe.fastest(digest, {one: partial(reading, one) for one in known}))

    def _settle(self, compile_images: bool, ranges: _int8.Ranges) -> None:
        """Freeze, narrow and move the towers; what is not a matrix keeps fp32, which costs nothing and rounds less."""
        self._towers.eval().requires_grad_(False)
        fold(self._towers.visual)
        if self.precision == "int8":
            if compile_images or self.device.type != "cpu":
                raise ConfigError("encoder.precision=int8: is for a CPU, and not compiled; bf16 is for a GPU")
            self._towers.visual = _int8.narrow(self._towers.visual, ranges, self.image_size)
        elif self.precision != "fp32":
            for part in self._towers.visual.modules():
                if isinstance(part, _MATRICES):
                    part.to(_DTYPES[self.precision])
        self._towers.to(self.device)
        if compile_images:
            self._towers.visual.compile()

    @contextmanager
    def _numbers(self, *, text: bool) -> Iterator[None]:
        """Compute in this encoder's precision, whatever the process around it has set."""
        with ExitStack() as stack:
            narrow = self.precision in ("bf16", "fp16") and not text
            dtype = _DTYPES[self.precision] if narrow else torch.float32
            stack.enter_context(torch.autocast(self.device.type, dtype if narrow else None, enabled=narrow))
            if self.device.type == "cuda" and not narrow:
                stack.enter_context(_full_float32())
            yield


def _build(source: Source) -> Any:
    """The model with its weights, in fp32 on the CPU."""
    try:
        return open_clip.create_model(
            source.architecture,
            pretrained=None if source.architecture.startswith("local-dir:") else str(source.checkpoint),
            force_preprocess_cfg={
                key: source.settings.get(key) for key in ("mean", "std", "interpolation", "resize_mode")
            },
            # Some tags were trained with another activation than their architecture has by now; open_clip only warns.
            force_quick_gelu=source.settings.get("quick_gelu", False),
            require_pretrained=True,
            weights_only=True,
            precision="fp32",
        )
    except SafetensorError as cause:
        raise WeightsMissing(
            f"encoder={source.model}: {source.checkpoint} cannot be read ({cause}); it is cut short, or a pointer that "
            "`git lfs pull` replaces; fetch it again"
        ) from cause
    except (RuntimeError, TypeError, ValueError) as cause:
        why = shorten(str(cause), 400, placeholder=" …")
        raise ConfigError(f"encoder={source.model}: {source.checkpoint} does not fit its config: {why}") from cause


def device_of(name: str, key: str = "encoder.device") -> torch.device:
    """The device of that name; ``auto`` is a GPU where there is one.

    Raises:
        ConfigError: there is none of that name; the message begins with ``key``.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as cause:
        raise ConfigError(f"{key}={name}: is no device; auto, cpu, cuda or cuda:1") from cause
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"{key}={name}: this machine has {torch.cuda.device_count()} CUDA devices; auto or cpu")
    return device


def _precision(name: str, device: torch.device) -> str:
    if name not in get_args(Precision):
        raise ConfigError(f"encoder.precision={name}: is not known; {', '.join(get_args(Precision))}")
    if name not in ("auto", "fastest"):
        return name
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


@contextmanager
def _full_float32() -> Iterator[None]:
    """Keep TensorFloat-32, torch's default for convolutions, out: with its 10 bits a row depends on its batch."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    if hasattr(cudnn, "conv"):  # torch 2.9 and later; reading the older switch after the newer was set is an error
        knobs: list[tuple[Any, str, Any]] = [(cudnn.conv, "fp32_precision", "ieee"), (matmul, "fp32_precision", "ieee")]
    else:
        knobs = [(cudnn, "allow_tf32", False), (matmul, "allow_tf32", False)]
    before = [getattr(place, name) for place, name, _ in knobs]
    for place, name, exact in knobs:
        setattr(place, name, exact)
    try:
        yield
    finally:
        for (place, name, _), value in zip(knobs, before, strict=True):
            setattr(place, name, value)
