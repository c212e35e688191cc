"""Plans as lines of a diff, for the templates; made in a thread, since a long script takes its time to compare."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.ledger.drift import Drifted
from worker.plan import json as plan_json
from worker.plan.lines import Line, changed, details, drift_headline, finding, headline, shown
from worker.plan.text import visible

ACTIONS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Diff:
    """One item of a plan. ``op`` is its operation, or ``drifted``."""

    op: str
    headline: Line
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """``diffs`` are those of one page, which begins with the item numbered ``start``; ``following`` that of the next
    page, or ``None``. ``problem``: it cannot be shown, and why."""

    hash: str = ""
    summary: str = ""
    notes: Sequence[str] = ()
    findings: Sequence[Line] = ()
    diffs: Sequence[Diff] = ()
    total: int = 0
    start: int = 0
    following: int | None = None
    problem: str = ""


async def of_plan(document: Mapping[str, Any], start: int = 0) -> ShownPlan:
    """``document``: as :func:`worker.plan.json.as_dict` gave it."""
    return await asyncio.to_thread(_of_plan, document, start)


async def of_drift(items: Iterable[Drifted]) -> list[Diff]:
    return await asyncio.to_thread(lambda: [_of_drift(one) for one in items])


def _of_plan(document: Mapping[str, Any], start: int) -> ShownPlan:
    try:
        plan = plan_json.from_dict(document)
    except ValueError as error:
        return ShownPlan(problem=str(error))
    actions, drifted = shown(plan), plan.drifted
    total = len(actions) + len(drifted)
    end = start + ACTIONS_A_PAGE
    diffs = [Diff(str(one.op), headline(one), list(details(one))) for one in actions[start:end]]
    diffs += [
        Diff("drifted", drift_headline(one.path), list(changed(one.drift)))
        for one in drifted[max(0, start - len(actions)) : max(0, end - len(actions))]
    ]
    return ShownPlan(
        hash=str(document.get("hash", "")),
        summary=plan.summary(),
        notes=[visible(note) for note in plan.notes],
        findings=[finding(one) for one in plan.findings],
        diffs=diffs,
        total=total,
        start=start,
        following=end if end < total else None,
    )


def _of_drift(one: Drifted) -> Diff:
    return Diff("drifted", drift_headline(one.path, one.left_out), list(changed(one.changes)))
