"""What all pages share: one file that needs nothing else, in one style."""

from __future__ import annotations

from html import escape
from importlib.resources import files


def document(title: str, body: str) -> str:
    """A whole page of HTML; ``body`` is HTML already, ``title`` is not."""
    style = files("vlmrl.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} | vlmrl</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def section(title: str, body: str) -> str:
    """A heading and what stands under it; nothing where there is nothing."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n" if body else ""
