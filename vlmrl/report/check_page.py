"""The page of a check: the verdict, an answer a question, and the frames that score highest and lowest."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vlmrl.metrics.verdict import WORST_FIRST, Finding, Picture, Proposal, Verdict
from vlmrl.report.document import document, section
from vlmrl.report.inline import png

SAYS = {
    "green": "Nothing speaks against learning from this reward.",
    "amber": "It may do; look at what is amber first.",
    "red": "Do not learn from this reward.",
    "none": "Nothing could be told.",
}


def page(verdict: Verdict) -> str:
    """A whole page of HTML."""
    title = verdict.words.goal[0] if verdict.words else verdict.reward
    body = _head(verdict, title) + section("Answers", _answers(verdict.findings))
    if verdict.proposal is not None:
        body += section("Better words", _proposal(verdict.proposal))
    body += section("Scores highest", _pictures(verdict.best)) + section("Scores lowest", _pictures(verdict.worst))
    return document(title, body + _foot(verdict))


def _head(verdict: Verdict, title: str) -> str:
    words = verdict.words
    said = f"&ldquo;{escape(title)}&rdquo;" if words else escape(title)
    sides = (
        "".join(
            f'<p class="words">{name}: <i>{escape(", ".join(sentences))}</i></p>\n'
            for name, sentences in (("Baseline", words.baseline), ("Negative", words.negative))
            if sentences
        )
        if words
        else ""
    )
    return (
        f'<header>\n<p class="kicker">check &middot; {escape(verdict.task)} &middot; {escape(verdict.reward)}</p>\n'
        f'<h1>{said}</h1>\n{sides}</header>\n<p class="verdict">{_mark(verdict.colour)} {SAYS[verdict.colour]}</p>\n'
    )


def _answers(findings: Sequence[Finding]) -> str:
    """The worst come first; of equal colour, in the order of the questions."""
    rows = "".join(
        f'<tr><td>{_mark(finding.colour)}</td><th scope="row">{escape(finding.asks)}</th>'
        f"<td>{escape(finding.reason)}</td></tr>\n"
        for finding in sorted(findings, key=lambda one: WORST_FIRST.index(one.colour))
    )
    return f'<div class="scroll"><table class="answers"><tbody>\n{rows}</tbody></table></div>'


def _mark(colour: str) -> str:
    """A word on its colour, so that nobody needs to see the colour."""
    return f'<span class="mark {colour}">{"no answer" if colour == "none" else colour}</span>'


def _proposal(better: Proposal) -> str:
    return (
        f"<pre>{escape(better.arguments)}</pre>\n<p>Spearman with the oracle goes from "
        f"{better.now:.2f} to {better.then:.2f}, on states that did not choose it. Chosen by ground truth: whoever "
        "takes it no longer has a result from text alone.</p>"
    )


def _pictures(pictures: Sequence[Picture]) -> str:
    figures = "".join(
        f'<figure><img src="{png(picture.frame)}" alt="a frame that scores {picture.score:.3f}"><figcaption>'
        f"<b>{picture.score:.3f}</b>, truth {picture.oracle:.2f}{', done' if picture.success else ''}</figcaption>"
        "</figure>"
        for picture in pictures
    )
    return f'<div class="frames">{figures}</div>' if figures else ""


def _foot(verdict: Verdict) -> str:
    return (
        f"<footer>Scores are the reward's own; <i>truth</i> is the simulator's nearness to the goal, from 0 to 1. "
        f"Checked in {verdict.seconds:.0f} s.</footer>\n"
    )
