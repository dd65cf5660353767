"""Sentences to token ids, by the tokenizer that a model was trained with, and never a word cut off in silence."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import torch
from open_clip import get_tokenizer
from open_clip.tokenizer import HFTokenizer, SigLipTokenizer, SimpleTokenizer, basic_clean, canonicalize_text

from vlmrl.encoders._weights import Source
from vlmrl.errors import ConfigError, WeightsMissing


class Tokens:
    """A model's tokenizer, with its limit checked.

    Attributes:
        context: how many tokens the text tower reads, start and end marks included.
    """

    context: int

    def __init__(self, source: Source) -> None:
        text = source.config["text_cfg"]
        self.context = int(text.get("context_length", 77))
        self._tokenizer = _tokenizer(source, text, self.context)
        self._check_vocabulary(source, int(text.get("vocab_size", 49408)))

    def __call__(self, sentences: Sequence[str]) -> torch.Tensor:
        """Token ids, int64 ``(K, context)``, padded.

        Raises:
            ConfigError: a sentence is empty or has more tokens than the context.
        """
        for sentence in sentences:
            if not sentence.strip():
                raise ConfigError(f"sentence={sentence!r}: is empty; write what should be seen in the picture")
            count = self.count(sentence)
            if count > self.context:
                raise ConfigError(
                    f"sentence={_short(sentence)!r}: has {count} tokens, and this text tower reads {self.context}; "
                    "shorten it, or give several sentences, which are averaged"
                )
        ids: torch.Tensor = self._tokenizer(list(sentences))
        return ids

    def count(self, sentence: str) -> int:
        """How many tokens a sentence has, marks included, before anything is cut."""
        tokenizer = self._tokenizer
        if isinstance(tokenizer, SimpleTokenizer):
            return len(tokenizer.encode(sentence)) + 2
        clean = (
            canonicalize_text(basic_clean(sentence))
            if isinstance(tokenizer, SigLipTokenizer)
            else tokenizer.clean_fn(sentence)
        )
        if isinstance(tokenizer, HFTokenizer) and tokenizer.tokenizer_mode == "clips":
            return len(tokenizer.tokenizer(clean, add_special_tokens=False).input_ids) + 3
        return len(tokenizer.tokenizer(clean).input_ids)

    def _check_vocabulary(self, source: Source, expected: int) -> None:
        """A Hugging Face text tower may have spare rows; a BPE vocabulary must fit, as its last id marks the end."""
        tokenizer = self._tokenizer
        simple = isinstance(tokenizer, SimpleTokenizer)
        size = tokenizer.vocab_size if simple else len(tokenizer.tokenizer)
        if "hf_model_name" in source.config["text_cfg"]:
            return  # its vocab_size stands in the Hugging Face config, not in open_clip's
        if size > expected or (simple and size != expected):
            raise ConfigError(
                f"encoder={source.model}: its vocabulary has {size} entries and its text tower {expected}; "
                "they belong to different models"
            )


def _tokenizer(source: Source, text: dict[str, Any], context: int) -> Any:
    settings = dict(text.get("tokenizer_kwargs") or {})
    name = text.get("hf_tokenizer_name")
    if source.bpe is not None:
        return SimpleTokenizer(str(source.bpe), context_length=context, clean=settings.get("clean", "lower"))
    if not name:
        return get_tokenizer(source.architecture)
    settings |= {"context_length": context, "tokenizer_mode": text.get("tokenizer_mode")}
    place = name if source.directory is None else str(source.directory)
    try:
        try:  # what is on this disk needs no network; without one, asking for it takes half a minute
            return HFTokenizer(place, **settings, local_files_only=True)
        except OSError:
            return HFTokenizer(place, **settings)
    except ImportError as cause:
        raise ConfigError(
            f"encoder={source.model}: its tokenizer needs a package that is not installed ({cause.name}); "
            "pip install 'vlmrl[hf]'"
        ) from cause
    except (OSError, ValueError) as cause:
        why = shorten(str(cause), 300, placeholder=" …")
        raise WeightsMissing(
            f"encoder={source.model}: its tokenizer is not in {place} and cannot be downloaded ({why}); with a network "
            "run this once, or put tokenizer.json and tokenizer_config.json beside the weights of a local-dir"
        ) from cause


def _short(sentence: str, most: int = 60) -> str:
    return sentence if len(sentence) <= most else sentence[: most - 2].rstrip() + " …"
