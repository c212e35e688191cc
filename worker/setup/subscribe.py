"""Subscribe: a source gets the subscription that it should have, and proves that it delivers.

    read ──▶ what differs (subscription.py) ──▶ saved on the source ──▶ its audit log has an event of the save
                                                                                    │ webhook
    proven ◀── that event stands in the receiver's journal, and the instance has called since ◀──┘

This is the one thing that Octosync ever writes to a source, and only when a person asks for it. The proof is the event
of our own save: it went all the way that every other will go. Catch-up may read the same event from the audit log
first, and then the webhook is a duplicate that the journal does not repeat; that the instance has called with its
secret since is remembered all the same.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.routes import Instance
from worker.octopus.client import SpaceClient
from worker.queue.deliveries import JournalEntry
from worker.queue.inbox import Inbox
from worker.setup import subscription
from worker.setup.subscription import Document, Repair, Wanted

ASK_EVERY_S = 0.5
_AT_ONCE = 500


class NoAddressError(Exception):
    """Nobody said where the receiver is, and no subscription there tells."""


class NoSecretError(Exception):
    """The routes file names no secret for the instance: its webhooks would all be refused."""


class Proof(StrEnum):
    DELIVERED = "delivered"
    """The event of our own save arrived."""
    EARLIER = "earlier"
    """Nothing had to be saved; the instance has called before."""
    MISSING = "missing"
    """It did not arrive in time."""
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """``changes`` in words; empty: it was as it should be. ``others``: names of more subscriptions that call us.
    ``last_webhook_ms``: when the instance called last, by the clock of Redis. ``event_id``: of the event that did
    not come, if the source's audit log has it."""

    instance: str
    space: str
    subscription_id: str
    name: str
    url: str
    created: bool
    changes: tuple[str, ...]
    proof: Proof
    waited_s: float = 0.0
    others: tuple[str, ...] = ()
    last_webhook_ms: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """``base``: where the receiver is reached from Octopus; ``None``: where the subscription calls already. ``prove``:
    have something delivered also if nothing must change. ``wait_s``: 0 does not wait."""

    base: str | None = None
    dry_run: bool = False
    prove: bool = False
    wait_s: float = 180.0


async def subscribe(
    space: SpaceClient,
    instance: Instance,
    inbox: Inbox,
    wish: Wish,
    report: Callable[[str], None] = lambda _step: None,
) -> Subscribed:
    """Raises :class:`NoSecretError`, :class:`NoAddressError`, ValueError for a ``base`` that is no URL, and what the
    client raises. Of several secrets the last is sent: who rotates adds the new one at the end."""
    if not instance.webhook_secrets:
        raise NoSecretError(instance.name)
    secret = instance.webhook_secrets[-1].reveal()
    url = subscription.webhook_url(wish.base, instance.name) if wish.base is not None else None
    found = subscription.ours(await space.list("subscriptions"), url)
    if url is None:
        if not found or not subscription.url_of(found[0]):
            raise NoAddressError(instance.name)
        url = subscription.url_of(found[0])
    groups = frozenset(str(group.get("Id")) for group in await space.list("events/groups"))
    wanted = Wanted(url, instance.webhook_header, secret, groups)

    begun_ms = await inbox.now_ms()
    last_ms = (await inbox.counters()).last_webhook_ms.get(instance.name)
    repair = subscription.repaired(found[0], wanted) if found else subscription.created(wanted)
    is_now: Any = found[0] if found else {}
    document, saved = dict(is_now), False
    if not wish.dry_run and (repair.changes or wish.prove or last_ms is None):
        report("saves the subscription")
        document, saved = await _save(space, is_now, repair, wanted), True

    proof, waited, event_id = Proof.NOT_ASKED, 0.0, None
    if saved and wish.wait_s > 0:
        report("waits for the event of its own save; Octopus looks every 30 seconds whether there is something to send")
        started = time.monotonic()
        arrived = await _arrives(inbox, instance.name, document["Id"], begun_ms, wish.wait_s)
        waited = time.monotonic() - started
        proof = Proof.DELIVERED if arrived else Proof.MISSING
        last_ms = (await inbox.counters()).last_webhook_ms.get(instance.name)
        event_id = await _event_of(space, document["Id"]) if not arrived else None
    elif not saved and not repair.changes and last_ms is not None:
        proof = Proof.EARLIER
    return Subscribed(
        instance.name,
        space.space_name,
        str(document.get("Id") or ""),
        str(document.get("Name") or subscription.NAME),
        url,
        not found,
        repair.changes,
        proof,
        round(waited, 1),
        tuple(str(other.get("Name")) for other in found[1:]),
        last_ms,
        event_id,
    )


async def _save(space: SpaceClient, is_now: Document, repair: Repair, wanted: Wanted) -> Document:
    """What the server makes of it. A save in which only a secret differs may leave no event, so something else does,
    too; and whether a new subscription tells of its own creation nobody has written down, so it is saved once more."""
    document = repair.document
    if not is_now:  # the answer may not show the secret, and a save without one would take it away
        document = subscription.repaired(await space.post("subscriptions", document), wanted).document
    return await space.put(f"subscriptions/{document['Id']}", subscription.touched(document))


async def _arrives(inbox: Inbox, instance: str, subscription_id: str, since_ms: int, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while True:
        counters = await inbox.counters()
        if counters.last_webhook_ms.get(instance, 0) >= since_ms:
            told = await inbox.journal(limit=_AT_ONCE, since_ms=since_ms)
            if any(_is_of(entry, instance, subscription_id) for entry in told):
                return True
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(min(ASK_EVERY_S, max(0.0, deadline - time.monotonic())))


def _is_of(entry: JournalEntry, instance: str, subscription_id: str) -> bool:
    """Whether a delivery tells of the subscription itself."""
    delivery = entry.delivery
    if delivery.source != instance:
        return False
    return subscription_id in {delivery.document_id, *_related(delivery.body)}


def _related(body: bytes) -> Sequence[str]:
    try:
        event = json.loads(body)["Payload"]["Event"]
        return [str(one) for one in event.get("RelatedDocumentIds") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


async def _event_of(space: SpaceClient, subscription_id: str) -> str | None:
    """The newest event of the subscription in the audit log: has there been something to deliver?"""
    page = await space.events(at_most=1, regardingAny=subscription_id)
    return str(page.events[0].get("Id")) if page.events else None
