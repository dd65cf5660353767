"""The page on which a person says which of two films is nearer to the goal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vlmrl.report.document import document

SIDES = (("0", "Left", "&larr;"), ("1", "Right", "&rarr;"))
OTHERS = (("0.5", "As good", "&uarr;"), ("null", "Cannot tell", "&darr;"))


def page(goal: Sequence[str]) -> str:
    """The page; it asks ``next`` beside itself for films, and tells ``answer`` and ``undo`` what was said.

    Args:
        goal: the sentences.
    """
    asked = " and ".join(f"&ldquo;{escape(one)}&rdquo;" for one in goal)
    films = "".join(
        f'<figure><video id="film-{value}" muted loop autoplay playsinline></video>'
        f'<button type="button" data-better="{value}">{name} <kbd>{key}</kbd></button></figure>'
        for value, name, key in SIDES
    )
    others = "".join(
        f'<button type="button" data-better="{value}">{name} <kbd>{key}</kbd></button>' for value, name, key in OTHERS
    )
    return document(
        "preferences",
        '<main class="prefer"><p class="kicker">preferences</p>'
        f"<h1>Which is nearer to {asked}?</h1>"
        "<p>Judge what you see alone; both films run over and over. Keys: the arrows, and U to take the last back.</p>"
        '<p id="state" role="status"></p>'
        f'<div class="pair" id="pair">{films}</div><div class="others" id="others">{others}'
        '<button type="button" id="undo">Take the last back <kbd>U</kbd></button></div>'
        "</main>",
        "prefer_page",
    )
