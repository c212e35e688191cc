"""User roles and scoped user roles: what may be done, and which team may do it where.

User roles belong to the system. A scoped role gives one to a team in a space or, without `SpaceId`, in the system; a
team of the system may have roles in many spaces. Its lists narrow it to projects, groups, environments and tenants;
empty ones do not. So what stands in one of them cannot be deleted (Issues#3136, #3087, #5343), but for a tenant, which
leaves the list and takes the scoped role along if it was the only one (?).
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.builtin_roles import ADMINISTRATOR, MANAGER, SPACE_MANAGER, built_in_roles
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.permissions import SPACE_LEVEL, SYSTEM_LEVEL, permissions_of
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Store, Write

__all__ = [
    "SCOPED_USER_ROLES", "USER_ROLES", "add_routes", "first_roles", "first_scoped_roles", "forget", "managers_role",
    "scopes_of",
]  # fmt: skip

# The role that a built-in team of the system has for good (Issues#5940).
_OF_BUILT_IN_TEAMS = {"teams-administrators": ADMINISTRATOR, "teams-managers": MANAGER}
_READ_ONLY = "This resource is read-only and cannot be {done}."


def first_roles(version: str) -> list[Write]:
    """The writes that give a new server of a release its roles."""
    return [
        Write(
            "userroles",
            None,
            {
                "Id": role.id,
                "Name": role.name,
                "Description": None,
                "GrantedSpacePermissions": role.in_spaces,
                "GrantedSystemPermissions": role.in_the_system,
                "CanBeDeleted": False,
            },
        )
        for role in built_in_roles(version)
    ]


def first_scoped_roles(call: Call) -> list[Write]:
    """Those of the system's own teams."""
    pairs = ({"TeamId": team, "UserRoleId": role} for team, role in _OF_BUILT_IN_TEAMS.items())
    return [Write("scopeduserroles", None, crud.draft(call, SCOPED_USER_ROLES, None, pair)) for pair in pairs]


def managers_role(call: Call, team_id: str) -> Write:
    """The role that comes with the team of a new space's managers."""
    role = crud.draft(call, SCOPED_USER_ROLES, None, {"TeamId": team_id, "UserRoleId": SPACE_MANAGER})
    return Write("scopeduserroles", None, role, side_effect=True)


def _prepare_role(save: Save) -> None:
    """A permission stands in the list of its level (Issues#5515). The administrators' role alone cannot be changed
    (OctopusClients#90)."""
    if save.after["Id"] == ADMINISTRATOR:
        raise bad_request(_READ_ONLY.format(done="modified"))
    for name, level, at in (
        ("GrantedSpacePermissions", SPACE_LEVEL, "space"),
        ("GrantedSystemPermissions", SYSTEM_LEVEL, "system"),
    ):
        known = permissions_of(save.call.settings.version)
        unknown = [one for one in save.after[name] if one not in known]
        if unknown:
            raise bad_request(texts.wrong_choice(unknown[0], name))
        misplaced = [one for one in save.after[name] if one not in level]
        if misplaced:
            raise bad_request(f"The following are not valid {at} permissions: {', '.join(misplaced)}")


def _delete_role(_call: Call, role: Document) -> list[Write]:
    if not role["CanBeDeleted"]:
        raise bad_request(_READ_ONLY.format(done="deleted"))
    return []


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
        routes=("list", "all", "get", "create", "update"),
        prepare=_prepare_role,
        deleting=_delete_role,
    )
)


def _prepare_scoped(save: Save) -> None:
    """Where a role may be given depends on the level of its permissions (Octopus' documentation of system and space
    permissions): with one of a space, in a space; with those of the system alone, not to a team of a space."""
    scoped, call = save.after, save.call
    if save.before:
        _keep(call, save.before, scoped)
    role = call.look_up("userroles", scoped["UserRoleId"])
    if role and role["GrantedSpacePermissions"] and call.space_id is None:
        raise bad_request(f"The user role '{role['Name']}' has permissions in a space, so a space must be named.")
    team = call.look_up("teams", scoped["TeamId"])
    if role and team and team.get("SpaceId") and not role["GrantedSpacePermissions"]:
        raise bad_request(
            f"The user role '{role['Name']}' has permissions in the system alone: no team of a space has it."
        )


def _keep(_call: Call, before: Document, after: Document | None = None) -> list[Write]:
    """Raises ApiError 400 if a team that came with the server or a space would be without its role."""
    if after and after["UserRoleId"] == before["UserRoleId"] and after["TeamId"] == before["TeamId"]:
        return []
    if before["TeamId"].startswith("teams-spacemanagers-") and before["UserRoleId"] == SPACE_MANAGER:
        raise bad_request("The Space Manager Team must have a Space Manager User Role")
    if _OF_BUILT_IN_TEAMS.get(before["TeamId"]) == before["UserRoleId"]:
        raise bad_request(_READ_ONLY.format(done="modified" if after else "deleted"))
    return []


