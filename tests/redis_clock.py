"""A clock for the Redis of a test, which stands until it is set forward."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


class RedisClock:
    """``ms``: milliseconds since 1970, as Redis has them."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def time(self) -> float:
        return self.ms / 1000

    def advance(self, ms: int) -> None:
        self.ms += ms


def stand_still(monkeypatch: pytest.MonkeyPatch) -> RedisClock:
    """From now on, for every fake Redis of this process."""
    clock = RedisClock()
    monkeypatch.setattr("fakeredis.commands_mixins.server_mixin.time", SimpleNamespace(time=clock.time))
    return clock
