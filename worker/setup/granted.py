"""What a key's user is allowed (:mod:`worker.kinds.granted`), held against what a route needs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from worker.kinds.granted import HARMLESS, OVER_ALL, Granted
from worker.kinds.permissions import LOG, SUBSCRIBE, Needed


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
        return bool(OVER_ALL & set(self.over_the_server))


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
        too_much=tuple(sorted(n for n in granted.in_space if n not in allowed and not n.endswith(HARMLESS))),
        elsewhere=tuple(sorted(set(granted.elsewhere) - set(used_spaces))),
        over_the_server=tuple(sorted(n for n in granted.system if n not in allowed and not n.endswith(HARMLESS))),
    )
