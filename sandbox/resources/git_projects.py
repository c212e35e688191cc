"""Version-controlled projects: conversion, branches, and what is read and saved on one.

A save over the API is a commit and is audited as the database's documents are; what is pushed straight to the
repository is not, since nobody tells the server (Octopus' documentation of configuration as code).
`POST /api/sandbox/push/{project}` does such a push: `{"Branch": "main", "Steps": [...], "Variables": [...]}`.

Variables: migrated, the plain ones are on the branches and the sensitive ones stay in the database.
"""

from __future__ import annotations

from typing import Any

from sandbox import crud, secrets, texts
from sandbox.errors import bad_request, not_found
from sandbox.paging import page
from sandbox.resources import processes, variables
from sandbox.resources.git_settings import branch_collection, branches_of, canonical, is_in_git, persistence
from sandbox.resources.projects import DEPLOYMENT_SETTINGS, PROJECTS, settings_id
from sandbox.resources.steps import normalised
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["add_routes", "on_branch", "project_of"]


def add_routes(router: Router) -> None:
    for method, template, handler in (
        ("POST", "projects/{project}/git/convert", _convert),
        ("GET", "projects/{project}/git/branches", _branches),
        ("POST", "projects/{project}/git/branches", _create_branch),
        ("GET", "projects/{project}/git/branches/{ref}", lambda call: Answer(_branch(call, *on_branch(call)))),
        ("GET", "projects/{project}/git/refs/{ref}", lambda call: Answer(_branch(call, *on_branch(call)))),
        ("GET", "projects/{project}/git/tags", _tags),
        ("POST", "projects/{project}/git/connectivity-test", _reachable),
        ("POST", "projects/{project}/git/validate", _validate),
        ("GET", "projects/{project}/{ref}/deploymentprocesses", _get_process),
        ("PUT", "projects/{project}/{ref}/deploymentprocesses", _put_process),
        ("GET", "projects/{project}/{ref}/deploymentsettings", _get_settings),
        ("PUT", "projects/{project}/{ref}/deploymentsettings", _put_settings),
    ):
        router.add(method, template, handler, since="2023.4")
    for method, template, handler in (
        ("GET", "projects/{project}/git/migrate-variables", _migration_summary),
        ("POST", "projects/{project}/git/migrate-variables", _migrate_variables),
        ("GET", "projects/{project}/{ref}/variables", _get_variables),
        ("PUT", "projects/{project}/{ref}/variables", _put_variables),
    ):
        router.add(method, template, handler, scope="named-space", since="2023.4")
    router.add("POST", "sandbox/push/{project}", _push, scope="system")


def project_of(call: Call) -> Document:
    return crud.find(call, PROJECTS, call.params["project"])


def on_branch(call: Call) -> tuple[Document, str]:
    """The project, and the branch that the path names. Raises ApiError 400 for a project in the database."""
    project = project_of(call)
    if not is_in_git(project):
        raise bad_request(f"The project '{project['Name']}' is not version controlled.")
    ref = canonical(call.params["ref"])
    if ref not in branches_of(call, project):
        raise not_found(call.params["ref"])
    return project, ref


def _branch(call: Call, project: Document, ref: str) -> Document:
    settings = project["PersistenceSettings"]
    encoded = ref.replace("/", "%2f")
    path = f"projects/{project['Id']}/{encoded}"
    return {
        "Id": None,
        "Name": ref.removeprefix("refs/heads/"),
        "CanonicalName": ref,
        "IsProtected": bool(settings["ProtectedDefaultBranch"]) and ref == canonical(settings["DefaultBranch"]),
        "Links": {"DeploymentProcess": call.link(f"{path}/deploymentprocesses")},
    }


def _branches(call: Call) -> Answer:
    project = project_of(call)
    wanted = (call.argument("searchByName") or "").casefold()
    found = [one for one in branches_of(call, project) if wanted in one.casefold()]
    path = f"projects/{project['Id']}/git/branches"
    return page(call, "GitBranch", path, found, show=lambda ref: _branch(call, project, ref))


def _tags(call: Call) -> Answer:
    """There are none: nobody tags what has no history."""
    return page(call, "GitTag", f"projects/{project_of(call)['Id']}/git/tags", [])


