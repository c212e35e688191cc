"""Dead letters: documents that were given up, and what a person does about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from worker.queue.keys import DirtyKey
from worker.queue.values import DeadLetter
from worker.state import State


async def retry(state: State, keys: Iterable[DirtyKey], *, by: str) -> list[DirtyKey]:
    """Those that were dead letters: tried again now, with all their attempts. A worker should look at them."""
    return [key for key in keys if await state.queue.retry(key, by)]


async def drop(state: State, keys: Iterable[DirtyKey]) -> list[DirtyKey]:
    """Those that were dead letters, and are forgotten. A new change, or the night, looks at them all the same."""
    return [key for key in keys if await state.queue.drop(key)]


def instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


def as_dict(letter: DeadLetter) -> dict[str, Any]:
    """For other programs."""
    return {
        "key": str(letter.key),
        "route": letter.key.route,
        "document": letter.key.document,
        "given_up": instant(letter.buried_ms),
        "attempts": letter.attempts,
        "reason": letter.reason,
        "server_words": letter.server_words,
        "sources": list(letter.sources),
        "correlation_ids": list(letter.correlation_ids),
    }
