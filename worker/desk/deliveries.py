"""Deliveries: what came from the sources, what we made of it, and having it looked at again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from worker.desk.letters import instant
from worker.queue.inbox import JournalEntry
from worker.queue.keys import DirtyKey
from worker.queue.values import Priority, Source
from worker.state import State

AT_ONCE = 500
_ENTRY_ID = re.compile(r"\d{1,15}-\d{1,10}")


@dataclass(slots=True)
class Replayed:
    """``deliveries`` that led to something to look at; ``keys`` were marked, each once, with the class of work."""

    deliveries: int = 0
    keys: dict[DirtyKey, Priority] = field(default_factory=dict)


async def replay(state: State, entries: Iterable[JournalEntry], *, by: str, correlation_id: str) -> Replayed:
    """Marks what the deliveries had marked. What there is to do is read from both servers, so it does no harm twice."""
    done = Replayed()
    for entry in entries:
        delivery = entry.delivery
        if not delivery.keys:
            continue
        done.deliveries += 1
        done.keys |= dict.fromkeys(delivery.keys, delivery.priority)
        await state.queue.mark(
            delivery.keys,
            source=Source.CLI,
            priority=delivery.priority,
            debounce_ms=0,
            correlation_id=correlation_id,
            requested_by=by,
            reason=f"replay of {delivery.event_id or entry.entry_id}",
        )
    return done


async def replay_since(state: State, since_ms: int, *, by: str, correlation_id: str) -> Replayed:
    """All that were recorded since, by the clock of Redis, as far as the journal reaches back."""
    done = Replayed()
    before: str | None = None
    while True:
        some = await state.inbox.journal(limit=AT_ONCE, since_ms=since_ms, before=before)
        part = await replay(state, some, by=by, correlation_id=correlation_id)
        done.deliveries += part.deliveries
        done.keys |= part.keys
        if len(some) < AT_ONCE:
            return done
        before = some[-1].entry_id


def is_entry_id(text: str) -> bool:
    """Whether this looks like the id of a delivery: Redis takes nothing else."""
    return _ENTRY_ID.fullmatch(text) is not None


def as_dict(entry: JournalEntry) -> dict[str, Any]:
    """For other programs."""
    one = entry.delivery
    return {
        "id": entry.entry_id,
        "recorded": instant(entry.recorded_ms),
        "source": one.source,
        "via": str(one.via),
        "event": one.event_id,
        "category": one.category,
        "document": one.document_id,
        "occurred": one.occurred,
        "verdict": one.verdict,
        "marked": [str(key) for key in one.keys],
        "correlation_id": one.correlation_id,
        "batch": {"id": one.batch_id, "number": one.number, "total": one.total} if one.batch_id else None,
        "body": json.loads(one.body) if one.body else None,
    }
