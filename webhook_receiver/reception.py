"""Reception: one webhook, from its first byte to its answer.

    address, secret ──▶ body, bounded ──▶ read ──▶ which routes ──▶ recorded and marked ──▶ 202
         │                   │               │                            │
      403, 401           too large:      unreadable:                  not durable: 503
                       hint recorded    dead letter

2xx means durable, whatever the body: every other answer makes Octopus drop the rest of its batch
(OctopusDeploy/Issues#7216). A webhook is only a hint, so what cannot be read becomes the hint to read the audit log;
so does what could not be stored, once something can be stored again. No body and no header is ever logged: they carry
the secret and the values of variables.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import Sequence
from functools import lru_cache
from time import perf_counter

import sentry_sdk
import structlog
from aiohttp import web

from config.addresses import Network
from webhook_receiver.addresses import caller_of
from webhook_receiver.answers import Outcome
from webhook_receiver.bodies import Bodies, Body, IncompleteError, UndecodableError
from webhook_receiver.callers import Callers
from webhook_receiver.commit import DURABLE_WITHIN_S, GroupCommit, OverloadedError
from webhook_receiver.metrics import Metrics
from webhook_receiver.payload import UnreadableError, Webhook, kept, read
from webhook_receiver.seldom import Seldom
from webhook_receiver.spaces import Spaces
from webhook_receiver.waking import Waker
from webhook_receiver.watch import Watch
from worker.ledger.connect import FAILED
from worker.queue.inbox import Delivery, Inbox, Unparsable
from worker.queue.keys import DirtyKey
from worker.queue.subjects import Verdict

log = structlog.get_logger(__name__)

MOST_UNREADABLE = 16
"""Are recorded at a time: each takes a connection to Redis of its own."""
UNSTORABLE = (*FAILED, TimeoutError, OverloadedError)
ELSEWHERE = "ignored: a space that no route reads"
TOO_LARGE = "too large to read: left to catch-up"
OF_SEVERAL = "from one of several instances with one secret: left to catch-up"


class Reception:
    def __init__(
        self,
        *,
        callers: Callers,
        spaces: Spaces,
        inbox: Inbox,
        commit: GroupCommit,
        waker: Waker,
        watch: Watch,
        metrics: Metrics,
        bodies: Bodies,
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self.callers = callers
        self.spaces = spaces
        self.inbox = inbox
        self.commit = commit
        self.waker = waker
        self.watch = watch
        self.metrics = metrics
        self.bodies = bodies
        self.trusted_proxies = trusted_proxies
        self.leaving = False
        """Answers ask the caller to come back over another connection, since this process stops."""
        self._few = asyncio.Semaphore(MOST_UNREADABLE)
        self._seldom = Seldom(log)
        self._correlation_ids = map(f"hook-{secrets.token_hex(4)}-{{:x}}".format, itertools.count(1))

    async def handle(self, request: web.Request) -> web.Response:
        """``POST /webhooks/{instance}``, and ``POST /webhooks``, where the secret tells which instance calls."""
        began = perf_counter()
        admitted = self.callers.admit(
            request.match_info.get("instance"), request.headers, lambda: caller_of(request, self.trusted_proxies)
        )
        if isinstance(admitted, Outcome):
            # Not the name that was asked for: it is the caller's, and would make metrics without end.
            self.metrics.count(self.metrics.requests, "", admitted.value)
            address = caller_of(request, self.trusted_proxies)
            self._seldom.warning("webhook.refused", remote=str(address or "unknown"), reason=admitted.value)
            return admitted.answer(closing=self.leaving)
        self.metrics.open += 1
        try:
            outcome = await self._admitted(request, admitted)
        finally:
            self.metrics.open -= 1
            self.metrics.seconds.observe(perf_counter() - began)
        self.metrics.count(self.metrics.requests, admitted[0], outcome.value)
        return outcome.answer(closing=self.leaving)

    async def _admitted(self, request: web.Request, instances: Sequence[str]) -> Outcome:
        correlation_id = next(self._correlation_ids)
        try:
            try:
                return await self._store(request, instances, correlation_id)
            except (IncompleteError, *UNSTORABLE):
                raise
            except Exception as error:
                # A bug of ours must not cost Octopus' batch its rest.
                log.exception("webhook.bug", instance=instances[0], correlation_id=correlation_id)
                sentry_sdk.capture_exception(error)
                reason = f"a bug: {type(error).__name__}"
                return await self._unreadable(instances[0], Body(None, 0), reason, correlation_id)
        except IncompleteError:
            # There was an event, and it is lost.
            self._catch_up(instances)
            return Outcome.INCOMPLETE
        except UNSTORABLE as error:
            self._seldom.error("webhook.unavailable", error=type(error).__name__)
            for instance in instances:
                self.watch.missed(instance)
            return Outcome.UNAVAILABLE

    async def _store(self, request: web.Request, instances: Sequence[str], correlation_id: str) -> Outcome:
        try:
            body = await self.bodies.read(request)
        except UndecodableError as error:
            return await self._unreadable(instances[0], Body(None, 0), str(error), correlation_id)
        if len(instances) > 1:
            return await self._of_several(instances, correlation_id)
        if body.content is None:
            return await self._too_large(instances[0], body, correlation_id)
        try:
            webhook = read(body.content)
        except UnreadableError as error:
            return await self._unreadable(instances[0], body, str(error), correlation_id)
        return await self._record(instances[0], webhook, correlation_id)

    async def _too_large(self, instance: str, body: Body, correlation_id: str) -> Outcome:
        await self.commit.record(Delivery(instance, "", verdict=TOO_LARGE, correlation_id=correlation_id))
        self._catch_up([instance])
        log.warning("webhook.too-large", instance=instance, bytes=body.size, correlation_id=correlation_id)
        return Outcome.TOO_LARGE

    async def _unreadable(self, instance: str, body: Body, reason: str, correlation_id: str) -> Outcome:
        sha256 = hashlib.sha256(body.content or b"").hexdigest()
        async with asyncio.timeout(DURABLE_WITHIN_S), self._few:
            await self.inbox.refuse(Unparsable(instance, body.size, sha256, reason, correlation_id))
        self._catch_up([instance])
        log.warning("webhook.unreadable", instance=instance, reason=reason, correlation_id=correlation_id)
        return Outcome.UNREADABLE

    async def _of_several(self, instances: Sequence[str], correlation_id: str) -> Outcome:
        """Which of them it was, cannot be told, so what it says cannot be used."""
        for instance in instances:
            await self.commit.record(Delivery(instance, "", verdict=OF_SEVERAL, correlation_id=correlation_id))
        self._catch_up(instances)
        self._seldom.warning("webhook.of-several", instances=list(instances), correlation_id=correlation_id)
        return Outcome.OF_SEVERAL

    async def _record(self, instance: str, webhook: Webhook, correlation_id: str) -> Outcome:
        payload, event = webhook.payload, webhook.payload.event
        found = payload.subject
        target, verdict = found.target, found.verdict.value
        routes: Sequence[str] = ()
        if target is not None:
            known = self.spaces.known(instance, found.space_id)
            routes = known if known is not None else await self.spaces.fed_by(instance, found.space_id)
            if not routes:
                verdict = ELSEWHERE
            elif found.verdict is Verdict.PACKAGE:
                routes = self.spaces.with_packages(routes)
        recorded = await self.commit.record(
            Delivery(
                source=instance,
                event_id=event.id,
                document_id=found.document_id,
                category=found.category,
                occurred=event.occurred or "",
                keys=[_key(route, target) for route in routes] if target is not None else (),
                verdict=verdict,
                correlation_id=correlation_id,
                batch_id=payload.batch_id,
                number=payload.event_number_in_batch,
                total=payload.total_events_in_batch,
                body=kept(webhook),
            )
        )
        if recorded.duplicate:
            return Outcome.DUPLICATE
        self.metrics.count(self.metrics.verdicts, instance, verdict)
        self.waker.marked(recorded.keys)
        if found.is_deletion and routes:
            # Only the audit log makes a deletion count: anybody who knows the secret can send a webhook.
            self._catch_up([instance])
        return Outcome.RECORDED

    def _catch_up(self, instances: Sequence[str]) -> None:
        for instance in instances:
            self.waker.catch_up(self.spaces.sources(instance))


@lru_cache(maxsize=10_000)
def _key(route: str, target: str) -> DirtyKey:
    """People save one thing again and again."""
    return DirtyKey(route, target)
