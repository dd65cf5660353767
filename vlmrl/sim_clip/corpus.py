"""Sentences without a picture: the corpus over which the text tower learns which words mean alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlmrl.sim_clip.grammar import ways
from vlmrl.types import Array

SMALL_WORDS = frozenset(
    ways(
        "a; an; the; is; are; of; on; in; at; to; and; or; it; its; this; that; with; as; by; from; has; have; be; "
        "been; not; no; you; we; see; can"
    )
)
"""Words that are kept as they are."""

SHAPES = ways(
    "{a} {n}; the {n} is {a}; a {a} {n}; {v} the {n}; the {n} and the {m}; a photo of a {a} {n}; "
    "the {n} {v}; {n} {v} {m}; make the {n} {a}; the {a} {n} is {b}; {a} and {b}; the {n} is not "
    "{a}; a {n} in the {m}; the {n} is {a} while the {m} is {b}; please {v} the {n} until it is "
    "{a}; an image of a {n} with a {m}"
)


class Thesaurus:
    """Which words the teacher takes to mean alike.

    Args:
        words: W words.
        vectors: their unit vectors, ``(W, D)``.
    """

    def __init__(self, words: Sequence[str], vectors: Array) -> None:
        self.words, self._vectors = list(words), vectors
        self._index = {word: i for i, word in enumerate(self.words)}
        self._alike: dict[str, list[str]] = {}

    def alike(self, word: str, most: int = 14) -> list[str]:
        """The ``most`` nearest other words; none for a word that the teacher does not know."""
        if word not in self._alike:
            i = self._index.get(word)
            if i is None:
                self._alike[word] = []
            else:
                nearest = np.argsort(-self._vectors @ self._vectors[i])[1 : most + 1]
                self._alike[word] = [self.words[j] for j in nearest]
        return self._alike[word]

    def reworded(self, sentence: str, rng: np.random.Generator, share: float = 0.4) -> str:
        """The sentence with about ``share`` of its content words exchanged for words that mean alike."""
        out = []
        for word in sentence.split():
            bare = word.strip(",.").lower()
            choices = [] if bare in SMALL_WORDS or rng.random() > share else self.alike(bare)
            out.append(str(rng.choice(choices)) if choices else word)
        return " ".join(out)


def corpus(captions: Sequence[str], thesaurus: Thesaurus, n: int, rng: np.random.Generator) -> list[str]:
    """About ``n`` sentences: half captions in other words, the rest phrases of frequent words, and the words alone."""
    picked = rng.integers(0, len(captions), n // 2)
    found = [thesaurus.reworded(captions[i], rng, rng.uniform(0.2, 0.8)) for i in picked]
    common = thesaurus.words[:8000]
    for _ in range(n // 3):
        a, b, m, v, word = rng.choice(common, 5)
        found.append(str(rng.choice(SHAPES)).format(a=a, b=b, n=word, m=m, v=v))
    found += thesaurus.words[: n // 6]
    return list(dict.fromkeys(found))
