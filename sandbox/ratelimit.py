"""The rate limit that came with 2026.3: token buckets, by default 200 requests a minute.

There are three policies, documents of the system from 2026.3 on (`ratelimitingpolicies`): strangers are counted by
address, people and agents by user. That of people is the one that the settings and the admin route set, on every
release; that of strangers is off, as it is after an upgrade, and that of agents on, since 2026.3. A rejected request
gets 429 with `Retry-After` in whole seconds, or without it if the settings say so: the reference promises it only "when
known". `AuditMode` lets every request through. Who is rejected, or would be, is in the audit log once in 15 (5)
minutes. The fourth policy, of webhooks that trigger something, cannot be changed and is not there; nor are triggers.

| route | what it does |
|---|---|
| `GET`, `PUT /api/sandbox/ratelimit` | `{RequestsPerMinute, BurstLimit, RetryAfter}`; 0 a minute: no limit |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.access import Access
from sandbox.errors import ApiError, bad_request, not_found
from sandbox.event_entry import Entry, Part
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["Policy", "RateLimit", "add_routes"]

# (?) Their ids: that of the second is in an answer that a client's test has.
STRANGERS, PEOPLE, AGENTS = (f"RateLimitingPolicies-{number}" for number in (1, 2, 3))
_TOLD_EVERY, _TOLD_EVERY_IN_AUDIT_MODE = timedelta(minutes=15), timedelta(minutes=5)

Tell = Callable[[Entry, Access | None], None]
"""Puts an entry into the audit log, as what a user did, or nobody."""


@dataclass(slots=True)
class Policy:
    """A bucket for each caller. It holds `burst` tokens at most, and gains `per_minute` in a minute; each request takes
    one. `per_minute` 0 means no limit, `burst` 0 means as many as `per_minute`."""

    name: str
    scope_type: str
    per_minute: int = 200
    burst: int = 200
    enabled: bool = False
    audit_mode: bool = False

    _buckets: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def set(self, per_minute: int, burst: int, *, enabled: bool) -> None:
        """Change the limit. Every bucket is full again."""
        self.per_minute, self.burst, self.enabled = per_minute, burst, enabled
        self._buckets.clear()

    def wait(self, caller: str, now: datetime) -> float:
        """Take a token: 0, or the seconds until there will be one."""
        if not (self.enabled and self.per_minute):
            return 0.0
        size, per_second = float(self.burst or self.per_minute), self.per_minute / 60
        tokens, at = self._buckets.get(caller, (size, now))
        tokens = min(size, tokens + max(0.0, (now - at).total_seconds()) * per_second)
        self._buckets[caller] = (tokens - 1 if tokens >= 1 else tokens, now)
        return 0.0 if tokens >= 1 else (1 - tokens) / per_second

    def to_json(self, policy_id: str) -> Document:
        return {
            "Id": policy_id,
            "IsBuiltIn": True,
            "Name": self.name,
            "IsEnabled": self.enabled,
            "ScopeType": self.scope_type,
            "RequestsPerMinute": self.per_minute or 200,
            "BurstLimit": self.burst or self.per_minute or 200,
            "AuditMode": self.audit_mode,
        }


class RateLimit:
    """The policies of a server. `tell` is what audits a rejection."""

    def __init__(
        self,
        per_minute: int,
        clock: Callable[[], datetime],
        *,
        burst: int = 0,
        retry_after: bool = True,
        agents: bool = False,
    ) -> None:
        self.policies = {
            STRANGERS: Policy("Unauthenticated requests", "Unauthenticated"),
            PEOPLE: Policy("Authenticated requests", "AuthenticatedHuman", per_minute, burst, enabled=per_minute > 0),
            AGENTS: Policy("Authenticated AI agent requests", "AuthenticatedAgent", enabled=agents),
        }
        self.retry_after = retry_after
        self.tell: Tell = lambda entry, access: None
        self._clock = clock
        self._told: dict[str, datetime] = {}

    @property
    def people(self) -> Policy:
        return self.policies[PEOPLE]

    def take(self, access: Access | None, address: str) -> None:
        """Count a request of a key, or (None) of a stranger. Raises ApiError 429 when the bucket is empty."""
        policy = self.policies[STRANGERS if access is None else AGENTS if access.agent else PEOPLE]
        seconds = policy.wait(address if access is None else access.username, self._clock())
        if not seconds:
            return
        self._audit(policy, access, address)
        if not policy.audit_mode:
            headers = {"Retry-After": str(math.ceil(seconds))} if self.retry_after else {}
            raise ApiError(429, "Too many requests. Please slow down.", headers=headers)

    def _audit(self, policy: Policy, access: Access | None, address: str) -> None:
        """(?) The words and the category: that there is such an event is all that is published."""
        caller = address if access is None else access.username
        now, pause = self._clock(), _TOLD_EVERY_IN_AUDIT_MODE if policy.audit_mode else _TOLD_EVERY
        before = self._told.get(caller)
        if before is not None and now - before < pause:
            return
        self._told[caller] = now
        verb = "would have been" if policy.audit_mode else "was"
        sentence = Part(f"A request of {caller} {verb} rejected by the rate limit '{policy.name}'")
        self.tell(Entry("RateLimitExceeded", (), (sentence,), None), access)


def add_routes(router: Router, limit: RateLimit) -> None:
    def settings() -> Document:
        people = limit.people
        per_minute = people.per_minute if people.enabled else 0
        return {"RequestsPerMinute": per_minute, "BurstLimit": people.burst, "RetryAfter": limit.retry_after}

    def change(call: Call) -> Answer:
        body = {**settings(), **call.json()}
        unknown = sorted(set(body) - set(settings()))
        if unknown or not isinstance(body["RetryAfter"], bool):
            raise bad_request("The rate limit has RequestsPerMinute, BurstLimit and RetryAfter.")
        per_minute = _number(body, "RequestsPerMinute")
        limit.people.set(per_minute, _number(body, "BurstLimit"), enabled=per_minute > 0)
        limit.retry_after = body["RetryAfter"]
        return Answer(settings())

    def find(call: Call) -> str:
        wanted = call.params["id"].casefold()
        found = next((one for one in limit.policies if one.casefold() == wanted), None)
        if found is None:
            raise not_found(call.params["id"])
        return found

    def show(policy_id: str) -> Document:
        return limit.policies[policy_id].to_json(policy_id)

    def list_policies(call: Call) -> Answer:
        return page(call, "RateLimitingPolicy", "ratelimitingpolicies", [*limit.policies], show=show)

    def put_policy(call: Call) -> Answer:
        policy_id = find(call)
        body = {**show(policy_id), **call.json()}
        numbers = [_number(body, name) for name in ("RequestsPerMinute", "BurstLimit")]
        policy = limit.policies[policy_id]
        policy.set(*numbers, enabled=bool(body["IsEnabled"]))
        policy.audit_mode = bool(body["AuditMode"])
        return Answer(show(policy_id))

    router.add("GET", "sandbox/ratelimit", lambda _: Answer(settings()), scope="system")
    router.add("PUT", "sandbox/ratelimit", change, scope="system")
    for method, template, handler in (
        ("GET", "ratelimitingpolicies", list_policies),
        ("GET", "ratelimitingpolicies/{id}", lambda call: Answer(show(find(call)))),
        ("PUT", "ratelimitingpolicies/{id}", put_policy),
    ):
        router.add(method, template, handler, scope="system", since="2026.3")


def _number(body: Document, name: str) -> int:
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_request(f"{name} must be a whole number, 0 or more.")
    return value
