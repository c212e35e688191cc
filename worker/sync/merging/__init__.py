"""Merging: three documents become one, field by field and element by element. Pure."""
