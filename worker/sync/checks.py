"""Checks between plan and apply: must a person look first?"""

from __future__ import annotations

from dataclasses import dataclass

from config.routes import FirstContact, Mode, Route
from worker.ledger.ledger import Ledger
from worker.plan.limits import check as within_limits
from worker.plan.rest import is_rest_of
from worker.plan.values import Plan, printed
from worker.sync.planning.planner import Planned

WAY_OUT = "look at it and approve it: octosync approve "
FIRST_CONTACT = frozenset({"first-contact", "no-match"})
"""Codes of stops that rest on nothing being remembered of what the destination has."""


@dataclass(frozen=True, slots=True)
class Stop:
    """``code`` is one short word for ``reason``, to count by."""

    reason: str
    code: str
    hold: bool = True
    """The route stops writing until a person approves the plan."""
    read_only: bool = False


async def must_wait(
    route: Route, ledger: Ledger, planned: Planned, approved_hash: str | None, begun: Plan | None = None
) -> Stop | None:
    """Why the plan must not be applied now, or ``None``. A plan that writes nothing is never stopped; nor is what is
    left of the one that the same run was let through with (``begun``)."""
    plan = planned.plan
    if plan.is_empty:
        return None
    if route.mode is Mode.READ_ONLY:
        return Stop(f"route {route.name} is read-only: nothing is written", "read-only", hold=False, read_only=True)
    if begun is not None and is_rest_of(plan, begun):
        return None
    if approved_hash == plan.hash or await ledger.held.is_approved(route.name, plan.hash):
        return None
    way_out = f"{WAY_OUT}{route.name} {plan.hash}"
    held = await ledger.held.get(route.name)
    if held is not None:
        # The ledger shows the newest plan of the item that held the route; another item's does not displace it.
        return Stop(held.reason.replace(held.plan_hash, plan.hash), "held-before")
    known = await ledger.baselines.ids(route.name)
    adopts = planned.adopts and route.first_contact is FirstContact.HOLD
    if adopts and not await ledger.held.adoption_allowed(route.name):
        items = ", ".join(printed(path) for path in planned.adopts[:3])
        more = f" and {len(planned.adopts) - 3} more" if len(planned.adopts) > 3 else ""
        return Stop(
            f"first contact: the destination already has {items}{more}, and nothing is remembered of who wrote "
            f"what; {way_out}",
            "first-contact",
        )
    if planned.contact_conflicts:
        items = ", ".join(printed(path) for path in planned.contact_conflicts[:3])
        return Stop(f"first contact: both sides have elements that match nothing in {items}; {way_out}", "no-match")
    fingerprint = await ledger.held.fingerprint(route.name)
    if fingerprint is not None and fingerprint != route.fingerprint:
        return Stop(f"the rules, maps or includes of the route changed since it last wrote; {way_out}", "rules-changed")
    window = await ledger.windows.count(route.name, route.limits.window_hours * 3600)
    refusal = within_limits(
        plan,
        population=len(known),
        updates_in_window=window.updates,
        deletes_in_window=window.deletes,
        limits=route.limits,
    )
    return Stop(refusal.message, f"too-many-{refusal.what}") if refusal is not None else None
