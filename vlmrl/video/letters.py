"""Letters for films: the typeface that matplotlib carries, so that a film looks the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from vlmrl.errors import RenderError

Weight = Literal["regular", "bold"]
FACES: dict[Weight, str] = {"regular": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}


@cache
def face(size: int, weight: Weight = "regular") -> ImageFont.FreeTypeFont:
    """The typeface at ``size`` pixels; it covers Latin, Greek, Cyrillic and most symbols.

    Raises:
        RenderError: matplotlib, whose typeface it is, is not whole.
    """
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RenderError("font: matplotlib is not installed; run 'pip install matplotlib'")
    path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / FACES[weight]
    try:
        return ImageFont.truetype(str(path), size)
    except OSError as cause:
        raise RenderError(f"font={path}: cannot be read ({cause}); install matplotlib anew") from cause


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int, most: int = 2) -> list[str]:
    """Break ``text`` into at most ``most`` lines of ``width`` pixels; an ellipsis ends what does not fit."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [shortened(line, font, width) for line in lines]


def shortened(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """``text``, or as much of it as fits into ``width`` pixels with an ellipsis behind."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
