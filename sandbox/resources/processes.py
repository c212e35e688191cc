"""Deployment processes and runbook processes: steps and their actions, saved whole.

`Version` is a token, as with variable sets, but must be there. How a step is stored is in `sandbox.resources.steps`.
"""

from __future__ import annotations

from sandbox import crud, secrets, tags, texts
from sandbox.errors import bad_request
from sandbox.indexes import by_project
from sandbox.kind import KINDS, Kind, Reference, declare
from sandbox.resources import step_references
from sandbox.resources.git_settings import in_database
from sandbox.resources.steps import check_references, normalised
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write
from sandbox.versions import prune

__all__ = [
    "DEPLOYMENT_PROCESSES",
    "REFERENCES",
    "RUNBOOK_PROCESSES",
    "add_routes",
    "deployment_process_id",
    "new_deployment_process",
    "new_runbook_process",
    "runbook_process_id",
    "without_channel",
]

_STALE = (
    "Changes to this {what} could not be saved, because another user has made changes to this {what} between when you "
    "started editing and when you saved your changes. Please refresh the page and try again."
)

REFERENCES = (
    Reference("Steps[].Actions[].Environments[]", "environments", "block"),
    Reference("Steps[].Actions[].ExcludedEnvironments[]", "environments", "block"),
    Reference("Steps[].Actions[].Channels[]", "channels"),
    Reference("Steps[].Actions[].WorkerPoolId", "workerpools", "block"),
    Reference("Steps[].Actions[].Container.FeedId", "feeds", expression=True),
    Reference("Steps[].Actions[].Packages[].FeedId", "feeds", expression=True),
    Reference("Steps[].Actions[].GitDependencies[].GitCredentialId", "git-credentials", "block"),
    Reference("Steps[].Actions[].TenantTags[]", "tags"),
)

DEPLOYMENT_PROCESSES = declare(
    Kind(
        collection="deploymentprocesses",
        prefix="deploymentprocess",
        name="DeploymentProcess",
        fields=(),
        order="Id",
        unique_name=False,
        references=REFERENCES,
        links={
            "Project": "projects/{ProjectId}",
            "Template": "deploymentprocesses/{Id}/template{?channel,releaseId}",
        },
        routes=("list",),
    )
)
RUNBOOK_PROCESSES = declare(
    Kind(
        collection="runbookprocesses",
        prefix="RunbookProcess",
        name="RunbookProcess",
        fields=(),
        order="Id",
        unique_name=False,
        references=REFERENCES,
        links={"Project": "projects/{ProjectId}"},
        routes=("list",),
    )
)
_WORDS = {"deploymentprocesses": "deployment process", "runbookprocesses": "process"}


def deployment_process_id(project_id: str) -> str:
    return f"deploymentprocess-{project_id}"


def runbook_process_id(runbook_id: str) -> str:
    return f"RunbookProcess-{runbook_id}"


def _empty(process_id: str, space_id: str | None, project_id: str) -> Document:
    return {
        "Id": process_id,
        "SpaceId": space_id,
        "ProjectId": project_id,
        "Version": 0,
        "Steps": [],
        "LastSnapshotId": None,
    }


def new_deployment_process(call: Call, project_id: str) -> Write:
    document = _empty(deployment_process_id(project_id), call.space_id, project_id)
    return Write("deploymentprocesses", None, document, side_effect=True)


def new_runbook_process(call: Call, project_id: str, runbook_id: str) -> Write:
    document = _empty(runbook_process_id(runbook_id), call.space_id, project_id)
    return Write("runbookprocesses", None, {**document, "RunbookId": runbook_id}, side_effect=True)


def add_routes(router: Router) -> None:
    for kind in (DEPLOYMENT_PROCESSES, RUNBOOK_PROCESSES):
        crud.add_routes(router, kind)
    router.add("GET", "deploymentprocesses/{id}", lambda call: _get(call, DEPLOYMENT_PROCESSES))
    router.add("GET", "runbookprocesses/{id}", lambda call: _get(call, RUNBOOK_PROCESSES))
    router.add("PUT", "deploymentprocesses/{id}", lambda call: _put(call, DEPLOYMENT_PROCESSES))
    router.add("PUT", "runbookprocesses/{id}", lambda call: _put(call, RUNBOOK_PROCESSES))
    router.add("GET", "projects/{project}/deploymentprocesses", _get_of_project, since="2023.4")
    router.add("PUT", "projects/{project}/deploymentprocesses", _put_of_project, since="2023.4")
    router.add("GET", "projects/{project}/runbookprocesses", _runbook_processes_of_project, since="2023.4")
    router.add("GET", "projects/{project}/runbookprocesses/{id}", _get_runbook_process_of_project, since="2023.4")
    router.add("PUT", "projects/{project}/runbookprocesses/{id}", _put_runbook_process_of_project, since="2023.4")


