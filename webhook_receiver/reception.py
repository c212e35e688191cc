"""Reception: one webhook, from its first byte to its answer.

    secret ──▶ body, bounded ──▶ read ──▶ which routes ──▶ recorded and marked ──▶ 202
      │            │               │                            │
     401       too large:      unreadable:                  not durable: 503
             hint recorded    dead letter

2xx means durable, whatever the body: every other answer makes Octopus drop the rest of its batch
(OctopusDeploy/Issues#7216). A webhook is only a hint, so what cannot be read becomes the hint to read the audit log.
No body and no header is ever logged: they carry the secret and the values of variables.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from time import perf_counter

import sentry_sdk
import structlog
from aiohttp import web

from webhook_receiver.commit import DURABLE_WITHIN_S, GroupCommit, OverloadedError
from webhook_receiver.metrics import Metrics
from webhook_receiver.payload import Payload, UnreadableError, read
from webhook_receiver.secrets import Callers
from webhook_receiver.spaces import Spaces
from webhook_receiver.waking import Waker
from worker.ledger.connect import UNAVAILABLE
from worker.queue.inbox import Delivery, Inbox, Unparsable
from worker.queue.keys import DirtyKey
from worker.queue.subjects import Subject

log = structlog.get_logger(__name__)

BODY_WITHIN_S = 60.0
UNSTORABLE = (*UNAVAILABLE, TimeoutError, OverloadedError)
ELSEWHERE = "ignored: a space that no route reads"
TOO_LARGE = "too large to read: left to catch-up"


@dataclass(frozen=True, slots=True)
class Body:
    """``content`` is ``None`` above the bound; ``size`` counts all that came."""

    content: bytes | None
    size: int


class Reception:
    def __init__(
        self,
        *,
        callers: Callers,
        spaces: Spaces,
        inbox: Inbox,
        commit: GroupCommit,
        waker: Waker,
        metrics: Metrics,
        body_limit: int,
    ) -> None:
        self.callers = callers
        self.spaces = spaces
        self.inbox = inbox
        self.commit = commit
        self.waker = waker
        self.metrics = metrics
        self.body_limit = body_limit

    async def handle(self, request: web.Request) -> web.Response:
        """``POST /webhooks/{instance}``, and ``POST /webhooks`` where only one instance may call."""
        instance = request.match_info.get("instance") or self.callers.only
        if instance is None or not self.callers.admits(instance, request.headers):
            # Not the name that was asked for: it is the caller's, and would make metrics without end.
            self.metrics.request("", "refused").inc()
            log.warning("webhook.refused", remote=request.remote)
            return _answer(401, "unauthorized")
        began = perf_counter()
        self.metrics.in_progress.inc()
        try:
            outcome = await self._admitted(request, instance)
        finally:
            self.metrics.in_progress.dec()
            self.metrics.seconds.observe(perf_counter() - began)
        self.metrics.request(instance, outcome).inc()
        if outcome == "unavailable":
            return _answer(503, outcome, {"Retry-After": "5"})
        if outcome == "incomplete":
            return _answer(400, outcome)
        return _answer(202, outcome)

    async def _admitted(self, request: web.Request, instance: str) -> str:
        correlation_id = f"hook-{secrets.token_hex(6)}"
        try:
            body = await _body(request, self.body_limit)
        except (TimeoutError, ConnectionError, web.HTTPException):
            return "incomplete"
        try:
            try:
                return await self._store(instance, body, correlation_id)
            except UNSTORABLE:
                raise
            except Exception as error:
                # A bug of ours must not cost Octopus' batch its rest.
                log.exception("webhook.bug", instance=instance, correlation_id=correlation_id)
                sentry_sdk.capture_exception(error)
                return await self._unreadable(instance, body, f"a bug: {type(error).__name__}", correlation_id)
        except UNSTORABLE as error:
            log.error("webhook.unavailable", instance=instance, error=type(error).__name__)  # noqa: TRY400 - 503 says it
            return "unavailable"

    async def _store(self, instance: str, body: Body, correlation_id: str) -> str:
        if body.content is None:
            await self.commit.record(Delivery(instance, "", verdict=TOO_LARGE, correlation_id=correlation_id))
            self.waker.catch_up(self.spaces.sources(instance))
            log.warning("webhook.too-large", instance=instance, bytes=body.size, correlation_id=correlation_id)
            return "too-large"
        try:
            payload = read(body.content)
        except UnreadableError as error:
            return await self._unreadable(instance, body, str(error), correlation_id)
        found = payload.subject
        if found is None:
            return await self._unreadable(instance, body, "the event has no category", correlation_id)
        return await self._record(instance, payload, found, correlation_id)

    async def _unreadable(self, instance: str, body: Body, reason: str, correlation_id: str) -> str:
        sha256 = hashlib.sha256(body.content or b"").hexdigest()
        async with asyncio.timeout(DURABLE_WITHIN_S):
            await self.inbox.refuse(Unparsable(instance, body.size, sha256, reason, correlation_id))
        self.waker.catch_up(self.spaces.sources(instance))
        log.warning("webhook.unreadable", instance=instance, reason=reason, correlation_id=correlation_id)
        return "unreadable"

    async def _record(self, instance: str, payload: Payload, found: Subject, correlation_id: str) -> str:
        target, verdict = found.target, str(found.verdict)
        routes = await self.spaces.fed_by(instance, found.space_id) if target is not None else []
        if target is not None and not routes:
            verdict = ELSEWHERE
        recorded = await self.commit.record(
            Delivery(
                source=instance,
                event_id=payload.event.id,
                document_id=found.document_id,
                category=found.category,
                occurred=payload.event.occurred or "",
                keys=[DirtyKey(route, target) for route in routes] if target is not None else (),
                verdict=verdict,
                correlation_id=correlation_id,
                batch_id=payload.batch_id,
                number=payload.event_number_in_batch,
                total=payload.total_events_in_batch,
            )
        )
        if recorded.duplicate:
            return "duplicate"
        self.metrics.verdict(instance, verdict).inc()
        self.waker.marked(mark.key for mark in recorded.marked)
        if found.is_deletion and routes:
            # Only the audit log makes a deletion count: anybody who knows the secret can send a webhook.
            self.waker.catch_up(self.spaces.sources(instance))
        return "recorded"


async def _body(request: web.Request, limit: int) -> Body:
    """The body; above the limit it is read to its end and dropped, since Octopus takes an answer before that, and the
    connection closed, for a failure."""
    if request.content.is_eof() and request.content.total_bytes <= limit:  # it came together with its headers
        content = request.content.read_nowait()
        return Body(content, len(content))
    kept: list[bytes] | None = []
    size = 0
    async with asyncio.timeout(BODY_WITHIN_S):
        async for chunk in request.content.iter_any():
            size += len(chunk)
            if kept is not None and size > limit:
                kept = None
            if kept is not None:
                kept.append(chunk)
    return Body(b"".join(kept) if kept is not None else None, size)


def _answer(status: int, outcome: str, headers: dict[str, str] | None = None) -> web.Response:
    """``outcome`` is a word of ours, that needs no escaping."""
    return web.Response(
        body=b'{"outcome":"%b"}' % outcome.encode(), status=status, headers=headers, content_type="application/json"
    )
