"""Tasks: one file a domain, every ``Task`` at a module's top level found by its name; more in folders of one's own."""

from vlmrl.envs.own import OWN

__path__.extend(str(folder.resolve()) for folder in OWN)
