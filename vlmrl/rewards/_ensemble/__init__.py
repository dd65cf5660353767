"""What the ensemble is made of: who its members are, the crops they see, and how they are combined."""
