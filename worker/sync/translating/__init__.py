"""Translating: a document of the source in the destination's terms: references, tags, releases. Pure."""
