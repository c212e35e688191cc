"""What a key's user is allowed, held against what a route needs. Pure.

``GET /users/{id}/permissions`` answers ``{SpacePermissions: {name: [{SpaceId, RestrictedTo…Ids}]}, SystemPermissions}``
(API reference 2026, 3.14). A permission may come from several teams, each with restrictions of its own; one without
any restriction is the whole of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.kinds.permissions import LOG, SUBSCRIBE, Needed

_HARMLESS = ("View", "ViewUnscoped")
_EVERYTHING = frozenset({"AdministerSystem", "ConfigureServer"})


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
                elif not name.endswith(_HARMLESS):
                    elsewhere.setdefault(str(one["SpaceId"]), set()).add(name)
        return cls(here, {space: frozenset(names) for space, names in elsewhere.items()}, frozenset(map(str, system)))

    def has(self, name: str) -> bool:
        return name in self.in_space or name in self.system


@dataclass(frozen=True, slots=True)
class Verdict:
    """``missing``: permission → for which kinds. ``restricted``: permission → to which projects, environments and so
    on. ``too_much``: what may be written here and need not be. ``elsewhere``: ids of other spaces that may be written.
    ``over_the_server``: what the user may change of the server itself."""

    missing: Mapping[str, tuple[str, ...]]
    restricted: Mapping[str, frozenset[str]]
    too_much: tuple[str, ...]
    elsewhere: tuple[str, ...]
    over_the_server: tuple[str, ...]

    @property
    def is_administrator(self) -> bool:
        return bool(_EVERYTHING & set(self.over_the_server))


def judged(
    needed: Needed, granted: Granted, known: Collection[str], *, may_subscribe: bool, used_spaces: Iterable[str] = ()
) -> Verdict:
    """``known``: the permissions that this release has; what it does not have it cannot ask for. ``may_subscribe``: it
    is a source, on which ``octosync subscribe`` writes the subscription. ``used_spaces``: others that routes use."""
    wanted = {name: kinds for name, kinds in needed.permissions.items() if not known or name in known}
    allowed = {*wanted, LOG, *(SUBSCRIBE if may_subscribe else ())}
    return Verdict(
        missing={name: kinds for name, kinds in wanted.items() if not granted.has(name)},
        restricted={name: granted.in_space[name] for name in wanted if granted.in_space.get(name)},
        too_much=tuple(sorted(n for n in granted.in_space if n not in allowed and not n.endswith(_HARMLESS))),
        elsewhere=tuple(sorted(set(granted.elsewhere) - set(used_spaces))),
        over_the_server=tuple(sorted(n for n in granted.system if n not in allowed and not n.endswith(_HARMLESS))),
    )


def _restrictions(one: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(i) for key, ids in one.items() if key.startswith("RestrictedTo") for i in ids or ())


def _wider(known: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    if known is None:
        return other
    return frozenset() if not known or not other else known | other
