"""What was done: one record per run, newest first, as many as are worth keeping."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from worker.ledger.base import Part, pack, text, unpack

KEPT = 2_000
PLANS_KEPT = 300
PLAN_BYTES = 512 * 1024
"""Of one plan as it is stored, compressed: some megabytes of JSON, the first sync of a few hundred projects."""
_AT_ONCE = 500
WELL = frozenset({"changed", "unchanged"})
"""Outcomes of runs after which the destination is as it should be."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to a run. ``correlation_id`` stands in its log lines; ``correlation_ids``: of all the marks that
    it answers. ``requested_by`` and ``reason``: of a person who asked for it."""

    correlation_id: str = ""
    correlation_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    requested_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Times are ISO instants. ``outcome`` is ``running`` until it is known.

    ``plan`` is the plan as JSON text. It is kept apart, for the newest runs only, and not at all when it is very long:
    ``None`` then, with ``plan_bytes`` telling how long it was.
    """

    id: str
    route: str
    key: str
    started: str
    correlation_id: str = ""
    correlation_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    requested_by: str = ""
    reason: str = ""
    finished: str | None = None
    outcome: str = "running"
    summary: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    """Requests spent, per instance."""
    plan_hash: str | None = None
    error: str | None = None
    plan: str | None = None
    plan_bytes: int = 0

    @classmethod
    def begun(cls, run_id: str, route: str, key: str, started: str, cause: Cause) -> Run:
        return cls(
            id=run_id,
            route=route,
            key=key,
            started=started,
            correlation_id=cause.correlation_id,
            correlation_ids=cause.correlation_ids or ((cause.correlation_id,) if cause.correlation_id else ()),
            sources=cause.sources,
            requested_by=cause.requested_by,
            reason=cause.reason,
        )


class Runs(Part):
    async def put(self, run: Run) -> None:
        """Records a run, or records it anew: at its start, at its end. ``ValueError`` if ``started`` is no instant."""
        started = datetime.fromisoformat(run.started).timestamp()
        plan = (run.plan or "").encode("utf-8", "surrogatepass")
        packed = pack(run.plan) if plan else b""
        body = asdict(replace(run, plan=None, plan_bytes=len(plan) or run.plan_bytes))
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(self._name("runs"), run.id, pack(body))
            if packed and len(packed) <= PLAN_BYTES:
                pipe.hset(self._name("run-plans"), run.id, packed)
            pipe.zadd(self._name("run-times"), {run.id: started})
            pipe.zadd(self._name("run-times", run.route), {run.id: started})
            if run.outcome in WELL and run.finished:
                pipe.hset(self._name("run-successes"), run.route, run.finished)
            pipe.zrange(self._name("run-times"), 0, -(KEPT + 1))
            pipe.zrange(self._name("run-times"), 0, -(PLANS_KEPT + 1))
            *_, old, old_plans = await pipe.execute()
        if old_plans:
            await self._redis.hdel(self._name("run-plans"), *old_plans)
        if old:
            await self._forget([text(one) for one in old])

    async def get(self, run_id: str) -> Run | None:
        """With its plan, where that was kept."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(self._name("runs"), run_id)
            pipe.hget(self._name("run-plans"), run_id)
            body, plan = await pipe.execute()
        if body is None:
            return None
        return replace(_run(body), plan=unpack(plan) if plan else None)

    async def newest(self, route: str | None = None, limit: int = 50, skip: int = 0) -> list[Run]:
        """Newest first, of one route or of all, without their plans."""
        name = self._name("run-times", route) if route else self._name("run-times")
        ids: Any = await self._redis.zrevrange(name, skip, skip + limit - 1)
        if not ids:
            return []
        bodies: Any = await self._redis.hmget(self._name("runs"), [text(one) for one in ids])
        return [_run(body) for body in bodies if body is not None]

    async def answering(self, correlation_id: str, route: str | None = None) -> list[Run]:
        """The runs that answered a mark with this correlation id, oldest first, of all that are kept."""
        found = []
        for skip in range(0, KEPT, _AT_ONCE):
            some = await self.newest(route, limit=_AT_ONCE, skip=skip)
            found += [run for run in some if correlation_id in {run.correlation_id, *run.correlation_ids}]
            if len(some) < _AT_ONCE:
                break
        return found[::-1]

    async def last_successes(self) -> dict[str, str]:
        """When the last run of each route ended well, as ISO instants."""
        found: Any = await self._redis.hgetall(self._name("run-successes"))
        return {text(route): text(finished) for route, finished in found.items()}

    async def _forget(self, run_ids: list[str]) -> None:
        bodies: Any = await self._redis.hmget(self._name("runs"), run_ids)
        async with self._redis.pipeline(transaction=True) as pipe:
            for run_id, body in zip(run_ids, bodies, strict=True):
                if body is not None:
                    pipe.zrem(self._name("run-times", _run(body).route), run_id)
            pipe.hdel(self._name("runs"), *run_ids)
            pipe.hdel(self._name("run-plans"), *run_ids)
            pipe.zrem(self._name("run-times"), *run_ids)
            await pipe.execute()


_FIELDS = frozenset(one.name for one in fields(Run))


def _run(body: bytes) -> Run:
    known = {name: value for name, value in unpack(body).items() if name in _FIELDS}
    lists = {name: tuple(known.get(name, ())) for name in ("sources", "correlation_ids")}
    return Run(**{**known, **lists})
