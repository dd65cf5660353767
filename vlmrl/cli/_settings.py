"""Settings that several verbs share."""

from __future__ import annotations

import warnings
from pathlib import Path

from vlmrl.config.schema import Section

with warnings.catch_warnings():
    # pydantic keeps its deprecated method of this name for old callers; the key that users know is worth more.
    warnings.filterwarnings("ignore", message='Field name "json"', category=UserWarning)

    class Answer(Section):
        """A verb that prints something, which machines may want too."""

        json: Path | None = None  # type: ignore[assignment]
        """Write what is printed to this file too, as JSON."""
