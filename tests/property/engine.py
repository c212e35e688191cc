"""What the tests of the engine's invariants share: how often to try, under which rules, and a sync that a person
looks after."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

from tests.pair import Pair
from worker.sync.run import Outcome, Result

EVERYTHING = {
    kind: ["*"]
    for kind in (
        "environment",
        "lifecycle",
        "project-group",
        "feed",
        "account",
        "worker-pool",
        "library-variable-set",
        "project",
    )
}
MIRROR: dict[str, Any] = {
    "include": EVERYTHING,
    "rules": {"preset": "mirror"},
    "first_contact": "adopt",
}
"""For instances that shall be alike."""

CAREFUL: dict[str, Any] = {}
"""The defaults, which never overwrite a value and never remove anything."""


def tries(examples: int) -> settings:
    """So many examples, and in the profile *long* forty times as many."""
    factor = 40 if os.environ.get("OCTOSYNC_HYPOTHESIS") == "long" else 1
    return settings(max_examples=examples * factor)


async def sync(both: Pair, **more: Any) -> Outcome:
    """Sync everything. Whatever the route holds for a person to look at is approved."""
    outcome = await both.sync("*", **more)
    for _ in range(3):
        if outcome.result is not Result.HELD:
            break
        outcome = await both.sync("*", approved_hash=outcome.plan.hash, **more)
    assert outcome.result not in (Result.HELD, Result.MOVED), outcome.message
    return outcome


def told(outcome: Outcome) -> str:
    """The plan's changes and reasons, for messages."""
    lines = []
    for action in outcome.plan:
        lines.append(f"{action.op} {action.path}")
        lines += [
            f"    {change.edit} {change.where}: {change.before!r} → {change.after!r}" for change in action.changes
        ]
        lines += [f"    {one.rule} {one.where}: {one.text}" for one in action.decisions]
        lines += [f"    to do: {one.reason} {one.where}: {one.text}" for one in action.clean_ups]
    return "\n".join(lines)
