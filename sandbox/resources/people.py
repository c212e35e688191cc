"""Users, user roles and teams. Teams live in a space or, without one, in the system."""

from __future__ import annotations

from sandbox import crud
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, declare, own
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Write

__all__ = ["SYSTEM_TEAMS", "TEAMS", "USERS", "USER_ROLES", "add_routes", "built_in_team"]


def _keep_built_in(_call: Call, document: Document) -> list[Write]:
    if not document["CanBeDeleted"]:
        raise bad_request("This resource is read-only and cannot be deleted.")
    return []


TEAMS = declare(
    Kind(
        collection="teams",
        prefix="Teams",
        name="Team",
        fields=(
            Field("Name", required=True, max_length=200),
            Field("Description"),
            Field("MemberUserIds", []),
            Field("ExternalSecurityGroups", []),
            own("CanBeDeleted", True),
            own("CanBeRenamed", True),
            own("CanChangeRoles", True),
            own("CanChangeMembers", True),
        ),
        scope="mixed",
        slug=True,
        links={"ScopedUserRoles": "teams/{Id}/scopeduserroles{?skip,take}"},
        deleting=_keep_built_in,
    )
)

USER_ROLES = declare(
    Kind(
        collection="userroles",
        prefix="UserRoles",
        name="UserRole",
        fields=(
            NAME,
            Field("Description"),
            Field("GrantedSpacePermissions", []),
            Field("GrantedSystemPermissions", []),
            own("CanBeDeleted", True),
        ),
        scope="system",
        deleting=_keep_built_in,
    )
)

USERS = declare(
    Kind(
        collection="users",
        prefix="Users",
        name="User",
        fields=(
            Field("Username", required=True, max_length=64),
            Field("DisplayName", required=True, max_length=64),
            Field("EmailAddress", max_length=256),
            Field("IsActive", True),
            Field("IsService", False, writable="create"),
            own("IsRequestor", False),
            own("CanPasswordBeEdited", True),
            own("Identities", []),
            own("Created"),
        ),
        scope="system",
        order="Username",
        unique_name=False,
        routes=("list", "all", "get", "create", "update", "delete"),
    )
)

# Id, name: the teams of every new server (Octopus API reference, 2026).
SYSTEM_TEAMS = (
    ("teams-administrators", "Octopus Administrators"),
    ("teams-managers", "Octopus Managers"),
    ("teams-everyone", "Everyone"),
)


def built_in_team(team_id: str, name: str, space_id: str | None, members: list[str]) -> Document:
    """A team that cannot be deleted."""
    team: Document = {"Id": team_id, "Name": name, "Slug": name.lower().replace(" ", "-"), "Description": None}
    if space_id:
        team["SpaceId"] = space_id
    return {
        **team,
        "MemberUserIds": members,
        "ExternalSecurityGroups": [],
        "CanBeDeleted": False,
        "CanBeRenamed": False,
        "CanChangeRoles": False,
        "CanChangeMembers": team_id != "teams-everyone",
    }


def add_routes(router: Router) -> None:
    for kind in (TEAMS, USER_ROLES, USERS):
        crud.add_routes(router, kind)
    router.add("GET", "users/me", _current_user, scope="system")


def _current_user(call: Call) -> Answer:
    return Answer(crud.show(call, USERS, call.find("users", call.actor.user_id)))
