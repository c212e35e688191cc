"""Users and teams. Teams live in a space or, without one, in the system."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare, own
from sandbox.paging import select
from sandbox.resources import step_references
from sandbox.resources.roles import forget, scopes_of
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import require
from sandbox.store import Document, Write
from sandbox.usage import without

__all__ = ["SYSTEM_TEAMS", "TEAMS", "USERS", "add_routes", "built_in_team"]


def _keep_used(call: Call, team: Document) -> list[Write]:
    """Refused for a built-in team, and for one that a step of today waits for (OctopusDeploy/Issues#1961)."""
    if not team["CanBeDeleted"]:
        raise bad_request("This resource is read-only and cannot be deleted.")
    for scope in scopes_of(call.store) if call.space_id is None else [call.space_id]:
        steps = step_references.steps_of_team(call.store.scope(scope), team["Id"])
        if steps:
            raise bad_request(texts.in_use("team", "steps", [f"'{one}'" for one in steps]))
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
        routes=("get", "create", "update"),
        links={"ScopedUserRoles": "teams/{Id}/scopeduserroles{?skip,take}"},
        references=(Reference("MemberUserIds[]", "users", "remove"),),
        prepare=_prepare_team,
        deleting=_keep_used,
    )
)

_RESERVED = ("system", "guest")


def _prepare_user(save: Save) -> None:
    """Nothing keeps a password: nobody can log in here with one."""
    user, given = save.after, {key.lower(): value for key, value in save.body.items()}
    name = user["Username"].casefold()
    users = save.call.scope.collection("users").values()
    if any(one["Id"] != user["Id"] and one["Username"].casefold() == name for one in users):
        raise bad_request(texts.name_taken("user"))
    if name in _RESERVED:
        raise bad_request("Username is reserved and can't be used to create new users.")
    if user["IsService"] and given.get("password"):
        raise bad_request("Passwords cannot be set for service user accounts.")
    if save.before and not isinstance(given.get("isactive"), bool):
        raise bad_request(texts.required("IsActive"))
    user["CanPasswordBeEdited"] = not user["IsService"]
    user["Created"] = (
        save.before["Created"] if save.before else save.call.store.clock().isoformat(timespec="milliseconds")
    )


def _into_everyone(save: Save) -> list[Write]:
    """A new user is in the team Everyone; the audit log tells of it as a second event."""
    everyone = save.call.find("teams", "teams-everyone")
    members = [*everyone["MemberUserIds"], save.after["Id"]]
    return [Write("teams", everyone, {**everyone, "MemberUserIds": members}, side_effect=True)]


def _is_service(user: Document, values: list[str]) -> bool:
    return str(user["IsService"]).lower() in {value.lower() for value in values}


def _filtered(user: Document, values: list[str]) -> bool:
    text = f"{user['Username']} {user['DisplayName']} {user['EmailAddress']}".casefold()
    return any(value.casefold() in text for value in values)


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
            Field("Identities", []),
            own("Created"),
        ),
        scope="system",
        order="Username",
        unique_name=False,
        filters={"filter": _filtered, "isServiceAccount": _is_service},
        routes=("list", "all", "get", "create", "update"),
        prepare=_prepare_user,
        created=_into_everyone,
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
    for kind in (TEAMS, USERS):
        crud.add_routes(router, kind)
    router.add("GET", "teams", lambda call: crud.list_page(call, TEAMS, _visible_teams(call)), scope="mixed")
    router.add("GET", "teams/all", _all_teams, scope="mixed")
    router.add("DELETE", "teams/{id}", _delete_team, scope="mixed")
    router.add("DELETE", "users/{id}", _delete_user, scope="system")
    router.add("GET", "users/me", _current_user, scope="system")
    router.add("GET", "users/{id}/teams", _teams_of_user, scope="mixed")
    router.add("GET", "users/{id}/spaces", _spaces_of_user, scope="system")
    router.add("GET", "teammembership", _membership, scope="mixed")


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


def _delete_team(call: Call) -> Answer:
    """Its scoped roles go with it, in every space."""
    team = crud.find(call, TEAMS, call.params["id"])
    crud.delete(call, TEAMS, team)
    forget(call, "TeamId", team["Id"])
    return Answer()


def _teams_with(call: Call, user_id: str) -> list[tuple[str | None, Document]]:
    """The teams that a user is in, with their space."""
    scopes = [None, *(space["Id"] for space in call.store.spaces())] if call.space_id is None else [call.space_id]
    return [
        (scope, team)
        for scope in scopes
        for team in call.store.scope(scope).collection("teams").values()
        if user_id in team["MemberUserIds"]
    ]


def _delete_user(call: Call) -> Answer:
    """The user leaves all teams. Raises ApiError 400 for the one who asks (?)."""
    user = crud.find(call, USERS, call.params["id"])
    if user["Id"] == call.actor.user_id:
        raise bad_request("You cannot delete your own account.")
    for scope, team in _teams_with(call, user["Id"]):
        if scope is not None:
            left = without(team, "MemberUserIds[]", user["Id"])
            call.store.commit(scope, [Write("teams", team, left, side_effect=True)], call.actor)
    crud.delete(call, USERS, user)
    return Answer()


def _teams_of_user(call: Call) -> Answer:
    """In a space, its teams alone (?)."""
    user = call.store.system.find("users", call.params["id"])
    if user is None:
        raise not_found(call.params["id"])
    return Answer(
        [
            {
                "Id": team["Id"],
                "Name": team["Name"],
                "SpaceId": scope,
                "IsDirectlyAssigned": True,
                "ExternalSecurityGroups": [],
            }
            for scope, team in _teams_with(call, user["Id"])
        ]
    )


def _spaces_of_user(call: Call) -> Answer:
    """Every space in which the user is in a team; for those in a team of the system (?), all."""
    user = crud.find(call, USERS, call.params["id"])
    of_teams = {scope for scope, team in _teams_with(call, user["Id"]) if team["Id"] != "teams-everyone"}
    spaces = [one for one in call.store.spaces() if None in of_teams or one["Id"] in of_teams]
    return Answer([crud.show(call, KINDS["spaces"], space) for space in spaces])


def _membership(call: Call) -> Answer:
    user_id = call.argument("userId")
    if not user_id:
        raise bad_request(texts.required("userId"))
    return Answer(
        [
            {
                "TeamId": team["Id"],
                "TeamName": team["Name"],
                "SpaceId": scope,
                "UserId": user_id,
                "IsDirectlyAssigned": True,
                "ExternalSecurityGroups": [],
            }
            for scope, team in _teams_with(call, user_id)
        ]
    )
