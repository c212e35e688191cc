"""Who uses an account, a library set or a git credential: the pages that a server shows before a deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import crud
from sandbox.kind import KINDS
from sandbox.resources.certificate_usages import variable_owners
from sandbox.resources.freezing import including
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["add_routes"]


def add_routes(router: Router) -> None:
    router.add("GET", "accounts/{id}/usages", _of_account)
    router.add("GET", "libraryvariablesets/{id}/usages", _of_library_set)
    router.add("GET", "git-credentials/{id}/usage", _of_git_credential, scope="named-space", since="2023.4")


def _found(call: Call, collection: str) -> Document:
    return crud.find(call, KINDS[collection], call.params["id"])


def _project(project: Document) -> Document:
    return {"ProjectId": project["Id"], "ProjectName": project["Name"], "ProjectSlug": project["Slug"]}


def _mentions(value: Any, document_id: str) -> bool:
    """Whether an id stands anywhere in a value."""
    if isinstance(value, dict):
        return any(_mentions(item, document_id) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, document_id) for item in value)
    return isinstance(value, str) and value.casefold() == document_id.casefold()


def _of_account(call: Call) -> Answer:
    account = _found(call, "accounts")["Id"]
    owners = variable_owners(call, account)
    projects = [one for one in owners if one["Id"].startswith("Projects-")]
    values = [one for one in call.scope.collection("tenantvariables").values() if one["Value"] == account]
    machines = call.scope.collection("machines").values()
    return Answer(
        {
            "Id": None,
            "DeploymentProcesses": _steps(call, "deploymentprocesses", account),
            "RunbookProcesses": _steps(call, "runbookprocesses", account),
            "ProjectVariableSets": [
                {**_project(one), "IsCurrentlyBeingUsedInProject": True, "Releases": [], "RunbookSnapshots": []}
                for one in projects
            ],
            "LibraryVariableSets": [
                {"LibraryVariableSetId": one["Id"], "LibraryVariableSetName": one["Name"]}
                for one in owners
                if one not in projects
            ],
            "ProjectTenantVariables": _tenants(
                values, "Projects-", "Projects", lambda owner, ids: [{"ProjectId": owner, "TenantVariableIds": ids}]
            ),
            "CommonTenantVariables": _tenants(
                values,
                "LibraryVariableSets-",
                "LibraryVariableSets",
                lambda owner, ids: [{"LibraryVariableSetId": owner, "TenantVariableId": one} for one in ids],
            ),
            "Targets": [
                {"TargetId": one["Id"], "TargetName": one["Name"]}
                for one in machines
                if _mentions(one["Endpoint"], account)
            ],
            "Releases": [],
            "RunbookSnapshots": [],
            "Links": {},
        }
    )


def _steps(call: Call, collection: str, document_id: str) -> list[Document]:
    found = []
    for process in call.scope.collection(collection).values():
        steps = [
            {"StepId": step["Id"], "StepName": step["Name"]}
            for step in process["Steps"]
            if any(_mentions(action["Properties"], document_id) for action in step["Actions"])
        ]
        if not steps:
            continue
        usage = {**_project(call.find("projects", process["ProjectId"])), "Steps": steps}
        if collection == "runbookprocesses":
            runbook = call.find("runbooks", process["RunbookId"])
            usage |= {"ProcessId": process["Id"], "RunbookId": runbook["Id"], "RunbookName": runbook["Name"]}
        found.append(usage)
    return found


def _tenants(
    values: list[Document], prefix: str, name: str, entries: Callable[[str, list[str]], list[Document]]
) -> list[Document]:
    by_tenant: dict[str, dict[str, list[str]]] = {}
    for value in values:
        if value["OwnerId"].startswith(prefix):
            by_tenant.setdefault(value["TenantId"], {}).setdefault(value["OwnerId"], []).append(value["Id"])
    return [
        {"TenantId": tenant, name: [entry for owner, ids in owners.items() for entry in entries(owner, ids)]}
        for tenant, owners in by_tenant.items()
    ]


def _of_library_set(call: Call) -> Answer:
    library_set = _found(call, "libraryvariablesets")["Id"]
    snapshots = including(call, library_set)
    projects = []
    for project in call.scope.collection("projects").values():
        mine = [one for one in snapshots if one["ProjectId"] == project["Id"]]
        included = library_set in project["IncludedLibraryVariableSetIds"]
        if not (mine or included):
            continue
        projects.append(
            {
                **_project(project),
                "IsCurrentlyBeingUsedInProject": included,
                "Releases": [
                    {"ReleaseId": one["Id"], "ReleaseVersion": one["Version"]} for one in mine if "Version" in one
                ],
                "RunbookSnapshots": [
                    {"SnapshotId": one["Id"], "SnapshotName": one["Name"]} for one in mine if "RunbookId" in one
                ],
            }
        )
    return Answer(
        {
            "Projects": projects,
            "CountOfProjectsUserCannotSee": 0,
            "CountOfReleasesUserCannotSee": 0,
            "CountOfRunbookSnapshotsUserCannotSee": 0,
        }
    )


def _of_git_credential(call: Call) -> Answer:
    credential = _found(call, "git-credentials")["Id"]
    projects = [
        {
            "ProjectId": project["Id"],
            "Slug": project["Slug"],
            "Name": project["Name"],
            "RepositoryUrl": project["PersistenceSettings"]["Url"],
        }
        for project in call.scope.collection("projects").values()
        if (project["PersistenceSettings"].get("Credentials") or {}).get("Id") == credential
    ]
    return Answer({"Projects": projects, "OtherProjects": 0})
