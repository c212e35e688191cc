"""What a variable can be scoped to: the check of a scope, and the `ScopeValues` that a set shows.

The values of most dimensions are ids; a role is any string, a tenant tag its canonical name. A library set has no
project, so no channels, actions and processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import tags, texts
from sandbox.errors import ApiError, bad_request
from sandbox.indexes import by_project
from sandbox.resources.actions import deployment_process
from sandbox.resources.git_settings import is_in_git, process_in_git
from sandbox.routing import Call
from sandbox.store import Document

__all__ = ["canonical_tags", "check_scope", "project_processes", "scope_values"]

_FREE = {
    "Role", "TargetRole", "Tenant", "Project", "User", "Trigger", "ParentDeployment", "Private", "ProjectTemplate",
    "TemplatedProject", "EnvironmentParameter", "ProcessTemplateStep", "TargetTagParameter", "TenantTagParameter",
}  # fmt: skip
_CHECKED = ("Environment", "Machine", "Action", "Channel", "TenantTag", "ProcessOwner")
_DIMENSIONS = {name.lower(): name for name in (*_FREE, *_CHECKED)}


def canonical_tags(call: Call) -> Iterator[str]:
    """`Set/Tag` for every tag of the space."""
    for tag_set in call.scope.collection("tagsets").values():
        for tag in tag_set["Tags"]:
            yield f"{tag_set['Name']}/{tag['Name']}"


def project_processes(call: Call, project_id: str) -> Iterator[Document]:
    """The deployment process of a project and the processes of its runbooks."""
    process = deployment_process(call, project_id)
    if process:
        yield process
    yield from call.lookup("runbookprocesses", by_project, project_id)


def _actions(call: Call, project: Document) -> Iterator[Document]:
    """By id and name. Of a process in Git the id is the slug, since OCL has no other; (?) that the id from before it
    moved is taken, too."""
    in_git = process_in_git(call, project) if is_in_git(project) else None
    for process in project_processes(call, project["Id"]):
        for step in process["Steps"]:
            for action in step["Actions"]:
                yield {"Id": action["Slug" if process is in_git else "Id"], "Name": action["Name"]}


def _item(document: Document) -> Document:
    return {"Id": document["Id"], "Name": document["Name"]}


def scope_values(call: Call, owner_id: str) -> Document:
    """What a variable of this owner may be scoped to, as `VariableSet.ScopeValues` lists it."""
    scope = call.scope
    project = scope.find("projects", owner_id)
    roles = {role for machine in scope.collection("machines").values() for role in machine["Roles"]}
    channels: list[Document] = []
    actions: list[Document] = []
    processes: list[Document] = []
    if project:
        channels = [_item(one) for one in call.lookup("channels", by_project, owner_id)]
        actions = list(_actions(call, project))
        runbooks = call.lookup("runbooks", by_project, owner_id)
        processes = [{**_item(project), "ProcessType": "Deployment"}]
        processes += [{**_item(runbook), "ProcessType": "Runbook"} for runbook in runbooks]
    environments = sorted(scope.collection("environments").values(), key=lambda one: one["SortOrder"])
    return {
        "Environments": [_item(one) for one in environments],
        "Machines": [_item(one) for one in scope.collection("machines").values()],
        "Actions": actions,
        "Roles": [{"Id": role, "Name": role} for role in sorted(roles)],
        "Channels": channels,
        "TenantTags": [{"Id": tag, "Name": tag} for tag in canonical_tags(call)],
        "Processes": processes,
    }


def check_scope(
    call: Call, owner_id: str, given: Any, variable: str, before: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """The stored form of a scope: known dimensions, no empty ones. Raises ApiError 400 for what does not exist.

    What the stored variable was scoped to `before` may stay (?): a step that was removed shows in its variables' scopes
    as missing, and they can be saved all the same.
    """
    if not isinstance(given, dict):
        raise bad_request(texts.wrong_type(given, "Variables.Scope"))
    scope: dict[str, list[str]] = {}
    for key, values in given.items():
        dimension = _DIMENSIONS.get(str(key).lower())
        if dimension is None:
            raise bad_request(f"The variable '{variable}' has a scope of unknown type '{key}'.")
        values = values or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise bad_request(texts.wrong_type(values, f"Variables.Scope.{dimension}"))
        if dimension == "TenantTag":
            values = [_tag(call, variable, value) for value in values]
        for value in values:
            if value not in before.get(dimension, ()) and not _exists(call, owner_id, dimension, value):
                raise bad_request(
                    f"The variable '{variable}' is scoped to {dimension} '{value}', which does not exist."
                )
        if values:
            scope[dimension] = list(dict.fromkeys(values))
    return scope


def _tag(call: Call, variable: str, value: str) -> str:
    try:
        return tags.to_id(call, value)
    except ApiError as error:
        raise bad_request(
            f"The variable '{variable}' is scoped to TenantTag '{value}', which does not exist."
        ) from error


def _exists(call: Call, owner_id: str, dimension: str, value: str) -> bool:
    scope = call.scope
    if dimension in ("Environment", "Machine"):
        return scope.find(f"{dimension.lower()}s", value) is not None
    if dimension == "Channel":
        channel = scope.find("channels", value)
        return channel is not None and channel["ProjectId"] == owner_id
    if dimension == "ProcessOwner":
        runbook = scope.find("runbooks", value)
        return value.casefold() == owner_id.casefold() or (runbook is not None and runbook["ProjectId"] == owner_id)
    if dimension == "Action":
        project = scope.find("projects", owner_id)
        slugs = {action["Id"] for action in _actions(call, project)} if project else set()
        ids = {a["Id"] for p in project_processes(call, owner_id) for s in p["Steps"] for a in s["Actions"]}
        return value in slugs | ids
    return True
