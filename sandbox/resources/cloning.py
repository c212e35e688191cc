"""Clones: a project or a runbook that begins as a copy of another one, which `Clone` in the body of a POST names (a
query parameter before 2023).

What the body says outranks the original. Templates, triggers and the settings of runbooks come along (Issues#3613,
#2777, #7602). The ids of steps, actions, packages and variables are the original's, so they occur twice in a server
from then on (OctopusTerraformExport met such); channels, runbooks, triggers and templates get new ones, and what names
one of them names the new one (Issues#2417). Secrets are copied. One event tells of it all (?).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox import crud, secrets
from sandbox.kind import KINDS, Kind
from sandbox.resources.processes import deployment_process_id, runbook_process_id
from sandbox.routing import Call
from sandbox.store import Document, Write

__all__ = ["clone_of", "cloned_project", "cloned_runbook"]

# What a clone has of its own, besides ids.
_OWN = ("Id", "Slug", "Links", "VariableSetId", "DeploymentProcessId", "RunbookProcessId", "PublishedRunbookSnapshotId")


def clone_of(call: Call, kind: Kind, body: Document) -> Document | None:
    """The document that a request wants a clone of. Raises ApiError 404 for one that is not there."""
    given = {key.lower(): value for key, value in body.items()}
    wanted = given.get("clone") or call.argument("clone")
    return crud.find(call, kind, str(wanted)) if wanted else None


def _whole(call: Call, kind: Kind, original: Document, body: Document) -> Document:
    """The body of the clone: the original as it is shown, and over it what the body says."""
    given = {key.lower() for key in body}
    kept = {key: value for key, value in crud.show(call, kind, original).items() if key.lower() not in given}
    return {key: value for key, value in {**kept, **body}.items() if key not in _OWN or key in body}


class _Names:
    """From the ids of an original's parts to those of the clone's."""

    def __init__(self, original_id: str, clone_id: str) -> None:
        self._new = {original_id: clone_id}

    def __setitem__(self, original_id: str, clone_id: str) -> None:
        self._new[original_id] = clone_id

    def translated(self, value: Any) -> Any:
        """A copy of a JSON value in which the new ids stand for the old ones."""
        if isinstance(value, dict):
            return {key: self.translated(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.translated(item) for item in value]
        return self._new.get(value, value) if isinstance(value, str) else value


def cloned_project(call: Call, original: Document, body: Document) -> Document:
    """A new project like another one: process, variables, channels, triggers, runbooks, and with
    `RetainTenantConnections` its tenants."""
    kind = KINDS["projects"]
    whole = _whole(call, kind, original, body)
    # What names a step or a channel is copied below, once they are there.
    for name in ("VersioningStrategy", "ReleaseCreationStrategy", "AutoCreateRelease", "AutoDeployReleaseOverrides"):
        whole.pop(name, None)
    whole["Templates"] = [_template(call, original, one) for one in whole.get("Templates") or []]
    project = crud.create(call, kind, whole, ClonedFromProjectId=original["Id"])
    names = _Names(original["Id"], project["Id"])
    writes = [*_channels(call, names, original, project), *_runbooks(call, names, original, project)]
    processes = (deployment_process_id(one["Id"]) for one in (original, project))
    writes += _replaced(call, names, "deploymentprocesses", *processes)
    writes += _replaced(call, names, "variables", original["VariableSetId"], project["VariableSetId"])
    writes += _triggers(call, names, original["Id"], None)
    settings = call.find("deploymentsettings", f"deploymentsettings-{original['Id']}")
    mine = call.find("deploymentsettings", f"deploymentsettings-{project['Id']}")
    writes.append(Write("deploymentsettings", mine, {**mine, "VersioningStrategy": settings["VersioningStrategy"]}))
    copied = {name: names.translated(original[name]) for name in ("ReleaseCreationStrategy", "AutoCreateRelease")}
    writes.append(Write("projects", project, {**project, **copied}))
    if body.get("RetainTenantConnections"):
        for tenant in call.scope.collection("tenants").values():
            if original["Id"] in tenant["ProjectEnvironments"]:
                links = {**tenant["ProjectEnvironments"], project["Id"]: tenant["ProjectEnvironments"][original["Id"]]}
                writes.append(Write("tenants", tenant, {**tenant, "ProjectEnvironments": links}))
    _commit_silently(call, writes)
    return call.find("projects", project["Id"])


def _template(call: Call, original: Document, template: Document) -> Document:
    """A template with an id to be given, and with its secret default."""
    default = template["DefaultValue"]
    if secrets.is_sensitive_value(default):
        default = {"NewValue": call.store.secret(original["Id"], f"Templates/{template['Id']}/DefaultValue")}
    return {**template, "Id": "", "DefaultValue": default}


def cloned_runbook(call: Call, original: Document, body: Document) -> Document:
    """A new runbook like another one, of the same project: settings, process, and the triggers that run it
    (Issues#7691)."""
    kind = KINDS["runbooks"]
    runbook = crud.create(call, kind, _whole(call, kind, original, body))
    names = _Names(original["Id"], runbook["Id"])
    writes = _replaced(call, names, "runbookprocesses", *(runbook_process_id(one["Id"]) for one in (original, runbook)))
    _commit_silently(call, [*writes, *_triggers(call, names, original["ProjectId"], original["Id"])])
    return call.find("runbooks", runbook["Id"])


def _commit_silently(call: Call, writes: list[Write]) -> None:
    """The creation of the clone is audited already; nothing else is (?)."""
    call.store.commit(call.space_id, [replace(write, silent=True) for write in writes], call.actor)


def _copy(call: Call, names: _Names, collection: str, original: Document, **own: Any) -> Write:
    """The write of a new document like another one of the project."""
    new_id = call.store.next_id(KINDS[collection].prefix)
    names[original["Id"]] = new_id
    copied = {**names.translated(original), "Id": new_id, **own}
    return Write(collection, None, copied, call.store.secrets_of(original["Id"]))


def _channels(call: Call, names: _Names, original: Document, project: Document) -> list[Write]:
    """The original's channels; the first one that the new project has is its default one."""
    own = next(one for one in call.scope.collection("channels").values() if one["ProjectId"] == project["Id"])
    writes: list[Write] = []
    for channel in [one for one in call.scope.collection("channels").values() if one["ProjectId"] == original["Id"]]:
        if channel["IsDefault"]:
            names[channel["Id"]] = own["Id"]
            writes.append(Write("channels", own, {**names.translated(channel), "Id": own["Id"]}))
        else:
            writes.append(_copy(call, names, "channels", channel))
    return writes


def _runbooks(call: Call, names: _Names, original: Document, project: Document) -> list[Write]:
    writes: list[Write] = []
    for runbook in [one for one in call.scope.collection("runbooks").values() if one["ProjectId"] == original["Id"]]:
        written = _copy(call, names, "runbooks", runbook, PublishedRunbookSnapshotId=None)
        process_id = runbook_process_id(written.id)
        names[runbook["RunbookProcessId"]] = process_id
        copied = Write("runbooks", None, {**written.document, "RunbookProcessId": process_id}, written.secrets)
        process = call.find("runbookprocesses", runbook["RunbookProcessId"])
        its_own = {**names.translated(process), "Id": process_id, "LastSnapshotId": None}
        writes += [copied, Write("runbookprocesses", None, its_own, call.store.secrets_of(process["Id"]))]
    return writes


def _replaced(call: Call, names: _Names, collection: str, original_id: str, clone_id: str) -> list[Write]:
    """The clone's process or variable set, with what the original's holds."""
    original = call.scope.find(collection, original_id)
    if original is None:
        return []  # it is on a branch of a version-controlled project
    before = call.find(collection, clone_id)
    holds = "Variables" if collection == "variables" else "Steps"
    after = {**before, "Version": before["Version"] + 1, holds: names.translated(original[holds])}
    return [Write(collection, before, after, call.store.secrets_of(original_id))]


def _triggers(call: Call, names: _Names, project_id: str, runbook_id: str | None) -> list[Write]:
    """The triggers of a project, or those of it that run one runbook."""
    triggers = [one for one in call.scope.collection("projecttriggers").values() if one["ProjectId"] == project_id]
    if runbook_id is None:
        return [_copy(call, names, "projecttriggers", one) for one in triggers]
    running = [one for one in triggers if one["Action"].get("RunbookId") == runbook_id]
    taken = {one["Name"].casefold() for one in triggers}
    writes: list[Write] = []
    for one in running:
        name, number = one["Name"], 2
        while f"{name} ({number})".casefold() in taken:
            number += 1
        writes.append(_copy(call, names, "projecttriggers", one, Name=f"{name} ({number})"))
        taken.add(f"{name} ({number})".casefold())
    return writes
