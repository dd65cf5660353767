"""Numbers brought to [-1, 1] by their own quantiles, which are stored with the policy, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.types import Array

NARROW = 1e-6
"""A range below this is none: its numbers stay where they are, around 0."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Quantiles:
    """The 1st and 99th percentile of each of D numbers.

    Attributes:
        low, high: float32 ``(D,)``.
    """

    low: Floats
    high: Floats

    @classmethod
    def of(cls, rows: Array) -> Self:
        """Those of ``(S, D)``.

        Raises:
            ConfigError: there is no row, or a number is not finite.
        """
        if not len(rows) or not np.isfinite(rows).all():
            raise ConfigError(f"rows={rows.shape}: quantiles want at least one row, and finite numbers only")
        low, high = np.quantile(rows, (0.01, 0.99), axis=0)
        return cls(low.astype(np.float32), high.astype(np.float32))

    def __len__(self) -> int:
        return len(self.low)

    def to_unit(self, values: Array) -> Floats:
        """``(..., D)`` with the quantiles at -1 and 1, what lies beyond beyond; what never varies becomes 0."""
        return np.asarray((values - self._middle) / self._half, dtype=np.float32)

    def from_unit(self, values: Array) -> Floats:
        """Back from :meth:`to_unit`."""
        return np.asarray(values * self._half + self._middle, dtype=np.float32)

    def to_json(self) -> dict[str, list[float]]:
        """Plain JSON, which :meth:`read` reads."""
        return {"low": self.low.tolist(), "high": self.high.tolist()}

    @classmethod
    def read(cls, told: Mapping[str, Sequence[Any]]) -> Self:
        """What :meth:`to_json` wrote."""
        return cls(np.array(told["low"], np.float32), np.array(told["high"], np.float32))

    @property
    def _middle(self) -> Floats:
        return np.asarray((self.low + self.high) / 2, dtype=np.float32)

    @property
    def _half(self) -> Floats:
        half = (self.high - self.low) / 2
        return np.where(half < NARROW, 1.0, half).astype(np.float32)
