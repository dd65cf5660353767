"""The questions that a check asks of a reward, one a file, found by their place.

A question's module has a docstring whose first line is the question, ``PLACE`` (where it stands among the others), and
``answer(evidence) -> Finding``. Its limits are constants of the module, with what they were set by.
"""

from __future__ import annotations

import inspect
from types import ModuleType

from vlmrl.find import find, names


def in_order() -> list[tuple[str, str, ModuleType]]:
    """Name, question and module of each, ours and those of other packages, in the order in which they are asked."""
    found = [(name, find("question", name)) for name in names("question")]
    found.sort(key=lambda pair: int(pair[1].PLACE))
    return [(name, (inspect.getdoc(module) or "").partition("\n")[0], module) for name, module in found]
