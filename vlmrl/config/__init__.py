"""What a run is: its settings, how they are put together, and the directory that keeps them."""
