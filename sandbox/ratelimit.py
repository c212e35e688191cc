"""The rate limit that came with 2026.3: a token bucket per user and node, by default 200 requests a minute.

A rejected request gets 429 with `Retry-After` in whole seconds, or without it if the settings say so: the reference
promises it only "when known". The policies are documents of the system from 2026.3 on, `ratelimitingpolicies`: that of
users who sign in is the one that counts here, those of strangers and of agents can be read and changed. The admin
route sets the first on every release. `AuditMode` lets every request through.

| route | what it does |
|---|---|
| `GET`, `PUT /api/sandbox/ratelimit` | `{RequestsPerMinute, BurstLimit, RetryAfter}`; 0 a minute: no limit |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.errors import ApiError, bad_request, not_found
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["RateLimit", "add_routes"]

# (?) Their ids: that of the second is in an answer that a client's test has.
STRANGERS, PEOPLE, AGENTS = (f"RateLimitingPolicies-{number}" for number in (1, 2, 3))
_POLICIES = {
    STRANGERS: ("Unauthenticated requests", "Unauthenticated"),
    PEOPLE: ("Authenticated requests", "AuthenticatedHuman"),
    AGENTS: ("Authenticated AI agent requests", "AuthenticatedAgent"),
}


@dataclass(slots=True)
class RateLimit:
    """A bucket for each user. It holds `burst` tokens at most, and gains `per_minute` in a minute; each request takes
    one. `per_minute` 0 means no limit, `burst` 0 means as many as `per_minute`."""

    per_minute: int
    clock: Callable[[], datetime]
    burst: int = 0
    retry_after: bool = True
    audit_mode: bool = False

    _buckets: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def set(self, per_minute: int, burst: int) -> None:
        """Change the limit. Every bucket is full again."""
        self.per_minute, self.burst = per_minute, burst
        self._buckets.clear()

    def take(self, user: str) -> None:
        """Raises ApiError 429 when the bucket of the user is empty."""
        if not self.per_minute:
            return
        size, per_second, now = float(self.burst or self.per_minute), self.per_minute / 60, self.clock()
        tokens, at = self._buckets.get(user, (size, now))
        tokens = min(size, tokens + max(0.0, (now - at).total_seconds()) * per_second)
        if tokens >= 1 or self.audit_mode:
            self._buckets[user] = (max(0.0, tokens - 1), now)
            return
        self._buckets[user] = (tokens, now)
        headers = {"Retry-After": str(math.ceil((1 - tokens) / per_second))} if self.retry_after else {}
        raise ApiError(429, "Too many requests. Please slow down.", headers=headers)


def add_routes(router: Router, limit: RateLimit) -> None:
    def settings() -> Document:
        return {"RequestsPerMinute": limit.per_minute, "BurstLimit": limit.burst, "RetryAfter": limit.retry_after}

    def change(call: Call) -> Answer:
        body = {**settings(), **call.json()}
        unknown = sorted(set(body) - set(settings()))
        if unknown or not isinstance(body["RetryAfter"], bool):
            raise bad_request("The rate limit has RequestsPerMinute, BurstLimit and RetryAfter.")
        limit.set(_number(body, "RequestsPerMinute"), _number(body, "BurstLimit"))
        limit.retry_after = body["RetryAfter"]
        return Answer(settings())

    others: dict[str, Document] = {
        policy: {"IsEnabled": policy == AGENTS, "RequestsPerMinute": 200, "BurstLimit": 200, "AuditMode": False}
        for policy in (STRANGERS, AGENTS)
    }

    def policy(policy_id: str) -> Document:
        name, scope = _POLICIES[policy_id]
        mine = others.get(policy_id) or {
            "IsEnabled": bool(limit.per_minute),
            "RequestsPerMinute": limit.per_minute or 200,
            "BurstLimit": limit.burst or limit.per_minute or 200,
            "AuditMode": limit.audit_mode,
        }
        return {"Id": policy_id, "IsBuiltIn": True, "Name": name, "ScopeType": scope, **mine}

    def find(call: Call) -> str:
        wanted = call.params["id"].casefold()
        found = next((one for one in _POLICIES if one.casefold() == wanted), None)
        if found is None:
            raise not_found(call.params["id"])
        return found

    def list_policies(call: Call) -> Answer:
        return page(call, "RateLimitingPolicy", "ratelimitingpolicies", [*_POLICIES], show=policy)

    def put_policy(call: Call) -> Answer:
        policy_id = find(call)
        body = {**policy(policy_id), **call.json()}
        given: Document = {
            "IsEnabled": bool(body["IsEnabled"]),
            "RequestsPerMinute": _number(body, "RequestsPerMinute"),
            "BurstLimit": _number(body, "BurstLimit"),
            "AuditMode": bool(body["AuditMode"]),
        }
        if policy_id in others:
            others[policy_id] = given
        else:
            limit.set(given["RequestsPerMinute"] if given["IsEnabled"] else 0, given["BurstLimit"])
            limit.audit_mode = given["AuditMode"]
        return Answer(policy(policy_id))

    router.add("GET", "sandbox/ratelimit", lambda _: Answer(settings()), scope="system")
    router.add("PUT", "sandbox/ratelimit", change, scope="system")
    for method, template, handler in (
        ("GET", "ratelimitingpolicies", list_policies),
        ("GET", "ratelimitingpolicies/{id}", lambda call: Answer(policy(find(call)))),
        ("PUT", "ratelimitingpolicies/{id}", put_policy),
    ):
        router.add(method, template, handler, scope="system", since="2026.3")


def _number(body: Document, name: str) -> int:
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_request(f"{name} must be a whole number, 0 or more.")
    return value
