"""Fitting: a source document with no more than the destination's release knows. Pure.

What that does not know is left out, and a new document gets what it demands. Each is a decision of the plan, and never
a change by itself: what is left out is not wanted, so it is not missed either. How it is known: by what the destination
itself has returned, else by :mod:`worker.kinds.releases`. A field that no release is known to have is news: it is left
out if the source is newer than the destination, and that has shown such a document without it.

Of an object whose type decides about its fields (a feed, what a trigger waits for) only one of the same type shows
which these are. One of a type that the destination's release does not have cannot be made there at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
    they belong to does something else, or does it elsewhere too. ``strange``: path → the type, of which the destination
    has none."""

    document: Document
    lost: dict[str, int]
    vital: frozenset[str] = frozenset()
    doubtful: bool = False
    """Something would be known better, had the destination shown a document of the kind, and of the same type."""
    strange: dict[str, str] = field(default_factory=dict)

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

    def refusal(self, releases: Releases) -> Decision | None:
        """Why it cannot be there, if it cannot."""
        line = releases.destination.line
        for path, name in self.strange.items():
            return Decision("release", path, f"Octopus {line} does not have {name}: upgrade it, or exclude this")
        return None


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
    of = kind.type_in(document)
    if not found.doubtful or any(kind.type_in(one) == of for one in seen):
        return found
    more = list(_any_of(side, kind, of))
    return fitted(kind, document, releases, seen + more) if more else found


def _any_of(side: Side, kind: Kind, of: str | None) -> Iterator[Document]:
    """One document of the kind, of the type ``of`` if there is one, be it whose it may."""
    if kind.place is Place.COLLECTION:
        listed = sorted(side.directory(kind.name), key=lambda one: one.type != of) if kind.listed_by else []
        asked = [(entry.id, entry.owner) for entry in listed]
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
    return Fitted(found, dict(walk.lost), frozenset(walk.vital), bool(walk.lost) or walk.doubtful, walk.strange)


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
        self.strange: dict[str, str] = {}
        self.doubtful = False

    def object(self, shape: Shape, document: Document, above: str, seen: Sequence[Document]) -> Document:
        result = {}
        alike = self.of_its_type(document, above, seen)
        for name, value in document.items():
            path = f"{above}{name}"
            telling = seen if path in self.fields.spans else alike
            if name in shape.server or name == "Id":
                result[name] = value  # no matter: it does not cross
            elif any(name in one for one in telling) or self.is_known(document, name, above, bool(alike)):
                result[name] = self.value(shape, name, value, path, [one[name] for one in seen if name in one])
            elif says_something(value) and value != self.fields.defaults.get(path):
                self.lost[path] += 1
                if is_vital(shape, name):
                    self.vital.add(path)
        self.check_type(document, above, alike, result)
        return result

    def of_its_type(self, document: Document, above: str, seen: Sequence[Document]) -> Sequence[Document]:
        """Those of ``seen`` that must have the fields which this has."""
        types = self.fields.types.get(above)
        if types is None or not types.fields:
            return seen
        return [one for one in seen if one.get(types.by) == document.get(types.by)]

    def check_type(self, document: Document, above: str, alike: Sequence[Document], result: Document) -> None:
        """``result``: what of the object the destination's release knows."""
        types = self.fields.types.get(above)
        name = str(document.get(types.by) or "") if types is not None else ""
        if types is None or not name or name == self.fields.defaults.get(f"{above}{types.by}"):
            return
        if types.by not in result or (not alike and types.lacks(name, self.releases.destination)):
            self.strange[f"{above}{types.by}"] = name

    def value(self, shape: Shape, name: str, value: Any, path: str, seen: Iterable[Any]) -> Any:
        if isinstance(value, dict) and (self.fields.describes(f"{path}.") or f"{path}." in self.fields.types):
            below = [one for one in seen if isinstance(one, dict)]
            return self.object(shape.children.get(name, _DATA), value, f"{path}.", below)
        if isinstance(value, list) and self.fields.describes(f"{path}[]."):
            inner = shape.elements[name].shape if name in shape.elements else _DATA
            below = [one for many in seen if isinstance(many, list) for one in many if isinstance(one, dict)]
            return [self.object(inner, one, f"{path}[].", below) if isinstance(one, dict) else one for one in value]
        return value

    def is_known(self, document: Document, name: str, above: str, shown: bool) -> bool:
        """``shown``: the destination has shown what stands ``above``, of the same type, without this field."""
        span = self.fields.span(above, name, document)
        if span is not None:
            return span.holds(self.releases.destination)
        described = self.fields.describes(above) or above in self.fields.types
        is_news = described and self.releases.source > self.releases.destination
        self.doubtful = self.doubtful or (is_news and not shown)
        return not (is_news and shown)


def is_vital(shape: Shape, name: str) -> bool:
    """Whether an object without a field does something else, or does it where it should not."""
    limits = (field_name for scope in shape.scopes for field_name in scope.fields)
    return name in shape.limits or name in limits or (name in shape.elements and shape.elements[name].vital)


def says_something(value: Any) -> bool:
    """Whether a value is more than what a server puts there by itself."""
    if isinstance(value, dict):
        return any(says_something(item) for item in value.values())
    if isinstance(value, list):
        return any(says_something(item) for item in value)
    return value not in (None, "", False, 0)


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
