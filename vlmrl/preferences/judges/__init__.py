"""Who says which of two frames or films is nearer to the words: a file each, found by its name."""
