"""Recording: what a run did and why, for those who ask later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from worker.ledger.ledger import Ledger
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.plan.values import Op, Plan, printed

log = structlog.get_logger(__name__)


async def record(
    ledger: Ledger, run: Run, outcome: str, plan: Plan | None, requests: Mapping[str, int], error: str | None
) -> None:
    """``run``: as it was begun. ``requests``: by instance. ``plan``: ``None`` where it came to none."""
    if plan is not None:
        await ledger.names.remember(run.route, {one.source_id: one.path for one in plan if one.source_id})
    ended = replace(
        run,
        finished=datetime.now(UTC).isoformat(),
        outcome=outcome,
        summary=plan.summary() if plan is not None else "",
        counts={str(op): count for op, count in plan.counts().items()} if plan is not None else {},
        requests=dict(requests),
        plan_hash=plan.hash if plan is not None else None,
        error=error,
        plan=plan_json.render(plan, indent=None) if plan is not None else None,
    )
    await ledger.runs.put(ended)


def log_decisions(plan: Plan) -> None:
    """One line per decision: which rule answered where. What it says stands in the plan: it may hold values."""
    for action in plan:
        tell = log.info if action.writes or action.op is Op.BLOCK else log.debug
        for decision in action.decisions:
            tell("decision", op=action.op, item=printed(action.path), rule=decision.rule, where=decision.where)
