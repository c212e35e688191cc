"""Whose eyes a subscription has: `WebhookTeams` limits what is sent to what one of those teams may see.

A team sees an event through a role that grants EventView in the space, within the projects and environments that the
role is given for. No teams, no limit (Octopus' documentation of subscriptions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandbox.access import Access
from sandbox.event_entry import Entry
from sandbox.store import Document, Store

__all__ = ["audience"]

_ADMINISTRATORS = "teams-administrators"


def audience(store: Store, space_id: str, team_ids: Sequence[str]) -> Callable[[Entry], bool]:
    """Whether one of the teams may see an event. The teams' roles are read once."""
    if not team_ids or _ADMINISTRATORS in team_ids:
        return lambda _: True
    roles = [
        _within(role)
        for scope in (space_id, None)
        for role in store.scope(scope).collection("scopeduserroles").values()
        if role["TeamId"] in team_ids and role.get("SpaceId", space_id) in (None, space_id) and _tells(store, role)
    ]
    return lambda entry: any(access.sees_event(entry.related, entry.space_id) for access in roles)


def _tells(store: Store, scoped: Document) -> bool:
    role = store.system.find("userroles", scoped["UserRoleId"])
    return role is not None and "EventView" in role["GrantedSpacePermissions"]


def _within(scoped: Document) -> Access:
    projects, environments = scoped["ProjectIds"], scoped["EnvironmentIds"]
    return Access(
        projects=frozenset(projects) if projects else None,
        environments=frozenset(environments) if environments else None,
    )
