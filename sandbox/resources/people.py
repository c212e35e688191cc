"""Users, user roles and teams. Teams live in a space or, without one, in the system."""

from __future__ import annotations

from sandbox import crud
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.paging import select
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, require
from sandbox.store import Document, Write

__all__ = ["SYSTEM_TEAMS", "TEAMS", "USERS", "USER_ROLES", "add_routes", "built_in_team"]


def _keep_built_in(_call: Call, document: Document) -> list[Write]:
    if not document["CanBeDeleted"]:
        raise bad_request("This resource is read-only and cannot be deleted.")
    return []


def _prepare_team(save: Save) -> None:
    """A new team says who is in it, be it nobody (server Swagger 2026.1)."""
    if save.before is None:
        require(save.body, "MemberUserIds", "ExternalSecurityGroups")
    for name in ("MemberUserIds", "ExternalSecurityGroups"):
        if save.after["Id"] == "teams-everyone" and save.before and save.after[name] != save.before[name]:
            raise bad_request("This resource is read-only and cannot be modified.")


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
        routes=("get", "create", "update", "delete"),
        links={"ScopedUserRoles": "teams/{Id}/scopeduserroles{?skip,take}"},
        references=(Reference("MemberUserIds[]", "users", "remove"),),
        prepare=_prepare_team,
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
    router.add("GET", "teams", lambda call: crud.list_page(call, TEAMS, _visible_teams(call)), scope="mixed")
    router.add("GET", "teams/all", _all_teams, scope="mixed")
    router.add("GET", "users/me", _current_user, scope="system")


def _visible_teams(call: Call) -> list[Document]:
    """Those of the space; of the system, of `spaces`, or both, as the query says.

    Without `includeSystem` a space lists its own teams, and the system's route those of the system (?).
    """
    include_system = call.argument("includeSystem")
    teams = list(call.scope.collection("teams").values()) if call.space_id else []
    if (include_system or str(call.space_id is None)).lower() == "true":
        teams += call.store.system.collection("teams").values()
    asked = call.arguments("spaces") if call.space_id is None else []
    for space in call.store.spaces():
        if "all" in asked or space["Id"] in asked:
            teams += call.store.space(space["Id"]).collection("teams").values()
    return teams


def _all_teams(call: Call) -> Answer:
    return Answer([crud.show(call, TEAMS, team) for team in select(call, TEAMS, _visible_teams(call))])


def _current_user(call: Call) -> Answer:
    return Answer(crud.show(call, USERS, call.find("users", call.actor.user_id)))
