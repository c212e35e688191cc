"""Step templates: numbered versions, and the actions that were made from one.

An action keeps a copy of its template's properties and the number of the version it was made from; a new version
changes no action by itself (see `sandbox.resources.template_updates`). Every version stays readable.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox import crud
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Save, declare, own
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, git_dependencies, packages, templates
from sandbox.store import Document, Write

__all__ = [
    "ACTION_TEMPLATES",
    "TEMPLATE_ID",
    "TEMPLATE_VERSION",
    "add_routes",
    "uses_of",
    "version_write",
    "versions_of",
]

TEMPLATE_ID = "Octopus.Action.Template.Id"
TEMPLATE_VERSION = "Octopus.Action.Template.Version"
VERSIONS = "actiontemplateversions"


def version_write(template: Document) -> Write:
    """The write that keeps a version of a template for later."""
    kept = {"Id": f"ActionTemplateVersions-{template['Id']}-{template['Version']}", "Template": template}
    return Write(VERSIONS, None, kept, side_effect=True)


def versions_of(call: Call, template: Document) -> dict[int, Document]:
    """All versions of a template by number, oldest first; the last is the template itself."""
    kept = (one["Template"] for one in call.scope.collection(VERSIONS).values())
    found = {one["Version"]: one for one in kept if one["Id"] == template["Id"]}
    return {**found, template["Version"]: template}


def _prepare(save: Save) -> None:
    template, guid = save.after, save.call.store.next_guid
    if save.before and save.before["CommunityActionTemplateId"]:
        raise bad_request("Only custom templates can be directly updated")
    template["Parameters"] = templates(template["Parameters"], guid, "Parameters")
    template["Packages"] = packages(template["Packages"], guid)
    template["GitDependencies"] = git_dependencies(template["GitDependencies"])
    template["Version"] = save.before["Version"] + 1 if save.before else 0
    if save.before:
        save.besides.append(version_write(save.before))
    _check_feeds(save.call, template["Packages"])


def _check_feeds(call: Call, references: list[Document]) -> None:
    """A named package needs a feed; one that the user of the template chooses has neither."""
    named = [one for one in references if one["PackageId"] and "#{" not in one["PackageId"]]
    if not all(one["FeedId"] for one in named):
        raise bad_request("No Feed Id was specified.")
    feeds = [package["FeedId"] for package in references if package["FeedId"] and "#{" not in package["FeedId"]]
    unknown = [feed for feed in feeds if not call.scope.find("feeds", feed)]
    if unknown:
        raise bad_request(f"The following Feed Ids cannot be found: {', '.join(unknown)}")


def _deleting(call: Call, template: Document) -> list[Write]:
    """Refused while a step is made from it; what a release froze does not count (OctopusDeploy/Issues#5126, #5681).
    Its versions go with it."""
    if any(True for _ in uses_of(call, template["Id"])):
        raise bad_request("The step template is currently used in one or more deployment processes")
    kept = call.scope.collection(VERSIONS).values()
    return [Write(VERSIONS, one, None, side_effect=True) for one in kept if one["Template"]["Id"] == template["Id"]]


def _is_from_community(template: Document, values: list[str]) -> bool:
    return str(template["CommunityActionTemplateId"] is not None).lower() in {value.lower() for value in values}


ACTION_TEMPLATES = declare(
    Kind(
        collection="actiontemplates",
        prefix="ActionTemplates",
        name="ActionTemplate",
        fields=(
            NAME,
            Field("Description"),
            Field("ActionType", writable="create", required=True),
            own("Version", 0),
            own("CommunityActionTemplateId"),
            Field("Properties", {}),
            Field("Packages", []),
            Field("GitDependencies", []),
            Field("Parameters", []),
            Field("StepPackageVersion"),
            Field("Inputs"),
        ),
        filters={"isCommunityActionTemplate": _is_from_community},
        links={
            "Usage": "actiontemplates/{Id}/usage",
            "ActionsUpdate": "actiontemplates/{Id}/actionsUpdate",
            "Versions": "actiontemplates/{Id}/versions{/version}",
            "Logo": "actiontemplates/{Id}/logo",
        },
        prepare=_prepare,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, ACTION_TEMPLATES)
    router.add("GET", "actiontemplates/{id}/versions", _versions)
    router.add("GET", "actiontemplates/{id}/versions/{version}", _version)
    router.add("GET", "actiontemplates/{id}/usage", _usage)
    router.add("GET", "actiontemplates/search", _search)


def _versions(call: Call) -> Answer:
    template = crud.find(call, ACTION_TEMPLATES, call.params["id"])
    return Answer([crud.show(call, ACTION_TEMPLATES, one) for one in versions_of(call, template).values()])


def _version(call: Call) -> Answer:
    template = crud.find(call, ACTION_TEMPLATES, call.params["id"])
    version = {str(number): one for number, one in versions_of(call, template).items()}.get(call.params["version"])
    if version is None:
        raise not_found(call.params["version"])
    return Answer(crud.show(call, ACTION_TEMPLATES, version))


def uses_of(call: Call, template_id: str) -> Iterator[tuple[Kind, Document, Document, Document]]:
    """Every action made from a template: kind of process, process, step, action."""
    for collection in ("deploymentprocesses", "runbookprocesses"):
        for process in call.scope.collection(collection).values():
            for step in process["Steps"]:
                for action in step["Actions"]:
                    if str(action.get("Properties", {}).get(TEMPLATE_ID)).casefold() == template_id.casefold():
                        yield KINDS[collection], process, step, action


def _usage(call: Call) -> Answer:
    """Usages, as a bare list, of a `project` or a type of `process`; `withUpdates=true` leaves out those that have the
    latest version. Those on a branch are not looked for."""
    template = crud.find(call, ACTION_TEMPLATES, call.params["id"])
    of_project, of_type = call.argument("project"), (call.argument("process") or "").lower() or None
    outdated_only = (call.argument("withUpdates") or "").lower() == "true"
    answer = []
    for kind, process, step, action in uses_of(call, template["Id"]):
        used = action["Properties"].get(TEMPLATE_VERSION)
        if outdated_only and used == str(template["Version"]):
            continue
        project = call.find("projects", process["ProjectId"])
        runbook = call.scope.find("runbooks", process.get("RunbookId"))
        process_type = "Runbook" if runbook else "Deployment"
        if of_project not in (None, project["Id"]) or of_type not in (None, process_type.lower()):
            continue
        answer.append(
            {
                "Id": None,
                "ActionTemplateId": template["Id"],
                "ProcessType": process_type,
                "ProcessId": process["Id"],
                "DeploymentProcessId": None if runbook else process["Id"],
                "ProjectId": project["Id"],
                "ProjectName": project["Name"],
                "ProjectSlug": project["Slug"],
                "RunbookId": runbook["Id"] if runbook else None,
                "RunbookName": runbook["Name"] if runbook else None,
                "StepId": step["Id"],
                "StepName": step["Name"],
                "ActionId": action["Id"],
                "ActionName": action["Name"],
                "Version": used,
                "Release": None,
                "Branch": None,
                "Links": {kind.name: call.link(f"{kind.collection}/{process['Id']}")},
            }
        )
    return Answer(answer)


def _search(call: Call) -> Answer:
    """What a new step can be made from: the space's templates, then those of the community that are not installed.

    The server's built-in steps are left out: nobody has a complete list of them.
    """
    wanted = call.argument("type")
    installed = {one["CommunityActionTemplateId"]: one for one in call.scope.collection("actiontemplates").values()}
    answer = [
        _found(call, one, one["ActionType"], community_id=one["CommunityActionTemplateId"], installed=True)
        for one in call.scope.collection("actiontemplates").values()
    ]
    answer += [
        _found(call, one, one["Type"], community_id=one["Id"], installed=False)
        for one in call.store.system.collection("communityactiontemplates").values()
        if one["Id"] not in installed
    ]
    return Answer([one for one in answer if not wanted or one["Type"] == wanted])


def _found(call: Call, template: Document, action_type: str, *, community_id: str | None, installed: bool) -> Document:
    community = call.store.system.find("communityactiontemplates", community_id)
    return {
        "Id": template["Id"] if installed else None,
        "Name": template["Name"],
        "Description": template["Description"],
        "Type": action_type,
        "Version": str(template["Version"]),
        "Author": community["Author"] if community else None,
        "Website": community["Website"] if community else None,
        "Category": "custom" if community is None else "community",
        "Categories": [],
        "Keywords": None,
        "Features": [],
        "CommunityActionTemplateId": community_id,
        "IsInstalled": installed,
        "IsBuiltIn": False,
        "HasUpdate": bool(installed and community and community["Version"] > template["Version"]),
        "Prerelease": False,
        "SpaceId": call.space_id,
        "Links": {},
    }
