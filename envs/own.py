"""Folders of the user's own tasks, which the environment variable ``VLMRL_TASKS`` names.

Their files run as Python: name only your own. Whatever starts a process hands the variable on, so workers find the same
tasks.
"""

import os
from pathlib import Path

from vlmrl.errors import ConfigError

OWN = tuple(Path(folder) for folder in os.environ.get("VLMRL_TASKS", "").split(os.pathsep) if folder)
"""As they are named, each of them there."""

for _folder in OWN:
    if not _folder.is_dir():
        raise ConfigError(f"VLMRL_TASKS={_folder}: there is no such folder; name folders of task files, or unset it")