SCOPED_USER_ROLES = declare(
    Kind(
        collection="scopeduserroles",
        prefix="ScopedUserRoles",
        name="ScopedUserRole",
        fields=(
            Field("UserRoleId", required=True),
            Field("TeamId", required=True),
            Field("ProjectIds", []),
            Field("ProjectGroupIds", []),
            Field("EnvironmentIds", []),
            Field("TenantIds", []),
        ),
        scope="mixed",
        order="Id",
        unique_name=False,
        spoken_of_as=("TeamId", "teams"),
        references=(
            Reference("UserRoleId", "userroles"),
            Reference("TeamId", "teams"),
            Reference("ProjectIds[]", "projects", "block"),
            Reference("ProjectGroupIds[]", "projectgroups", "block"),
            Reference("EnvironmentIds[]", "environments", "block"),
            Reference("TenantIds[]", "tenants", "narrow"),
        ),
        routes=(),
        prepare=_prepare_scoped,
        deleting=_keep,
        shown=lambda _, scoped: {"SpaceId": None, **scoped},
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, USER_ROLES)
    router.add("DELETE", "userroles/{id}", _delete_user_role, scope="system")
    for method, template, handler in (
        ("GET", "scopeduserroles", lambda call: crud.list_page(call, SCOPED_USER_ROLES, _visible(call))),
        ("POST", "scopeduserroles", _create),
        ("GET", "scopeduserroles/{id}", lambda call: Answer(crud.show(call, SCOPED_USER_ROLES, _find(call)))),
        ("PUT", "scopeduserroles/{id}", _put),
        ("DELETE", "scopeduserroles/{id}", _delete),
        ("GET", "teams/{id}/scopeduserroles", _of_team),
    ):
        router.add(method, template, handler, scope="mixed")


def scopes_of(store: Store) -> list[str | None]:
    """The system, and every space."""
    return [None, *(space["Id"] for space in store.spaces())]


def _visible(call: Call) -> list[Document]:
    """Those of the space; of the system those that the query asks for, or (?) all."""
    if call.space_id is not None:
        return list(call.scope.collection("scopeduserroles").values())
    asked = call.arguments("spaces")
    with_system = (call.argument("includeSystem") or "true").lower() == "true"
    return [
        one
        for scope in scopes_of(call.store)
        if (with_system if scope is None else not asked or "all" in asked or scope in asked)
        for one in call.store.scope(scope).collection("scopeduserroles").values()
    ]


def _find(call: Call) -> Document:
    """A scoped role, on the system's route wherever it is. The call goes on in its space."""
    if call.space_id is None:
        for scope in scopes_of(call.store):
            if call.store.scope(scope).find("scopeduserroles", call.params["id"]):
                call.space_id = scope
    return crud.find(call, SCOPED_USER_ROLES, call.params["id"])


def _create(call: Call) -> Answer:
    body = call.json()
    named = body.get("SpaceId")
    if call.space_id is None and named:
        space = call.store.find_space(str(named))
        if space is None:
            raise not_found(named)
        call.space_id = space["Id"]
    return Answer(crud.show(call, SCOPED_USER_ROLES, crud.create(call, SCOPED_USER_ROLES, body)), status=201)


def _put(call: Call) -> Answer:
    before = _find(call)
    return Answer(crud.show(call, SCOPED_USER_ROLES, crud.update(call, SCOPED_USER_ROLES, before, call.json())))


def _delete(call: Call) -> Answer:
    crud.delete(call, SCOPED_USER_ROLES, _find(call))
    return Answer()


def _of_team(call: Call) -> Answer:
    team = call.look_up("teams", call.params["id"])
    if team is None:
        raise not_found(call.params["id"])
    roles = [
        one
        for scope in (scopes_of(call.store) if call.space_id is None else [call.space_id])
        for one in call.store.scope(scope).collection("scopeduserroles").values()
        if one["TeamId"] == team["Id"]
    ]
    return crud.list_page(call, SCOPED_USER_ROLES, roles, f"teams/{team['Id']}/scopeduserroles")


def forget(call: Call, name: str, document_id: str) -> None:
    """Delete the scoped roles of a team or a user role, space by space: each has a transaction of its own."""
    for scope in scopes_of(call.store):
        roles = call.store.scope(scope).collection("scopeduserroles").values()
        writes = [Write("scopeduserroles", one, None, side_effect=True) for one in roles if one[name] == document_id]
        if writes:
            call.store.commit(scope, writes, call.actor)


def _delete_user_role(call: Call) -> Answer:
    """The scoped roles that use it go with it (Issues#3930)."""
    role = crud.find(call, USER_ROLES, call.params["id"])
    crud.delete(call, USER_ROLES, role)
    forget(call, "UserRoleId", role["Id"])
    return Answer()
