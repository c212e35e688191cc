"""Names: which kinds a routes file may name, what makes two names the same, and what a name pattern means.

Octopus knows things by id, and ids differ between instances; so everything here goes by name. Two rules hold:

* :func:`name_key` alone decides whether two names are the same. Octopus trims names and compares them without case.
* In a :class:`Pattern` only ``*`` is special. Names may hold anything that Octopus allows: a comma does not separate,
  and ``Deploy [Prod]`` matches itself. So patterns come in YAML lists, one to an entry, and are not shell globs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

EXACT_KINDS: Final = ("script-module", "step-template", "tag-set")
"""The source always wins; drift on the destination is put back."""

SHARED_NAME_KINDS: Final = (
    "environment",
    "lifecycle",
    "project-group",
    "feed",
    "account",
    "worker-pool",
    "certificate",
    "git-credential",
    "machine-policy",
    "team",
)
"""Must exist under the same name; the details are each instance's own, unless the route's ``update`` names the kind."""

MERGE_KINDS: Final = ("project", "library-variable-set", "tenant")
"""Merged three ways: what the source changed crosses, what the destination changed stays."""

PART_KINDS: Final = ("channel", "runbook", "trigger")
"""Belong to a project and cross with it: unlisted they are all included, listed only those that match."""

ON_REQUEST_KINDS: Final = ("package", "user-role")
"""Cross only where the route lists them, never because something refers to them."""

MAP_ONLY_KINDS: Final = ("machine",)
"""Never cross; but variables are scoped to them by name, so a route may map the names."""

INCLUDABLE_KINDS: Final = EXACT_KINDS + SHARED_NAME_KINDS + MERGE_KINDS + PART_KINDS + ON_REQUEST_KINDS
KINDS: Final[tuple[str, ...]] = INCLUDABLE_KINDS + MAP_ONLY_KINDS
"""Every kind that ``include``, ``exclude`` or ``maps`` may name, in the singular."""

ONE_TO_MANY_KINDS: Final = ("environment", "tenant")
"""A name of these may be mapped to several: in scopes and tenant links there is room for more than one."""

_OF_ONE_INSTANCE = "belong to one instance, which has to trust and reach them"
_OF_THE_SERVER = "are settings of one server and need its administrator"
_HISTORY = "are history; the API can only make new ones"
NEVER_KINDS: Final[dict[str, str]] = {
    "machine": _OF_ONE_INSTANCE,
    "target": _OF_ONE_INSTANCE,
    "deployment-target": _OF_ONE_INSTANCE,
    "worker": _OF_ONE_INSTANCE,
    "proxy": _OF_ONE_INSTANCE,
    "machine-proxy": _OF_ONE_INSTANCE,
    "user": "are people with credentials, which the API does not give",
    "subscription": "call out from one server; `octosync subscribe` makes the one that is needed",
    "system-team": _OF_THE_SERVER,
    "system-settings": _OF_THE_SERVER,
    "auth-provider": _OF_THE_SERVER,
    "issue-tracker": _OF_THE_SERVER,
    "release": _HISTORY,
    "deployment": _HISTORY,
    "runbook-snapshot": _HISTORY,
    "snapshot": _HISTORY,
    "runbook-run": _HISTORY,
    "task": _HISTORY,
}
"""Kinds that never cross, and why: ``machine`` → "belong to one instance…"."""


def name_key(name: str) -> str:
    """The form in which names are compared: trimmed and case-folded. Equal keys mean the same name."""
    return name.strip().casefold()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was most likely meant to be, or ``None``. Case, ``_`` and ``-`` do not count."""
    plain = {name.casefold().replace("_", "-"): name for name in known}
    found = difflib.get_close_matches(word.strip().casefold().replace("_", "-").replace(" ", "-"), plain, n=1)
    return plain[found[0]] if found else None


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""A name, or many: ``*`` stands for any run of characters, also none. ``\*`` is a star and ``\\`` a backslash.

    Everything else stands for itself, a backslash before another character included (``DOMAIN\user``). Compared as
    :func:`name_key` does.
    """

    text: str
    segments: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """What stands between the wildcards, unescaped and case-folded. One segment: there is no wildcard."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", _segments(name_key(self.text)))

    @classmethod
    def literal(cls, name: str) -> Pattern:
        """The pattern that matches ``name`` and nothing else, whatever characters it holds."""
        return cls(name_key(name).replace("\\", "\\\\").replace("*", "\\*"))

    @property
    def is_literal(self) -> bool:
        return len(self.segments) == 1

    def matches(self, name: str) -> bool:
        key = name_key(name)
        if self.is_literal:
            return key == self.segments[0]
        first, *middle, last = self.segments
        if not key.startswith(first):
            return False
        at = len(first)
        for segment in middle:  # the earliest fit leaves most room for the rest, so there is nothing to go back for
            found = key.find(segment, at)
            if found < 0:
                return False
            at = found + len(segment)
        return len(key) - at >= len(last) and key.endswith(last)

    def __str__(self) -> str:
        return self.text


def _segments(text: str) -> tuple[str, ...]:
    segments = [""]
    characters = iter(range(len(text)))
    for at in characters:
        if text[at] == "\\" and text[at + 1 : at + 2] in {"*", "\\"}:
            segments[-1] += text[at + 1]
            next(characters)
        elif text[at] == "*":
            segments.append("")
        else:
            segments[-1] += text[at]
    return tuple(segments)
