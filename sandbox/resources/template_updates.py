"""Bringing actions up to a newer version of their step template: `actiontemplates/{id}/actionsUpdate`.

For each action the template's properties are replaced, the values of its parameters stay, and new parameters get their
default. An action is left as it was, and told why, where that cannot be done: a new parameter has no value, somebody
changed one of the template's own properties in the action, or a package that goes is still named by the project
(Octopus API reference, 2026; in detail (?)).
"""

from __future__ import annotations

from typing import Any

from sandbox import crud, secrets, texts
from sandbox.errors import bad_request, not_found
from sandbox.resources.step_templates import ACTION_TEMPLATES, TEMPLATE_ID, TEMPLATE_VERSION, uses_of, versions_of
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import objects
from sandbox.store import Document, Write

__all__ = ["add_routes"]


def add_routes(router: Router) -> None:
    router.add("POST", "actiontemplates/{id}/actionsupdate", lambda call: Answer(_update(call)))
    router.add("POST", "actiontemplates/{id}/actionsupdate/bulk", _bulk, since="2023.4")


def _bulk(call: Call) -> Answer:
    """The same, told in one object. A real server may make a task of it; (?) here it is done at once."""
    results = _update(call)
    outcome = "Success" if all(one["Outcome"] == "Success" for one in results) else "Failure"
    return Answer({"Outcome": outcome, "Results": results, "TaskId": None, "ValidationFailures": []})


def _update(call: Call) -> list[Document]:
    template = crud.find(call, ACTION_TEMPLATES, call.params["id"])
    body = call.json()
    versions = versions_of(call, template)
    if body.get("Version") not in versions:
        raise not_found(body.get("Version"))
    wanted = _wanted(body)
    new = versions[body["Version"]]
    given = {**_bag(body, "DefaultPropertyValues"), **_bag(body, "Overrides")}
    results: list[Document] = []
    changed: dict[tuple[str, str], dict[str, Document]] = {}
    for kind, process, _, action in list(uses_of(call, template["Id"])):
        if action["Id"] not in wanted.get(process["Id"], ()):
            continue
        old = versions.get(_number(action["Properties"].get(TEMPLATE_VERSION)), new)
        result = _judged(call, process, action, old, new, given, overrides=set(_bag(body, "Overrides")))
        results.append(result)
        if result["Outcome"] == "Success":
            updated = _updated(call, action, old, new, given)
            changed.setdefault((kind.collection, process["Id"]), {})[action["Id"]] = updated
    writes = [_write(call, collection, process, actions) for (collection, process), actions in changed.items()]
    if writes:
        call.store.commit(call.space_id, writes, call.actor)
    return results


def _wanted(body: Document) -> dict[str, set[str]]:
    """The actions to bring up to date, by process: a list since 2021, before it a map."""
    found: dict[str, set[str]] = {}
    for entry in objects(body.get("ActionsToUpdate"), "ActionsToUpdate"):
        if not isinstance(entry.get("ActionIds"), list):
            raise bad_request(texts.required("ActionsToUpdate.ActionIds"))
        found.setdefault(str(entry.get("ProcessId")), set()).update(entry["ActionIds"])
    for process, actions in _bag(body, "ActionIdsByProcessId").items():
        found.setdefault(process, set()).update(actions)
    if not found:
        raise bad_request(texts.required("ActionsToUpdate"))
    return found


def _bag(body: Document, name: str) -> Document:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise bad_request(texts.wrong_type(value, name))
    return value


def _number(version: Any) -> int:
    return int(version) if isinstance(version, str) and version.isdigit() else -1


