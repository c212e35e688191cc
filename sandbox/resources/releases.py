"""Releases, just far enough: one freezes a process and variable sets, and holds what it was made of.

They are what deployments are made from; the sandbox deploys nothing.
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare, own
from sandbox.resources.actions import deployment_process
from sandbox.resources.freezing import FROZEN_PROCESSES, freeze, frozen_sets, shown_sets, thaw
from sandbox.resources.release_templates import next_version
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["RELEASES", "add_routes"]


def _prepare(save: Save) -> None:
    release, call = save.after, save.call
    project = call.find("projects", release["ProjectId"])
    release["ProjectId"] = project["Id"]
    release["Name"] = release["Version"]
    _check_version(save)
    channels = [one for one in call.scope.collection("channels").values() if one["ProjectId"] == project["Id"]]
    if release["ChannelId"] is None:
        release["ChannelId"] = next(one["Id"] for one in channels if one["IsDefault"])
    if release["ChannelId"] not in {one["Id"] for one in channels}:
        raise not_found(release["ChannelId"])
    if save.before is None:
        release["Assembled"] = call.store.clock().isoformat(timespec="milliseconds")
        of_project = deployment_process(call, project["Id"])
        if of_project is None:
            raise not_found(project["DeploymentProcessId"])
        process = freeze(call, FROZEN_PROCESSES.collection, of_project)
        release["ProjectDeploymentProcessSnapshotId"] = process.id
        save.besides += [process, *_with_variables(call, project, release)]


def _with_variables(call: Call, project: Document, release: Document) -> list[Write]:
    own_set, included = frozen_sets(call, project)
    release["ProjectVariableSetSnapshotId"] = own_set.id
    release["LibraryVariableSetSnapshotIds"] = [write.id for write in included]
    return [own_set, *included]


def _check_version(save: Save) -> None:
    release = save.after
    for other in save.call.scope.collection("releases").values():
        same = (
            other["ProjectId"] == release["ProjectId"] and other["Version"].casefold() == release["Version"].casefold()
        )
        if same and other["Id"] != release["Id"]:
            raise bad_request(f"Release '{release['Version']}' already exists for this project.")


def _deleting(call: Call, release: Document) -> list[Write]:
    ids = [release["ProjectDeploymentProcessSnapshotId"], release["ProjectVariableSetSnapshotId"]]
    return thaw(call, [*ids, *release["LibraryVariableSetSnapshotIds"]])


RELEASES = declare(
    Kind(
        collection="releases",
        prefix="Releases",
        name="Release",
        fields=(
            Field("Version", required=True, max_length=349),
            Field("ProjectId", writable="create", required=True),
            Field("ChannelId"),
            Field("ReleaseNotes"),
            Field("IgnoreChannelRules", False),
            Field("SelectedPackages", []),
            Field("SelectedGitResources", []),
            Field("CustomFields", {}),
            own("BuildInformation", []),
            own("VersionControlReference"),
            own("Assembled"),
            own("ProjectDeploymentProcessSnapshotId"),
            own("ProjectVariableSetSnapshotId"),
            own("LibraryVariableSetSnapshotIds", []),
        ),
        order="-Id",
        unique_name=False,
        references=(Reference("ChannelId", "channels", "block"),),
        links={"Project": "projects/{ProjectId}"},
        routes=("list", "get", "create", "update", "delete"),
        prepare=_prepare,
        deleting=_deleting,
        shown=lambda _, release: {key: value for key, value in release.items() if key != "Name"},
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, RELEASES)
    router.add("POST", "releases/create/v1", _create_by_name, since="2023.4")
    router.add("POST", "releases/{id}/snapshot-variables", _snapshot_variables)
    router.add("GET", "projects/{project}/releases", _of_project)
    router.add("GET", "projects/{project}/releases/{version}", _by_version)
    router.add("GET", "projects/{project}/releases/{version}/variables", _variables, since="2023.4")
    router.add("GET", "channels/{channel}/releases", _of_channel)
    router.add("GET", "projects/{project}/channels/{channel}/releases", _of_channel, since="2023.4")


def _project(call: Call) -> Document:
    return crud.find(call, KINDS["projects"], call.params["project"])


def _of_project(call: Call) -> Answer:
    project = _project(call)["Id"]
    wanted = (call.argument("searchByVersion") or "").casefold()
    releases = [
        one
        for one in call.scope.collection("releases").values()
        if one["ProjectId"] == project and wanted in one["Version"].casefold()
    ]
    return crud.list_page(call, RELEASES, releases, f"projects/{project}/releases")


def _of_channel(call: Call) -> Answer:
    found = crud.find(call, KINDS["channels"], call.params["channel"])
    if "project" in call.params and found["ProjectId"] != _project(call)["Id"]:
        raise not_found(call.params["channel"])
    channel = found["Id"]
    wanted = (call.argument("searchByVersion") or "").casefold()
    project = call.argument("projectId")
    releases = [
        one
        for one in call.scope.collection("releases").values()
        if one["ChannelId"] == channel and wanted in one["Version"].casefold() and project in (None, one["ProjectId"])
    ]
    return crud.list_page(call, RELEASES, releases, f"channels/{channel}/releases")


def _find(call: Call) -> Document:
    """A release of the project by its version or id."""
    project, version = _project(call)["Id"], call.params["version"].casefold()
    for one in call.scope.collection("releases").values():
        if one["ProjectId"] == project and version in (one["Version"].casefold(), one["Id"].casefold()):
            return one
    raise not_found(call.params["version"])


def _by_version(call: Call) -> Answer:
    return Answer(crud.show(call, RELEASES, _find(call)))


def _variables(call: Call) -> Answer:
    """The frozen variable sets, the project's first."""
    release = _find(call)
    ids = [release["ProjectVariableSetSnapshotId"], *release["LibraryVariableSetSnapshotIds"]]
    return Answer(shown_sets(call, ids))


