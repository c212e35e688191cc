"""Versions of packages, in their order. Pure.

As NuGet and SemVer have it, which Octopus follows: numbers one by one, however many; a pre-release comes before its
release, and its parts are compared one by one, numbers before words; what stands after a plus counts for nothing.
"""

from __future__ import annotations

import re

Key = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]

_PARTS = re.compile(r"[.-]")


def version_key(version: str) -> Key:
    """Greater for a later version; equal for two that are one (``1.0`` and ``1.0.0``)."""
    numbers, _, label = version.strip().partition("+")[0].partition("-")
    found = [int(part) if part.isdecimal() else 0 for part in numbers.split(".")]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found), not label, tuple(_part(one) for one in _PARTS.split(label) if one)


def _part(text: str) -> tuple[bool, int, str]:
    return (False, int(text), "") if text.isdecimal() else (True, 0, text.casefold())
