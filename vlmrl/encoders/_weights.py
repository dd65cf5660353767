"""Where a model's weights are: the packaged sim-clip, a local directory, the Hugging Face hub, or an open_clip tag."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import open_clip
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from open_clip.factory import get_model_config

from vlmrl.config import packaged
from vlmrl.errors import ConfigError, UnknownName, WeightsMissing, nearest

CONFIG, BPE = "open_clip_config.json", "bpe.txt.gz"
SAFE_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")
"""Names that open_clip prefers to any pickle beside them."""

_HUB_WEIGHTS = "open_clip_pytorch_model.bin"  # what a repository holds where a tag names no file
_TEXT_FILES = (BPE, "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.txt", "vocab.json")


@dataclass(frozen=True)
class Source:
    """A model that is on this disk.

    Attributes:
        model: what the user asked for.
        architecture: what open_clip calls it: a built-in name, or ``local-dir:/path``.
        checkpoint: the file of weights.
        directory: the user's own directory or the packaged one, else None.
        settings: what open_clip keeps beside a tag (mean, std, quick_gelu, ...); empty for directories, whose config
            tells.
    """

    model: str
    architecture: str
    checkpoint: Path
    directory: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's ``model_cfg``: ``embed_dim``, ``vision_cfg``, ``text_cfg``."""
        return dict(get_model_config(self.architecture))

    @property
    def bpe(self) -> Path | None:
        """The model's own gzip BPE vocabulary, where its directory has one."""
        path = None if self.directory is None else self.directory / BPE
        return path if path is not None and path.is_file() else None

    def digest(self) -> str:
        """SHA-256 over weights, architecture and vocabulary."""
        # The hub's cache names a file of weights by its SHA-256; reading ten gigabytes again would tell nothing more.
        blob = self.checkpoint.resolve().name
        parts = [blob if re.fullmatch(r"[0-9a-f]{64}", blob) else _sha256(self.checkpoint)]
        parts += [json.dumps([self.config, self.settings.get("quick_gelu", False)], sort_keys=True)]
        if self.directory is not None:
            parts += [_sha256(path) for path in (self.directory / name for name in _TEXT_FILES) if path.is_file()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def locate(model: str) -> Source:
    """Find a model's weights, downloading them where the name says so and they are not in the hub's cache yet.

    Args:
        model: ``sim_clip``, ``sim_clip_wide``, ``local-dir:/path``, ``hf-hub:org/name``, or open_clip's ``name/tag``.

    Raises:
        WeightsMissing: they are neither on disk nor can they be downloaded; the message says where to put them.
        ConfigError: open_clip knows no such architecture or tag, or the directory is not in open_clip's format.
    """
    if model in packaged.MODELS:
        return _local(model, packaged.folder(model), "run `vlmrl sim-clip train`, or install vlmrl again")
    if model.startswith("local-dir:"):
        place = model.removeprefix("local-dir:")
        if not place:
            raise ConfigError(f"encoder={model}: names no directory; write local-dir:PATH")
        directory = Path(place).expanduser().resolve()
        return _local(model, directory, f"put {CONFIG} and {SAFE_WEIGHTS[0]} there")
    if model.startswith("hf-hub:"):
        return _hub(model)
    return _tagged(model)


def _local(model: str, directory: Path, advice: str) -> Source:
    config = directory / CONFIG
    if not config.is_file():
        raise WeightsMissing(f"encoder={model}: there is no {CONFIG} in {directory}; {advice}")
    _check_config(model, config)
    # open_clip would take a .bin or .pth as well; those are pickles, and a pickle can run code.
    found = [directory / name for name in SAFE_WEIGHTS if (directory / name).is_file()]
    if not found:
        raise WeightsMissing(f"encoder={model}: there is no {SAFE_WEIGHTS[0]} in {directory}; {advice}")
    return Source(model, f"local-dir:{directory}", found[0], directory)


def _check_config(model: str, path: Path) -> None:
    try:
        complete = {"embed_dim", "vision_cfg", "text_cfg"} <= set(json.loads(path.read_text("utf-8"))["model_cfg"])
    except (ValueError, KeyError, TypeError) as cause:
        raise ConfigError(
            f"encoder={model}: {path} is not open_clip's format ({cause!r}); it needs a model_cfg"
        ) from cause
    if not complete:
        raise ConfigError(f"encoder={model}: {path} lacks embed_dim, vision_cfg or text_cfg in its model_cfg")


def _hub(model: str) -> Source:
    repository = model.removeprefix("hf-hub:")
    config = _fetch(model, repository, CONFIG)
    _check_config(model, config)
    checkpoint = _fetch(model, repository, SAFE_WEIGHTS[0], _HUB_WEIGHTS)
    # Both lie in one snapshot of the repository, which reads like a local directory, and then needs no network.
    return Source(model, f"local-dir:{config.parent}", checkpoint)


def _tagged(model: str) -> Source:
    name, _, tag = model.rpartition("/") if "/" in model else (model, "", "")
    known = open_clip.list_models()
    if name not in known:
        raise UnknownName("encoder", model, [*packaged.MODELS, *known])
    tags = open_clip.list_pretrained_tags_by_model(name)
    if tag not in tags:
        hint = nearest(tag, tags)
        raise ConfigError(f"encoder={model}: open_clip has no weights '{tag}' for {name}; write {name}/TAG, {hint}")
    settings = open_clip.get_pretrained_cfg(name, tag)
    repository, _, filename = settings["hf_hub"].rpartition("/")
    names = (
        [re.sub(r"\.(bin|pth)$", ".safetensors", filename), filename] if filename else [SAFE_WEIGHTS[0], _HUB_WEIGHTS]
    )
    return Source(model, name, _fetch(model, repository, *dict.fromkeys(names)), settings=settings)


def _fetch(model: str, repository: str, *names: str) -> Path:
    """The first of these files that a repository has; the network is asked only for what the hub's cache lacks."""
    for offline in (True, False):
        for name in names:
            try:
                return Path(hf_hub_download(repository, name, local_files_only=offline))
            except LocalEntryNotFoundError as cause:
                if not offline:  # no network: the next name would wait as long in vain
                    raise WeightsMissing(_advice(model, repository, cause)) from cause
            except EntryNotFoundError:
                continue
            except (OSError, HFValidationError) as cause:
                raise WeightsMissing(_advice(model, repository, cause)) from cause
    raise WeightsMissing(_advice(model, repository, f"the repository has no {' or '.join(names)}"))


def _advice(model: str, repository: str, cause: object) -> str:
    return (
        f"encoder={model}: the weights are not on this disk and cannot be downloaded ({cause}); with a network run "
        f"this once, or put {CONFIG} and {SAFE_WEIGHTS[0]} from https://huggingface.co/{repository} into a directory "
        "and say encoder=local-dir:/that/directory"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
