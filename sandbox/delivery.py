"""Delivery: how Octopus tells a subscriber what happened.

Every `poll_seconds` (30 in reality) each enabled subscription is looked at. The events above its AutoId cursor that
pass its filter are one batch, oldest first (newest first before 2018.11, OctopusDeploy/Issues#4817); each is a POST of
its own, one after the other. Any 2xx is success. **After one call that failed the rest of the batch is not sent, and
the cursor moves on all the same**, so nothing is ever sent again (Issues#7216). The cursor also moves when there was
nothing to send. An event which commits late, below the cursor, is never sent at all (Issues#3140).

(?) A new subscription starts with the events after its creation, and a disabled one keeps its cursor: what happened
meanwhile is sent once it is enabled. Nothing public says otherwise for servers of this decade.

`DeliveryFaults` makes delivery go wrong on request, in the ways that were seen: see the class.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

import aiohttp

from sandbox.audience import audience
from sandbox.audit import AuditEvent, AuditLog
from sandbox.event_dialect import has
from sandbox.event_query import EventQuery
from sandbox.event_resource import date, event_resource, utc
from sandbox.settings import Settings
from sandbox.store import Document, Store
from sandbox.subscription_resource import HEADER_PLACE, Progress, parse_time_span, subscription_resource

__all__ = ["Deliveries", "Delivery", "DeliveryFaults"]

_KEPT = 10_000

# delivered: a 2xx. failed: any other answer, or none. timed out: none within WebhookTimeout.
# not sent: an earlier call of the batch had failed. lost: a fault swallowed it without a trace.
Outcome = Literal["delivered", "failed", "timed out", "not sent", "lost"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST, or one that was not made. `status` is None without an answer."""

    subscription_id: str
    batch_id: str
    number: int
    total: int
    event_id: str
    auto_id: int
    outcome: Outcome
    status: int | None
    at: datetime

    def to_json(self) -> dict[str, Any]:
        return {
            "SubscriptionId": self.subscription_id,
            "BatchId": self.batch_id,
            "EventNumberInBatch": self.number,
            "TotalEventsInBatch": self.total,
            "EventId": self.event_id,
            "EventAutoId": self.auto_id,
            "Outcome": self.outcome,
            "Status": self.status,
            "At": self.at.isoformat(timespec="milliseconds"),
        }


