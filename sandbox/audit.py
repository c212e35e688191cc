"""The audit log: one numbered event for each audited write, in the order in which they were stored.

An event has two numbers. `Id` (`Events-12`) comes from a key allocator that hands out blocks, to each node of the
server in turn, so ids grow only roughly. `AutoId` is the row's identity column: it orders the log, has gaps (an
insert that was rolled back used its number up), is no property of the event, and shows only as the cursor in a
subscription. A transaction that commits late takes its place *below* events which were already readable
(OctopusDeploy/Issues#3140); `add(late=True)` makes one.

The log lives in the store's state, so it is saved and loaded with it. What an event says is in `event_shapes`, how a
release words it in `event_resource`.
"""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.event_dialect import has
from sandbox.event_entry import Entry
from sandbox.event_shapes import entries_for
from sandbox.store import SYSTEM, Actor, Commit, Document, Store

__all__ = ["AuditEvent", "AuditLog"]

_NODES = 2
_KEY_BLOCK = 20
_AUTO_ID_STEP = 2  # leaves one unused number between two events, the place of a late commit
_AUTO_ID_AHEAD = 1000  # so that nobody mistakes one number for the other


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event of the log. `occurred` is in UTC, in whole milliseconds; `related` are the ids of the entry as filters
    compare them, without case."""

    id: str
    auto_id: int
    occurred: datetime
    actor: Actor
    entry: Entry
    related: frozenset[str] = field(init=False, repr=False, compare=False)
    space: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "related", frozenset(one.casefold() for one in self.entry.related))
        space = self.entry.space_id
        object.__setattr__(self, "space", None if space is None else space.casefold())


class AuditLog:
    """Keeps every event of a store, and audits what the store commits from now on. Not for several threads."""

    def __init__(self, store: Store, version: str, retention_days: int = 90) -> None:
        self.version = version
        self.retention_days = retention_days
        self._store = store
        self._rows: dict[str, Any] = store.state.setdefault("Audit", {"Blocks": 0, "Nodes": [], "Events": []})
        self._events = [_from_json(row) for row in self._rows["Events"]]
        self._events.sort(key=lambda event: event.auto_id)
        self._by_id = {event.id.casefold(): event for event in self._events}
        self._in_time: list[AuditEvent] | None = None
        self._first_auto_id = store.first_id + _AUTO_ID_AHEAD
        store.on_commit.append(self.record)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def last_auto_id(self) -> int:
        """The highest AutoId given; before the first event, one that is below it."""
        return self._events[-1].auto_id if self._events else self._first_auto_id - _AUTO_ID_STEP

    @property
    def system_actor(self) -> Actor:
        """The server itself, as this release calls it."""
        return Actor("users-system", "system", "Server", "System" if has(self.version, "system identity") else "")

    def get(self, event_id: str) -> AuditEvent | None:
        """The event with this id, compared without case."""
        return self._by_id.get(event_id.casefold())

    def record(self, commit: Commit) -> None:
        """The store's commit hook: the events appear in the same step as the documents."""
        for entry in entries_for(commit, self._lookup, self.version):
            actor = None if commit.actor == SYSTEM else commit.actor
            self.add(entry, actor, occurred=commit.occurred)

    def add(
        self, entry: Entry, actor: Actor | None = None, *, occurred: datetime | None = None, late: bool = False
    ) -> AuditEvent:
        """Appends an event, by default the server's own and of now.

        With `late`, inserts it below the newest one, as a transaction does that began before it and ended after it.
        Raises ValueError when there is no event, or no number left, that it could come before.
        """
        auto_id = self._late_auto_id() if late else self.last_auto_id + _AUTO_ID_STEP
        when = _milliseconds(occurred or self._store.clock())
        if late:
            when = min(when, self._events[-1].occurred - timedelta(milliseconds=1))
        elif self._events and occurred is None:
            when = max(when, self._events[-1].occurred)  # a clock set back must not reorder the log
        event = AuditEvent(f"Events-{self._allocate()}", auto_id, when, actor or self.system_actor, entry)
        insort(self._events, event, key=lambda other: other.auto_id)
        self._in_time = None
        self._by_id[event.id.casefold()] = event
        self._rows["Events"].append(_to_json(event))
        return event

    def newest_first(self, since: datetime | None = None) -> list[AuditEvent]:
        """The order of the API: `Occurred` descending, then `AutoId` descending (Issues#6972). `since` is inclusive."""
        if self._in_time is None:
            self._in_time = sorted(self._events, key=lambda event: (event.occurred, event.auto_id))
        first = bisect_left(self._in_time, since, key=lambda event: event.occurred) if since else 0
        return self._in_time[first:][::-1]

    @property
    def retained_since(self) -> datetime:
        """What happened before has left the API for the archives."""
        return self._store.clock() - timedelta(days=self.retention_days)

    def older(self) -> list[AuditEvent]:
        """The events that are kept in archives only, oldest first."""
        self.newest_first()
        assert self._in_time is not None  # made by the call above
        return self._in_time[: bisect_left(self._in_time, self.retained_since, key=lambda event: event.occurred)]

    def after(self, auto_id: int) -> list[AuditEvent]:
        """Events with a higher AutoId, oldest first."""
        return self._events[bisect_right(self._events, auto_id, key=lambda event: event.auto_id) :]

    def _lookup(self, space_id: str | None, document_id: str) -> Document | None:
        collections = self._store.scope(space_id).collections
        return next((found[document_id] for found in collections.values() if document_id in found), None)

    def _late_auto_id(self) -> int:
        taken = {event.auto_id for event in self._events}
        candidate = self.last_auto_id - 1
        while candidate in taken:
            candidate -= 1
        if not taken or candidate < self._first_auto_id - 1:
            raise ValueError("a late event needs an earlier one that it can appear below")
        return candidate

    def _allocate(self) -> int:
        nodes: list[list[int]] = self._rows["Nodes"]  # for each node the next number and the end of its block
        while len(nodes) < _NODES:
            nodes.append([0, 0])
        node = nodes[len(self._events) % _NODES]
        if node[0] == node[1]:
            node[0] = self._store.first_id + self._rows["Blocks"] * _KEY_BLOCK
            node[1] = node[0] + _KEY_BLOCK
            self._rows["Blocks"] += 1
        node[0] += 1
        return node[0] - 1


def _milliseconds(moment: datetime) -> datetime:
    # What an answer shows must find the event again when a client sends it back as `from`.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _to_json(event: AuditEvent) -> dict[str, Any]:
    actor = {name: getattr(event.actor, name) for name in Actor.__slots__}
    return {
        "Id": event.id,
        "AutoId": event.auto_id,
        "Occurred": event.occurred.isoformat(),
        "Actor": actor,
        "Entry": event.entry.to_json(),
    }


def _from_json(row: dict[str, Any]) -> AuditEvent:
    occurred = datetime.fromisoformat(row["Occurred"])
    return AuditEvent(row["Id"], row["AutoId"], occurred, Actor(**row["Actor"]), Entry.from_json(row["Entry"]))
