"""Numbers with their nouns, as people write them: ``1 route``, ``2 routes``."""

from __future__ import annotations


def counted(number: int, noun: str, many: str | None = None) -> str:
    """``many``: the noun for any number but one, where it is not the noun with an *s*."""
    return f"{number} {noun if number == 1 else many or noun + 's'}"
