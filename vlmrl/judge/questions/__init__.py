"""The questions that a check asks of a reward, one a file, found by their place.

A question's module has a docstring whose first line is the question, ``PLACE`` (where it stands among the others), and
``answer(evidence) -> Finding``. Its limits are constants of the module, with what they were set by.
"""
