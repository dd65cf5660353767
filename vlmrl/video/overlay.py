"""What a film says besides the picture: the sentence, who acts, the reward so far, and whether the task is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vlmrl.errors import ShapeError
from vlmrl.types import Array
from vlmrl.video.curve import Curve
from vlmrl.video.letters import face, shortened, wrapped
from vlmrl.video.palette import DONE, INK, LINE, MUTED, PAPER, SCORE, TRUTH

MINUS = "\N{MINUS SIGN}"
"""As wide as a plus, where a hyphen would jump."""
STEP = ("step {} of {}", "{} of {}", "{}")
"""How far a film is, in as many words as there is room for."""


@dataclass(frozen=True)
class Numbers:
    """What was measured in each state of one episode, the first state included.

    Attributes:
        score: floats ``(T,)``, the reward model's, or None.
        oracle: floats ``(T,)`` in [0, 1], the ground truth's, or None.
        success: bool ``(T,)``, the task is done in this state by ground truth, or None.
        succeeded: the episode as a whole, or None.
        steps: T; every array has this length.
    """

    steps: int
    score: Array | None = None
    oracle: Array | None = None
    success: Array | None = None
    succeeded: bool | None = None

    def __post_init__(self) -> None:
        for name in ("score", "oracle", "success"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != (self.steps,):
                raise ShapeError(f"{name} {np.shape(values)}: must be ({self.steps},), one a state")

    @property
    def curve(self) -> tuple[Array, str] | None:
        """What to draw: the score if there is one, else the ground truth; and its colour."""
        if self.score is not None:
            return self.score, SCORE
        return None if self.oracle is None else (self.oracle, TRUTH)


class Panel:
    """One agent in a film: its name, its picture, its numbers and its curve.

    Args:
        caption: who acts ("trained agent").
        note: what else to say of it ("64,000 steps"), in grey behind the caption.
        numbers: of its episode.
        size: ``(height, width)`` of the picture in pixels.
        bounds: vertical axis of the curve, shared between panels; None fits this panel alone.
        steps: states that the curve's width stands for, shared between panels; None for this episode's.
    """

    def __init__(
        self,
        caption: str,
        note: str,
        numbers: Numbers,
        size: tuple[int, int],
        bounds: tuple[float, float] | None = None,
        steps: int | None = None,
    ) -> None:
        self._numbers, self._size = numbers, size
        self._caption, self._note = caption, note
        letter = letter_size(size[1])
        self._regular, self._bold = face(letter), face(letter, "bold")
        self._row = round(letter * 1.9)
        curve = numbers.curve
        self._curve = None
        if curve is not None:
            values, colour = curve
            strip = (max(48, size[1] // 6), size[1])
            self._curve = Curve(values, numbers.success, strip, bounds or bounds_of([numbers]), steps, colour=colour)

    def at(self, frame: Array, index: int) -> Image.Image:
        """The panel in state ``index``: an RGB image, as wide as the picture.

        Args:
            frame: uint8 ``(H, W, 3)`` of the panel's size.
            index: the state; past the last one, the last is kept and the verdict shown.
        """
        if frame.shape != (*self._size, 3):
            raise ShapeError(f"frame {frame.shape}: must be {(*self._size, 3)}, the panel's size")
        height, width = self._size
        last = index >= self._numbers.steps - 1
        index = min(index, self._numbers.steps - 1)
        strip = None if self._curve is None else self._curve.at(index)
        sheet = Image.new("RGB", (width, 2 * self._row + height + (strip.height if strip else 0)), PAPER)
        draw = ImageDraw.Draw(sheet)
        self._name(draw, width)
        sheet.paste(Image.fromarray(frame), (0, self._row))
        draw.rectangle((0, self._row, width - 1, self._row + height - 1), outline=LINE)
        self._mark(draw, index, last)
        self._readout(draw, index, self._row + height)
        if strip is not None:
            sheet.paste(strip, (0, 2 * self._row + height))
        return sheet

    def _name(self, draw: ImageDraw.ImageDraw, width: int) -> None:
        middle = self._row // 2
        caption = shortened(self._caption, self._bold, width)
        draw.text((0, middle), caption, fill=INK, font=self._bold, anchor="lm")
        left = self._bold.getlength(caption + "  ")
        draw.text(
            (left, middle), shortened(self._note, self._regular, int(width - left)), MUTED, self._regular, anchor="lm"
        )

    def _mark(self, draw: ImageDraw.ImageDraw, index: int, last: bool) -> None:
        """A badge in the picture's corner: done in this state, and at the end the episode's verdict."""
        numbers = self._numbers
        done = numbers.success is not None and bool(numbers.success[index])
        if last and numbers.succeeded is not None:
            text, colour, tick = ("succeeded", DONE, True) if numbers.succeeded else ("failed", MUTED, False)
        elif done:
            text, colour, tick = "done", DONE, True
        else:
            return
        letter = self._bold.size
        pad, sign = letter * 0.55, letter * 1.15 if tick else 0.0
        wide = self._bold.getlength(text) + sign + 2 * pad
        right, top = self._size[1] - letter * 0.7, self._row + letter * 0.7
        left, bottom = right - wide, top + letter * 1.75
        draw.rounded_rectangle((left, top, right, bottom), radius=letter * 0.4, fill=colour)
        middle = (top + bottom) / 2
        if tick:
            x, y, u = left + pad, middle, letter / 12
            draw.line(
                ((x, y), (x + 3.5 * u, y + 3.8 * u), (x + 10 * u, y - 4.5 * u)), PAPER, round(2 * u) or 1, joint="curve"
            )
        draw.text((left + pad + sign, middle), text, PAPER, self._bold, anchor="lm")

    def _readout(self, draw: ImageDraw.ImageDraw, index: int, top: int) -> None:
        middle, x = top + self._row // 2, 0.0
        for name, values, colour in (("reward", self._numbers.score, SCORE), ("truth", self._numbers.oracle, TRUTH)):
            if values is None:
                continue
            draw.text((x, middle), f"{name} ", MUTED, self._regular, anchor="lm")
            x += self._regular.getlength(f"{name} ")
            draw.text((x, middle), f"{values[index]:z.2f}".replace("-", MINUS), colour, self._bold, anchor="lm")
            x += self._bold.getlength(f"{MINUS}0.00   ")  # the same place whatever the number
        last = self._numbers.steps - 1
        forms = [form for form in STEP if self._regular.getlength(form.format(last, last)) <= self._size[1] - x]
        if forms:  # a small picture has room for fewer words, or for none
            draw.text((self._size[1], middle), forms[0].format(index, last), MUTED, self._regular, anchor="rm")


def side_by_side(panels: Sequence[Image.Image], sentence: str, note: str = "") -> Array:
    """One frame of a film: the sentence above, the panels beside each other under it, in white margins.

    Args:
        panels: RGB images, usually of equal height.
        sentence: what the agent was asked to do; a longer one takes smaller letters and up to five lines.
        note: a line in grey under it ("cartpole/upright, seed 7").

    Returns:
        uint8 ``(H, W, 3)``.
    """
    if not panels:
        raise ShapeError("panels: are none; a frame needs at least one")
    letter = letter_size(panels[0].width)
    margin, gap = round(1.6 * letter), round(2 * letter)
    inner = sum(panel.width for panel in panels) + gap * (len(panels) - 1)
    small = face(letter)
    rows = _title(sentence, letter, inner) if sentence else []
    if note:
        rows.append((shortened(note, small, inner), small, MUTED, round(1.7 * letter)))
    head = sum(row[3] for row in rows) + (letter // 2 if rows else 0)
    tall = max(panel.height for panel in panels)
    sheet = Image.new("RGB", (inner + 2 * margin, head + tall + 2 * margin), PAPER)
    draw, y = ImageDraw.Draw(sheet), margin
    for text, font, colour, step in rows:
        draw.text((margin, y + step // 2), text, colour, font, anchor="lm")
        y += step
    x, y = margin, margin + head
    for panel in panels:
        sheet.paste(panel, (x, y))
        x += panel.width + gap
    return np.array(sheet)


def _title(sentence: str, letter: int, width: int) -> list[tuple[str, ImageFont.FreeTypeFont, str, int]]:
    """The sentence in the largest letters in which it can be read whole: lines with their font, colour and height."""
    for scale, most in ((1.5, 2), (1.25, 3), (1.0, 5)):
        font = face(round(scale * letter), "bold")
        lines = wrapped(f"“{sentence}”", font, width, most)
        if not lines[-1].endswith("…"):
            break
    return [(line, font, INK, round(1.4 * scale * letter)) for line in lines]


def bounds_of(episodes: Sequence[Numbers]) -> tuple[float, float]:
    """A vertical axis that holds the curves of all ``episodes``, never so narrow that noise looks like progress."""
    drawn = [numbers.curve[0] for numbers in episodes if numbers.curve is not None]
    if not drawn:
        return 0.0, 1.0
    low = min(float(np.min(values)) for values in drawn)
    high = max(float(np.max(values)) for values in drawn)
    spare = max(0.0, 0.1 - (high - low)) / 2
    return low - spare, high + spare


def letter_size(width: int) -> int:
    """Height of letters in pixels that suits a picture of ``width`` pixels."""
    return max(10, round(width / 30))
