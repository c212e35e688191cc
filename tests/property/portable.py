"""The portable form of a whole space, for tests: what two servers must agree on if they are said to be alike.

Written anew from the documents that a sandbox stores, and sharing nothing with the engine, which has its own idea of
it: ids become names, what only one server can know is dropped, sets are sorted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.server import Sandbox

Document = dict[str, Any]
Key = tuple[str, ...]

TOP = (
    "environments", "lifecycles", "projectgroups", "feeds", "accounts", "workerpools", "libraryvariablesets",
    "tagsets", "actiontemplates", "machinepolicies", "git-credentials",
)  # fmt: skip
DROPPED = {
    "Id", "Slug", "Links", "Version", "SpaceId", "LastModifiedOn", "LastModifiedBy", "SortOrder", "LastSnapshotId",
    "PublishedRunbookSnapshotId", "VariableSetId", "DeploymentProcessId", "RunbookProcessId", "ProjectId", "OwnerId",
    "NewValue", "Hint", "Icon",
}  # fmt: skip
MEMBERS = ("MemberUserIds", "ExternalSecurityGroups")
TEXTS = {"Name", "Description", "Notes", "Label", "ReleaseNotesTemplate", "Tag", "Octopus.Action.Script.ScriptBody"}
SETS = {
    "Environments", "ExcludedEnvironments", "Channels", "TenantTags", "EnvironmentIds", "AutomaticDeploymentTargets",
    "OptionalDeploymentTargets", "Environment", "Role", "Channel", "Action", "ProcessOwner", "TenantTag", "ProjectTags",
    "ProjectIds", "ProjectGroupIds", "TenantIds",
}  # fmt: skip


NAMED = ("machines", "machinepolicies", "teams", "tenants", "certificates", "actiontemplates")
"""What others may name, besides."""


def collection(sandbox: Sandbox, name: str, space_id: str | None = None) -> dict[str, Document]:
    """Of the default space, if none is given."""
    if space_id is None:
        space = sandbox.store.default_space()
        assert space is not None
        space_id = str(space["Id"])
    return dict(sandbox.store.space(space_id).collection(name))


def portable(sandbox: Sandbox, space_id: str | None = None, more: tuple[str, ...] = ()) -> dict[Key, Any]:
    """Name path → portable document, of all that a route can carry. ``more``: collections besides."""
    return dict(_Form(sandbox, space_id, (*TOP, *more)).documents())


class _Form:
    def __init__(self, sandbox: Sandbox, space_id: str | None, top: tuple[str, ...]) -> None:
        self.sandbox = sandbox
        self.space_id = space_id
        self.top = top
        self.names: dict[str, str] = {}
        self.actions: dict[str, list[Document]] = {}
        """Of the deployment process of a project."""
        for kind in dict.fromkeys((*top, "projects", *NAMED)):
            for document in self.all_of(kind):
                built_in = document.get("FeedType") in ("BuiltIn", "OctopusProject")
                called = document["FeedType"] if built_in else document["Name"]
                self.names[document["Id"]] = f"<{_kind(kind, document)}: {called}>"
                for tag in document.get("Tags", []):
                    self.names[tag["Id"]] = f"<tag: {called}/{tag['Name']}>"
        templates = list(self.all_of("actiontemplates"))
        templates += [one["Template"] for one in self.all_of("actiontemplateversions")]
        self.versions = {(one["Id"], str(one["Version"])): _text(one["Properties"]) for one in templates}
        for kind in ("channels", "runbooks"):
            for document in self.all_of(kind):
                self.names[document["Id"]] = f"<{kind} of {self.names[document['ProjectId']]}: {document['Name']}>"
        for kind in ("deploymentprocesses", "runbookprocesses"):
            for process in self.all_of(kind):
                owner = process.get("RunbookId") or process["ProjectId"]
                for step in process["Steps"]:
                    for action in step["Actions"]:
                        self.names[action["Id"]] = f"<action of {self.names[owner]}: {action['Name']}>"
                        if kind == "deploymentprocesses":
                            self.actions.setdefault(process["ProjectId"], []).append(action)

        self.rows: dict[str, Document] = {}
        for document in self.all_of("variables"):
            owner = self.names[document["OwnerId"]]
            self.rows |= {row["Id"]: {**row, "Owner": owner} for row in document["Variables"]}

    def all_of(self, kind: str) -> Iterable[Document]:
        return collection(self.sandbox, kind, self.space_id).values()

    def documents(self) -> Iterator[tuple[Key, Any]]:
        for kind in self.top:
            for document in self.all_of(kind):
                if document.get("FeedType") not in ("BuiltIn", "OctopusProject"):
                    yield (_kind(kind, document), document["Name"]), self.form(document, "")
        for document in self.all_of("projects"):
            yield ("projects", document["Name"]), self.form(document, document["Id"])
            yield ("logos", document["Name"]), {"Logo": self.logo(document)}
        for tenant in self.all_of("tenants"):
            links = {
                self.names[project]: sorted(self.names[one] for one in environments)
                for project, environments in tenant["ProjectEnvironments"].items()
            }
            yield ("tenants", tenant["Name"]), {**self.form(tenant, ""), "ProjectEnvironments": links}
            yield ("values", tenant["Name"]), dict(self.values(tenant))
        for team in self.all_of("teams"):
            if team["CanBeDeleted"]:
                # Who is in it is each server's own affair.
                said = {key: value for key, value in team.items() if key not in MEMBERS}
                roles = [self.form(one, "") for one in self.all_of("scopeduserroles") if one["TeamId"] == team["Id"]]
                yield ("teams", team["Name"]), {**self.form(said, ""), "Roles": sorted(roles, key=_text)}
        for trigger in self.all_of("projecttriggers"):
            said = {key: value for key, value in trigger.items() if key != "IsDisabled"}  # the destination's own
            project = trigger["ProjectId"]
            yield ("projecttriggers", self.names[project], trigger["Name"]), self.form(said, project)
        for kind in ("channels", "runbooks"):
            for document in self.all_of(kind):
                project = document["ProjectId"]
                yield (kind, self.names[project], document["Name"]), self.form(document, project)
        for kind in ("deploymentprocesses", "runbookprocesses", "deploymentsettings"):
            for document in self.all_of(kind):
                owner = document.get("RunbookId") or document["ProjectId"]
                yield (kind, self.names[owner]), self.form(document, document["ProjectId"])
        for document in self.all_of("variables"):
            rows = [self.form(row, document["OwnerId"]) for row in document["Variables"]]
            yield ("variables", self.names[document["OwnerId"]]), sorted(rows, key=_text)

    def logo(self, owner: Document) -> Any:
        picture = collection(self.sandbox, "logos", self.space_id).get(f"logo-{owner['Id']}")
        return picture["Data"] if picture else owner["Icon"]

    def values(self, tenant: Document) -> Iterator[tuple[Key, Any]]:
        """Owner, environment and template → what the tenant says; of a secret, that there is one."""
        for row in self.all_of("tenantvariables"):
            if row["TenantId"] != tenant["Id"]:
                continue
            for kind in ("projects", "libraryvariablesets"):
                for one in collection(self.sandbox, kind, self.space_id).get(row["OwnerId"], {}).get("Templates", []):
                    if one["Id"] == row["VariableTemplateId"]:
                        said = self.form(row["Value"], "")
                        for environment in row["EnvironmentIds"] or [""]:
                            where = (self.names[row["OwnerId"]], self.names.get(environment, ""), one["Name"])
                            yield where, said

    def form(self, value: Any, project: str) -> Any:
        if isinstance(value, dict):
            version = value.get(TEMPLATE_VERSION)
            if version is not None:  # versions are counted by each server: what counts is what it says
                value = {**value, TEMPLATE_VERSION: self.versions.get((value.get(TEMPLATE_ID), version), version)}
            return {
                key: self.field(key, item, project)
                for key, item in value.items()
                if key not in DROPPED and not (key == "IsDefault" and _has_a_default(value))
            }
        if isinstance(value, list):
            return [self.form(item, project) for item in value]
        return self.names.get(value, value) if isinstance(value, str) else value

    def field(self, key: str, value: Any, project: str) -> Any:
        if key in ("DeploymentAction", "DeploymentActionSlug"):
            return self.action(value, project)
        if key == "Variables" and not isinstance(value, list):
            return self.answers(json.loads(value or "{}"), project)
        if key in TEXTS:
            return value  # though it may look like an id
        found = self.form(value, project)
        return sorted(found) if key in SETS and isinstance(found, list) else found

    def answers(self, said: Document, project: str) -> list[str]:
        """To prompted variables. Those to secrets are each server's own, and to what is gone there are none."""
        rows = [(self.rows[key], value) for key, value in said.items() if key in self.rows]
        readable = [(row, value) for row, value in rows if row["Type"] != "Sensitive"]
        return sorted(
            _text([row["Owner"], row["Name"], self.form(row["Scope"], project), said]) for row, said in readable
        )

    def action(self, named: str, project: str) -> str:
        """A package names its step by name, id or slug."""
        for action in self.actions.get(project, []):
            if named.casefold() in (action["Id"].casefold(), action["Name"].casefold(), action["Slug"].casefold()):
                return str(action["Name"])
        return f"nothing: {named}"


TEMPLATE_ID, TEMPLATE_VERSION = "Octopus.Action.Template.Id", "Octopus.Action.Template.Version"


def _kind(collection: str, document: Document) -> str:
    """Script modules lie among the library sets, and may have the name of one."""
    return "modules" if document.get("ContentType") == "ScriptModule" else collection


def _has_a_default(document: Document) -> bool:
    """Of these, which one is the default is each server's own."""
    return "WorkerPoolType" in document or "MachineHealthCheckPolicy" in document


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def differences(one: dict[Key, Any], two: dict[Key, Any]) -> list[str]:
    """Where two forms differ, one line for each place; for messages."""
    return [
        line for key in sorted(one.keys() | two.keys()) for line in _differ(" ".join(key), one.get(key), two.get(key))
    ]


def _differ(where: str, one: Any, two: Any) -> Iterator[str]:
    if one == two:
        return
    if isinstance(one, dict) and isinstance(two, dict):
        for key in one.keys() | two.keys():
            yield from _differ(f"{where} / {key}", one.get(key), two.get(key))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for place, (first, second) in enumerate(zip(one, two, strict=True)):
            yield from _differ(f"{where}[{place}]", first, second)
    else:
        yield f"{where}: {_text(one)} ≠ {_text(two)}"
