"""Channels of a project. One is the default; it and the last one cannot be deleted."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.indexes import by_project
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare
from sandbox.resources import variables
from sandbox.resources.actions import find_action
from sandbox.resources.processes import without_channel
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, filled, objects
from sandbox.store import Document, Write

__all__ = ["CHANNELS", "add_routes", "default_channel"]


def _siblings(call: Call, channel: Document) -> list[Document]:
    channels = call.lookup("channels", by_project, channel["ProjectId"])
    return [one for one in channels if one["Id"] != channel["Id"]]


def _prepare(save: Save) -> None:
    channel, call = save.after, save.call
    if save.before and save.body.get("ProjectId", channel["ProjectId"]) != channel["ProjectId"]:
        raise bad_request(texts.mismatch("ProjectId", save.body["ProjectId"], channel["ProjectId"]))
    channel["ProjectId"] = call.find("projects", channel["ProjectId"])["Id"]
    channel["Rules"] = [_rule(call, channel["ProjectId"], given) for given in objects(channel["Rules"], "Rules")]
    _check_type(call, channel)
    others = _siblings(call, channel)
    if channel["IsDefault"]:
        save.besides += [
            Write("channels", other, {**other, "IsDefault": False}, side_effect=True)
            for other in others
            if other["IsDefault"]
        ]
    elif not any(other["IsDefault"] for other in others):
        channel["IsDefault"] = True


def _check_type(call: Call, channel: Document) -> None:
    """A channel for ephemeral environments has a parent environment and no lifecycle."""
    parent = call.scope.find("environments", channel["ParentEnvironmentId"])
    if channel["Type"] != "EphemeralEnvironment":
        return
    if parent is None:
        raise bad_request(texts.required("ParentEnvironmentId"))
    if parent.get("Type") != "Parent":
        raise bad_request(f"'{parent['Name']}' is not a parent environment.")
    if channel["LifecycleId"]:
        raise bad_request("A channel for ephemeral environments has no lifecycle.")


def _rule(call: Call, project_id: str, given: Document) -> Document:
    rule = filled(given, {"Id": "", "VersionRange": None, "Tag": None, "ActionPackages": []})
    rule["Id"] = rule["Id"] or call.store.next_guid()
    packages = []
    for one in objects(rule["ActionPackages"], "Rules.ActionPackages"):
        package = filled(one, {"DeploymentAction": None, "PackageReference": ""})
        if find_action(call, project_id, package["DeploymentAction"]) is None:
            raise not_found(package["DeploymentAction"])
        packages.append(package)
    rule["ActionPackages"] = packages
    return rule


def _deleting(call: Call, channel: Document) -> list[Write]:
    """Refused for the default, the last and the one that releases are created in; else its steps and scopes go
    (OctopusDeploy/Issues#7521, #4222)."""
    if not _siblings(call, channel):
        raise bad_request("You cannot delete the only remaining channel")
    if channel["IsDefault"]:
        raise bad_request("You cannot delete the default channel.")
    project = call.find("projects", channel["ProjectId"])
    if project["ReleaseCreationStrategy"]["ChannelId"] == channel["Id"]:
        package = project["ReleaseCreationStrategy"]["ReleaseCreationPackage"] or {}
        raise bad_request(f"The channel you are about to remove is used by '{package.get('DeploymentAction')}' step.")
    return without_channel(call, channel) + variables.without_scope(call, "Channel", [channel["Id"]])


CHANNELS = declare(
    Kind(
        collection="channels",
        prefix="Channels",
        name="Channel",
        fields=(
            NAME,
            Field("Description"),
            Field("ProjectId", writable="create", required=True),
            Field("LifecycleId"),
            Field("IsDefault", False),
            Field("Rules", []),
            Field("TenantTags", []),
            Field("Type", "Lifecycle", writable="create", choices=("Lifecycle", "EphemeralEnvironment")),
            Field("ParentEnvironmentId"),
            Field("EphemeralEnvironmentNameTemplate", max_length=1000),
            Field("AutomaticEphemeralEnvironmentDeployments", False),
            Field("CustomFieldDefinitions", []),
            Field("GitReferenceRules", []),
            Field("GitResourceRules", []),
        ),
        slug=True,
        unique_within=("ProjectId",),
        references=(
            Reference("LifecycleId", "lifecycles", "block"),
            Reference("ParentEnvironmentId", "environments", "block"),
            Reference("TenantTags[]", "tags"),
        ),
        links={"Project": "projects/{ProjectId}", "Releases": "channels/{Id}/releases{?skip,take}"},
        prepare=_prepare,
        deleting=_deleting,
    )
)


def default_channel(call: Call, project_id: str) -> Write:
    """The channel that comes with a project; without a lifecycle it has the project's."""
    channel = crud.draft(call, CHANNELS, None, {"Name": "Default", "ProjectId": project_id, "IsDefault": True})
    return Write("channels", None, {**channel, "Slug": "default"}, side_effect=True)


def add_routes(router: Router) -> None:
    crud.add_routes(router, CHANNELS)
    router.add("GET", "projects/{project}/channels", _list_of_project)
    router.add("POST", "projects/{project}/channels", _create_in_project, since="2023.4")
    for method, template, handler in (
        ("GET", "projects/{project}/channels/{id}", _get_in_project),
        ("PUT", "projects/{project}/channels/{id}", _put_in_project),
        ("DELETE", "projects/{project}/channels/{id}", _delete_in_project),
    ):
        router.add(method, template, handler, since="2023.4")


def _project(call: Call) -> str:
    return str(crud.find(call, KINDS["projects"], call.params["project"])["Id"])


def _list_of_project(call: Call) -> Answer:
    project = _project(call)
    channels = call.lookup("channels", by_project, project)
    return crud.list_page(call, CHANNELS, channels, f"projects/{project}/channels")


def _create_in_project(call: Call) -> Answer:
    """Answers 200, where `/channels` answers 201 (server Swagger 2026.1)."""
    channel = crud.create(call, CHANNELS, {**call.json(), "ProjectId": _project(call)})
    return Answer(crud.show(call, CHANNELS, channel))


def _one(call: Call) -> Document:
    channel = crud.find(call, CHANNELS, call.params["id"])
    if channel["ProjectId"] != _project(call):
        raise not_found(call.params["id"])
    return channel


def _get_in_project(call: Call) -> Answer:
    return Answer(crud.show(call, CHANNELS, _one(call)))


def _put_in_project(call: Call) -> Answer:
    return Answer(crud.show(call, CHANNELS, crud.update(call, CHANNELS, _one(call), call.json())))


def _delete_in_project(call: Call) -> Answer:
    crud.delete(call, CHANNELS, _one(call))
    return Answer()
