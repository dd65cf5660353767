"""What sim-clip is taught to say about each domain: one file a domain, found by its name."""
