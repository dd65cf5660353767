"""One file a stock environment, named as the module that defines it; ``of`` names the class."""
