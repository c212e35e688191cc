"""Runbooks of a project; each brings a process of its own."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.indexes import by_project
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare, own
from sandbox.resources import cloning, tenant_values, variables
from sandbox.resources.environments import ENVIRONMENTS, static_environments
from sandbox.resources.freezing import thaw
from sandbox.resources.git_settings import in_database
from sandbox.resources.processes import new_runbook_process, runbook_process_id
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import CONNECTIVITY, GUIDED_FAILURE, NAME, TENANTED, filled, retention
from sandbox.store import Document, Write

__all__ = ["RUNBOOKS", "add_routes", "environments_of", "in_project"]


def _prepare(save: Save) -> None:
    runbook, call = save.after, save.call
    if save.before and save.body.get("ProjectId", runbook["ProjectId"]) != runbook["ProjectId"]:
        raise bad_request(texts.mismatch("ProjectId", save.body["ProjectId"], runbook["ProjectId"]))
    runbook["ProjectId"] = call.find("projects", runbook["ProjectId"])["Id"]
    runbook["RunbookProcessId"] = runbook_process_id(runbook["Id"])
    runbook["ConnectivityPolicy"] = filled(
        runbook["ConnectivityPolicy"], {**CONNECTIVITY, "AllowDeploymentsToNoTargets": True}
    )
    runbook["RunRetentionPolicy"] = retention(runbook["RunRetentionPolicy"], "RunRetentionPolicy", "Forever")
    if runbook["EnvironmentScope"] != "Specified":
        runbook["Environments"] = []
    published = runbook["PublishedRunbookSnapshotId"]
    snapshot = call.find("runbooksnapshots", published) if published else None
    if snapshot and snapshot["RunbookId"] != runbook["Id"]:
        raise not_found(published)


def _created(save: Save) -> list[Write]:
    return [new_runbook_process(save.call, save.after["ProjectId"], save.after["Id"])]


def _deleting(call: Call, runbook: Document) -> list[Write]:
    process = call.find("runbookprocesses", runbook["RunbookProcessId"])
    triggers = [
        Write("projecttriggers", trigger, None, side_effect=True)
        for trigger in call.scope.collection("projecttriggers").values()
        if trigger["Action"].get("RunbookId") == runbook["Id"]
    ]
    snapshots = [one for one in call.scope.collection("runbooksnapshots").values() if one["RunbookId"] == runbook["Id"]]
    frozen = [
        copy
        for one in snapshots
        for copy in (
            one["FrozenRunbookProcessId"],
            one["ProjectVariableSetSnapshotId"],
            *one["LibraryVariableSetSnapshotIds"],
        )
    ]
    gone = [Write("runbooksnapshots", one, None, side_effect=True) for one in snapshots]
    scopes = variables.without_scope(call, "ProcessOwner", [runbook["Id"]])
    return [Write("runbookprocesses", process, None, side_effect=True), *triggers, *scopes, *gone, *thaw(call, frozen)]


RUNBOOKS = declare(
    Kind(
        collection="runbooks",
        prefix="Runbooks",
        name="Runbook",
        fields=(
            NAME,
            Field("Description"),
            Field("ProjectId", writable="create", required=True),
            own("RunbookProcessId"),
            Field("PublishedRunbookSnapshotId", writable="update"),
            Field("MultiTenancyMode", "Untenanted", choices=TENANTED),
            Field("ConnectivityPolicy", {}),
            Field("EnvironmentScope", "All", choices=("All", "Specified", "FromProjectLifecycles")),
            Field("Environments", []),
            Field("DefaultGuidedFailureMode", "Off", choices=GUIDED_FAILURE),
            Field("RunRetentionPolicy", required=True),
            Field("ForcePackageDownload", False),
            Field("FailTargetDiscovery", False, writable="update"),
            Field("RunbookTags", []),
        ),
        slug=True,
        unique_within=("ProjectId",),
        references=(
            Reference("Environments[]", "environments", "remove"),
            Reference("RunbookTags[]", "tags"),
        ),
        links={
            "Project": "projects/{ProjectId}",
            "RunbookProcesses": "runbookProcesses/{RunbookProcessId}",
            "RunbookSnapshots": "runbooks/{Id}/runbookSnapshots{?skip,take,searchByName}",
        },
        tagged={"runbookTags": "RunbookTags[]"},
        filters={"projectIds": lambda runbook, values: runbook["ProjectId"] in values},
        routes=("list", "all", "get", "update", "delete"),
        prepare=_prepare,
        created=_created,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, RUNBOOKS)
    router.add("POST", "runbooks", lambda call: _created_from(call, call.json()))
    router.add("GET", "projects/{project}/runbooks", _list_of_project)
    router.add("GET", "projects/{project}/runbooks/all", _all_of_project, since="2023.4")
    router.add("GET", "projects/{project}/runbooks/{id}", _get_in_project, since="2023.4")
    router.add("PUT", "projects/{project}/runbooks/{id}", _put_in_project, since="2023.4")
    router.add("DELETE", "projects/{project}/runbooks/{id}", _delete_in_project, since="2023.4")
    router.add("POST", "projects/{project}/runbooks", _create_in_project, since="2023.4")
    router.add("GET", "runbooks/{id}/environments", lambda call: _environments(call, _by_id(call)))
    its_environments = "projects/{project}/runbooks/{id}/environments"
    router.add("GET", its_environments, lambda call: _environments(call, in_project(call)), since="2023.4")


def _project(call: Call) -> str:
    return str(in_database(crud.find(call, KINDS["projects"], call.params["project"]), "Runbooks")["Id"])


def _by_id(call: Call) -> Document:
    return crud.find(call, RUNBOOKS, call.params["id"])


def in_project(call: Call) -> Document:
    """The runbook of the path, which names its project, too."""
    runbook = _by_id(call)
    if runbook["ProjectId"] != _project(call):
        raise not_found(call.params["id"])
    return runbook


def _list_of_project(call: Call) -> Answer:
    project = _project(call)
    runbooks = call.lookup("runbooks", by_project, project)
    return crud.list_page(call, RUNBOOKS, runbooks, f"projects/{project}/runbooks")


def _all_of_project(call: Call) -> Answer:
    return crud.all_of(call, RUNBOOKS, call.lookup("runbooks", by_project, _project(call)))


def _create_in_project(call: Call) -> Answer:
    return _created_from(call, {**call.json(), "ProjectId": _project(call)})


def _created_from(call: Call, body: Document) -> Answer:
    original = cloning.clone_of(call, RUNBOOKS, body)
    runbook = cloning.cloned_runbook(call, original, body) if original else crud.create(call, RUNBOOKS, body)
    return Answer(crud.show(call, RUNBOOKS, runbook), status=201)


def _get_in_project(call: Call) -> Answer:
    return Answer(crud.show(call, RUNBOOKS, in_project(call)))


def _put_in_project(call: Call) -> Answer:
    return Answer(crud.show(call, RUNBOOKS, crud.update(call, RUNBOOKS, in_project(call), call.json())))


def _delete_in_project(call: Call) -> Answer:
    crud.delete(call, RUNBOOKS, in_project(call))
    return Answer()


def environments_of(call: Call, runbook: Document) -> list[Document]:
    """Those in which a runbook may run, in their order."""
    found = static_environments(call)
    if runbook["EnvironmentScope"] == "Specified":
        found = [one for one in found if one["Id"] in runbook["Environments"]]
    elif runbook["EnvironmentScope"] == "FromProjectLifecycles":
        project = call.find("projects", runbook["ProjectId"])
        channels = call.lookup("channels", by_project, project["Id"])
        lifecycles = {project["LifecycleId"], *(one["LifecycleId"] for one in channels if one["LifecycleId"])}
        covered = tenant_values.covered_environments(call, lifecycles)
        found = [one for one in found if covered is None or one["Id"] in covered]
    return sorted(found, key=lambda one: int(one["SortOrder"]))


def _environments(call: Call, runbook: Document) -> Answer:
    return Answer([crud.show(call, ENVIRONMENTS, one) for one in environments_of(call, runbook)])
