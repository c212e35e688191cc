"""Catch-up: read the audit log of a source from where it was last read, and mark what the webhooks did not.

A webhook is a hint, the audit log is the truth: with the webhooks switched off the system is as correct, only slower.

    cursor - overlap ──────────── events ───────────▶ the server's clock, as its answer told
                      deletions → ledger                       │
                      directories that are no longer true      ▼
                      marks (each event once)             the new cursor

Everything is recorded before the cursor moves: cut off anywhere, the next catch-up reads the same events again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from config.routes import Endpoint, Route
from worker.kinds import registry
from worker.octopus.client import EventsPage, SpaceClient
from worker.plan.values import Document
from worker.queue.inbox import Delivery
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.lease import LeaseBusyError
from worker.queue.subjects import Subject, Verdict, subject
from worker.queue.values import Priority, Source
from worker.state import State
from worker.sync.servers.observe import kinds_changed

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=5)
"""Nodes of one server commit late, so an event may appear below a cursor already passed (OctopusDeploy/Issues#3140)."""
LONGEST_AWAY = timedelta(days=7)
"""Longer away than this, everything is compared instead: the log reaches back 90 days by default, and may be cut."""
MOST_EVENTS = 20_000
BATCH = 200
MOST_SAID = 500
"""Events, and keys, that are named in one line of the log."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """``busy``: another worker is at it, nothing was done. ``everything``: there was no cursor to go on from."""

    events: int = 0
    marked: tuple[DirtyKey, ...] = ()
    everything: bool = False
    busy: bool = False


async def catch_up(space: SpaceClient, endpoint: Endpoint, routes: Sequence[Route], state: State) -> CaughtUp:
    """``routes``: those that the space feeds. Raises what the client raises."""
    try:
        # One at a time; a second one would only read the same.
        async with state.leases.hold("catch-up", str(endpoint), state.leases.lease_ms):
            return await _catch_up(space, endpoint, routes, state)
    except LeaseBusyError:
        return CaughtUp(busy=True)


async def _catch_up(space: SpaceClient, endpoint: Endpoint, routes: Sequence[Route], state: State) -> CaughtUp:
    correlation_id = f"catch-up-{uuid.uuid4().hex[:12]}"
    cursor = await state.ledger.cursors.get(endpoint.instance, endpoint.space)
    if cursor is None:
        page = await space.events(at_most=1)
        reason = "the audit log was never read"
        return await _everything(space, page, endpoint, routes, state, correlation_id, reason)
    page = await _events_since(cursor - OVERLAP, space, routes)
    if page.server_date is not None and cursor - page.server_date > OVERLAP:
        # From here on events would be older than what we believe to have read.
        await state.ledger.cursors.forget(endpoint.instance, endpoint.space)
        reason = "the clock of the server was set back"
        return await _everything(space, page, endpoint, routes, state, correlation_id, reason)
    if not page.complete or (page.server_date is not None and page.server_date - cursor > LONGEST_AWAY):
        return await _everything(space, page, endpoint, routes, state, correlation_id, "away for too long")

    ids = [event["Id"] for event in page.events if isinstance(event.get("Id"), str)]
    new = set(await state.ledger.cursors.unseen(endpoint.instance, endpoint.space, ids))
    # Oldest first, so that an item created and deleted meanwhile is remembered as deleted.
    events = [event for event in reversed(page.events) if event.get("Id") in new]
    marked = await _record(events, endpoint, routes, state, correlation_id)
    await state.ledger.cursors.remember(endpoint.instance, endpoint.space, new)
    if (until := _until(page)) is not None:
        await state.ledger.cursors.advance(endpoint.instance, endpoint.space, until)
    if events:
        log.info(
            "catch-up",
            source=str(endpoint),
            read=len(events),
            events=", ".join(f"{event['Id']} {event.get('Category')}" for event in events[:MOST_SAID]),
            marked=[str(key) for key in marked[:MOST_SAID]],
            correlation_id=correlation_id,
        )
    return CaughtUp(len(events), tuple(marked))


async def _everything(
    space: SpaceClient,
    page: EventsPage,
    endpoint: Endpoint,
    routes: Sequence[Route],
    state: State,
    correlation_id: str,
    reason: str,
) -> CaughtUp:
    """Set the cursor first, then compare: what changes in between is seen by one of the two.

    The events of the overlap are counted as dealt with: the comparison begins after they were committed. One that is
    committed later is still new to the next catch-up.
    """
    if (until := _until(page)) is not None:
        await state.ledger.cursors.advance(endpoint.instance, endpoint.space, until)
        recent = (await _events_since(until - OVERLAP, space, routes)).events
        await _remember_deletions(recent, endpoint, state)
        await state.ledger.cursors.remember(endpoint.instance, endpoint.space, [event["Id"] for event in recent])
    await state.ledger.directories.invalidate(endpoint.instance, endpoint.space)
    keys = [DirtyKey(route.name, EVERYTHING) for route in routes]
    await state.queue.mark(
        keys,
        source=Source.CATCH_UP,
        priority=Priority.BULK,
        debounce_ms=0,
        correlation_id=correlation_id,
        reason=reason,
    )
    log.warning("catch-up.everything", source=str(endpoint), reason=reason, correlation_id=correlation_id)
    return CaughtUp(0, tuple(keys), everything=True)


async def _record(
    events: Sequence[Document], endpoint: Endpoint, routes: Sequence[Route], state: State, correlation_id: str
) -> list[DirtyKey]:
    found = await _remember_deletions(events, endpoint, state)
    if kinds := kinds_changed(event for event, _ in found):
        await state.ledger.directories.invalidate(endpoint.instance, endpoint.space, *sorted(kinds))

    of_server = [one for _, one in found if _is_of_server(one)]
    found = [(event, one) for event, one in found if not _is_of_server(one)]
    deliveries = [_delivery(event, one, endpoint, routes, correlation_id) for event, one in found]
    marked: dict[DirtyKey, None] = {}
    for at in range(0, len(deliveries), BATCH):
        for recorded in await state.inbox.record(deliveries[at : at + BATCH]):
            marked |= dict.fromkeys(mark.key for mark in recorded.marked)
    # A webhook may have told of a deletion before, but only now do we know it: its item is looked at once more.
    gone = [
        key for delivery, (_, one) in zip(deliveries, found, strict=True) if one.is_deletion for key in delivery.keys
    ]
    again = [key for key in gone if key not in marked]
    # An event of the server concerns every space that it feeds, and each reads it for itself: it is no duplicate there.
    again += [DirtyKey(route.name, one.target) for one in of_server if one.target is not None for route in routes]
    await state.queue.mark(again, source=Source.CATCH_UP, correlation_id=correlation_id)
    return [*marked, *again]


async def _remember_deletions(
    events: Sequence[Document], endpoint: Endpoint, state: State
) -> list[tuple[Document, Subject]]:
    """The events with what each speaks of."""
    found = [(event, one) for event in events if (one := _subject(event)) is not None]
    deleted = {
        one.document_id: str(event.get("Occurred") or "")
        for event, one in found
        if one.is_deletion and one.document_id is not None
    }
    await state.ledger.deletions.record(endpoint.instance, endpoint.space, deleted)
    return found


def _subject(event: Document) -> Subject | None:
    """One event that we do not understand is no reason to read no other any more: the night finds what it told of."""
    try:
        return subject(event)
    except Exception:
        log.exception("event.not-understood", event_id=event.get("Id"), category=event.get("Category"))
        return None


def _delivery(
    event: Document, found: Subject, endpoint: Endpoint, routes: Sequence[Route], correlation_id: str
) -> Delivery:
    target = found.target
    if found.verdict is Verdict.PACKAGE:
        routes = [route for route in routes if route.include.selectors("package")]
    return Delivery(
        source=endpoint.instance,
        event_id=str(event["Id"]),
        document_id=found.document_id,
        category=found.category,
        occurred=str(event.get("Occurred") or ""),
        keys=[DirtyKey(route.name, target) for route in routes] if target is not None else (),
        verdict=str(found.verdict),
        correlation_id=correlation_id,
        via=Source.CATCH_UP,
    )


async def _events_since(since: datetime, space: SpaceClient, routes: Sequence[Route]) -> EventsPage:
    """Also those of the server, where a route lists a kind that is in no space (user roles)."""
    kinds = [kind.name for kind in registry.ALL if kind.of_server]
    with_system = any(route.include.selectors(kind) for route in routes for kind in kinds)
    return await space.events(from_=since, at_most=MOST_EVENTS, with_system=with_system)


def _is_of_server(one: Subject) -> bool:
    kind = registry.kind_of(one.document_id) if one.document_id is not None else None
    return kind is not None and kind.of_server


def _until(page: EventsPage) -> datetime | None:
    """Up to when the log was read, by the server's clock."""
    if page.server_date is not None:
        return page.server_date
    # A proxy may take the header away. Then the newest event tells a time that the server has reached, at least.
    return max((datetime.fromisoformat(event["Occurred"]) for event in page.events), default=None)
