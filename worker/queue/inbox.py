"""What was delivered to us, and by that became work: each event once, however often it comes.

Octopus promises neither order nor *once* for its webhooks, and the catch-up over the audit log sees the same events
again. Both come here. One Lua call takes a whole batch; per event it looks whether it was seen, appends a record to the
journal, marks the keys dirty, and only then, last, remembers the event as seen: a write that fails on the way leaves
nothing behind that could swallow the event when it comes again.

It also counts the webhooks of each batch of Octopus'. After one failed call Octopus drops the rest of a batch
(OctopusDeploy/Issues#7216), so a batch of which no more comes is a hint to read the audit log (:meth:`Inbox.gaps`).

The journal is for people (what came, when, what we made of it) and for replaying. It is bounded by count and by age,
and nothing depends on it. It holds ids, verdicts, and of a body what the receiver leaves of it, never a value: a body
carries those of variables, and may carry the subscription's secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from worker.queue.deliveries import LONGEST, Counters, Delivery, Gap, JournalEntry, Recorded, Unparsable
from worker.queue.direct import DirectScript
from worker.queue.dirty import DEBOUNCE_MS, MAX_ATTEMPTS, MAX_WAIT_MS
from worker.queue.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Counters", "Delivery", "Gap", "Inbox", "JournalEntry", "Recorded", "Unparsable"]

REMEMBER_S = 7 * 24 * 3600
JOURNAL_BOUND = 20_000
JOURNAL_S = 14 * 24 * 3600
UNPARSABLE_BOUND = 1_000
MOST_GAPS = 100
_DUPLICATE = Recorded(True)
_ENTRY_ID = re.compile(r"\d{1,15}-\d{1,10}")


class Inbox:
    """The journal keeps about ``journal_bound`` deliveries, and none for longer than ``journal_s`` seconds."""

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
        journal_s: int = JOURNAL_S,
    ) -> None:
        self._redis = redis
        self._queue_root = f"{{{prefix}}}:q"
        self._root = f"{{{prefix}}}:inbox"
        self._common = (max_attempts, remember_s, journal_bound, journal_s * 1000, debounce_ms, max_wait_ms)
        self._record = DirectScript(redis, "record")
        self._gaps = register(redis, "gaps")
        self._journal_s = journal_s

    async def record(self, batch: Sequence[Delivery]) -> list[Recorded]:
        """Records a batch and marks its keys, in one call. When this returns, all of it is in Redis."""
        if not batch:
            return []
        # One argument for all of them: redis-py spends longer on each argument than JSON on the whole.
        keys_of = [list(dict.fromkeys(one.keys)) if len(one.keys) > 1 else one.keys for one in batch]
        answers = await self._record(
            [self._queue_root, self._root],
            [
                *self._common,
                sum(map(len, keys_of)),
                b"\n".join([one.head(keys) for one, keys in zip(batch, keys_of, strict=True)]),
                b"".join([one.body.replace(b"\n", b" ") + b"\n" for one in batch]),
            ],
        )
        return [
            _DUPLICATE if duplicate else Recorded(False, keys, marks)
            for keys, (duplicate, *marks) in zip(keys_of, answers, strict=True)
        ]

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
            "reason": unparsable.reason[:LONGEST],
            "correlation_id": unparsable.correlation_id,
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            name = f"{self._root}:unparsable"
            pipe.xadd(name, {"r": json.dumps(entry)}, maxlen=UNPARSABLE_BOUND, approximate=True)
            pipe.hincrby(f"{self._root}:counts", "unparsable", 1)
            pipe.hset(f"{self._root}:last", unparsable.source, await self.now_ms())
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
        before = before if before and _ENTRY_ID.fullmatch(before) else None
        newest = f"({before}" if before else "+"
        oldest = str(since_ms) if since_ms is not None else "-"
        found: Any = await self._redis.xrevrange(f"{self._root}:journal", newest, oldest, count=limit)
        return [_entry(entry_id, fields) for entry_id, fields in found]

    async def journal_entry(self, entry_id: str) -> JournalEntry | None:
        if not _ENTRY_ID.fullmatch(entry_id):
            return None
        found: Any = await self._redis.xrange(f"{self._root}:journal", entry_id, entry_id)
        return _entry(*found[0]) if found else None

    async def tidy(self) -> None:
        """Forgets what is older than the journal keeps. Recording does so, too, but roughly."""
        oldest = await self.now_ms() - self._journal_s * 1000
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in ("journal", "unparsable"):
                pipe.xtrim(f"{self._root}:{name}", minid=str(oldest), approximate=False)
            await pipe.execute()

    async def gaps(self, quiet_ms: int) -> list[Gap]:
        """Batches that are not whole, and of which nothing came for so long. Each is told once, to one who asks."""
        answers: Any = await self._gaps(keys=[self._root], args=[quiet_ms, MOST_GAPS])
        lines = [answers[at : at + 4] for at in range(0, len(answers), 4)]
        return [
            Gap(source.decode(), batch_id.decode(), int(came), int(total)) for source, total, batch_id, came in lines
        ]

    async def counters(self) -> Counters:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(f"{self._root}:counts")
            pipe.hgetall(f"{self._root}:last")
            pipe.xlen(f"{self._root}:journal")
            pipe.xrange(f"{self._root}:journal", count=1)
            pipe.xrevrange(f"{self._root}:journal", count=1)
            counts, last, length, oldest, newest = await pipe.execute()
        named: dict[str, dict[str, int]] = {"recorded": {}, "duplicate": {}, "verdict": {}, "gap": {}}
        for name, value in counts.items():
            group, _, rest = name.decode().partition(":")
            named.setdefault(group, {})[rest] = int(value)
        return Counters(
            recorded=named["recorded"],
            duplicates=named["duplicate"],
            verdicts=named["verdict"],
            gaps=named["gap"],
            unparsable=named.get("unparsable", {}).get("", 0),
            length=int(length),
            oldest_ms=_time_of(oldest),
            newest_ms=_time_of(newest),
            last_webhook_ms={name.decode(): int(value) for name, value in last.items()},
        )

    def _seen_key(self, source: str, event_id: str) -> str:
        return f"{self._root}:seen:{source}|{event_id}"

    async def now_ms(self) -> int:
        """By the clock of Redis, which is that of the journal."""
        seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> JournalEntry:
    return JournalEntry(entry_id.decode(), Delivery.of(fields[b"h"], fields[b"b"]))


def _time_of(entries: list[tuple[bytes, Any]]) -> int | None:
    return int(entries[0][0].partition(b"-")[0]) if entries else None
