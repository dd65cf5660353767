"""Frames to ask about: a few of all that were met, without a bias, and a few of the newest; and which pairs of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.preferences.judges.base import FACTS, Shown
from vlmrl.rewards._taught.bradley_terry import Nets, disagreement
from vlmrl.types import Array


class Pool:
    """Keeps up to ``size`` frames with their embeddings: half drawn from all that were met, half since the last round.

    Either half is a uniform sample of what it is drawn from (Vitter's reservoir), so that neither the first steps nor
    the last policy are all that a judge ever sees.

    Args:
        size: frames, 2 or more.
        rng: draws.

    Attributes:
        size, rng: as given.
        frames: uint8 ``(size, H, W, 3)``; None before the first.
        embeddings: float32 ``(size, D)``.
        tickets: int64 ``(size,)``, the number that a frame came with; -1 for an empty place.
        facts: float64 ``(size,)`` by name, NaN where nobody has told.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size, self.rng = size, rng
        self.frames: NDArray[np.uint8] | None = None
        self.embeddings = np.empty((0, 0), np.float32)
        self.tickets = np.full(size, -1, np.int64)
        self.facts = {name: np.full(size, np.nan) for name in FACTS}
        self._met = [0, 0]  # of all, and since the last round

    def meet(self, frames: NDArray[np.uint8], embeddings: Array, tickets: Array) -> None:
        """Be shown more frames uint8 ``(B, H, W, 3)``, embeddings ``(B, D)``, and a number ``(B,)`` for each."""
        if self.frames is None:
            self.frames = np.empty((self.size, *frames.shape[1:]), np.uint8)
            self.embeddings = np.zeros((self.size, embeddings.shape[1]), np.float32)
        half = self.size // 2
        for part, (first, room) in enumerate(((0, half), (half, self.size - half))):
            order = self._met[part] + np.arange(len(frames))
            drawn = np.where(order < room, order, self.rng.integers(0, order + 1))
            for row in np.flatnonzero(drawn < room):
                place = first + drawn[row]
                self.frames[place], self.embeddings[place] = frames[row], embeddings[row]
                self.tickets[place] = tickets[row]
                for values in self.facts.values():
                    values[place] = np.nan
            self._met[part] += len(frames)

    def tell(self, tickets: Array, facts: Mapping[str, Array]) -> None:
        """What the simulator knows of frames, by their numbers: facts of the shape of ``tickets``."""
        numbers = np.asarray(tickets).ravel()
        order = np.argsort(numbers)
        at = np.searchsorted(numbers, self.tickets, sorter=order)
        rows = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(self.size, int)
        here = (numbers[rows] == self.tickets) if len(order) else np.zeros(self.size, bool)
        for name, values in facts.items():
            self.facts[name][here] = np.asarray(values, np.float64).ravel()[rows[here]]

    def renew(self) -> None:
        """Begin the half that is drawn since the last round anew; what is in it stays until something comes."""
        self._met[1] = 0

    def there(self, needs: Collection[str] = ()) -> NDArray[np.int_]:
        """Places that hold a frame, each frame once, of which these facts are known."""
        known = self.tickets >= 0
        for name in needs:
            known &= ~np.isnan(self.facts[name])
        places = np.flatnonzero(known)
        return places[np.unique(self.tickets[places], return_index=True)[1]]

    def shown(self, places: Array) -> Shown:
        """The frames at these places ``(B,)``, as a judge is shown them."""
        frames = np.empty((0, 1, 1, 3), np.uint8) if self.frames is None else self.frames[places]
        return Shown(frames[:, None], {name: values[places] for name, values in self.facts.items()})

    def arrays(self) -> dict[str, Array]:
        """All that it holds, by name, for a checkpoint."""
        found = {"tickets": self.tickets, "met": np.array(self._met), **self.facts}
        return found if self.frames is None else {**found, "frames": self.frames, "embeddings": self.embeddings}

    def recall(self, arrays: Mapping[str, Array]) -> None:
        """Go on from :meth:`arrays`."""
        self.tickets, self._met = arrays["tickets"].copy(), [int(one) for one in arrays["met"]]
        self.facts = {name: arrays[name].copy() for name in FACTS}
        if "frames" in arrays:
            self.frames, self.embeddings = arrays["frames"].copy(), arrays["embeddings"].copy()


def pairs(
    pool: Pool,
    count: int,
    nets: Nets,
    temperature: float,
    rng: np.random.Generator,
    *,
    candidates: int = 10,
    asked: Collection[tuple[int, int]] = (),
    needs: Collection[str] = (),
) -> NDArray[np.int_]:
    """Pairs of places to ask about: of many drawn blindly, those that the nets disagree on most.

    Args:
        pool: has the frames.
        count: pairs wanted.
        nets: are asked how sure they are.
        temperature: of their lessons.
        rng: draws.
        candidates: pairs looked at for each that is wanted; at 1 none is preferred.
        asked: pairs of numbers, the smaller first, that were asked before and are not again.
        needs: facts that must be known of a frame.

    Returns:
        ``(K, 2)``, K at most ``count``; fewer where there are no more pairs.
    """
    places = pool.there(needs)
    n = len(places)
    if n < 2:
        return np.empty((0, 2), int)
    every = n * (n - 1) // 2
    wanted = min(every, count * candidates + len(asked))
    chosen = (
        np.stack(np.triu_indices(n, 1), 1)[rng.permutation(every)[:wanted]]
        if every < 4 * wanted
        else _some(n, wanted, rng)
    )
    turned = rng.random(len(chosen)) < 0.5  # neither side is the older one by rule
    chosen[turned] = chosen[turned][:, ::-1]
    found: NDArray[np.int_] = places[chosen]
    numbers = np.sort(pool.tickets[found], axis=1)
    known = set(asked)
    new = np.array([(int(a), int(b)) not in known for a, b in numbers], bool)
    found = found[new][: count * candidates]
    if candidates > 1 and len(found) > count:
        doubt = disagreement(nets, pool.embeddings[found[:, 0]], pool.embeddings[found[:, 1]], temperature)
        found = found[np.argsort(-doubt, kind="stable")]
    return np.asarray(found[:count])


def _some(n: int, count: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """``count`` different pairs of n, by drawing until there are enough."""
    found: dict[tuple[int, int], None] = {}
    while len(found) < count:
        drawn: Any = np.sort(rng.integers(0, n, (count, 2)), axis=1)
        found.update(dict.fromkeys((int(a), int(b)) for a, b in drawn if a != b))
    return np.array(list(found)[:count])
