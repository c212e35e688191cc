"""What would be right where pydantic says what is wrong: its words tell that a value cannot be, not what to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXPLAINED: Final = "`octosync config example` explains every key"

_BOUNDS: Final = {
    "greater_than_equal": ("ge", "write {} or more"),
    "greater_than": ("gt", "write more than {}"),
    "less_than_equal": ("le", "write {} or less"),
    "less_than": ("lt", "write less than {}"),
    "string_too_short": ("min_length", "write at least {} characters"),
    "string_too_long": ("max_length", "write at most {} characters"),
    "too_short": ("min_length", "list at least {}"),
    "too_long": ("max_length", "list at most {}"),
    "string_pattern_mismatch": ("pattern", "write what fits {}"),
}
_FORMS: Final = {
    "int": "write a whole number, as 24",
    "float": "write a number, as 24 or 0.5",
    "bool": "write true or false",
    "time": "write a time of day, as 02:00",
    "path": "write the path of a file",
    "string": "write a name or text, in quotes if it looks like a number",
}


def right(kind: str, context: Mapping[str, Any], otherwise: str = EXPLAINED) -> str:
    """``kind`` and ``context`` are pydantic's ``type`` and ``ctx`` of an error."""
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return words.format(context[name])
    return _FORMS.get(kind.partition("_")[0], otherwise)
