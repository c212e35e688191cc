"""Log lines that a stranger or an outage could cause without end: the first, then once in a while with a count."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

EVERY_S = 10.0


class Seldom:
    def __init__(self, log: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}
        """By event: when it was said, and how many more came since."""

    def warning(self, event: str, **fields: Any) -> None:
        self._say(self._log.warning, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._say(self._log.error, event, fields)

    def _say(self, method: Callable[..., Any], event: str, fields: dict[str, Any]) -> None:
        now = self._clock()
        said, more = self._said.get(event, (float("-inf"), 0))
        if now - said < EVERY_S:
            self._said[event] = (said, more + 1)
            return
        self._said[event] = (now, 0)
        method(event, **fields, **({"more_like_it": more} if more else {}))
