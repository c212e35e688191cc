"""What the inbox takes and gives back. Plain values; the model is told in :mod:`worker.queue.inbox`.

Those that are made for every webhook are structs: like frozen dataclasses, and made in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from worker.queue.dirty import marked
from worker.queue.keys import DirtyKey
from worker.queue.values import Marked, Priority, Source

LONGEST = 200
"""Longer words are cut where they are kept."""

_encode = msgspec.json.Encoder().encode


class Delivery(Struct, frozen=True):
    """One event. ``source`` names the instance that it came from; ids are unique only within one.

    ``batch_id``, ``number`` and ``total`` are of the webhook's envelope: *n of m*, one POST each.
    """

    source: str
    event_id: str
    document_id: str | None = None
    category: str = ""
    occurred: str = ""
    keys: Sequence[DirtyKey] = ()
    verdict: str = ""
    """What we made of it, as a short code: it is counted by this."""
    correlation_id: str = ""
    via: Source = Source.WEBHOOK
    priority: Priority = Priority.EVENTS
    batch_id: str | None = None
    number: int | None = None
    total: int | None = None
    body: bytes = b""
    """What is kept of the webhook's body, as JSON. It is stored as it is: without what nobody must see."""

    def head(self, keys: Sequence[DirtyKey]) -> bytes:
        """The line that ``record.lua`` reads, and the journal keeps. ``keys``: those of the delivery, each once."""
        batch_id, number, total = self.batch_id, self.number, self.total
        if not (batch_id and number and total and 0 < number <= total):
            batch_id, number, total = "", 0, 0
        return _encode(  # without line breaks
            (
                self.source,
                self.event_id,
                self.via,
                self.priority,
                " ".join(self.correlation_id.split()),
                self.verdict[:LONGEST],
                [str(key) for key in keys],
                batch_id[:LONGEST],
                number,
                total,
                self.document_id,
                self.category[:LONGEST],
                self.occurred[:LONGEST],
            )
        )

    @classmethod
    def of(cls, head: bytes, body: bytes) -> Delivery:
        """What was kept of a delivery."""
        source, event_id, via, priority, correlation_id, verdict, keys, *rest = msgspec.json.decode(head)
        batch_id, number, total, document_id, category, occurred = rest
        return cls(
            source=source,
            event_id=event_id,
            document_id=document_id,
            category=category,
            occurred=occurred,
            keys=tuple(DirtyKey.parse(key) for key in keys),
            verdict=verdict,
            correlation_id=correlation_id,
            via=Source(via),
            priority=Priority(priority),
            batch_id=batch_id or None,
            number=number or None,
            total=total or None,
            body=body,
        )


class Recorded(Struct, frozen=True):
    duplicate: bool
    """Seen before: nothing was recorded or marked."""
    keys: Sequence[DirtyKey] = ()
    """What was marked."""
    answers: Sequence[Sequence[int]] = ()
    """And of each its generation, when it is due, and whether it is newly ready."""

    @property
    def marked(self) -> tuple[Marked, ...]:
        return tuple(marked(key, list(answer)) for key, answer in zip(self.keys, self.answers, strict=True))


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A recorded delivery. ``entry_id`` begins with the time of recording, milliseconds by the clock of Redis."""

    entry_id: str
    delivery: Delivery

    @property
    def recorded_ms(self) -> int:
        return int(self.entry_id.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Unparsable:
    """An authentic request that we could not read. Enough to find it in the logs of Octopus, and no more."""

    source: str
    size: int
    sha256: str
    reason: str
    correlation_id: str = ""
    received_ms: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A batch of which ``came`` of ``total`` webhooks came, and for a while none: Octopus has dropped the rest."""

    source: str
    batch_id: str
    came: int
    total: int


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the ledger began. ``length``, ``oldest_ms`` and ``newest_ms`` are of the journal, which is bounded."""

    recorded: Mapping[str, int] = field(default_factory=dict)
    """By where they came through: webhook, catch-up."""
    duplicates: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)
    """Batches that were broken off, by source."""
    unparsable: int = 0
    length: int = 0
    oldest_ms: int | None = None
    newest_ms: int | None = None
    last_webhook_ms: Mapping[str, int] = field(default_factory=dict)
    """By source; duplicates count too, since they show that the subscription lives."""
