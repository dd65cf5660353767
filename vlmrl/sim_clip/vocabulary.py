"""sim-clip's own small vocabulary, in the two forms that stock open_clip reads: a BPE file and ``tokenizer.json``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from open_clip.tokenizer import bytes_to_unicode

START, END, PAD = "<start_of_text>", "<end_of_text>", "<pad>"
PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
"""How CLIP cuts a sentence into pieces before it merges them (Radford et al., ICML 2021)."""


def learn_merges(words: Sequence[str], sentences: Iterable[str], size: int) -> list[tuple[str, str]]:
    """Learn byte-pair merges (Sennrich et al., ACL 2016) until the vocabulary has ``size`` entries.

    Args:
        words: frequent words, the most frequent first; they weigh by Zipf's law.
        sentences: captions, each counted once.
        size: entries, with 512 bytes and two marks among them.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # only needed to train

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=size - 514 + 52, end_of_word_suffix="</w>", show_progress=False)
    weighted = (word for rank, word in enumerate(words) for _ in range(max(1, 2000 // (rank + 1))))
    tokenizer.train_from_iterator([*weighted, *sentences], trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    pairs = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in merges]
    return [(a, b) for a, b in pairs][: size - 514]


def entries(merges: Sequence[tuple[str, str]]) -> list[str]:
    """All entries in order of their ids, as CLIP orders them: bytes, bytes that end a word, merges, marks."""
    alphabet = list(bytes_to_unicode().values())
    return [*alphabet, *(letter + "</w>" for letter in alphabet), *(a + b for a, b in merges), START, END]


def write(folder: Path, merges: Sequence[tuple[str, str]]) -> None:
    """Write ``bpe.txt.gz``, ``tokenizer.json`` and ``tokenizer_config.json`` into ``folder``."""
    lines = "\n".join(["#version: 0.2", *(f"{a} {b}" for a, b in merges)])
    with gzip.GzipFile(folder / "bpe.txt.gz", "wb", mtime=0) as file:  # no time inside: equal merges, equal bytes
        file.write(lines.encode())
    # open_clip pads with 0, which is also "!": another name for it here, lest a "!" be taken for padding.
    ids = {entry: i for i, entry in enumerate(entries(merges))} | {PAD: 0}
    (folder / "tokenizer.json").write_text(json.dumps(_hugging_face(ids, merges), ensure_ascii=False, indent=0))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": START,
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def _hugging_face(ids: dict[str, int], merges: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The same vocabulary as a Hugging Face fast tokenizer. Padding is 0, as in open_clip."""

    def mark(text: str) -> dict[str, object]:
        return {
            "id": ids[text],
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [mark(PAD), mark(START), mark(END)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": START, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": END, "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {START: {"id": START, "ids": [ids[START]], "tokens": [START]},
                               END: {"id": END, "ids": [ids[END]], "tokens": [END]}}},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "</w>", "fuse_unk": False, "byte_fallback": False,
                  "vocab": ids, "merges": [[a, b] for a, b in merges]},
    }  # fmt: skip