def _get(call: Call, kind: Kind) -> Answer:
    """A process, or the frozen copy of one."""
    frozen = call.scope.find("frozenprocesses", call.params["id"])
    if frozen:
        return Answer(crud.show(call, kind, {key: value for key, value in frozen.items() if key != "IsFrozen"}))
    return Answer(crud.show(call, kind, _find(call, kind)))


def _find(call: Call, kind: Kind) -> Document:
    project = call.scope.find("projects", call.params["id"].removeprefix("deploymentprocess-"))
    if project:
        in_database(project)
    return crud.find(call, kind, call.params["id"])


def _put(call: Call, kind: Kind) -> Answer:
    if call.scope.find("frozenprocesses", call.params["id"]):
        raise bad_request(texts.frozen(_WORDS[kind.collection]))
    return Answer(crud.show(call, kind, save(call, kind, _find(call, kind), call.json())))


def _of_project(call: Call) -> Document:
    project = in_database(crud.find(call, KINDS["projects"], call.params["project"]))
    return call.find("deploymentprocesses", deployment_process_id(project["Id"]))


def _get_of_project(call: Call) -> Answer:
    return Answer(crud.show(call, DEPLOYMENT_PROCESSES, _of_project(call)))


def _put_of_project(call: Call) -> Answer:
    after = save(call, DEPLOYMENT_PROCESSES, _of_project(call), call.json())
    return Answer(crud.show(call, DEPLOYMENT_PROCESSES, after))


def _runbook_processes_of_project(call: Call) -> Answer:
    project = in_database(crud.find(call, KINDS["projects"], call.params["project"]), "Runbooks")["Id"]
    path = f"projects/{project}/runbookProcesses"
    return crud.list_page(call, RUNBOOK_PROCESSES, call.lookup("runbookprocesses", by_project, project), path)


def _get_runbook_process_of_project(call: Call) -> Answer:
    in_database(crud.find(call, KINDS["projects"], call.params["project"]), "Runbooks")
    return Answer(crud.show(call, RUNBOOK_PROCESSES, crud.find(call, RUNBOOK_PROCESSES, call.params["id"])))


def _put_runbook_process_of_project(call: Call) -> Answer:
    in_database(crud.find(call, KINDS["projects"], call.params["project"]), "Runbooks")
    return _put(call, RUNBOOK_PROCESSES)


def save(call: Call, kind: Kind, before: Document, body: Document, collection: str = "") -> Document:
    """Replace all steps of a process, in the kind's collection or another.

    Raises ApiError 400 without `Version`, with a stale one, or without a step that the project's settings name; 400 or
    404 for what a step refers to and is not there.
    """
    if body.get("Version") is None:
        raise bad_request(texts.required("Version"))
    if body["Version"] != before["Version"]:
        raise bad_request(_STALE.format(what=_WORDS[kind.collection]))
    for name in ("Id", "ProjectId"):
        if body.get(name) and str(body[name]).casefold() != before[name].casefold():
            raise bad_request(texts.mismatch(name, body[name], before[name]))
    known = prune(body, kind.collection, call.settings.version)
    steps = normalised(known.get("Steps"), call.store.next_guid)
    after = {
        **before,
        "Version": before["Version"] + 1,
        "Steps": steps,
        "LastSnapshotId": body.get("LastSnapshotId") or before["LastSnapshotId"],
    }
    crud.check_references(call, kind, after)
    check_references(call, steps)
    # What is on a branch of a version-controlled project is named there by slug, and nobody looks after it (?).
    of_database = kind is DEPLOYMENT_PROCESSES and not collection
    besides = step_references.followed(call, before, steps) if of_database else []
    after = tags.stored(call, kind, after)
    after, taken = secrets.separate(after, call.store.secrets_of(before["Id"]))
    writes = [Write(collection or kind.collection, before, after, taken), *besides]
    call.store.commit(call.space_id, writes, call.actor)
    return after


def without_channel(call: Call, channel: Document) -> list[Write]:
    """The write that takes a deleted channel out of its project's steps: those scoped only to it go."""
    before = call.scope.find("deploymentprocesses", deployment_process_id(channel["ProjectId"]))
    if before is None:
        return []  # the project is version controlled; nobody changes its branches for it
    steps = []
    for step in before["Steps"]:
        actions = [
            {**action, "Channels": [one for one in action["Channels"] if one != channel["Id"]]}
            for action in step["Actions"]
            if action["Channels"] != [channel["Id"]]
        ]
        if actions:
            steps.append({**step, "Actions": actions})
    if steps == before["Steps"]:
        return []
    after = {**before, "Version": before["Version"] + 1, "Steps": steps}
    after, kept = secrets.separate(after, call.store.secrets_of(before["Id"]))
    return [Write("deploymentprocesses", before, after, kept, side_effect=True)]
