"""Marks, grid and way drawn on a picture: what a model that plans is shown, and what a person looks at afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vlmrl.envs.gauge import View
from vlmrl.keypoints.plan import Plan

Picture = NDArray[np.uint8]
Pixel = tuple[float, float]

COLUMNS, ROWS = "abcde", "54321"
"""Of the grid: columns from left to right, rows from top to bottom, so that row 1 is at the foot."""

PAPER, INK = (255, 255, 255), (20, 24, 28)
MARK, WAY, TAKEN = (0, 114, 178), (213, 94, 0), (0, 121, 90)
"""Blue for points, orange for the way, green for where something is taken hold of: told apart by colour-blind eyes."""
STRIP = 18
"""Height of a line of the legend in pixels."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Matplotlib's typeface, as films have it; Pillow's own where that is not there."""
    found = find_spec("matplotlib")
    path = Path(found.origin or "").parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans-Bold.ttf" if found else None
    if path is None or not path.is_file():
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(path), size)


def grid(picture: Picture) -> Picture:
    """The picture uint8 ``(H, W, 3)`` in tiles of five by five, named at its edges: columns a to e, rows 1 to 5."""
    sheet = Image.fromarray(picture).convert("RGBA")
    lines = Image.new("RGBA", sheet.size)
    pen, font = ImageDraw.Draw(lines), _font(max(10, picture.shape[0] // 34))
    height, width = picture.shape[:2]
    for part in range(1, 5):
        x, y = width * part / 5, height * part / 5
        pen.line([(x, 0), (x, height)], fill=(*PAPER, 110), width=1)
        pen.line([(0, y), (width, y)], fill=(*PAPER, 110), width=1)
    for part, (column, row) in enumerate(zip(COLUMNS, ROWS, strict=True)):
        middle = (part + 0.5) / 5
        _label(pen, (width * middle, height - 10), column, font, (*INK, 200))
        _label(pen, (9, height * middle), row, font, (*INK, 200))
    return np.asarray(Image.alpha_composite(sheet, lines).convert("RGB")).copy()


def marked(picture: Picture, places: Mapping[str, Pixel]) -> Picture:
    """The picture with a mark at each place, its name in it."""
    sheet = Image.fromarray(picture)
    pen, size = ImageDraw.Draw(sheet), max(9, picture.shape[0] // 40)
    for name, (x, y) in places.items():
        _label(pen, (x, y), name, _font(size), MARK, round_=True)
    return np.asarray(sheet).copy()


def led(picture: Picture, way: Sequence[Pixel], grasped: int | None) -> Picture:
    """The picture with a way: from its first pixel to its last, an arrow at the end, a ring where something is taken.

    Args:
        picture: uint8 ``(H, W, 3)``.
        way: pixels, the start first.
        grasped: of the places after the start, the number of the one where something is taken hold of.
    """
    sheet = Image.fromarray(picture)
    pen, wide = ImageDraw.Draw(sheet), max(2, picture.shape[0] // 160)
    for colour, more in ((PAPER, 2), (WAY, 0)):
        pen.line(list(way), fill=colour, width=wide + more, joint="curve")
        if len(way) > 1:
            _arrow(pen, way[-2], way[-1], colour, 4 * wide + more)
    for number, (x, y) in enumerate(way):
        radius = 1.5 * wide
        taken = grasped is not None and number == grasped + 1
        if taken:
            pen.ellipse([x - 4 * wide, y - 4 * wide, x + 4 * wide, y + 4 * wide], outline=TAKEN, width=wide)
        if 0 < number < len(way) - 1:
            pen.rectangle([x - radius, y - radius, x + radius, y + radius], fill=PAPER, outline=WAY)
    return np.asarray(sheet).copy()


def drawn(view: View, plan: Plan, points: Mapping[str, NDArray[np.float64]], own: str, title: str) -> Picture:
    """A plan on the picture it was made for, with a legend below.

    Args:
        view: the first state of the episode.
        plan: of that episode.
        points: places of the named points then, ``(3,)`` [m].
        own: the robot's own point, where the way begins.
        title: who planned it, for the legend.

    Returns:
        uint8 ``(H + more, W, 3)``.
    """
    pixels, _ = view.camera.project(np.stack([points[own], *plan.way]))
    found = {name: view.camera.project(place)[0] for name, place in points.items()}
    seen = {name: pixel for name, pixel in found.items() if view.camera.inside(pixel)}
    numbers = {name: str(number) for number, name in enumerate(seen, start=1)}
    way = [(float(x), float(y)) for x, y in pixels if np.isfinite((x, y)).all()]
    picture = led(grid(view.frame), way, plan.grasped)
    picture = marked(picture, {numbers[name]: (float(x), float(y)) for name, (x, y) in seen.items()})
    told = [f"{numbers[name]} {name}" for name in seen]
    lines = [title, f"takes hold of {plan.grasp}, then on to {plan.target}" if plan.grasp else f"goes to {plan.target}"]
    return _with_legend(picture, [*lines, *_rows(told, picture.shape[1])])


def _rows(told: Sequence[str], width: int) -> list[str]:
    """Words in lines as long as the picture is wide."""
    lines, font = [""], _font(12)
    for word in told:
        longer = f"{lines[-1]}   {word}".strip()
        if lines[-1] and font.getlength(longer) > width - 12:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _with_legend(picture: Picture, lines: Sequence[str]) -> Picture:
    strip = Image.new("RGB", (picture.shape[1], STRIP * len(lines) + 8), PAPER)
    pen = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        pen.text((6, 4 + STRIP * number), line, fill=INK, font=_font(12))
    return np.concatenate([picture, np.asarray(strip)])


def _label(
    pen: ImageDraw.ImageDraw,
    middle: Pixel,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    colour: tuple[int, ...],
    round_: bool = False,
) -> None:
    """Text in white on a patch of colour."""
    x, y = middle
    left, top, right, bottom = pen.textbbox((x, y), text, font=font, anchor="mm")
    if round_:
        radius = max(right - left, bottom - top) / 2 + 2.5
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour, outline=PAPER, width=1)
    else:
        pen.rectangle([left - 2, top - 2, right + 2, bottom + 2], fill=colour)
    pen.text((x, y), text, fill=PAPER, font=font, anchor="mm")


def _arrow(pen: ImageDraw.ImageDraw, start: Pixel, end: Pixel, colour: tuple[int, ...], length: float) -> None:
    way = np.subtract(end, start)
    far = float(np.linalg.norm(way))
    if far < 1:
        return
    ahead = way / far
    side = np.array([-ahead[1], ahead[0]])
    back = np.array(end) - length * ahead
    corners = [tuple(end), tuple(back + 0.5 * length * side), tuple(back - 0.5 * length * side)]
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=colour)