def _judged(
    call: Call, process: Document, action: Document, old: Document, new: Document, given: Document, overrides: set[str]
) -> Document:
    known = {one["Name"] for one in old["Parameters"]}
    lacking = [
        one["Name"]
        for one in new["Parameters"]
        if one["Name"] not in known and one["DefaultValue"] in (None, "") and one["Name"] not in given
    ]
    merges = {
        name: ["The value was changed in the step and in the template."]
        for name, value in new["Properties"].items()
        if name in old["Properties"]
        and action["Properties"].get(name) not in (None, old["Properties"][name], value)
        and name not in overrides
    }
    removed = [
        usage
        for package in old["Packages"]
        if package["Name"] not in {one["Name"] for one in new["Packages"]}
        for usage in _users_of_package(call, process["ProjectId"], action, package["Name"])
    ]
    outcome = "Success"
    if lacking:
        outcome = "DefaultParamterValueMissing"  # the server's own spelling
    elif merges:
        outcome = "ManualMergeRequired"
    elif removed:
        outcome = "RemovedPackageInUse"
    return {
        "Id": action["Id"],
        "Outcome": outcome,
        "ManualMergeRequiredReasonsByPropertyName": merges,
        "NamesOfNewParametersMissingDefaultValue": lacking,
        "RemovedPackageUsages": removed,
        "Links": {},
    }


def _users_of_package(call: Call, project_id: str, action: Document, reference: str) -> list[Document]:
    """The channel rules, versioning and release creation of the project that name a package of the action."""
    names = {action["Name"].casefold(), action["Id"].casefold(), action["Slug"].casefold()}

    def is_it(package: Document | None) -> bool:
        return (
            package is not None
            and str(package.get("DeploymentAction")).casefold() in names
            and (package.get("PackageReference") or "") == reference
        )

    def usage(used_by: str, document: Document) -> Document:
        names = {"UsedById": document["Id"], "UsedByName": document["Name"]}
        return {"PackageReference": reference, "UsedBy": used_by, **names}

    project = call.find("projects", project_id)
    settings = call.find("deploymentsettings", f"deploymentsettings-{project_id}")
    found = [
        usage("ChannelRule", channel)
        for channel in call.scope.collection("channels").values()
        if channel["ProjectId"] == project_id
        and any(is_it(package) for rule in channel["Rules"] for package in rule["ActionPackages"])
    ]
    if is_it(settings["VersioningStrategy"]["DonorPackage"]):
        found.append(usage("ProjectVersionStrategy", project))
    if is_it(project["ReleaseCreationStrategy"]["ReleaseCreationPackage"]):
        found.append(usage("ProjectReleaseCreationStrategy", project))
    return found


def _updated(call: Call, action: Document, old: Document, new: Document, given: Document) -> Document:
    """The action as the new version has it. Secrets of the template and defaults are brought along."""
    gone = {*old["Properties"], *(one["Name"] for one in old["Parameters"])}
    properties = {name: value for name, value in action["Properties"].items() if name not in gone}
    for name, value in new["Properties"].items():
        properties[name] = _with_secret(call, new["Id"], f"Properties.{name}", value)
    for parameter in new["Parameters"]:
        name = parameter["Name"]
        default = _with_secret(call, new["Id"], f"Parameters/{parameter['Id']}/DefaultValue", parameter["DefaultValue"])
        value = given.get(name, action["Properties"].get(name, default))
        if value not in (None, ""):
            properties[name] = value
    properties |= {TEMPLATE_ID: new["Id"], TEMPLATE_VERSION: str(new["Version"])}
    chosen = {one["Name"]: one for one in action["Packages"]}
    packages = [chosen.get(one["Name"], {**one, "Id": call.store.next_guid()}) for one in new["Packages"]]
    return {**action, "Properties": properties, "Packages": packages}


def _with_secret(call: Call, template_id: str, place: str, value: Any) -> Any:
    secret = call.store.secret(template_id, place) if secrets.is_sensitive_value(value) else None
    return value if secret is None else {**secrets.EMPTY, "HasValue": True, "NewValue": secret}


def _write(call: Call, collection: str, process_id: str, actions: dict[str, Document]) -> Write:
    before = call.find(collection, process_id)
    steps = [
        {**step, "Actions": [actions.get(action["Id"], action) for action in step["Actions"]]}
        for step in before["Steps"]
    ]
    after = {**before, "Version": before["Version"] + 1, "Steps": steps}
    after, taken = secrets.separate(after, call.store.secrets_of(process_id))
    return Write(collection, before, after, taken)
