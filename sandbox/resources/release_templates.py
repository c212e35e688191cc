"""What somebody who makes a release or a runbook snapshot is asked: which packages and Git resources the steps need,
and which number comes next.

Clients read it before they post a release (`DeploymentProcess.Links.Template`). The number follows the project's
versioning strategy; expressions other than the server's own version counters stay as they are written.
"""

from __future__ import annotations

import re

from sandbox import crud
from sandbox.errors import not_found
from sandbox.indexes import by_project
from sandbox.kind import KINDS
from sandbox.resources.git_projects import on_branch
from sandbox.resources.git_settings import branch_collection, in_database
from sandbox.resources.processes import DEPLOYMENT_PROCESSES, deployment_process_id
from sandbox.resources.projects import DEFAULT_TEMPLATE, settings_id
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document
from sandbox.versions import prune

__all__ = ["add_routes", "next_version", "snapshot_template"]


def add_routes(router: Router) -> None:
    router.add("GET", "deploymentprocesses/{id}/template", _of_process)
    router.add("GET", "projects/{project}/deploymentprocesses/template", _of_project, since="2023.4")
    router.add("GET", "projects/{project}/{ref}/deploymentprocesses/template", _of_branch, since="2023.4")


def _of_process(call: Call) -> Answer:
    process = crud.find(call, DEPLOYMENT_PROCESSES, call.params["id"])
    settings = call.find("deploymentsettings", settings_id(process["ProjectId"]))
    return _template(call, call.find("projects", process["ProjectId"]), process, settings)


def _of_project(call: Call) -> Answer:
    project = in_database(crud.find(call, KINDS["projects"], call.params["project"]))
    process = call.find("deploymentprocesses", deployment_process_id(project["Id"]))
    return _template(call, project, process, call.find("deploymentsettings", settings_id(project["Id"])))


def _of_branch(call: Call) -> Answer:
    project, ref = on_branch(call)
    collection = branch_collection(project["Id"], ref)
    process = call.find(collection, deployment_process_id(project["Id"]))
    return _template(call, project, process, call.find(collection, settings_id(project["Id"])))


def _template(call: Call, project: Document, process: Document, settings: Document) -> Answer:
    """`channel` narrows the steps to those of the channel, and the last release to that channel's."""
    channel = call.argument("channel")
    if channel and crud.find(call, KINDS["channels"], channel)["ProjectId"] != project["Id"]:
        raise not_found(channel)
    last = _last_release(call, project, channel)
    donor = settings["VersioningStrategy"]["DonorPackage"] or {}
    steps = [_of_channel(step, channel) for step in process["Steps"]] if channel else process["Steps"]
    template = {
        "Id": None,
        "DeploymentProcessId": process["Id"],
        "LastReleaseVersion": last["Version"] if last else None,
        "NextVersionIncrement": None if donor else _next(settings["VersioningStrategy"]["Template"], last),
        "VersioningPackageStepName": donor.get("DeploymentAction"),
        "VersioningPackageReferenceName": donor.get("PackageReference"),
        "Packages": _packages_of(call, steps, last),
        "GitResources": _git_resources_of(steps),
        "Links": {},
    }
    return Answer(prune(template, "releasetemplates", call.settings.version))


def snapshot_template(call: Call, runbook: Document, process: Document, number: int) -> Document:
    """What a new snapshot of a runbook, the one of this number, needs to choose, and a name for it."""
    template = {
        "Id": None,
        "RunbookId": runbook["Id"],
        "RunbookProcessId": process["Id"],
        "NextNameIncrement": f"Snapshot {number}",
        "Packages": _packages_of(call, process["Steps"]),
        "GitResources": _git_resources_of(process["Steps"]),
        "Links": {},
    }
    return prune(template, "runbooksnapshottemplates", call.settings.version)


def next_version(call: Call, project: Document) -> str:
    """The version of a release for which nobody gave one. (?) With a package that decides, that of the server's own
    template: it is not asked which versions there are."""
    settings = call.scope.find("deploymentsettings", settings_id(project["Id"]))
    template = settings["VersioningStrategy"]["Template"] if settings else None
    return _next(template or DEFAULT_TEMPLATE, _last_release(call, project, None))


def _of_channel(step: Document, channel: str) -> Document:
    """A step with the actions that run in a channel. Disabled ones (?) are asked about as well."""
    return {**step, "Actions": [one for one in step["Actions"] if not one["Channels"] or channel in one["Channels"]]}


def _last_release(call: Call, project: Document, channel: str | None) -> Document | None:
    """The newest release, of one channel or of all; or the one that is to be edited (`releaseId`)."""
    edited = call.argument("releaseId")
    if edited:
        return crud.find(call, KINDS["releases"], edited)
    found = [one for one in call.lookup("releases", by_project, project["Id"]) if channel in (None, one["ChannelId"])]
    return found[-1] if found else None


def _next(template: str, last: Document | None) -> str:
    """The template with the version's counters filled in: `#{Octopus.Version.NextPatch}` after 1.2.3 is 4."""
    parts = [int(one) for one in re.findall(r"\d+", (last["Version"] if last else "0.0.0").split("-")[0])[:4]]
    numbers = dict(zip(("Major", "Minor", "Patch", "Revision"), [*parts, 0, 0, 0, 0], strict=False))

    def filled(found: re.Match[str]) -> str:
        return str(numbers[found[2]] + (found[1] == "Next"))

    return re.sub(r"#\{Octopus\.Version\.(Last|Next)(Major|Minor|Patch|Revision)\}", filled, template)


def _packages_of(call: Call, steps: list[Document], last: Document | None = None) -> list[Document]:
    """The packages for which a version is to be chosen, with the one that the last release has."""
    chosen = {(one.get("ActionName"), one.get("PackageReferenceName") or ""): one for one in _selected(last)}
    found = []
    for step in steps:
        for action in step["Actions"]:
            for package in action["Packages"]:
                feed = call.scope.find("feeds", package["FeedId"])
                before = chosen.get((action["Name"], package["Name"]), {})
                found.append(
                    {
                        "ActionName": action["Name"],
                        "StepName": step["Name"],
                        "PackageId": package["PackageId"],
                        "FeedId": package["FeedId"],
                        "FeedName": feed["Name"] if feed else None,
                        "PackageReferenceName": package["Name"],
                        "FixedVersion": package["Version"],
                        "IsResolvable": "#{" not in f"{package['PackageId']}{package['FeedId']}",
                        "VersionSelectedLastRelease": before.get("Version"),
                    }
                )
    return found


def _selected(release: Document | None) -> list[Document]:
    return [one for one in (release or {}).get("SelectedPackages") or [] if isinstance(one, dict)]


def _git_resources_of(steps: list[Document]) -> list[Document]:
    """The Git dependencies for which a reference is to be chosen."""
    return [
        {
            "ActionName": action["Name"],
            **{
                name: dependency[name]
                for name in (
                    "Name",
                    "RepositoryUri",
                    "DefaultBranch",
                    "FilePathFilters",
                    "GitCredentialId",
                    "GitHubConnectionId",
                )
            },
            "IsResolvable": "#{" not in dependency["RepositoryUri"],
        }
        for step in steps
        for action in step["Actions"]
        for dependency in action.get("GitDependencies") or []
    ]