@dataclass(slots=True)
class DeliveryFaults:
    """What goes wrong with the next deliveries. Numbers count down, one for each event that they meet.

    `fail`: the POST is not made and counts as failed, as if nobody listened. `hang`: it is made, but its answer is
    taken for a timeout, so the receiver has it and Octopus drops the rest. `lose`: not made, and the batch goes on.
    `double`: made twice. `reorder`: batches go newest first, until switched off. `quote`: the numbers of the batch are
    sent as text, as the template of the documentation has them.
    """

    fail: int = 0
    hang: int = 0
    lose: int = 0
    double: int = 0
    reorder: bool = False
    quote: bool = False

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> DeliveryFaults:
        """From `{"Fail": 1, "Reorder": true}`; what is absent is off. Raises ValueError."""
        known = {field.name.capitalize(): field.name for field in fields(cls)}
        for name, value in body.items():
            if name not in known:
                raise ValueError(f"there is no fault {name}; there are {', '.join(known)}")
            switch = name in ("Reorder", "Quote")
            if switch and not isinstance(value, bool):
                raise ValueError(f"{name} is true or false")
            if not switch and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise ValueError(f"{name} is a number of deliveries, 0 or more")
        return cls(**{known[name]: value for name, value in body.items()})

    def to_json(self) -> dict[str, Any]:
        return {field.name.capitalize(): getattr(self, field.name) for field in fields(self)}

    def take(self, name: Literal["fail", "hang", "lose", "double"]) -> bool:
        """Whether this fault hits now; counts it down."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


class Deliveries:
    """The deliveries of one server. Iterating gives the last of them, oldest first.

    `zone` is where the server stands: `BatchProcessingDate` has its offset; None is that of this machine.
    """

    def __init__(self, store: Store, audit: AuditLog, settings: Settings, zone: tzinfo | None = None) -> None:
        self.faults = DeliveryFaults()
        self._store, self._audit, self._settings, self._zone = store, audit, settings, zone
        # Per subscription {"Cursor", "LastProcessed", "LastAutoId"}; the last two are null before the first run.
        self._progress: dict[str, dict[str, Any]] = store.state.setdefault("SubscriptionProgress", {})
        self._log: deque[Delivery] = deque(maxlen=_KEPT)
        self._one_at_a_time = asyncio.Lock()
        self._wanted = asyncio.Event()

    def __iter__(self) -> Iterator[Delivery]:
        return iter(list(self._log))

    def __len__(self) -> int:
        return len(self._log)

    def clear(self) -> None:
        """Forget the log; cursors stay."""
        self._log.clear()

    def watch(self, subscription_id: str) -> None:
        """A subscription was created: it hears of what happens from now on."""
        self._progress[subscription_id] = {
            "Cursor": self._audit.last_auto_id,
            "LastProcessed": None,
            "LastAutoId": None,
        }

    def forget(self, subscription_id: str) -> None:
        """A subscription was deleted."""
        self._progress.pop(subscription_id, None)

    def progress(self, subscription_id: str) -> Progress:
        """What `WebhookLastProcessed` and `WebhookLastProcessedEventAutoId` show."""
        row = self._progress.get(subscription_id) or {"LastProcessed": None, "LastAutoId": None}
        last = row["LastProcessed"]
        return (None if last is None else datetime.fromisoformat(last), row["LastAutoId"])

    def look_now(self) -> None:
        """Let the scheduler look at once instead of at the end of its interval."""
        self._wanted.set()

    async def run(self) -> None:
        """The scheduler, until it is cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), self._settings.poll_seconds)
                self._wanted.clear()
                await self.poll(session)

    async def poll(self, session: aiohttp.ClientSession) -> None:
        """One look at all subscriptions, with all calls that follow from it."""
        async with self._one_at_a_time:
            for space in list(self._store.spaces()):
                for document in list(self._store.space(space["Id"]).collection("subscriptions").values()):
                    if not document["IsDisabled"]:
                        await self._process(document, session)

    async def _process(self, document: Document, session: aiohttp.ClientSession) -> None:
        subscription_id = document["Id"]
        if subscription_id not in self._progress:
            self.watch(subscription_id)
        row = self._progress[subscription_id]
        up_to = self._audit.last_auto_id
        filters = document["EventNotificationSubscription"]["Filter"]
        query = EventQuery.from_filter(filters, document["SpaceId"], self._settings.version, self._store)
        teams = document["EventNotificationSubscription"]["WebhookTeams"]
        may_see = audience(self._store, document["SpaceId"], teams)
        batch = [
            event
            for event in self._audit.after(row["Cursor"])
            if event.auto_id <= up_to and query.matches(event) and may_see(event.entry)
        ]
        before = self.progress(subscription_id)
        now = self._store.clock()
        # Before the calls, not after them: a stop in the middle of a batch loses the rest, as on the real server.
        row |= {"Cursor": up_to, "LastProcessed": now.isoformat(), "LastAutoId": up_to}
        if batch and document["EventNotificationSubscription"]["WebhookURI"]:
            await self._send_batch(document, before, batch, now, session)

    async def _send_batch(
        self,
        document: Document,
        before: Progress,
        batch: list[AuditEvent],
        now: datetime,
        session: aiohttp.ClientSession,
    ) -> None:
        header = self._store.secret(document["Id"], HEADER_PLACE)
        envelope = self._envelope(document, before, header, now)
        batch_id = str(uuid.uuid4())
        failed = False
        newest_first = self.faults.reorder or not has(self._settings.version, "oldest first")
        for number, event in enumerate(reversed(batch) if newest_first else batch, start=1):
            outcome: Outcome = "not sent"
            status = None
            if not failed:
                payload = envelope | {
                    "Event": event_resource(event, self._settings.version, api_root=self._settings.api_root),
                    "BatchId": batch_id,
                    "TotalEventsInBatch": str(len(batch)) if self.faults.quote else len(batch),
                    "EventNumberInBatch": str(number) if self.faults.quote else number,
                }
                outcome, status = await self._send(document, header, payload, session)
                failed = outcome in ("failed", "timed out")
            self._log.append(
                Delivery(
                    document["Id"],
                    batch_id,
                    number,
                    len(batch),
                    event.id,
                    event.auto_id,
                    outcome,
                    status,
                    self._store.clock(),
                )
            )

    def _envelope(self, document: Document, before: Progress, header: str | None, now: datetime) -> Document:
        version, url = self._settings.version, self._settings.public_url
        since = before[0] or now - timedelta(seconds=self._settings.poll_seconds)
        window = f"from={utc(since, version)}&to={utc(now, version)}".replace(":", "%3a").replace("+", "%2b")
        return {
            "ServerUri": url,
            "ServerAuditUri": None if url is None else f"{url}/app#/{document['SpaceId']}/configuration/audit?{window}",
            "BatchProcessingDate": date(now.astimezone(self._zone), version),
            "Subscription": subscription_resource(
                document, before, header, version, api_root=self._settings.api_root, in_webhook=True
            ),
        }

    async def _send(
        self, document: Document, header: str | None, payload: Document, session: aiohttp.ClientSession
    ) -> tuple[Outcome, int | None]:
        if self.faults.take("fail"):
            return "failed", None
        if self.faults.take("lose"):
            return "lost", None
        if self.faults.take("double"):
            await self._post(document, header, payload, session)
        hang = self.faults.take("hang")
        outcome, status = await self._post(document, header, payload, session)
        return ("timed out", None) if hang else (outcome, status)

    async def _post(
        self, document: Document, header: str | None, payload: Document, session: aiohttp.ClientSession
    ) -> tuple[Outcome, int | None]:
        notification = document["EventNotificationSubscription"]
        headers = {"Content-Type": "application/json"}
        if notification["WebhookHeaderKey"]:
            headers[notification["WebhookHeaderKey"]] = header or ""
        body = {
            "Timestamp": utc(self._store.clock(), self._settings.version),
            "EventType": "SubscriptionPayload",
            "Payload": payload,
        }
        timeout = aiohttp.ClientTimeout(total=parse_time_span(notification["WebhookTimeout"]).total_seconds())
        data = json.dumps(body, ensure_ascii=False).encode()
        try:
            async with session.post(notification["WebhookURI"], data=data, headers=headers, timeout=timeout) as answer:
                await answer.read()
                return ("delivered" if 200 <= answer.status < 300 else "failed"), answer.status
        except TimeoutError:
            return "timed out", None
        except (aiohttp.ClientError, ValueError):  # nobody listens; a header or URL that cannot be sent
            return "failed", None
