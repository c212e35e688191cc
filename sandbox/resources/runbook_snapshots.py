"""Runbook snapshots: frozen copies of a runbook's process and of the variables; one of them is the published one.

Publishing is a save of the runbook with `PublishedRunbookSnapshotId`, or `publish` when a snapshot is made. Triggers
and consumers run the published snapshot; a runbook without one stays a draft.
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Save, declare, own
from sandbox.resources.freezing import FROZEN_PROCESSES, freeze, frozen_sets, shown_sets, thaw
from sandbox.resources.processes import RUNBOOK_PROCESSES
from sandbox.resources.release_templates import snapshot_template
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Write

__all__ = ["RUNBOOK_SNAPSHOTS", "add_routes"]


def _prepare(save: Save) -> None:
    snapshot, call = save.after, save.call
    runbook = call.find("runbooks", snapshot["RunbookId"])
    if snapshot["ProjectId"] not in (None, runbook["ProjectId"]):
        raise bad_request(texts.mismatch("ProjectId", snapshot["ProjectId"], runbook["ProjectId"]))
    snapshot |= {"ProjectId": runbook["ProjectId"], "RunbookId": runbook["Id"]}
    if save.before is None:
        snapshot["Assembled"] = call.store.clock().isoformat(timespec="milliseconds")
        process = freeze(call, FROZEN_PROCESSES.collection, call.find("runbookprocesses", runbook["RunbookProcessId"]))
        snapshot["FrozenRunbookProcessId"] = process.id
        save.besides += [process, *_with_variables(call, snapshot)]


def _with_variables(call: Call, snapshot: Document) -> list[Write]:
    own_set, included = frozen_sets(call, call.find("projects", snapshot["ProjectId"]))
    snapshot |= {"FrozenProjectVariableSetId": own_set.id, "ProjectVariableSetSnapshotId": own_set.id}
    snapshot["LibraryVariableSetSnapshotIds"] = [write.id for write in included]
    return [own_set, *included]


def _frozen_ids(snapshot: Document) -> list[str]:
    return [snapshot["ProjectVariableSetSnapshotId"], *snapshot["LibraryVariableSetSnapshotIds"]]


def _deleting(call: Call, snapshot: Document) -> list[Write]:
    """(?) A published one may go; its runbook is a draft again."""
    writes = thaw(call, [snapshot["FrozenRunbookProcessId"], *_frozen_ids(snapshot)])
    runbook = call.scope.find("runbooks", snapshot["RunbookId"])
    if runbook and runbook["PublishedRunbookSnapshotId"] == snapshot["Id"]:
        writes.append(Write("runbooks", runbook, {**runbook, "PublishedRunbookSnapshotId": None}, side_effect=True))
    return writes


RUNBOOK_SNAPSHOTS = declare(
    Kind(
        collection="runbooksnapshots",
        prefix="RunbookSnapshots",
        name="RunbookSnapshot",
        fields=(
            NAME,
            Field("ProjectId", writable="create"),
            Field("RunbookId", writable="create", required=True),
            Field("Notes"),
            Field("SelectedPackages", []),
            Field("SelectedGitResources", []),
            own("Assembled"),
            own("GitReference"),
            own("FrozenRunbookProcessId"),
            own("FrozenProjectVariableSetId"),
            own("ProjectVariableSetSnapshotId"),
            own("LibraryVariableSetSnapshotIds", []),
        ),
        order="-Id",
        unique_within=("RunbookId",),
        links={"Project": "projects/{ProjectId}", "Runbook": "runbooks/{RunbookId}"},
        routes=("list", "get", "update", "delete"),
        prepare=_prepare,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, RUNBOOK_SNAPSHOTS)
    for method, template, handler in (
        ("POST", "runbooksnapshots", _create),
        ("POST", "runbooksnapshots/{id}/snapshot-variables", _snapshot_variables),
        ("GET", "runbooks/{runbook}/runbooksnapshots", _of_runbook),
        ("GET", "runbooks/{runbook}/runbooksnapshottemplate", _template),
        ("GET", "projects/{project}/runbooksnapshots", _of_project),
        ("GET", "projects/{project}/runbooksnapshots/{id}", _get_in_project),
    ):
        router.add(method, template, handler)
    router.add("GET", "runbookprocesses/{process}/runbooksnapshottemplate", _template)
    for method, below, handler in (
        ("POST", "runbooksnapshots", _create),
        ("PUT", "runbooksnapshots/{id}", _put_in_project),
        ("DELETE", "runbooksnapshots/{id}", _delete_in_project),
        ("GET", "runbooksnapshots/{id}/variables", _variables),
        ("POST", "runbooksnapshots/{id}/snapshot-variables", _snapshot_variables),
        ("GET", "runbooks/{runbook}/runbooksnapshots", _of_runbook),
        ("GET", "runbooks/{runbook}/runbooksnapshottemplate", _template),
        ("GET", "runbookprocesses/{process}/runbooksnapshottemplate", _template),
    ):
        router.add(method, f"projects/{{project}}/{below}", handler, since="2023.4")


def _create(call: Call) -> Answer:
    body = call.json()
    snapshot = crud.create(call, RUNBOOK_SNAPSHOTS, body)
    publish = body.get("Publish") or call.argument("publish")
    if str(publish).lower() in ("true", "1", snapshot["Name"].lower()):
        before = call.find("runbooks", snapshot["RunbookId"])
        after = {**before, "PublishedRunbookSnapshotId": snapshot["Id"]}
        call.store.commit(call.space_id, [Write("runbooks", before, after)], call.actor)
    return Answer(crud.show(call, RUNBOOK_SNAPSHOTS, snapshot), status=201)


def _snapshot_variables(call: Call) -> Answer:
    before = _find(call)
    after = dict(before)
    frozen = _with_variables(call, after)
    writes = [Write("runbooksnapshots", before, after), *frozen, *thaw(call, _frozen_ids(before))]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer(crud.show(call, RUNBOOK_SNAPSHOTS, after))


def _where(call: Call, name: str, document_id: str) -> list[Document]:
    wanted = (call.argument("searchByName") or "").casefold()
    snapshots = call.scope.collection("runbooksnapshots").values()
    return [one for one in snapshots if one[name] == document_id and wanted in one["Name"].casefold()]


def _runbook(call: Call) -> Document:
    """Of the path, by its own id or its process', in the project that the path may name."""
    if "process" in call.params:
        wanted = crud.find(call, RUNBOOK_PROCESSES, call.params["process"])["RunbookId"]
    else:
        wanted = call.params["runbook"]
    runbook = crud.find(call, KINDS["runbooks"], wanted)
    if "project" in call.params and runbook["ProjectId"] != _project(call):
        raise not_found(wanted)
    return runbook


