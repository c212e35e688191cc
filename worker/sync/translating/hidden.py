"""Hidden ids: those of the source that stand where no declaration looks for them. Pure.

In a script, in a property that nobody has declared, in the value of a variable. They are left as they stand, since text
that looks like an id need not be one; but never in silence: on the destination they name nothing, or something else.

Two forms. ``Feeds-12`` looks like an id and is told whether or not the source has such a feed (it may be one that the
key does not see). ``feeds-builtin`` or ``sshkeypair-x`` could be any word with a dash: it is told only if the source
has an item of this id. GUIDs (an Entra tenant, a subscription at Azure) are never taken for ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from worker.kinds import registry
from worker.kinds.kind import Kind, Place
from worker.sync.world.naming import verbatim
from worker.sync.world.world import Side

_ITEMS = sorted(
    {
        prefix
        for kind in registry.ALL
        if kind.place is Place.COLLECTION and not kind.never_changes
        for prefix in (kind.prefix, *kind.legacy_prefixes)
    }
)
_NOT_SYNCED = ("GitHubAppConnections", "Proxies", "Spaces", "UserRoles", "Users", "Workers")
"""Prefixes of what never crosses. Its ids mean nothing on another server either."""

_NUMBERED = frozenset((*_ITEMS, *_NOT_SYNCED))
_FOLDED = frozenset(prefix.casefold() for prefix in _ITEMS)
_WORD = re.compile(r"(?<![\w-])[A-Za-z]\w*-[\w-]+")
"""A word with a dash. Scripts are long, and these are few."""
_SLUG = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Known:
    """An item of the source: what it is, and what it is called."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {verbatim(self.name)!r}"


Identify = Callable[[str], "Known | None"]
"""What the source has under an id. Raises :class:`worker.sync.world.world.NotObserved`."""


def identified_on(source: Side) -> Identify:
    def identify(token: str) -> Known | None:
        kind = registry.kind_of(token)
        if kind is None or kind.place is not Place.COLLECTION or kind.listed_by is None:
            return None
        for one in _listing(kind):
            entry = source.directory(one.name).get(token)
            if entry is not None:
                return Known(one.name, entry.name)
        return None

    return identify


def _listing(kind: Kind) -> Iterator[Kind]:
    """The kinds whose ids begin alike: sets of variables, and script modules."""
    yield kind
    yield from (one for one in registry.ALL if one.prefix == kind.prefix and one is not kind and one.listed_by)


def is_nobodys(_: str) -> None:
    """An :data:`Identify` that knows nothing."""


def hidden_ids(text: str, identify: Identify) -> Iterator[tuple[str, Known | None]]:
    """The ids of the source in a text, each once, with what they are; ``None`` for one that the source does not list.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    words = set(_WORD.findall(text)) if "-" in text else set()
    numbered = {token for word in words for token in _numbered(word)}
    for token in sorted(numbered | {word for word in words if _is_like_a_word(word)}):
        known = identify(token)
        if known is not None or token in numbered:
            yield token, known


def the_only(value: Any, identify: Identify) -> Known | None:
    """What a value is, that is an id and nothing else."""
    return identify(value) if isinstance(value, str) and _WORD.fullmatch(value) and _is_like_a_word(value) else None


def _numbered(word: str) -> Iterator[str]:
    """``Projects-5`` of ``variableset-Projects-5``."""
    for prefix, number in pairwise(word.split("-")):
        if prefix in _NUMBERED and number.isdecimal():
            yield f"{prefix}-{number}"


def _is_like_a_word(word: str) -> bool:
    return word.partition("-")[0].casefold() in _FOLDED and _SLUG.fullmatch(word) is not None


def told(token: str, known: Known | None) -> str:
    """For people: what an id is, and what becomes of it."""
    what = f"the source's id of {known}" if known else "which looks like an id of the source"
    return f"holds {verbatim(token)}, {what}; it is left as it stands: put right what it should name here"
