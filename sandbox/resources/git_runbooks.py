"""Runbooks of a version-controlled project, once they are migrated: on the branches, named by slug.

On a branch a runbook's id is its slug (?), its process is found by the slug too, and nothing is published: what runs is
what is on the branch (Octopus' documentation of configuration as code). Snapshots that were made before stay in the
database, to be looked at and deleted (Issues#9292).
"""

from __future__ import annotations

from sandbox import crud
from sandbox.errors import bad_request, not_found
from sandbox.kind import Save
from sandbox.resources.environments import ENVIRONMENTS
from sandbox.resources.environments_v2 import item
from sandbox.resources.git_projects import on_branch, project_of
from sandbox.resources.git_settings import branch_collection, branches_of, canonical, is_in_git
from sandbox.resources.processes import RUNBOOK_PROCESSES, save
from sandbox.resources.release_templates import snapshot_template
from sandbox.resources.runbooks import RUNBOOKS, environments_of
from sandbox.routing import Answer, Call, Router
from sandbox.slugs import make_slug
from sandbox.store import Document, Write

__all__ = ["add_routes"]

_PROCESS = "RunbookProcess-"


def add_routes(router: Router) -> None:
    of_project = "projects/{project}/git/migrate-runbooks"
    router.add(
        "GET", of_project, lambda call: Answer(_summary(call, project_of(call))), scope="named-space", since="2026.1"
    )
    router.add("POST", of_project, _migrate, scope="named-space", since="2026.1")
    router.add("POST", "projects/{project}/{ref}/runbooks/v2", _create, scope="named-space", since="2026.1")
    newer = "projects/{project}/{ref}/runbooks/{id}/environments/v2"
    router.add("GET", newer, _environments_v2, scope="named-space", since="2026.1")
    for method, template, handler in (
        ("GET", "projects/{project}/{ref}/runbooks", _list),
        ("GET", "projects/{project}/{ref}/runbooks/{id}", _get),
        ("PUT", "projects/{project}/{ref}/runbooks/{id}", _put),
        ("DELETE", "projects/{project}/{ref}/runbooks/{id}", _delete),
        ("GET", "projects/{project}/{ref}/runbooks/{id}/environments", _environments),
        ("GET", "projects/{project}/{ref}/runbooks/{id}/runbooksnapshottemplate", _template),
        ("GET", "projects/{project}/{ref}/runbookprocesses/{id}", _get_process),
        ("PUT", "projects/{project}/{ref}/runbookprocesses/{id}", _put_process),
    ):
        router.add(method, template, handler, since="2026.1")


def _of_project(call: Call, project: Document) -> list[Document]:
    return [one for one in call.scope.collection("runbooks").values() if one["ProjectId"] == project["Id"]]


def _summary(call: Call, project: Document) -> Document:
    """The runbooks of the database, published ones and drafts apart."""

    def rows(*, published: bool) -> list[Document]:
        found = [one for one in _of_project(call, project) if bool(one["PublishedRunbookSnapshotId"]) is published]
        return [{"RunbookId": one["Id"], "RunbookName": one["Name"]} for one in found]

    return {"DraftRunbooks": rows(published=False), "PublishedRunbooks": rows(published=True)}


