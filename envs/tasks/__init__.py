"""One file a domain; every ``Task`` at a module's top level is found by its name."""
