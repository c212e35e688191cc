"""Variable sets: which row is which, and what becomes of each. Pure."""