def _of_runbook(call: Call) -> Answer:
    runbook = _runbook(call)["Id"]
    path = f"runbooks/{runbook}/runbookSnapshots"
    return crud.list_page(call, RUNBOOK_SNAPSHOTS, _where(call, "RunbookId", runbook), path)


def _project(call: Call) -> str:
    return str(crud.find(call, KINDS["projects"], call.params["project"])["Id"])


def _of_project(call: Call) -> Answer:
    project = _project(call)
    path = f"projects/{project}/runbookSnapshots"
    return crud.list_page(call, RUNBOOK_SNAPSHOTS, _where(call, "ProjectId", project), path)


def _find(call: Call) -> Document:
    """By id, or by name in its project."""
    wanted = call.params["id"].casefold()
    if "project" in call.params:
        for one in _where(call, "ProjectId", _project(call)):
            if wanted in (one["Id"].casefold(), one["Name"].casefold()):
                return one
        raise not_found(call.params["id"])
    return crud.find(call, RUNBOOK_SNAPSHOTS, call.params["id"])


def _get_in_project(call: Call) -> Answer:
    return Answer(crud.show(call, RUNBOOK_SNAPSHOTS, _find(call)))


def _put_in_project(call: Call) -> Answer:
    after = crud.update(call, RUNBOOK_SNAPSHOTS, _find(call), call.json())
    return Answer(crud.show(call, RUNBOOK_SNAPSHOTS, after))


def _delete_in_project(call: Call) -> Answer:
    crud.delete(call, RUNBOOK_SNAPSHOTS, _find(call))
    return Answer()


def _variables(call: Call) -> Answer:
    """The frozen variable sets, the project's first."""
    return Answer(shown_sets(call, _frozen_ids(_find(call))))


def _template(call: Call) -> Answer:
    """What a new snapshot of a runbook needs to choose: the packages of its steps, and a name for it."""
    runbook = _runbook(call)
    process = crud.find(call, RUNBOOK_PROCESSES, runbook["RunbookProcessId"])
    count = len(_where(call, "RunbookId", runbook["Id"]))
    return Answer(snapshot_template(call, runbook, process, count + 1))
