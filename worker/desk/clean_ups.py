"""The clean-up lists of several routes as one: narrowed, read in pages, exported, closed."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from worker.ledger.clean_ups import CleanUpEntry, Page, State
from worker.ledger.ledger import Ledger
from worker.plan.json import both_as_dict
from worker.plan.text import visible
from worker.plan.values import printed

EXPORT_CHUNK = 100
"""Entries that are written at a time: whoever exports may have webhooks to take meanwhile."""
COLUMNS = (
    "key",
    "route",
    "item",
    "where",
    "reason",
    "text",
    "state",
    "opened",
    "closed",
    "closed_by",
    "note",
    "resolved",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries. ``routes``: names. ``words`` are looked for everywhere in an entry, in any case."""

    routes: Sequence[str]
    state: State = State.OPEN
    reason: str | None = None
    words: str = ""


async def page(ledger: Ledger, wanted: Wanted, *, after: str | None = None, limit: int = 50) -> Page:
    """At most ``limit`` entries of all the routes, oldest first."""
    lists = [
        (
            await ledger.clean_ups.page(
                route, wanted.state, reason=wanted.reason, words=wanted.words, after=after, limit=limit
            )
        )
        for route in wanted.routes
    ]
    entries = list(merge(*(one.entries for one in lists), key=lambda one: one.place))
    more = len(entries) > limit or any(one.after for one in lists)
    found = entries[:limit]
    return Page(found, str(found[-1].place) if more and found else None)


async def counts(ledger: Ledger, routes: Iterable[str]) -> dict[State, Counter[str]]:
    """How many entries of each state and reason the routes have."""
    found: dict[State, Counter[str]] = {state: Counter() for state in State}
    for route in routes:
        for state, reasons in (await ledger.clean_ups.counts(route)).items():
            found[state].update(reasons)
    return found


async def close(ledger: Ledger, keys: Iterable[tuple[str, str]], *, by: str, note: str = "") -> int:
    """Closes entries, each named by route and key. Returns how many were open."""
    return sum([await ledger.clean_ups.close(route, key, by, note) for route, key in keys])


async def reopen(ledger: Ledger, keys: Iterable[tuple[str, str]]) -> int:
    """Takes closings back. Returns how many there were."""
    return sum([await ledger.clean_ups.reopen(route, key) for route, key in keys])


async def everything(ledger: Ledger, wanted: Wanted) -> AsyncIterator[list[CleanUpEntry]]:
    """All of them, route by route, some at a time."""
    for route in wanted.routes:
        after: str | None = None
        while True:
            found = await ledger.clean_ups.page(
                route, wanted.state, reason=wanted.reason, words=wanted.words, after=after, limit=EXPORT_CHUNK
            )
            yield found.entries
            if (after := found.after) is None:
                break


def as_dict(one: CleanUpEntry) -> dict[str, Any]:
    """For other programs."""
    return {
        "key": one.key,
        "route": one.route,
        "item": list(one.entry.item),
        "where": one.entry.where,
        "reason": one.entry.reason,
        "text": one.entry.text,
        "state": str(one.state),
        "opened": one.opened,
        "closed": one.closed,
        "closed_by": one.closed_by,
        "note": one.note,
        "resolved": one.resolved,
        "run": one.run_id,
        "both": both_as_dict(one.entry.both) if one.entry.both is not None else None,
    }


async def as_json(ledger: Ledger, wanted: Wanted) -> AsyncIterator[bytes]:
    """A JSON list, piece by piece, in ASCII."""
    begun = False
    async for entries in everything(ledger, wanted):
        for one in entries:
            yield (",\n" if begun else "[\n").encode() + json.dumps(as_dict(one), default=str).encode()
            begun = True
    yield b"\n]\n" if begun else b"[]\n"


async def as_csv(ledger: Ledger, wanted: Wanted) -> AsyncIterator[bytes]:
    """CSV (RFC 4180), piece by piece, in UTF-8 with the mark by which spreadsheets know it."""
    yield "\ufeff".encode() + _row(COLUMNS)
    async for entries in everything(ledger, wanted):
        for one in entries:
            line = {**as_dict(one), "item": printed(one.entry.item)}
            yield _row(["" if line[name] is None else str(line[name]) for name in COLUMNS])


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(visible(cell)) for cell in cells])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _harmless(cell: str) -> str:
    """Spreadsheets compute what begins like a formula, and names may begin as they like (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
