"""What a key's user is allowed in a space, as the server tells. Pure.

``GET /users/{id}/permissions`` answers ``{SpacePermissions: {name: [{SpaceId, RestrictedTo…Ids}]}, SystemPermissions}``
(API reference 2026, 3.14). A permission may come from several teams, each with restrictions of its own; one without
any restriction is the whole of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HARMLESS = ("View", "ViewUnscoped")
"""How permissions end that change nothing."""
OVER_ALL = frozenset({"AdministerSystem", "ConfigureServer"})
"""Who has one of them administers the whole server."""


@dataclass(frozen=True, slots=True)
class Granted:
    """``in_space``: by permission, the restrictions in one space (empty: none). ``elsewhere``: what may be written in
    other spaces, by their ids. ``system``: permissions over the whole server."""

    in_space: Mapping[str, frozenset[str]]
    elsewhere: Mapping[str, frozenset[str]]
    system: frozenset[str]

    @classmethod
    def of(cls, document: Mapping[str, Any], space_id: str) -> Granted:
        """Raises ValueError for an answer of another form."""
        spaces, system = document.get("SpacePermissions"), document.get("SystemPermissions")
        if not isinstance(spaces, Mapping) or not isinstance(system, list):
            raise ValueError("the answer has no SpacePermissions and SystemPermissions")  # noqa: TRY004 - as promised
        here: dict[str, frozenset[str]] = {}
        elsewhere: dict[str, set[str]] = {}
        for name, given in spaces.items():
            for one in given if isinstance(given, list) else ():
                if one.get("SpaceId") in (space_id, None):
                    here[name] = _wider(here.get(name), _restrictions(one))
                elif not name.endswith(HARMLESS):
                    elsewhere.setdefault(str(one["SpaceId"]), set()).add(name)
        return cls(here, {space: frozenset(names) for space, names in elsewhere.items()}, frozenset(map(str, system)))

    def has(self, name: str) -> bool:
        return name in self.in_space or name in self.system

    def is_whole(self, name: str) -> bool:
        """Whether it holds for the whole space, so that what a list lacks is not there."""
        return "AdministerSystem" in self.system or (name in self.in_space and not self.in_space[name])


def _restrictions(one: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(i) for key, ids in one.items() if key.startswith("RestrictedTo") for i in ids or ())


def _wider(known: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    if known is None:
        return other
    return frozenset() if not known or not other else known | other
