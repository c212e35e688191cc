"""What was delivered to us, and by that became work: each event once, however often it comes.

Octopus promises neither order nor *once* for its webhooks, and the catch-up over the audit log sees the same events
again. Both come here. One Lua call takes a whole batch; per event it looks whether it was seen, appends a record to the
journal, marks the keys dirty, and only then, last, remembers the event as seen: a write that fails on the way leaves
nothing behind that could swallow the event when it comes again.

The journal is for people (what came, when, what we made of it) and for replaying; it is bounded, and nothing depends on
it. It holds ids and verdicts, never a body: a body carries variable values, and may carry the subscription's secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from worker.queue.dirty import DEBOUNCE_MS, MAX_ATTEMPTS, MAX_WAIT_MS, marked
from worker.queue.keys import DirtyKey
from worker.queue.scripts import register
from worker.queue.values import Marked, Priority, Source

if TYPE_CHECKING:
    from redis.asyncio import Redis

REMEMBER_S = 7 * 24 * 3600
JOURNAL_BOUND = 20_000
UNPARSABLE_BOUND = 1_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Delivery:
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


@dataclass(frozen=True, slots=True)
class Recorded:
    duplicate: bool
    """Seen before: nothing was recorded or marked."""
    marked: tuple[Marked, ...] = ()


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
class Counters:
    """Since the ledger began. ``length``, ``oldest_ms`` and ``newest_ms`` are of the journal, which is bounded."""

    recorded: Mapping[str, int] = field(default_factory=dict)
    """By where they came through: webhook, catch-up."""
    duplicates: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unparsable: int = 0
    length: int = 0
    oldest_ms: int | None = None
    newest_ms: int | None = None
    last_webhook_ms: Mapping[str, int] = field(default_factory=dict)
    """By source; duplicates count too, since they show that the subscription lives."""


class Inbox:
    def __init__(
        self,
        redis: Redis,
        prefix: str = "octosync",
        *,
        debounce_ms: int = DEBOUNCE_MS,
        max_wait_ms: int = MAX_WAIT_MS,
        max_attempts: int = MAX_ATTEMPTS,
        remember_s: int = REMEMBER_S,
        journal_bound: int = JOURNAL_BOUND,
    ) -> None:
        self._redis = redis
        self._queue_root = f"{{{prefix}}}:q"
        self._root = f"{{{prefix}}}:inbox"
        self._common = (max_attempts, remember_s, journal_bound, debounce_ms, max_wait_ms)
        self._record = register(redis, "record")

    async def record(self, batch: Sequence[Delivery]) -> list[Recorded]:
        """Records a batch and marks its keys, in one call. When this returns, all of it is in Redis."""
        if not batch:
            return []
        # One argument for all of them: redis-py spends longer on each argument than JSON on the whole.
        keys_of = [list(dict.fromkeys(delivery.keys)) for delivery in batch]
        deliveries = [
            (
                delivery.source,
                delivery.event_id,
                delivery.via.value,
                delivery.priority.value,
                " ".join(delivery.correlation_id.split()),
                delivery.verdict[:_LONGEST],
                _dump(delivery),
                [str(key) for key in keys],
            )
            for delivery, keys in zip(batch, keys_of, strict=True)
        ]
        answers = await self._record(keys=[self._queue_root, self._root], args=[*self._common, _encode(deliveries)])
        recorded = []
        for keys, (duplicate, *marks) in zip(keys_of, answers, strict=True):
            recorded.append(
                Recorded(True)
                if duplicate
                else Recorded(False, tuple(marked(k, m) for k, m in zip(keys, marks, strict=True)))
            )
        return recorded

    async def seen(self, source: str, event_ids: Sequence[str]) -> frozenset[str]:
        """Those of the events that were recorded before, through whichever door."""
        if not event_ids:
            return frozenset()
        answers = await self._redis.mget([self._seen_key(source, event_id) for event_id in event_ids])
        return frozenset(e for e, answer in zip(event_ids, answers, strict=True) if answer is not None)

    async def refuse(self, unparsable: Unparsable) -> None:
        """Records a request that could not be read. The caller answers 2xx: it would fail again the same way."""
        entry = {
            "source": unparsable.source,
            "size": unparsable.size,
            "sha256": unparsable.sha256,
            "reason": unparsable.reason[:_LONGEST],
            "correlation_id": unparsable.correlation_id,
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            name = f"{self._root}:unparsable"
            pipe.xadd(name, {"r": _encode(entry)}, maxlen=UNPARSABLE_BOUND, approximate=True)
            pipe.hincrby(f"{self._root}:counts", "unparsable", 1)
            pipe.hset(f"{self._root}:last", unparsable.source, await self._now_ms())
            await pipe.execute()

    async def unparsable(self, limit: int = 100) -> list[Unparsable]:
        """Newest first."""
        found: Any = await self._redis.xrevrange(f"{self._root}:unparsable", count=limit)
        return [
            Unparsable(**json.loads(fields[b"r"]), received_ms=int(entry_id.partition(b"-")[0]))
            for entry_id, fields in found
        ]

    async def journal(
        self, *, limit: int = 100, since_ms: int | None = None, before: str | None = None
    ) -> list[JournalEntry]:
        """Recorded deliveries, newest first. ``since_ms`` by Redis' clock; ``before`` an entry id, to turn pages."""
        newest = f"({before}" if before else "+"
        oldest = str(since_ms) if since_ms is not None else "-"
        found: Any = await self._redis.xrevrange(f"{self._root}:journal", newest, oldest, count=limit)
        return [_load(entry_id, fields) for entry_id, fields in found]

    async def journal_entry(self, entry_id: str) -> JournalEntry | None:
        found: Any = await self._redis.xrange(f"{self._root}:journal", entry_id, entry_id)
        return _load(*found[0]) if found else None

    async def counters(self) -> Counters:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(f"{self._root}:counts")
            pipe.hgetall(f"{self._root}:last")
            pipe.xlen(f"{self._root}:journal")
            pipe.xrange(f"{self._root}:journal", count=1)
            pipe.xrevrange(f"{self._root}:journal", count=1)
            counts, last, length, oldest, newest = await pipe.execute()
        named: dict[str, dict[str, int]] = {"recorded": {}, "duplicate": {}, "verdict": {}}
        for name, value in counts.items():
            group, _, rest = name.decode().partition(":")
            named.setdefault(group, {})[rest] = int(value)
        return Counters(
            recorded=named["recorded"],
            duplicates=named["duplicate"],
            verdicts=named["verdict"],
            unparsable=named.get("unparsable", {}).get("", 0),
            length=int(length),
            oldest_ms=_time_of(oldest),
            newest_ms=_time_of(newest),
            last_webhook_ms={name.decode(): int(value) for name, value in last.items()},
        )

    def _seen_key(self, source: str, event_id: str) -> str:
        return f"{self._root}:seen:{source}|{event_id}"

    async def _now_ms(self) -> int:
        seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""``json.dumps`` makes an encoder for each call."""


def _dump(delivery: Delivery) -> str:
    """A compact record: what is empty is left out, and long words are cut."""
    entry = {
        "s": delivery.source,
        "e": delivery.event_id,
        "d": delivery.document_id,
        "c": delivery.category[:_LONGEST],
        "o": delivery.occurred[:_LONGEST],
        "k": [str(key) for key in delivery.keys],
        "v": delivery.verdict[:_LONGEST],
        "i": delivery.correlation_id,
        "w": delivery.via.value,
        "p": delivery.priority.value,
        "b": delivery.batch_id,
        "n": delivery.number,
        "t": delivery.total,
    }
    return _encode({name: value for name, value in entry.items() if value not in (None, "", [])})


def _load(entry_id: bytes, fields: Mapping[bytes, bytes]) -> JournalEntry:
    entry = json.loads(fields[b"r"])
    delivery = Delivery(
        source=entry.get("s", ""),
        event_id=entry.get("e", ""),
        document_id=entry.get("d"),
        category=entry.get("c", ""),
        occurred=entry.get("o", ""),
        keys=tuple(DirtyKey.parse(key) for key in entry.get("k", ())),
        verdict=entry.get("v", ""),
        correlation_id=entry.get("i", ""),
        via=Source(entry.get("w", Source.WEBHOOK)),
        priority=Priority(entry.get("p", Priority.EVENTS)),
        batch_id=entry.get("b"),
        number=entry.get("n"),
        total=entry.get("t"),
    )
    return JournalEntry(entry_id.decode(), delivery)


def _time_of(entries: list[tuple[bytes, Any]]) -> int | None:
    return int(entries[0][0].partition(b"-")[0]) if entries else None
