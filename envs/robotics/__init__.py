"""Worlds of other manipulation suites (`pip install 'vlmrl[robotics]'`), each behind one small adapter."""
