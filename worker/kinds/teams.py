"""Teams, the roles that they have in a space, and user roles.

Facts: Octopus API reference 2026, "Teams, scoped user roles, user roles, users, permissions". A team crosses without
its members and the groups of other directories that stand for members: who works with an instance is its own affair. It
is created without roles; these follow once all that they are restricted to exists. A restriction that lost all it named
would be none, so such a role does not cross.

Teams of the whole server are never written, nor those that a server makes by itself; they may be named, as by a manual
intervention, and are then found: built-in ones by their id, which is the same on every server, the managers of a space
as such, others by name. User roles belong to the whole server too. Only the route's wish has one created or changed,
and never a built-in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Shape

BUILT_IN = "built in"
OF_SERVER = "of the whole server"
MANAGERS = "the managers of a space"

_EVERYWHERE = frozenset({"teams-everyone", "teams-administrators", "teams-managers"})


def type_of_team(team: Mapping[str, Any]) -> str | None:
    if team.get("Id") in _EVERYWHERE:
        return BUILT_IN
    if not team.get("SpaceId"):
        return OF_SERVER
    return MANAGERS if team.get("CanBeDeleted") is False else None


TEAM = Kind(
    name="team",
    prefix="Teams",
    route="teams",
    never_deleted="its members, and what it may do besides, go with it",
    mode=Mode.SHARED_NAME,
    listed_by="teams?includeSystem=true",
    type_of=type_of_team,
    everywhere=lambda team_id: team_id.casefold() in _EVERYWHERE,
    never_created_types=frozenset({MANAGERS}),
    looked_up_types=frozenset({BUILT_IN, OF_SERVER, MANAGERS}),
    names_its_space=True,
    shape=Shape(
        server=SERVER_FIELDS
        | {"CanBeDeleted", "CanBeRenamed", "CanChangeMembers", "CanChangeRoles"}
        | {"MemberUserIds", "ExternalSecurityGroups"},
    ),
    pristine={"MemberUserIds": [], "ExternalSecurityGroups": []},
)


def _only(kind: str) -> Ref:
    """What a role is restricted to. That it is named here is no reason to have it there."""
    return Ref(kind, Form.LIST, empty=Empty.ANYWHERE, closure=False)


SCOPED_USER_ROLE = Kind(
    name="scoped-user-role",
    prefix="ScopedUserRoles",
    route="scopeduserroles",
    mode=Mode.MERGE,
    owner_kinds=("team",),
    owner_field="TeamId",
    listed_by="scopeduserroles",
    called_by="UserRoleId",
    names_its_space=True,
    shape=Shape(
        server=SERVER_FIELDS | {"TeamId"},
        refs={
            "UserRoleId": Ref("user-role", required=True),
            "ProjectIds": _only("project"),
            "ProjectGroupIds": _only("project-group"),
            "EnvironmentIds": _only("environment"),
            "TenantIds": _only("tenant"),
        },
        # Each restricts by itself: one that lost all that it named would restrict no more.
        scopes=(
            Scope(("ProjectIds",), "project"),
            Scope(("ProjectGroupIds",), "project_group"),
            Scope(("EnvironmentIds",), "environment"),
            Scope(("TenantIds",), "tenant"),
        ),
    ),
)


def type_of_user_role(role: Mapping[str, Any]) -> str | None:
    return BUILT_IN if role.get("CanBeDeleted") is False else None


USER_ROLE = Kind(
    name="user-role",
    prefix="UserRoles",
    route="userroles",
    never_deleted="it is taken from every team that has it",
    mode=Mode.ON_REQUEST,
    listed_by="userroles/all",
    of_server=True,
    type_of=type_of_user_role,
    # Built-in ones have ids of small letters, which are the same on every server: userroles-projectviewer.
    everywhere=lambda role_id: role_id.startswith("userroles-"),
    looked_up_types=frozenset({BUILT_IN}),
    created_by_closure=False,
    shape=Shape(
        server=SERVER_FIELDS
        | {"CanBeDeleted", "SupportedRestrictions", "SpacePermissionDescriptions", "SystemPermissionDescriptions"},
        sets=frozenset({"GrantedSpacePermissions", "GrantedSystemPermissions"}),
    ),
)

KINDS = (TEAM, USER_ROLE, SCOPED_USER_ROLE)
