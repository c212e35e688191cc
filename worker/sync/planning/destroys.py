"""Writes that delete data elsewhere. Pure.

Octopus purges what a changed document no longer has room for, without a word. Such a write is held back, or, where the
route allows it, listed and counted as a delete (``destructive_updates``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.options import DestructiveUpdates
from worker.plan.values import Change, CleanUp, Decision, Document, NamePath


@dataclass(frozen=True, slots=True)
class Destroys:
    what: str
    when: Callable[[Document], bool]
    """The destination's document → whether there is anything to lose."""


def _has_tenants(project: Document) -> bool:
    return bool(project.get("TenantedDeploymentMode", "Untenanted") != "Untenanted")


BY_FIELD: Mapping[tuple[str, str], Destroys] = {
    # OctopusDeploy/Issues#7860: values of environments that the new lifecycle does not have are purged.
    ("project", "LifecycleId"): Destroys(
        "the tenants' values for environments outside the new lifecycle", _has_tenants
    ),
}
"""(kind, field) → what a change of the field deletes elsewhere."""


@dataclass(frozen=True, slots=True)
class Destructive:
    """``held``: fields that are not written, with what the destination has. ``destroys``: what the write deletes."""

    held: Document = field(default_factory=dict)
    destroys: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    clean_ups: tuple[CleanUp, ...] = ()


def destructive_updates(
    kind: str, path: NamePath, changes: Sequence[Change], there: Document, rule: DestructiveUpdates
) -> Destructive:
    """What becomes of those of the ``changes`` that would delete something elsewhere. ``there``: as it is now."""
    held: Document = {}
    destroys: list[str] = []
    decisions: list[Decision] = []
    clean_ups: list[CleanUp] = []
    for change in changes:
        found = BY_FIELD.get((kind, change.where))
        if found is None or not found.when(there):
            continue
        decisions.append(Decision(f"destructive_updates={rule}", change.where, f"to change it deletes {found.what}"))
        if rule is DestructiveUpdates.ALLOW:
            destroys.append(f"{change.where}: {found.what}")
            continue
        held[change.where] = there.get(change.where)
        text = f"not written, for that would delete {found.what}: change it by hand if wanted"
        clean_ups.append(CleanUp(path, change.where, "would-destroy", text))
    return Destructive(held, tuple(destroys), tuple(decisions), tuple(clean_ups))
