"""What the queue takes and gives back. Plain values; the model is told in :mod:`worker.queue.dirty`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.queue.keys import DirtyKey

BLOCKED = "blocked: "
"""So the reason begins of an item that waits for another to exist."""


class Source(StrEnum):
    """Who marked. The first two report a change and are debounced; the rest only say *look again*."""

    WEBHOOK = "webhook"
    CATCH_UP = "catch-up"
    NIGHTLY = "nightly"
    CLI = "cli"
    DEPENDENCY = "dependency"
    SWEEP = "sweep"

    @property
    def reports_a_change(self) -> bool:
        return self in (Source.WEBHOOK, Source.CATCH_UP)


class Priority(StrEnum):
    """A class of work, and of workers: each has a Celery queue of its own, so a night's work never delays an event."""

    EVENTS = "events"
    BULK = "bulk"

    @property
    def celery_queue(self) -> str:
        return f"octosync.{self.value}"


@dataclass(frozen=True, slots=True)
class Marked:
    key: DirtyKey
    generation: int
    due_ms: int
    """By the clock of Redis, milliseconds since 1970."""
    newly_ready: bool
    """It was not waiting before: worth a hint."""


class ClaimStatus(StrEnum):
    OK = "ok"
    BUSY = "busy"
    """Another worker runs it. ``wait_ms`` until its lease could end."""
    EARLY = "early"
    """Marked, but not due yet. ``wait_ms`` until it is."""
    CLEAN = "clean"
    """Nothing to do. What a doubled or late message finds."""
    PAUSED = "paused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim. All but ``status`` and ``wait_ms`` is meaningful only for ``ok``."""

    key: DirtyKey
    status: ClaimStatus
    wait_ms: int = 0
    token: int = 0
    """Fencing token: rises with every claim of any key."""
    generation: int = 0
    attempts: int = 0
    """Failed tries before this one, expired leases included."""
    priority: Priority = Priority.EVENTS
    since_ms: int = 0
    """When the oldest mark not answered yet was made, by the clock of Redis: how far behind we are."""
    claimed_ms: int = 0
    """When it was claimed, by the same clock."""
    sources: tuple[Source, ...] = ()
    correlation_ids: tuple[str, ...] = ()
    """Of the marks that this run answers, oldest first, the last eight."""
    requested_by: str | None = None
    reason: str | None = None

    @property
    def correlation_id(self) -> str | None:
        """The newest: the one a person who just saved something looks for."""
        return self.correlation_ids[-1] if self.correlation_ids else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``reason`` is for people: it is shown with the waiting item."""

    kind: str
    in_ms: int = 0
    reason: str = ""

    @classmethod
    def finished(cls) -> Outcome:
        return cls("finished")

    @classmethod
    def retry_in(cls, ms: int, reason: str = "") -> Outcome:
        """It failed; counts as an attempt."""
        return cls("retry", max(0, int(ms)), reason)

    @classmethod
    def wait_in(cls, ms: int, reason: str = "") -> Outcome:
        """It could not be tried (instance unreachable, an item must exist first). Costs no attempt."""
        return cls("wait", max(0, int(ms)), reason)


class Done(StrEnum):
    CLEAN = "clean"
    AGAIN = "again"
    """Still dirty: marked meanwhile, or to be tried again."""
    BURIED = "buried"
    """That was its last attempt: now a dead letter."""
    LOST = "lost"
    """The lease had ended and the key is another's. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Due:
    key: DirtyKey
    priority: Priority


@dataclass(frozen=True, slots=True)
class Sweep:
    """Keys that are due and that nobody was told of lately."""

    due: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    key: DirtyKey
    buried_ms: int
    attempts: int
    reason: str
    server_words: str
    sources: tuple[Source, ...]
    correlation_ids: tuple[str, ...]


class State(StrEnum):
    WAITING = "waiting"
    DUE = "due"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the waiting list."""

    key: DirtyKey
    state: State
    priority: Priority
    in_ms: int
    """Until due; negative for as long as it is overdue. Of a running one: until its lease ends."""
    attempts: int
    why: str
    """Why it is not done yet, as the last run put it. Empty if it was not tried."""
    sources: tuple[Source, ...]
    correlation_ids: tuple[str, ...]
    since_ms: int | None
    """When the oldest mark not answered yet was made. Failed tries do not answer."""
    started_ms: int | None
    """Of a running one."""


@dataclass(frozen=True, slots=True)
class Depth:
    """Counts of one route."""

    events: int = 0
    bulk: int = 0
    due: int = 0
    running: int = 0
    dead: int = 0
    events_overdue_ms: int = 0
    """How long the longest-waiting due key of this class of work has been due."""
    bulk_overdue_ms: int = 0

    @property
    def oldest_overdue_ms(self) -> int:
        """Of both classes."""
        return max(self.events_overdue_ms, self.bulk_overdue_ms)
