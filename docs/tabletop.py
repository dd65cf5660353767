"""Draw docs/images/tabletop.jpg: a goal state of each kind of instruction, and what the wrist camera sees.

python docs/tabletop.py
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import refresh
from vlmrl.envs.tabletop import scene, task, wordings
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.task import Camera
from vlmrl.types import Array

FILE = Path(__file__).parent / "images" / "tabletop.jpg"
SENTENCES = (
    "reach the red block",
    "lift the blue block",
    "push the green block to the left",
    "push the yellow block onto the orange zone",
    "put the blue block in the purple zone",
    "put the red block in the drawer",
    "put the red block left of the blue block",
    "stack the red block on the blue block",
    "open the drawer",
    "close the drawer",
    "press the button",
)
SIDE, STRIP, COLUMNS, GAP = 232, 20, 4, 8
"""Of a picture, the line below it, how many stand beside each other, and what is between them [pixels]."""


def picture(sentence: str, camera: str, seed: int) -> Array:
    """A state in which it is done: uint8 ``(SIDE, SIDE, 3)``."""
    model = scene.model()
    data = mujoco.MjData(model)
    task(sentence).goal_states(np.random.default_rng(seed), 1).apply(0, model, data)
    refresh(model, data)
    with Renderer(model, (SIDE, SIDE), Camera(name=camera), "pretty") as renderer:
        return renderer.frame(data)


def main() -> None:
    """Draw and write the sheet."""
    cells = [(sentence, picture(sentence, "front", 3)) for sentence in SENTENCES]
    lifted = wordings(Instruction("lift", "blue"))[0]
    cells.append(("the wrist camera", picture(lifted, "wrist", 3)))
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) - GAP, rows * (SIDE + STRIP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for number, (words, drawn) in enumerate(cells):
        x, y = number % COLUMNS * (SIDE + GAP), number // COLUMNS * (SIDE + STRIP)
        sheet.paste(Image.fromarray(drawn), (x, y))
        pen.text((x + SIDE // 2, y + SIDE + STRIP // 2), words, fill="black", font=font, anchor="mm")
    sheet.save(FILE, quality=82, optimize=True)


if __name__ == "__main__":
    main()
