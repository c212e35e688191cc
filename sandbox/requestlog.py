"""Which requests were made: for tests and benchmarks that count them."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["LoggedRequest", "RequestLog"]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """`route` is the template that answered, without a space ("projects/{id}"); "" when none did.

    `status` is what was answered, 0 when the connection was dropped. `at` is when, in seconds since 1970 by the clock
    of the machine, which tests do not turn as they do that of the store.
    """

    method: str
    path: str
    route: str
    status: int
    user_agent: str
    at: float = field(default_factory=time.time)


class RequestLog:
    """Counts per method and route, and the last `keep` requests themselves."""

    def __init__(self, keep: int = 10_000) -> None:
        self._recent: deque[LoggedRequest] = deque(maxlen=keep)
        self.counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(self._recent)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def add(self, request: LoggedRequest) -> None:
        self._recent.append(request)
        self.counts[f"{request.method} {request.route or request.path}"] += 1

    @property
    def writes(self) -> int:
        """How many requests were not GET or HEAD."""
        return sum(n for route, n in self.counts.items() if route.split(" ", 1)[0] not in ("GET", "HEAD"))

    def clear(self) -> None:
        self._recent.clear()
        self.counts.clear()