def _create_by_name(call: Call) -> Answer:
    """The newer form, in which project and channel are named. Without a version the next number is taken (?)."""
    body = {key.lower(): value for key, value in call.json().items()}
    project = _named(call, "projects", body.get("projectidorname") or body.get("projectname"), "ProjectName")
    given: Document = {
        "ProjectId": project["Id"],
        "Version": body.get("releaseversion") or next_version(call, project),
    }
    channel = body.get("channelidorname") or body.get("channelname")
    if channel:
        given["ChannelId"] = _named(call, "channels", channel, "ChannelName", project["Id"])["Id"]
    given |= {"ReleaseNotes": body.get("releasenotes"), "IgnoreChannelRules": bool(body.get("ignorechannelrules"))}
    release = crud.create(call, RELEASES, given)
    return Answer({"ReleaseId": release["Id"], "ReleaseVersion": release["Version"]}, status=201)


def _named(call: Call, collection: str, name: object, what: str, project_id: str | None = None) -> Document:
    if not isinstance(name, str) or not name:
        raise bad_request(texts.required(what))
    wanted = name.casefold()
    for one in call.scope.collection(collection).values():
        if project_id in (None, one.get("ProjectId")) and wanted in (one["Id"].casefold(), one["Name"].casefold()):
            return one
    raise not_found(name)


def _snapshot_variables(call: Call) -> Answer:
    """Freeze the variables anew, as they are now."""
    before = crud.find(call, RELEASES, call.params["id"])
    after = dict(before)
    frozen = _with_variables(call, call.find("projects", before["ProjectId"]), after)
    old = thaw(call, [before["ProjectVariableSetSnapshotId"], *before["LibraryVariableSetSnapshotIds"]])
    call.store.commit(call.space_id, [Write("releases", before, after), *frozen, *old], call.actor)
    return Answer(crud.show(call, RELEASES, after))
