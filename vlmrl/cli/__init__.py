"""The command line: ``vlmrl VERB key=value ...``. Each verb is a module of this package, found by its file's name.

A verb's module has a docstring (its first line is the summary in ``vlmrl --help``, the rest its own help), ``SETTINGS``
(a pydantic model of its settings, or None), and ``run(argv) -> int``, the exit status. Nothing heavy is imported before
``run``; other packages add verbs through the entry point group ``vlmrl.verb``.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vlmrl import find
from vlmrl.errors import UnknownName, VlmrlError

BAD_INPUT = 2
INTERRUPTED = 130
"""What a shell calls a program that Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb.

    Args:
        argv: without the program's name; None takes the process's own.

    Returns:
        The exit status: 0 done, 2 for input that the user can put right (one message, no traceback), 130 after Ctrl-C.
        Other errors are ours and keep their traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter gets a question mark, no traceback
            stream.reconfigure(errors="replace")
    try:
        with _plain_warnings():
            return _dispatch([*(sys.argv[1:] if argv is None else argv)])
    except VlmrlError as error:
        sys.stderr.write(f"vlmrl: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("vlmrl: stopped\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; spare Python its own complaint at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """What we warn of is meant for the user: the sentence alone, without the line of our code that it came from."""
    before = warnings.formatwarning

    def sentence(message: Any, category: type[Warning], *rest: Any, **others: Any) -> str:
        return f"vlmrl: warning: {message}\n" if category is UserWarning else before(message, category, *rest, **others)

    warnings.formatwarning = sentence
    try:
        yield
    finally:
        warnings.formatwarning = before


def _dispatch(argv: list[str]) -> int:
    from vlmrl.cli import _help

    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help.overview())
        return 0
    if argv[0] in ("-V", "--version"):
        import vlmrl

        sys.stdout.write(f"vlmrl {vlmrl.__version__}\n")
        return 0
    verb = argv[0].replace("-", "_")
    if verb not in find.names("verb"):
        raise UnknownName("verb", argv[0], [name.replace("_", "-") for name in find.names("verb")])
    module = find.find("verb", verb)
    if {"-h", "--help"} & set(argv[1:]) and hasattr(module, "SETTINGS"):
        sys.stdout.write(_help.of(module))
        return 0
    return int(module.run(argv[1:]) or 0)
