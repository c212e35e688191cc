"""Writes that delete data elsewhere. Pure.

Octopus purges what a changed document no longer has room for, without a word. Such a write counts as a delete: it is
held back unless a person makes it, and listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worker.plan.values import Document


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


def destroyed_by(kind: str, field: str, there: Document) -> str | None:
    """What changing ``field`` of the destination's document would delete, or ``None``."""
    found = BY_FIELD.get((kind, field))
    return found.what if found is not None and found.when(there) else None
