"""User roles and scoped user roles: what may be done, and which team may do it where.

User roles belong to the system. A scoped role gives one to a team in a space or, without `SpaceId`, in the system; a
team of the system may have roles in many spaces. Its lists narrow it to projects, groups, environments and tenants;
empty ones do not.
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.permissions import OF_THE_SYSTEM, PERMISSIONS, permissions_of
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Store, Write

__all__ = ["SCOPED_USER_ROLES", "USER_ROLES", "add_routes", "built_in_roles", "forget", "managers_role", "scopes_of"]

_SPACE_MANAGER = "userroles-spacemanager"
_VIEWER = """
ReleaseView ProjectView DeploymentView ProcessView EnvironmentView ArtifactView EventView ProjectGroupView
LibraryVariableSetView TeamView UserView UserRoleView TaskView InterruptionViewSubmitResponsible LifecycleView
MachinePolicyView TenantView TriggerView CertificateView
"""
_CONTRIBUTOR = f"""{_VIEWER}
ArtifactCreate ActionTemplateView ActionTemplateCreate ActionTemplateEdit ActionTemplateDelete ProcessEdit ProjectEdit
FeedView LibraryVariableSetCreate LibraryVariableSetEdit LibraryVariableSetDelete TaskCreate InterruptionView
MachineView DefectReport DefectResolve VariableView VariableEdit TriggerCreate TriggerDelete TriggerEdit
"""
_INFRASTRUCTURE = """
EnvironmentView MachineView TaskView TeamView AccountView MachinePolicyView CertificateView ProxyView
"""
# Id, name, permissions: the built-in roles of a server of 2018.3.6, as its export has them; each server may have edited
# its own. Those of the last three are (?): there were no spaces then.
_BUILT_IN: tuple[tuple[str, str, str], ...] = (
    (
        "userroles-certificatemanager",
        "Certificate manager",
        "CertificateView CertificateCreate CertificateEdit CertificateDelete CertificateExportPrivateKey "
        "EnvironmentView TenantView",
    ),
    (
        "userroles-environmentmanager",
        "Environment manager",
        _INFRASTRUCTURE + "EnvironmentCreate EnvironmentEdit EnvironmentDelete MachineCreate MachineEdit MachineDelete "
        "TaskCreate TaskCancel AccountCreate AccountEdit AccountDelete ProxyCreate ProxyEdit ProxyDelete "
        "MachinePolicyCreate MachinePolicyEdit MachinePolicyDelete",
    ),
    ("userroles-environmentviewer", "Environment viewer", _INFRASTRUCTURE),
    ("userroles-packagepublisher", "Package publisher", "BuiltInFeedPush"),
    ("userroles-projectcontributor", "Project contributor", _CONTRIBUTOR),
    (
        "userroles-projectdeployer",
        "Project deployer",
        _CONTRIBUTOR + "DeploymentCreate InterruptionSubmit TaskCancel",
    ),
    (
        "userroles-projectinitiator",
        "Project initiator",
        _VIEWER + "ProjectCreate ProjectEdit ProjectDelete DefectReport DefectResolve",
    ),
    (
        "userroles-projectlead",
        "Project lead",
        _CONTRIBUTOR + "ReleaseCreate ReleaseEdit ReleaseDelete ArtifactEdit ArtifactDelete",
    ),
    ("userroles-projectviewer", "Project viewer", _VIEWER),
    ("userroles-tenantmanager", "Tenant manager", "TenantCreate TenantEdit TenantDelete TenantView"),
    (_SPACE_MANAGER, "Space manager", " ".join(sorted(PERMISSIONS - OF_THE_SYSTEM))),
    ("userroles-systemadministrator", "System administrator", " ".join(sorted(OF_THE_SYSTEM))),
    (
        "userroles-systemmanager",
        "System manager",
        " ".join(sorted(OF_THE_SYSTEM - {"AdministerSystem", "PlatformHubEdit"})),
    ),
)


def built_in_roles(version: str) -> list[Write]:
    """The writes that give a new server of a release its roles."""
    known = permissions_of(version)
    return [
        Write(
            "userroles",
            None,
            {
                "Id": role_id,
                "Name": name,
                "Description": None,
                "GrantedSpacePermissions": sorted(known & set(granted.split()) - OF_THE_SYSTEM),
                "GrantedSystemPermissions": sorted(known & set(granted.split()) & OF_THE_SYSTEM),
                "CanBeDeleted": False,
            },
        )
        for role_id, name, granted in _BUILT_IN
    ]


def managers_role(call: Call, team_id: str) -> Write:
    """The role that comes with the team of a new space's managers."""
    role = crud.draft(call, SCOPED_USER_ROLES, None, {"TeamId": team_id, "UserRoleId": _SPACE_MANAGER})
    return Write("scopeduserroles", None, role, side_effect=True)


def _prepare_role(save: Save) -> None:
    for name in ("GrantedSpacePermissions", "GrantedSystemPermissions"):
        known = permissions_of(save.call.settings.version)
        unknown = [one for one in save.after[name] if one not in known]
        if unknown:
            raise bad_request(texts.wrong_choice(unknown[0], name))


def _delete_role(_call: Call, role: Document) -> list[Write]:
    if not role["CanBeDeleted"]:
        raise bad_request("This resource is read-only and cannot be deleted.")
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
    scoped, call = save.after, save.call
    role = call.look_up("userroles", scoped["UserRoleId"])
    if role and role["GrantedSpacePermissions"] and call.space_id is None:
        raise bad_request(f"The user role '{role['Name']}' has permissions in a space, so a space must be named.")
    if save.before and save.before["UserRoleId"] != scoped["UserRoleId"]:
        _keep_managers(call, save.before)


def _keep_managers(call: Call, scoped: Document) -> list[Write]:
    of_managers = str(scoped["TeamId"]).startswith("teams-spacemanagers-")
    if of_managers and scoped["UserRoleId"] == _SPACE_MANAGER:
        raise bad_request("The Space Manager Team must have a Space Manager User Role")
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
        references=(
            Reference("UserRoleId", "userroles"),
            Reference("TeamId", "teams"),
            Reference("ProjectIds[]", "projects", "narrow"),
            Reference("ProjectGroupIds[]", "projectgroups", "narrow"),
            Reference("EnvironmentIds[]", "environments", "block"),
            Reference("TenantIds[]", "tenants", "narrow"),
        ),
        routes=(),
        prepare=_prepare_scoped,
        deleting=_keep_managers,
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
    """(?) The scoped roles that use it go with it."""
    role = crud.find(call, USER_ROLES, call.params["id"])
    crud.delete(call, USER_ROLES, role)
    forget(call, "UserRoleId", role["Id"])
    return Answer()
