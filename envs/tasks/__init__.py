"""Tasks: one file a domain. Folders that the environment variable ``VLMRL_TASKS`` names hold more of them.

Such a folder's files run as Python: name only your own. Whatever starts a process hands the variable on, so workers
find the same tasks.
"""

import os
from pathlib import Path

from vlmrl.errors import ConfigError

OWN = tuple(folder for folder in os.environ.get("VLMRL_TASKS", "").split(os.pathsep) if folder)
"""Folders of the user's own tasks."""

for _folder in OWN:
    if not Path(_folder).is_dir():
        raise ConfigError(f"VLMRL_TASKS={_folder}: there is no such folder; name folders of task files, or unset it")
    __path__.append(str(Path(_folder).resolve()))
