"""The library: variable sets and script modules (one kind, two content types), git credentials."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Save, declare, own
from sandbox.resources import freezing, tenant_values, variables
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, filled, templates
from sandbox.store import Document, Write

__all__ = ["GIT_CREDENTIALS", "LIBRARY_SETS", "add_routes"]


def _prepare_library_set(save: Save) -> None:
    library_set = save.after
    library_set["Templates"] = templates(library_set["Templates"], save.call.store.next_guid)
    library_set["VariableSetId"] = variables.set_id(library_set["Id"])
    library_set["Version"] = save.before["Version"] + 1 if save.before else 0


def _with_variable_set(save: Save) -> list[Write]:
    return [variables.new_set(save.call, save.after["Id"])]


def _delete_library_set(call: Call, library_set: Document) -> list[Write]:
    """Refused while a release or snapshot was made with it (OctopusDeploy/Issues#9618, #7819)."""
    if freezing.including(call, library_set["Id"]):
        raise bad_request(
            f"'{library_set['Name']}' can't be deleted because it's currently being referenced in a release or "
            "runbook snapshot."
        )
    variable_set = call.find("variables", library_set["VariableSetId"])
    values = tenant_values.without_owner(call, library_set["Id"])
    return [Write("variables", variable_set, None, side_effect=True), *values]


def _has_content(library_set: Document, values: list[str]) -> bool:
    return library_set["ContentType"].lower() in {value.lower() for value in values}


LIBRARY_SETS = declare(
    Kind(
        collection="libraryvariablesets",
        prefix="LibraryVariableSets",
        name="LibraryVariableSet",
        fields=(
            NAME,
            Field("Description"),
            Field("ContentType", "Variables", writable="create", choices=("Variables", "ScriptModule")),
            own("VariableSetId"),
            Field("Templates", []),
            own("Version", 0),
        ),
        unique_within=("ContentType",),  # (?) whether one name may serve both content types
        links={"Variables": "variables/{VariableSetId}"},
        filters={"contentType": _has_content},
        routes=("all", "get", "create", "update", "delete"),
        prepare=_prepare_library_set,
        created=_with_variable_set,
        deleting=_delete_library_set,
    )
)


def _prepare_git_credential(save: Save) -> None:
    details = filled(save.after["Details"], {"Type": "UsernamePassword", "Username": None, "Password": None})
    for name in ("Username", "Password"):
        if details["Type"] == "UsernamePassword" and not details[name]:
            raise bad_request(texts.required(f"Details.{name}"))
    save.after["Details"] = details
    save.after["RepositoryRestrictions"] = filled(
        save.after["RepositoryRestrictions"], {"Enabled": False, "AllowedRepositories": []}
    )


def _delete_git_credential(call: Call, credential: Document) -> list[Write]:
    """(?) Refused while a project's repository is opened with it."""
    names = [
        f"'{project['Name']}'"
        for project in call.scope.collection("projects").values()
        if (project["PersistenceSettings"].get("Credentials") or {}).get("Id") == credential["Id"]
    ]
    if names:
        raise bad_request(texts.in_use("git credential", "projects", names))
    return []


GIT_CREDENTIALS = declare(
    Kind(
        collection="git-credentials",
        since="2023.4",
        prefix="GitCredentials",
        name="GitCredential",
        fields=(
            NAME,
            Field("Description"),
            Field("Details", {}, required=True),
            Field("RepositoryRestrictions", {}),
        ),
        scope="named-space",
        name_filter="contains",
        routes=("list", "get", "delete"),
        prepare=_prepare_git_credential,
        deleting=_delete_git_credential,
    )
)


def add_routes(router: Router) -> None:
    for kind in (LIBRARY_SETS, GIT_CREDENTIALS):
        crud.add_routes(router, kind)
    router.add("GET", "libraryvariablesets", _list)
    router.add("POST", "git-credentials", _create_git_credential, scope="named-space", since="2023.4")
    router.add("PUT", "git-credentials/{id}", _replace_git_credential, scope="named-space", since="2023.4")


def _list(call: Call) -> Answer:
    """All of the space, or with `projectId` those that a project includes."""
    project_id = call.argument("projectId")
    sets = call.scope.collection("libraryvariablesets").values()
    if project_id:
        included = call.find("projects", project_id)["IncludedLibraryVariableSetIds"]
        return crud.list_page(call, LIBRARY_SETS, [one for one in sets if one["Id"] in included])
    return crud.list_page(call, LIBRARY_SETS, sets)


def _create_git_credential(call: Call) -> Answer:
    """Answers the id and no more (server Swagger 2026.1)."""
    shown = crud.show(call, GIT_CREDENTIALS, crud.create(call, GIT_CREDENTIALS, call.json()))
    return Answer({"Id": shown["Id"], "Links": shown["Links"]}, status=201)


def _replace_git_credential(call: Call) -> Answer:
    crud.update(call, GIT_CREDENTIALS, crud.find(call, GIT_CREDENTIALS, call.params["id"]), call.json())
    return Answer({})