def _migrate(call: Call) -> Answer:
    """Put the runbooks and their processes onto every branch, and take them out of the database."""
    project, body = project_of(call), call.json()
    if not is_in_git(project):
        raise bad_request(f"The project '{project['Name']}' is not version controlled.")
    if project["PersistenceSettings"]["ConversionState"]["RunbooksAreInGit"]:
        raise bad_request("The runbooks of the project are in Git already.")
    branches = branches_of(call, project)
    if body.get("Branch") and canonical(str(body["Branch"])) not in branches:
        raise not_found(body["Branch"])
    state = {**project["PersistenceSettings"]["ConversionState"], "RunbooksAreInGit": True}
    after = {**project, "PersistenceSettings": {**project["PersistenceSettings"], "ConversionState": state}}
    writes = [Write("projects", project, after)]
    summary = _summary(call, project)
    for runbook in _of_project(call, project):
        process = call.find("runbookprocesses", runbook["RunbookProcessId"])
        kept = call.store.secrets_of(process["Id"])
        moved, its_process = _on_branch(runbook, process)
        writes += [Write("runbooks", runbook, None, side_effect=True)]
        writes += [Write("runbookprocesses", process, None, side_effect=True)]
        for ref in branches:
            collection = branch_collection(project["Id"], ref)
            writes += [Write(collection, None, moved, side_effect=True)]
            writes += [Write(collection, None, its_process, kept, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer({**summary, "ServerTaskId": None})


def _on_branch(runbook: Document, process: Document) -> tuple[Document, Document]:
    slug = runbook["Slug"]
    its_process = {**process, "Id": f"{_PROCESS}{slug}", "RunbookId": slug}
    return {
        **runbook,
        "Id": slug,
        "RunbookProcessId": its_process["Id"],
        "PublishedRunbookSnapshotId": None,
    }, its_process


def _branch(call: Call) -> tuple[Document, str]:
    """The project, and the collection of the branch. Raises ApiError 400 while the runbooks are in the database."""
    project, ref = on_branch(call)
    if not project["PersistenceSettings"]["ConversionState"]["RunbooksAreInGit"]:
        raise bad_request("The runbooks of the project are not in Git.")
    return project, branch_collection(project["Id"], ref)


def _list(call: Call) -> Answer:
    project, collection = _branch(call)
    runbooks = [one for one in call.scope.collection(collection).values() if "RunbookProcessId" in one]
    path = f"projects/{project['Id']}/{call.params['ref'].replace('/', '%2f')}/runbooks"
    return crud.list_page(call, RUNBOOKS, runbooks, path)


def _find(call: Call, collection: str, prefix: str = "") -> Document:
    """A runbook or, with the prefix of processes, a process; either by the runbook's slug."""
    slug = call.params["id"].removeprefix(_PROCESS)
    found = call.scope.find(collection, prefix + slug)
    if found is None:
        raise not_found(call.params["id"])
    return found


def _get(call: Call) -> Answer:
    _, collection = _branch(call)
    return Answer(crud.show(call, RUNBOOKS, _find(call, collection)))


def _environments(call: Call) -> Answer:
    return Answer([crud.show(call, ENVIRONMENTS, one) for one in _environments_of(call)])


def _environments_v2(call: Call) -> Answer:
    return Answer({"Environments": [item(call, one) for one in _environments_of(call)]})


def _environments_of(call: Call) -> list[Document]:
    _, collection = _branch(call)
    return environments_of(call, _find(call, collection))


def _template(call: Call) -> Answer:
    """Nobody makes a snapshot of what is on a branch, so the first name is the next one."""
    _, collection = _branch(call)
    return Answer(snapshot_template(call, _find(call, collection), _find(call, collection, _PROCESS), 1))


def _create(call: Call) -> Answer:
    project, collection = _branch(call)
    body = {"RunRetentionPolicy": {"QuantityToKeep": 100, "Unit": "Items"}, **call.json()}
    runbook = crud.draft(call, RUNBOOKS, None, {**body, "ProjectId": project["Id"]})
    on_it = call.scope.collection(collection)
    runbook["Slug"] = runbook["Slug"] or make_slug(runbook["Name"], on_it)
    if runbook["Slug"] in on_it:
        raise bad_request(f"A runbook with the slug '{runbook['Slug']}' already exists on this branch.")
    process: Document = {"ProjectId": project["Id"], "SpaceId": call.space_id, "Version": 0, "Steps": []}
    runbook, process = _on_branch(runbook, {**process, "LastSnapshotId": None})
    _prepare(call, None, runbook, body)
    writes = [Write(collection, None, runbook), Write(collection, None, process, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    shown = {name: runbook[name] for name in ("Id", "Name", "ProjectId", "Slug")}
    return Answer({**shown, "GitRef": canonical(call.params["ref"])}, status=201)


def _prepare(call: Call, before: Document | None, runbook: Document, body: Document) -> None:
    """As in the database, but for slug and name, which are the branch's."""
    RUNBOOKS.prepare(Save(call, RUNBOOKS, before, runbook, body))
    crud.check_references(call, RUNBOOKS, runbook)


def _put(call: Call) -> Answer:
    _, collection = _branch(call)
    before = _find(call, collection)
    body = {**call.json(), "Id": before["Id"]}
    after = {**crud.draft(call, RUNBOOKS, before, body), "Slug": before["Slug"], "PublishedRunbookSnapshotId": None}
    _prepare(call, before, after, body)
    call.store.commit(call.space_id, [Write(collection, before, after)], call.actor)
    return Answer(crud.show(call, RUNBOOKS, after))


def _delete(call: Call) -> Answer:
    _, collection = _branch(call)
    runbook, process = _find(call, collection), _find(call, collection, _PROCESS)
    writes = [Write(collection, runbook, None), Write(collection, process, None, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer()


def _get_process(call: Call) -> Answer:
    _, collection = _branch(call)
    return Answer(crud.show(call, RUNBOOK_PROCESSES, _find(call, collection, _PROCESS)))


def _put_process(call: Call) -> Answer:
    _, collection = _branch(call)
    before = _find(call, collection, _PROCESS)
    body = {**call.json(), "Id": before["Id"]}
    return Answer(crud.show(call, RUNBOOK_PROCESSES, save(call, RUNBOOK_PROCESSES, before, body, collection)))
