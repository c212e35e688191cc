"""Whether a plan changes more than a route may change without a person.

As in octodns, a limit is a percentage that holds from a certain population on, and the message carries the numbers and
the way out. Unlike there it is counted over a window: a hundred small runs weigh as much as one large one.

Creating is never refused. What a plan does not add to, it is not refused for: a route that has used up its deletes may
still update.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from config.limits import Limits
from worker.plan.values import Op, Plan

NOTHING_WRITTEN = "Nothing was written."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan is not applied: the first limit that it would pass, with the numbers."""

    route: str
    plan_hash: str
    what: str
    """``updates`` or ``deletes``."""
    planned: int
    in_window: int
    population: int
    limit_percent: float
    window_hours: int

    @property
    def percent(self) -> float:
        return _percent(self.planned + self.in_window, self.population)

    @property
    def message(self) -> str:
        return (
            f"Too many {self.what}: {self.percent:.2f}% is over {self.limit_percent:.2f}% "
            f"({self.planned + self.in_window}/{self.population}: {self.planned} in this plan, "
            f"{self.in_window} in the {self.window_hours} h before). {NOTHING_WRITTEN} "
            f"If this is what you want: octosync approve {shlex.quote(self.route)} {self.plan_hash}"
        )


def deletes_of(plan: Plan) -> int:
    """Deletes of documents, and whatever else the plan's writes delete on their way."""
    return sum((action.op is Op.DELETE) + len(action.destroys) for action in plan.writes)


def updates_of(plan: Plan) -> int:
    """Documents that are updated, each once, though it may take two writes (a temporary name)."""
    return len({action.destination_id or action.path for action in plan if action.op is Op.UPDATE})


def check(
    plan: Plan, *, population: int, updates_in_window: int, deletes_in_window: int, limits: Limits
) -> Refusal | None:
    """The refusal of ``plan``, or ``None`` if it may be applied.

    ``population``: the items of the route that exist on the destination. ``…_in_window``: what other runs of the route
    wrote in the last ``limits.window_hours``, without what a person approved: that has been judged already.
    """
    if population < limits.minimum_population:
        return None
    for what, planned, before, limit in (
        ("deletes", deletes_of(plan), deletes_in_window, limits.deletes_percent),
        ("updates", updates_of(plan), updates_in_window, limits.updates_percent),
    ):
        if planned and _percent(planned + before, population) > limit:
            return Refusal(plan.route, plan.hash, what, planned, before, population, limit, limits.window_hours)
    return None


def _percent(count: int, population: int) -> float:
    return 100.0 * count / population if population else 100.0