def _reachable(call: Call) -> Answer:
    """Every repository is, since none is asked."""
    project_of(call)
    return Answer({"Messages": []})


def _convert(call: Call) -> Answer:
    """Copy the process and the settings onto the first branch; the process leaves the database."""
    project, body = project_of(call), call.json()
    if is_in_git(project):
        raise bad_request(f"The project '{project['Name']}' is already version controlled.")
    if not (body.get("ChangeDescription") or body.get("CommitMessage")):
        raise bad_request(texts.required("ChangeDescription"))
    settings = persistence(call, body.get("VersionControlSettings"))
    after = {**project, "PersistenceSettings": settings}
    clean, taken = secrets.separate(after, call.store.secrets_of(project["Id"]))
    process = call.find("deploymentprocesses", project["DeploymentProcessId"])
    of_process = call.store.secrets_of(process["Id"])
    ours = call.find("deploymentsettings", settings_id(project["Id"]))
    # A protected default branch is not committed to; it has what the other one has once that is merged.
    default = canonical(settings["DefaultBranch"])
    first = body.get("InitialCommitBranchName") or "octopus-vcs-conversion"
    names = [default, *([canonical(str(first))] if settings["ProtectedDefaultBranch"] else [])]
    writes = [Write("projects", project, clean, taken), Write("deploymentprocesses", process, None, side_effect=True)]
    for name in dict.fromkeys(names):
        collection = branch_collection(project["Id"], name)
        writes += [Write(collection, None, process, of_process, side_effect=True)]
        writes += [Write(collection, None, ours, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer({})


def _create_branch(call: Call) -> Answer:
    project, body = project_of(call), call.json()
    name = body.get("NewBranchName")
    if not isinstance(name, str) or not name:
        raise bad_request(texts.required("NewBranchName"))
    call.params["ref"] = str(body.get("CurrentBranchName") or body.get("BaseGitRef") or "")
    _, base = on_branch(call)
    ref = canonical(name)
    if ref in branches_of(call, project):
        raise bad_request(f"A branch named '{name}' already exists.")
    collection = branch_collection(project["Id"], ref)
    documents = call.scope.collection(branch_collection(project["Id"], base)).values()
    writes = [Write(collection, None, one, call.store.secrets_of(one["Id"]), side_effect=True) for one in documents]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer(_branch(call, project, ref))


def _validate(call: Call) -> Answer:
    project, ref = project_of(call), call.json().get("GitRef")
    if not isinstance(ref, str) or canonical(ref) not in branches_of(call, project):
        return Answer({"ValidatedGitRef": None, "Error": f"The reference '{ref}' was not found."})
    name = canonical(ref)
    shown = {"Name": name.removeprefix("refs/heads/"), "CanonicalName": name, "Links": {}}
    return Answer({"ValidatedGitRef": shown, "Error": None})


def _document(call: Call, project: Document, ref: str, document_id: str) -> Document:
    return call.find(branch_collection(project["Id"], ref), document_id)


def _get_process(call: Call) -> Answer:
    project, ref = on_branch(call)
    process = _document(call, project, ref, processes.deployment_process_id(project["Id"]))
    return Answer(crud.show(call, processes.DEPLOYMENT_PROCESSES, process))


def _put_process(call: Call) -> Answer:
    project, ref = on_branch(call)
    before = _document(call, project, ref, processes.deployment_process_id(project["Id"]))
    collection = branch_collection(project["Id"], ref)
    after = processes.save(call, processes.DEPLOYMENT_PROCESSES, before, call.json(), collection)
    return Answer(crud.show(call, processes.DEPLOYMENT_PROCESSES, after))


def _get_settings(call: Call) -> Answer:
    project, ref = on_branch(call)
    return Answer(crud.show(call, DEPLOYMENT_SETTINGS, _document(call, project, ref, settings_id(project["Id"]))))


def _put_settings(call: Call) -> Answer:
    project, ref = on_branch(call)
    before = _document(call, project, ref, settings_id(project["Id"]))
    after = crud.draft(call, DEPLOYMENT_SETTINGS, before, call.json())
    write = Write(branch_collection(project["Id"], ref), before, after)
    call.store.commit(call.space_id, [write], call.actor)
    return Answer(crud.show(call, DEPLOYMENT_SETTINGS, after))


# -- variables -------------------------------------------------------------------------------------------------------


def _split(rows: list[Document]) -> tuple[list[Document], list[Document]]:
    return [one for one in rows if not one["IsSensitive"]], [one for one in rows if one["IsSensitive"]]


def _migration_summary(call: Call) -> Answer:
    plain, sensitive = _split(call.find("variables", project_of(call)["VariableSetId"])["Variables"])
    return Answer({"TextVariableCount": len(plain), "SensitiveVariableCount": len(sensitive)})


def _migrate_variables(call: Call) -> Answer:
    """Put the plain variables onto every branch; the sensitive ones stay."""
    project, body = project_of(call), call.json()
    call.params["ref"] = str(body.get("Branch") or "")
    on_branch(call)
    if project["PersistenceSettings"]["ConversionState"]["VariablesAreInGit"]:
        raise bad_request("The variables of the project are in Git already.")
    before = call.find("variables", project["VariableSetId"])
    plain, sensitive = _split(before["Variables"])
    state = {**project["PersistenceSettings"]["ConversionState"], "VariablesAreInGit": True}
    after = {**project, "PersistenceSettings": {**project["PersistenceSettings"], "ConversionState": state}}
    writes = [
        Write("projects", project, after),
        Write("variables", before, {**before, "Variables": sensitive, "Version": before["Version"] + 1}),
        *(
            Write(branch_collection(project["Id"], ref), None, {**before, "Variables": plain}, side_effect=True)
            for ref in branches_of(call, project)
        ),
    ]
    kept = call.store.secrets_of(before["Id"])
    writes[-1] = Write(writes[-1].collection, None, writes[-1].after, kept, side_effect=True)
    call.store.commit(call.space_id, writes, call.actor)
    return Answer({})


def _in_git(call: Call) -> tuple[Document, Document, str]:
    """The set on the branch, that of the database, and the branch's collection."""
    project, ref = on_branch(call)
    collection = branch_collection(project["Id"], ref)
    stored = call.scope.find(collection, project["VariableSetId"])
    if stored is None:
        raise bad_request("The variables of the project are not in Git.")
    return stored, call.find("variables", project["VariableSetId"]), collection


def _get_variables(call: Call) -> Answer:
    in_git, in_database, _ = _in_git(call)
    rows = [*in_git["Variables"], *in_database["Variables"]]
    return Answer(crud.show(call, variables.VARIABLE_SETS, {**in_git, "Variables": rows}))


def _put_variables(call: Call) -> Answer:
    """Plain variables go onto the branch, sensitive ones into the database."""
    in_git, in_database, collection = _in_git(call)
    whole = {**in_git, "Variables": [*in_git["Variables"], *in_database["Variables"]]}
    after, taken = variables.replaced(call, whole, call.json())
    plain, sensitive = _split(after["Variables"])
    writes = [Write(collection, in_git, {**after, "Variables": plain}, taken)]
    if sensitive != in_database["Variables"] or taken != call.store.secrets_of(in_database["Id"]):
        changed = {**in_database, "Variables": sensitive, "Version": in_database["Version"] + 1}
        writes.append(Write("variables", in_database, changed, taken))
    call.store.commit(call.space_id, writes, call.actor)
    return Answer({})


def _push(call: Call) -> Answer:
    """Change a branch as a push to the repository does: no save, no audit."""
    body: dict[str, Any] = call.json()
    for space in call.store.spaces():
        if call.store.space(space["Id"]).find("projects", call.params["project"]):
            call.space_id = space["Id"]
    call.params["ref"] = str(body.get("Branch") or "")
    project, ref = on_branch(call)
    documents = call.scope.collections[branch_collection(project["Id"], ref)]
    process_id = processes.deployment_process_id(project["Id"])
    if "Steps" in body:
        documents[process_id] = {**documents[process_id], "Steps": normalised(body["Steps"], call.store.next_guid)}
    if "Variables" in body:
        whole = call.find(branch_collection(project["Id"], ref), project["VariableSetId"])
        documents[whole["Id"]] = variables.replaced(call, whole, {"Variables": body["Variables"]})[0]
    return Answer(_branch(call, project, ref))
