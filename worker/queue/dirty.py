"""The dirty queue: which documents must be looked at, who looks at them, and what became of it.

Messages get lost: Octopus drops the rest of a batch after one failed call (OctopusDeploy/Issues#7216), and Celery
over Redis loses a message whose worker is killed between the pop and the bookkeeping. So messages are only hints here,
and the truth is a set of marks in Redis, with the semantics of the work queue of Kubernetes' client-go::

    mark ──▶ ready (due time) ──claim──▶ running (lease, token) ──done──▶ clean
               ▲   ▲                          │        │
               │   └── marked meanwhile,      │        └── attempts used up ──▶ dead letter
               │       retry, wait ───────────┘                                    │
               └───────────── lease expired (sweep) · a new mark gives one more try ┘

* Every mark has a *generation*. A run answers for the generation that it claimed; ``done`` clears the mark only if the
  generation has not moved, so a change that arrives while its item runs is never lost.
* A report of a change is debounced: due ``debounce_ms`` after the last one, at most ``max_wait_ms`` after the first. A
  mark that only says *look again* keeps the earlier due time. Either way the higher priority stays.
* A claim gives a lease and a fencing token. Whoever lets the lease end (killed, hung) loses the key, and each later
  call with the old token answers *lost*. An expired lease counts as an attempt: what kills its workers ends buried.
* All times are of Redis' own clock: the clocks of two machines are never compared.

Each method that changes something is one Lua call, hence atomic (``mark``: one for every 500 keys). The commands are
those of Redis 6.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from worker.queue.keys import DirtyKey
from worker.queue.scripts import register
from worker.queue.values import (
    Claim,
    ClaimStatus,
    DeadLetter,
    Depth,
    Done,
    Due,
    Entry,
    Marked,
    Outcome,
    Priority,
    Source,
    State,
    Sweep,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

DEBOUNCE_MS = 3_000
MAX_WAIT_MS = 30_000
MAX_ATTEMPTS = 8
REHINT_MS = 30_000
_ALL = "*"
_MARKS_A_CALL = 500
_LOOKED_THROUGH = 5_000


class DirtyQueue:
    """``prefix`` is the hash tag of every key. ``max_attempts`` failed tries make a dead letter.

    ``rehint_ms``: how long a sweep believes that the hint it gave for a key is still on its way.
    """

    def __init__(
        self,
        redis: Redis,
        prefix: str = "octosync",
        *,
        max_attempts: int = MAX_ATTEMPTS,
        rehint_ms: int = REHINT_MS,
    ) -> None:
        self._redis = redis
        self._root = f"{{{prefix}}}:q"
        self._max_attempts = max_attempts
        self._rehint_ms = rehint_ms
        self._scripts = {
            name: register(redis, name)
            for name in ("mark", "turn", "claim", "beat", "done", "sweep", "bury", "retry", "drop")
        }

    async def _run(self, name: str, *args: str | int) -> Any:
        return await self._scripts[name](keys=[self._root], args=args)

    def _name(self, *parts: str) -> str:
        return ":".join((self._root, *parts))

    # -- marks -------------------------------------------------------------------------------------------------------

    async def mark(
        self,
        keys: Iterable[DirtyKey],
        *,
        source: Source | str,
        priority: Priority | str = Priority.EVENTS,
        debounce_ms: int = DEBOUNCE_MS,
        max_wait_ms: int = MAX_WAIT_MS,
        correlation_id: str | None = None,
        requested_by: str | None = None,
        reason: str | None = None,
    ) -> list[Marked]:
        """Says that these keys must be looked at. A dead letter among them gets one more try."""
        wanted = list(dict.fromkeys(keys))
        by = Source(source)
        common = (
            self._max_attempts,
            debounce_ms,
            max_wait_ms,
            int(by.reports_a_change),
            Priority(priority).value,
            by.value,
            _one_line(correlation_id),
            requested_by or "",
            reason or "",
        )
        result: list[Marked] = []
        # A night's marks come by the thousand, and while a script runs, Redis answers nobody else.
        for start in range(0, len(wanted), _MARKS_A_CALL):
            some = wanted[start : start + _MARKS_A_CALL]
            answers = await self._run("mark", *common, *map(str, some))
            result += (marked(key, answer) for key, answer in zip(some, answers, strict=True))
        return result

    # -- runs --------------------------------------------------------------------------------------------------------

    async def turn(self, key: DirtyKey, priority: Priority = Priority.EVENTS) -> DirtyKey:
        """Which key to claim when told to look at this one: of the routes that have something due, the one that was
        served least lately has its turn. So a route with a thousand marks holds up no other, though its messages came
        first.

        ``priority``: the class of the message, for a key that is in none any more.
        """
        return DirtyKey.parse(_text(await self._run("turn", str(key), Priority(priority).value)))

    async def claim(self, key: DirtyKey, lease_ms: int) -> Claim:
        """Takes a key for ``lease_ms``, with all the marks made so far, if it is due and nobody else's."""
        status, wait, *rest = await self._run("claim", self._max_attempts, str(key), lease_ms)
        if not rest:
            return Claim(key, ClaimStatus(_text(status)), wait_ms=int(wait))
        token, generation, attempts, priority, since, sources, correlations, requested_by, reason, now = rest
        return Claim(
            key,
            ClaimStatus(_text(status)),
            token=int(token),
            generation=int(generation),
            attempts=int(attempts),
            priority=Priority(_text(priority)),
            since_ms=int(since),
            claimed_ms=int(now),
            sources=_sources(sources),
            correlation_ids=_lines(correlations),
            requested_by=_text(requested_by) or None,
            reason=_text(reason) or None,
        )

    async def beat(self, key: DirtyKey, token: int, lease_ms: int) -> bool:
        """Prolongs a lease. ``False``: it is lost, stop writing."""
        return bool(await self._run("beat", str(key), token, lease_ms))

    async def done(self, key: DirtyKey, token: int, outcome: Outcome) -> Done:
        answer = await self._run(
            "done", self._max_attempts, str(key), token, outcome.kind, outcome.in_ms, outcome.reason
        )
        return Done(_text(answer))

    async def sweep(self, limit: int = 100) -> Sweep:
        """Puts keys with an expired lease back; names those for which a hint is due, events first (but a fifth is for
        bulk work), routes by turns."""
        flat = await self._run("sweep", self._max_attempts, limit, self._rehint_ms)
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return Sweep(tuple(Due(DirtyKey.parse(_text(key)), Priority(_text(priority))) for key, priority in pairs))

    # -- dead letters ------------------------------------------------------------------------------------------------

    async def bury(self, key: DirtyKey, token: int, reason: str, server_words: str = "") -> Done:
        """Gives a key up: ``buried``, ``again`` (a mark arrived meanwhile: it gets its try) or ``lost``."""
        return Done(_text(await self._run("bury", self._max_attempts, str(key), token, reason, server_words)))

    async def dead_letters(self, limit: int = 1000, skip: int = 0) -> list[DeadLetter]:
        """Newest first."""
        buried = _scored(await self._redis.zrevrange(self._name("dead"), skip, skip + limit - 1, withscores=True))
        items = await self._items([key for key, _ in buried])
        return [
            DeadLetter(
                key=DirtyKey.parse(key),
                buried_ms=at,
                attempts=int(item.get("attempts") or 0),
                reason=item.get("why", ""),
                server_words=item.get("words", ""),
                sources=_sources(item.get("sources", "")),
                correlation_ids=_lines(item.get("correlations", "")),
            )
            for (key, at), item in zip(buried, items, strict=True)
        ]

    async def retry(self, key: DirtyKey, requested_by: str | None = None) -> bool:
        """A person wants a dead letter tried again: due now, with all its attempts. ``False``: it is no dead letter."""
        return bool(await self._run("retry", str(key), requested_by or ""))

    async def drop(self, key: DirtyKey) -> bool:
        """Forgets a dead letter. ``False``: it is none."""
        return bool(await self._run("drop", str(key)))

    # -- pause -------------------------------------------------------------------------------------------------------

    async def pause(self, route: str | None = None) -> None:
        """Stops claims of a route, or of all. Marks go on being kept; what runs now is not interrupted."""
        await self._redis.sadd(self._name("paused"), route or _ALL)

    async def resume(self, route: str | None = None) -> None:
        """Undoes exactly one :meth:`pause`: resuming all leaves single routes paused that were paused by name."""
        await self._redis.srem(self._name("paused"), route or _ALL)

    async def paused(self) -> frozenset[str]:
        """The routes paused by name, and ``*`` if everything is."""
        return frozenset(_text(route) for route in await self._redis.smembers(self._name("paused")))

    # -- looking -----------------------------------------------------------------------------------------------------

    async def marks(self) -> dict[Source, int]:
        """How many marks were made by whom, since the queue began."""
        found: Any = await self._redis.hgetall(self._name("counts"))
        return {Source(_text(name)): int(count) for name, count in found.items()}

    async def depth(self) -> dict[str, Depth]:
        """Counts per route, for those that have any. All of one moment: a claim moves a key from one list to another,
        and it must not be missed in both."""
        now, routes = await self._now_ms(), set[str]()
        while True:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.smembers(self._name("routes"))
                pipe.zrange(self._name("running"), 0, -1)
                pipe.zrange(self._name("dead"), 0, -1)
                for route in sorted(routes):
                    for priority in Priority:
                        ready = self._name("ready", priority.value, route)
                        pipe.zcard(ready)
                        pipe.zcount(ready, "-inf", now)
                        pipe.zrange(ready, 0, 0, withscores=True)
                known, *lists = await pipe.execute()
            running, dead = (_per_route(keys) for keys in lists[:2])
            unknown = {_text(route) for route in known} | running.keys() | dead.keys()
            if unknown <= routes:
                break
            routes |= unknown
        names, answers = sorted(routes), lists[2:]
        result = {}
        for index, route in enumerate(names):
            events, events_due, events_first, bulk, bulk_due, bulk_first = answers[index * 6 : index * 6 + 6]
            overdue = [max(0, now - due) for first in (events_first, bulk_first) for due in _scores(first, now)]
            found = Depth(events, bulk, events_due + bulk_due, running[route], dead[route], *overdue)
            if found != Depth():
                result[route] = found
        return result

    async def waiting(self, route: str | None = None, limit: int = 1000) -> list[Entry]:
        """What is running, due and waiting, in that order; each by time."""
        now = await self._now_ms()
        names = [route] if route else sorted(_text(r) for r in await self._redis.smembers(self._name("routes")))
        found: list[tuple[str, State, Priority, int]] = []
        running = _scored(await self._redis.zrange(self._name("running"), 0, -1, withscores=True))
        for key, expires in running:
            if route is None or DirtyKey.parse(key).route == route:
                found.append((key, State.RUNNING, Priority.EVENTS, expires - now))
        for name in names:
            for priority in Priority:
                ready = self._name("ready", priority.value, name)
                for key, due in _scored(await self._redis.zrange(ready, 0, limit - 1, withscores=True)):
                    state = State.DUE if due <= now else State.WAITING
                    found.append((key, state, priority, due - now))
        order = {State.RUNNING: 0, State.DUE: 1, State.WAITING: 2}
        found.sort(key=lambda entry: (order[entry[1]], entry[3], entry[0]))
        found = found[:limit]
        items = await self._items([key for key, *_ in found])
        return [_entry(*line, item) for line, item in zip(found, items, strict=True)]

    async def bearing(self, correlation_id: str, keys: Iterable[DirtyKey]) -> list[DirtyKey]:
        """Those of the keys that have a mark with this correlation id, answered by no run yet. Dead letters do, too."""
        wanted = list(keys)
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in wanted:
                pipe.hmget(self._name("item", str(key)), "correlations", "run_correlations")
            answers = await pipe.execute()
        return [
            key
            for key, lists in zip(wanted, answers, strict=True)
            if any(correlation_id in _lines(one) for one in lists if one)
        ]

    async def troubled(self, route: str | None = None, limit: int = 100) -> list[Entry]:
        """Of what waits, that which was tried and could not be done: ``why`` tells. Soonest due first; of very long
        queues, among the first so many of each."""
        found: list[tuple[str, Priority, int]] = []
        for name in [route] if route else sorted(_text(r) for r in await self._redis.smembers(self._name("routes"))):
            for priority in Priority:
                ready = self._name("ready", priority.value, name)
                for start in range(0, _LOOKED_THROUGH, _MARKS_A_CALL):
                    some = _scored(await self._redis.zrange(ready, start, start + _MARKS_A_CALL - 1, withscores=True))
                    async with self._redis.pipeline(transaction=False) as pipe:
                        for key, _ in some:
                            pipe.hget(self._name("item", key), "why")
                        reasons = await pipe.execute()
                    found += [(key, priority, due) for (key, due), why in zip(some, reasons, strict=True) if why]
                    if len(some) < _MARKS_A_CALL:
                        break
        now = await self._now_ms()
        found = sorted(found, key=lambda one: (one[2], one[0]))[:limit]
        items = await self._items([key for key, *_ in found])
        return [
            _entry(key, State.DUE if due <= now else State.WAITING, priority, due - now, item)
            for (key, priority, due), item in zip(found, items, strict=True)
        ]

    async def _items(self, keys: list[str]) -> list[dict[str, str]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hgetall(self._name("item", key))
            answers = await pipe.execute()
        return [{_text(name): _text(value) for name, value in answer.items()} for answer in answers]

    async def _now_ms(self) -> int:
        seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000


def marked(key: DirtyKey, answer: list[int]) -> Marked:
    """The answer of ``mark_key`` in ``queue.lua`` as a value."""
    generation, due, newly_ready = answer
    return Marked(key, int(generation), int(due), bool(newly_ready))


def _entry(key: str, state: State, priority: Priority, in_ms: int, item: dict[str, str]) -> Entry:
    running = state is State.RUNNING
    since = item.get("run_since" if running else "since")
    return Entry(
        key=DirtyKey.parse(key),
        state=state,
        priority=Priority(item.get("run_priority") or priority) if running else priority,
        in_ms=in_ms,
        attempts=int(item.get("attempts") or 0),
        why=item.get("why", ""),
        sources=_sources(item.get("run_sources" if running else "sources", "")),
        correlation_ids=_lines(item.get("run_correlations" if running else "correlations", "")),
        since_ms=int(since) if since else None,
        started_ms=int(item["started"]) if item.get("started") else None,
    )


def _per_route(keys: Any) -> Counter[str]:
    return Counter(DirtyKey.parse(_text(key)).route for key in keys)


def _scores(first: Any, otherwise: int) -> list[int]:
    """The score of the one member, or what to take where there is none."""
    return [score for _, score in _scored(first)] or [otherwise]


def _scored(answer: Any) -> list[tuple[str, int]]:
    """Members and scores. The client types one answer for every option of the command, so the shape is said here."""
    return [(_text(member), int(score)) for member, score in answer]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _lines(value: bytes | str) -> tuple[str, ...]:
    return tuple(_text(value).split("\n")) if value else ()


def _sources(value: bytes | str) -> tuple[Source, ...]:
    return tuple(Source(line) for line in _lines(value))
