"""The rate limit that came with 2026.3: a token bucket per user and node, by default 200 requests a minute.

A rejected request gets 429 with `Retry-After` in whole seconds, or without it if the settings say so: the reference
promises it only "when known". The policy is a document of the system from 2026.3 on, `ratelimitingpolicies`; the admin
route sets the same on every release. `AuditMode` lets every request through.

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

POLICY = "RateLimitingPolicies-1"


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

    def policy() -> Document:
        return {
            "Id": POLICY,
            "IsBuiltIn": True,
            "Name": "Authenticated requests",
            "IsEnabled": bool(limit.per_minute),
            "ScopeType": "AuthenticatedHuman",
            "RequestsPerMinute": limit.per_minute or 200,
            "BurstLimit": limit.burst or limit.per_minute or 200,
            "AuditMode": limit.audit_mode,
        }

    def check(call: Call) -> None:
        if call.params["id"].casefold() != POLICY.casefold():
            raise not_found(call.params["id"])

    def get_policy(call: Call) -> Answer:
        check(call)
        return Answer(policy())

    def put_policy(call: Call) -> Answer:
        check(call)
        body = {**policy(), **call.json()}
        per_minute = _number(body, "RequestsPerMinute") if body["IsEnabled"] else 0
        limit.set(per_minute, _number(body, "BurstLimit"))
        limit.audit_mode = bool(body["AuditMode"])
        return Answer(policy())

    router.add("GET", "sandbox/ratelimit", lambda _: Answer(settings()), scope="system")
    router.add("PUT", "sandbox/ratelimit", change, scope="system")
    policies = "ratelimitingpolicies"
    router.add(
        "GET", policies, lambda call: page(call, "RateLimitingPolicy", policies, [policy()]), scope="system",
        since="2026.3",
    )  # fmt: skip
    router.add("GET", f"{policies}/{{id}}", get_policy, scope="system", since="2026.3")
    router.add("PUT", f"{policies}/{{id}}", put_policy, scope="system", since="2026.3")


def _number(body: Document, name: str) -> int:
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_request(f"{name} must be a whole number, 0 or more.")
    return value
