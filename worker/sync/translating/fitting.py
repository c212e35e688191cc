"""Fitting: a source document with no more than the destination's release knows. Pure.

What that does not know is left out, and a new document gets what it demands. Each is a decision of the plan, and never
a change by itself: what is left out is not wanted, so it is not missed either. How it is known: by what the destination
itself has returned, else by :mod:`worker.kinds.releases`. A field that no release is known to have is news: it is left
out if the source is newer than the destination, and that has shown such a document without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.kinds import registry
from worker.kinds.kind import Kind, Place
from worker.kinds.releases import Fields, Releases, fields_of
from worker.kinds.shape import Shape
from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.world.world import Side, World


@dataclass(slots=True)
class Fitted:
    """``lost``: path → how often something was left out there that said something. ``vital``: those without which what
    they belong to does something else."""

    document: Document
    lost: dict[str, int]
    vital: frozenset[str] = frozenset()
    doubtful: bool = False
    """Something would be known better, had the destination shown a document of the kind."""

    def decisions(self, releases: Releases) -> list[Decision]:
        line = releases.destination.line
        return [
            Decision("release", path, f"Octopus {line} does not know it: left out{_times(count)}")
            for path, count in self.lost.items()
        ]

    def clean_ups(self, releases: Releases, item: NamePath) -> list[CleanUp]:
        line = releases.destination.line
        text = f"Octopus {line} does not know it, and without it what it belongs to does something else: upgrade"
        return [CleanUp(item, path, "left-out-for-release", text) for path in sorted(self.vital)]


def fit(world: World, kind: Kind, document: Document, there: Document | None) -> Fitted:
    """``there``: as the destination has it, if it does. Before something of a new document is left out, the destination
    must have shown one of its kind, if it has any. Raises :class:`worker.sync.world.world.NotObserved`."""
    releases = world.releases
    if releases is None or not releases.differ:
        return Fitted(document, {})
    if there is not None:
        return fitted(kind, document, releases, [there])
    side = world.destination
    seen = [one for known, one in side.documents.items() if one is not None and registry.kind_of(known) is kind]
    found = fitted(kind, document, releases, seen)
    if seen or not found.doubtful:
        return found
    one = next(_any_of(side, kind), None)
    return fitted(kind, document, releases, [one]) if one is not None else found


def _any_of(side: Side, kind: Kind) -> Iterator[Document]:
    """One document of the kind, be it whose it may."""
    if kind.place is Place.COLLECTION:
        asked = [(entry.id, entry.owner) for entry in side.directory(kind.name)] if kind.listed_by else []
    else:
        owners = (entry for owner in kind.owner_kinds for entry in side.directory(owner))
        asked = [(registry.made_with_owner(kind, entry.id), entry.id) for entry in owners]
    for document_id, owner_id in asked[:1]:
        found = side.document(kind, document_id, owner_id)
        if found is not None:
            yield found


def fitted(kind: Kind, document: Document, releases: Releases, seen: Sequence[Document]) -> Fitted:
    """``seen``: documents of the kind that the destination has returned, the one at hand among them if it exists."""
    if not releases.differ:
        return Fitted(document, {})
    walk = _Walk(fields_of(kind.name), releases)
    found = walk.object(kind.shape, document, "", seen)
    return Fitted(found, dict(walk.lost), frozenset(walk.vital), bool(walk.lost) or walk.doubtful)


def demanded(kind: Kind, body: Document, releases: Releases) -> tuple[Document, list[Decision]]:
    """A new document with what the destination's release demands of one and it lacks."""
    wanted = fields_of(kind.name).demanded_by(releases.destination)
    added = {name: value for name, value in wanted.items() if name not in body}
    line = releases.destination.line
    return body | added, [
        Decision("release", name, f"Octopus {line} demands it of a new one: added as {value!r}")
        for name, value in added.items()
    ]


_DATA = Shape(server=frozenset())


class _Walk:
    def __init__(self, fields: Fields, releases: Releases) -> None:
        self.fields = fields
        self.releases = releases
        self.lost: Counter[str] = Counter()
        self.vital: set[str] = set()
        self.doubtful = False

    def object(self, shape: Shape, document: Document, above: str, seen: Sequence[Document]) -> Document:
        result = {}
        for name, value in document.items():
            path = f"{above}{name}"
            if name in shape.server or name == "Id":
                result[name] = value  # no matter: it does not cross
            elif any(name in one for one in seen) or self.is_known(path, above, bool(seen)):
                result[name] = self.value(shape, name, value, path, [one[name] for one in seen if name in one])
            elif says_something(value) and value != self.fields.defaults.get(path):
                self.lost[path] += 1
                if name in shape.elements and shape.elements[name].vital:
                    self.vital.add(path)
        return result

    def value(self, shape: Shape, name: str, value: Any, path: str, seen: Iterable[Any]) -> Any:
        if isinstance(value, dict) and self.fields.describes(f"{path}."):
            below = [one for one in seen if isinstance(one, dict)]
            return self.object(shape.children.get(name, _DATA), value, f"{path}.", below)
        if isinstance(value, list) and self.fields.describes(f"{path}[]."):
            inner = shape.elements[name].shape if name in shape.elements else _DATA
            below = [one for many in seen if isinstance(many, list) for one in many if isinstance(one, dict)]
            return [self.object(inner, one, f"{path}[].", below) if isinstance(one, dict) else one for one in value]
        return value

    def is_known(self, path: str, above: str, shown: bool) -> bool:
        """``shown``: the destination has shown what stands ``above``, without this field."""
        known = self.fields.knows(path, self.releases.destination)
        if known is not None:
            return known
        is_news = self.fields.describes(above) and self.releases.source > self.releases.destination
        self.doubtful = self.doubtful or (is_news and not shown)
        return not (is_news and shown)


def says_something(value: Any) -> bool:
    """Whether a value is more than what a server puts there by itself."""
    if isinstance(value, dict):
        return any(says_something(item) for item in value.values())
    if isinstance(value, list):
        return any(says_something(item) for item in value)
    return value not in (None, "", False, 0)


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
