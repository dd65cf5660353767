"""What all pages share: one file that needs nothing else, in one style."""

from __future__ import annotations

from html import escape
from importlib.resources import files


def document(title: str, body: str, own: str = "") -> str:
    """A whole page of HTML; ``body`` is HTML already, ``title`` is not.

    Args:
        title: of the window.
        body: what stands in it.
        own: the name of a style and a script that this page has beside the common style: ``debug_page``.
    """
    style = packaged("page.css") + (packaged(f"{own}.css") if own else "")
    script = f"<script>\n{packaged(f'{own}.js')}</script>\n" if own else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} | vlmrl</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}{script}</body>\n</html>\n"
    )


def packaged(name: str) -> str:
    """The text of a file of this package."""
    return files("vlmrl.report").joinpath(name).read_text(encoding="utf-8")


def section(title: str, body: str) -> str:
    """A heading and what stands under it; nothing where there is nothing."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n" if body else ""
