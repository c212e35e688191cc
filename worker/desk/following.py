"""Following what was marked until it is dealt with, by its correlation id.

A mark's correlation id goes with all that comes of it: the run that answers it, the keys that a comparison finds to
differ, and those that do without something which came to exist. So what is still to do is whatever in the queue bears
the id, and the end is when nothing does any more, but for what only a person can move on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from worker.desk.times import span
from worker.queue.keys import DirtyKey
from worker.queue.values import BLOCKED, DeadLetter, Entry
from worker.queue.values import State as EntryState
from worker.state import State

MOST = 100_000
NOBODY_MS = 20_000
"""Due for longer, with nothing at work: most likely there is no worker."""
STUCK_MS = 60_000
"""Blocked items are looked at again after a quarter of an hour; one that is due sooner was marked anew."""


class End(StrEnum):
    """How it ended, besides the results of the engine."""

    DONE = "done"
    """By a run of which no record is kept."""
    FAILED = "failed"
    """A dead letter."""
    BLOCKED = "blocked"
    HELD = "held"
    WAITING = "waiting"
    """It did not end yet."""


@dataclass(frozen=True, slots=True)
class Followed:
    """``result`` is an :class:`End`, or what the engine called it; ``why`` is for people; ``run`` the last one's id."""

    key: DirtyKey
    result: str
    why: str = ""
    run: str = ""


@dataclass(slots=True)
class Standing:
    """What has become of the marks so far. ``stopped``: of routes among them, why they do not go on."""

    running: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    blocked: list[Entry] = field(default_factory=list)
    held: list[Entry] = field(default_factory=list)
    failed: list[DeadLetter] = field(default_factory=list)
    done: list[DirtyKey] = field(default_factory=list)
    moving: list[DirtyKey] = field(default_factory=list)
    """On their way from one place to another while we looked."""
    stopped: dict[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more unless a person does something."""
        return not self.running and not self.waiting and not self.moving

    @property
    def nobody(self) -> str:
        """Whether nobody seems to take it, in words; empty if somebody does."""
        overdue = max((-one.in_ms for one in self.waiting if one.key.route not in self.stopped), default=0)
        if self.running or overdue < NOBODY_MS:
            return ""
        return f"due for {span(overdue / 1000)}, and nobody took it: is a worker running?"

    @property
    def ended(self) -> int:
        return len(self.blocked) + len(self.held) + len(self.failed) + len(self.done)

    def __str__(self) -> str:
        whole = self.ended + len(self.running) + len(self.waiting) + len(self.moving)
        parts = [f"{self.ended} of {whole} done"]
        for words, some in (("running", self.running), ("failed", self.failed), ("blocked", self.blocked)):
            if some:
                parts.append(f"{len(some)} {words}")
        reasons = [one.why for one in self.waiting if one.why]
        reasons += [f"{route} {why}" for route, why in self.stopped.items()]
        reasons += [self.nobody] if self.nobody else []
        return ", ".join(parts) + (f" ({reasons[0]})" if reasons else "")


class Follower:
    """``keys``: what was marked with ``correlation_id``. Keys that come of them are followed as well."""

    def __init__(self, state: State, correlation_id: str, keys: Iterable[DirtyKey]) -> None:
        self._state = state
        self._id = correlation_id
        self._known = dict.fromkeys(keys)

    async def look(self) -> Standing:
        routes = sorted({key.route for key in self._known})
        held = {name for name, one in (await self._state.ledger.held.all()).items() if not one.approved}
        paused = await self._state.queue.paused()
        standing = Standing()
        open_: set[DirtyKey] = set()
        for route in routes:
            for entry in await self._state.queue.waiting(route, limit=MOST):
                if self._id not in entry.correlation_ids or entry.key in open_:
                    continue
                open_.add(entry.key)
                self._place(standing, entry, is_held=route in held)
            if paused & {route, "*"} and any(one.key.route == route for one in standing.waiting):
                standing.stopped[route] = "is paused"
        letters = [one for one in await self._state.queue.dead_letters(MOST) if self._id in one.correlation_ids]
        self._known |= dict.fromkeys((*open_, *(one.key for one in letters)))
        standing.failed = [one for one in letters if one.key not in open_]
        buried = {one.key for one in standing.failed}
        left = [key for key in self._known if key not in open_ and key not in buried]
        # A claim moves a key while we look through the lists. What is known of it lies in one place.
        standing.moving = await self._state.queue.bearing(self._id, left)
        moving = set(standing.moving)
        standing.done = [key for key in left if key not in moving]
        return standing

    def _place(self, standing: Standing, entry: Entry, *, is_held: bool) -> None:
        if entry.state is EntryState.RUNNING:
            standing.running.append(entry)
        elif is_held:
            standing.held.append(entry)
        elif entry.why.startswith(BLOCKED) and entry.in_ms > STUCK_MS:
            standing.blocked.append(entry)
        else:
            standing.waiting.append(entry)

    async def results(self, standing: Standing) -> list[Followed]:
        """One for each key, with what its last run came to."""
        runs = {run.key: run for run in await self._state.ledger.runs.answering(self._id)}
        results = []
        # A key may have come and gone between two looks; its run tells of it.
        gone = [key for key in map(DirtyKey.parse, runs) if key not in self._known]
        for key in [*standing.done, *gone]:
            run = runs.get(str(key))
            results.append(
                Followed(key, run.outcome, run.error or run.summary, run.id) if run else Followed(key, End.DONE)
            )
        for letter in standing.failed:
            why = " · ".join(part for part in (letter.reason, letter.server_words) if part)
            results.append(Followed(letter.key, End.FAILED, why, _id(runs.get(str(letter.key)))))
        for end, entries in (
            (End.BLOCKED, standing.blocked),
            (End.HELD, standing.held),
            (End.WAITING, [*standing.running, *standing.waiting]),
        ):
            for entry in entries:
                why = entry.why.removeprefix(BLOCKED) or ("running" if entry.state is EntryState.RUNNING else "")
                results.append(Followed(entry.key, end, why, _id(runs.get(str(entry.key)))))
        results += [Followed(key, End.WAITING) for key in standing.moving]
        return results


def as_dicts(results: Sequence[Followed]) -> list[dict[str, Any]]:
    """For other programs."""
    return [
        {
            "route": one.key.route,
            "document": one.key.document,
            "result": str(one.result),
            "why": one.why,
            "run": one.run or None,
        }
        for one in results
    ]


def _id(run: Any) -> str:
    return run.id if run is not None else ""
