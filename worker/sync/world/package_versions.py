"""Versions of packages, in their order. Pure.

As SemVer has it, and Octopus' pragmatic form of it, which the built-in feed asks for (Octopus' documentation of
versioning schemes): numbers one by one, however many, so that ``1.0`` and ``1.0.0.0`` are one, and ``2016.01.02`` and
``2016.1.2``; a pre-release comes before its release, and its parts are compared one by one, numbers before words; what
stands after a plus counts for nothing. What is of another scheme (``v1.0``, ``1.0.Final``) is told apart, too: what
follows the numbers is taken for a pre-release.
"""

from __future__ import annotations

import re

Key = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]

_FORM = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)?[.-]?(.*)", re.IGNORECASE | re.DOTALL)


def version_key(version: str) -> Key:
    """Greater for a later version; equal for two that are one (``1.0`` and ``1.0.0``)."""
    form = _FORM.fullmatch(version.strip().partition("+")[0])
    assert form is not None, "it matches anything"
    numbers, label = form[1] or "", form[2]
    found = [int(part) for part in numbers.split(".") if part]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found), not label, tuple(_part(one) for one in label.split(".") if one)


def _part(text: str) -> tuple[bool, int, str]:
    return (False, int(text), "") if text.isascii() and text.isdecimal() else (True, 0, text.casefold())
