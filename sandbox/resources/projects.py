"""Project groups, projects and their deployment settings.

A project brings a deployment process, a variable set, a channel "Default" and deployment settings, and takes them along
when it goes. The settings are a document of their own since 2021; a project shows the same values under the older names
and takes them too, so they are stored once, with the settings.
"""

from __future__ import annotations

import copy

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.resources import cloning, tenant_values, variables
from sandbox.resources.actions import find_action
from sandbox.resources.channels import default_channel
from sandbox.resources.freezing import frozen_ids, thaw
from sandbox.resources.git_settings import branch_collection, branches_of, in_database, is_in_git, kept_settings
from sandbox.resources.processes import deployment_process_id, new_deployment_process
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import CONNECTIVITY, GUIDED_FAILURE, NAME, TENANTED, filled, templates
from sandbox.store import Document, Write

__all__ = ["PROJECTS", "PROJECT_GROUPS", "add_routes", "settings_id"]

DEFAULT_TEMPLATE = "#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}"

# Property of the settings: the project's name for it.
_MIRRORED = {
    "ConnectivityPolicy": "ProjectConnectivityPolicy",
    "DefaultGuidedFailureMode": "DefaultGuidedFailureMode",
    "VersioningStrategy": "VersioningStrategy",
    "ReleaseNotesTemplate": "ReleaseNotesTemplate",
    "DefaultToSkipIfAlreadyInstalled": "DefaultToSkipIfAlreadyInstalled",
    "DeploymentChangesTemplate": "DeploymentChangesTemplate",
    "ForcePackageDownload": "ForcePackageDownload",
}

PROJECT_GROUPS = declare(
    Kind(
        collection="projectgroups",
        prefix="ProjectGroups",
        name="ProjectGroup",
        fields=(NAME, Field("Description"), own("EnvironmentIds", []), own("RetentionPolicyId")),
        slug=True,
        links={"Projects": "projectgroups/{Id}/projects{?skip,take,partialName}"},
    )
)


def settings_id(project_id: str) -> str:
    return f"deploymentsettings-{project_id}"


def _settings_of(call: Call, project: Document) -> Document:
    return call.find("deploymentsettings", settings_id(project["Id"]))


def _prepare_settings(save: Save) -> None:
    settings, call = save.after, save.call
    settings["ConnectivityPolicy"] = filled(settings["ConnectivityPolicy"], CONNECTIVITY)
    settings["VersioningStrategy"] = _versioning(call, settings["ProjectId"], settings["VersioningStrategy"])


def _versioning(call: Call, project_id: str, strategy: Document) -> Document:
    """Either a template or a donor package; a donor must be a step of the process by now."""
    donor, template = strategy.get("DonorPackage"), strategy.get("Template")
    if donor and template:
        raise bad_request("Only one of either a donor package step or a version template may be provided.")
    if not donor:
        return {"Template": template or DEFAULT_TEMPLATE, "DonorPackage": None, "DonorPackageStepId": None}
    if find_action(call, project_id, donor.get("DeploymentAction")) is None:
        raise not_found(donor.get("DeploymentAction"))
    return {"Template": None, "DonorPackage": donor, "DonorPackageStepId": None}


_SETTING_FIELDS = (
    Field("ConnectivityPolicy", {}),
    Field("DefaultGuidedFailureMode", "EnvironmentDefault", choices=GUIDED_FAILURE),
    Field("VersioningStrategy", {}),
    Field("ReleaseNotesTemplate"),
    Field("DefaultToSkipIfAlreadyInstalled", False),
    Field("DeploymentChangesTemplate"),
    Field("ForcePackageDownload", False),
)

DEPLOYMENT_SETTINGS = declare(
    Kind(
        collection="deploymentsettings",
        prefix="deploymentsettings",
        name="DeploymentSettings",
        fields=(own("ProjectId"), *_SETTING_FIELDS, Field("FailTargetDiscovery", False)),
        order="Id",
        unique_name=False,
        links={"Project": "projects/{ProjectId}"},
        routes=(),
        prepare=_prepare_settings,
    )
)


def _prepare_project(save: Save) -> None:
    project, call = save.after, save.call
    if project["Name"].casefold() == "all":
        raise bad_request(f"A project cannot be named '{project['Name']}'")
    project["Templates"] = templates(project["Templates"], call.store.next_guid)
    project["VariableSetId"] = variables.set_id(project["Id"])
    project["DeploymentProcessId"] = deployment_process_id(project["Id"])
    project["PersistenceSettings"] = kept_settings(call, save.body, save.before)
    _check_release_creation(save)
    if save.before and save.before["LifecycleId"] != project["LifecycleId"]:
        save.besides += _uncovered_values(call, project)
    besides = _take_settings(save)
    if besides:
        save.besides.append(besides)


def _uncovered_values(call: Call, project: Document) -> list[Write]:
    """The writes that forget what tenants say for environments that no lifecycle of the project covers any more."""
    channels = call.scope.collection("channels").values()
    through = [one["LifecycleId"] for one in channels if one["ProjectId"] == project["Id"] and one["LifecycleId"]]
    covered = tenant_values.covered_environments(call, [project["LifecycleId"], *through])
    return [] if covered is None else tenant_values.without_uncovered(call, project["Id"], covered)


def _check_release_creation(save: Save) -> None:
    """Automatic release creation needs a channel and a package step of this project."""
    project, call = save.after, save.call
    strategy = filled(project["ReleaseCreationStrategy"], {"ChannelId": None, "ReleaseCreationPackage": None})
    project["ReleaseCreationStrategy"] = {**strategy, "ReleaseCreationPackageStepId": None}
    if project["AutoCreateRelease"] and not strategy["ChannelId"]:
        raise bad_request("A channel ID must be provided to enable Automatic Release Creation.")
    if project["AutoCreateRelease"] and not strategy["ReleaseCreationPackage"]:
        raise bad_request("A package step must be provided to enable Automatic Release Creation.")
    channel = strategy["ChannelId"] and call.scope.find("channels", strategy["ChannelId"])
    if strategy["ChannelId"] and (not channel or channel["ProjectId"] != project["Id"]):
        raise not_found(strategy["ChannelId"])
    package = strategy["ReleaseCreationPackage"]
    if package and find_action(call, project["Id"], package.get("DeploymentAction")) is None:
        raise not_found(package.get("DeploymentAction"))


def _take_settings(save: Save) -> Write | None:
    """Move what belongs to the settings out of the project, into a write of theirs if it changes them."""
    call, project = save.call, save.after
    before = _settings_of(call, project) if save.before else None
    mine = {name: project.pop(of_project) for name, of_project in _MIRRORED.items()}
    after = {
        "Id": settings_id(project["Id"]),
        "SpaceId": call.space_id,
        "ProjectId": project["Id"],
        **mine,
        "FailTargetDiscovery": before["FailTargetDiscovery"] if before else False,
    }
    _prepare_settings(Save(call, DEPLOYMENT_SETTINGS, before, after, save.body))
    return None if after == before else Write("deploymentsettings", before, after, side_effect=True)


def _created(save: Save) -> list[Write]:
    call, project = save.call, save.after
    return [
        new_deployment_process(call, project["Id"]),
        variables.new_set(call, project["Id"]),
        default_channel(call, project["Id"]),
    ]


def _deleting(call: Call, project: Document) -> list[Write]:
    """All that belongs to the project goes with it."""
    owned = (
        "deploymentprocesses",
        "channels",
        "deploymentsettings",
        "runbooks",
        "runbookprocesses",
        "runbooksnapshots",
        "projecttriggers",
        "releases",
        "frozenprocesses",
    )
    writes = [
        Write(collection, document, None, side_effect=True)
        for collection in owned
        for document in call.scope.collection(collection).values()
        if document["ProjectId"] == project["Id"]
    ]
    variable_set = call.find("variables", project["VariableSetId"])
    writes.append(Write("variables", variable_set, None, side_effect=True))
    for ref in branches_of(call, project):
        collection = branch_collection(project["Id"], ref)
        writes += [Write(collection, one, None, side_effect=True) for one in call.scope.collection(collection).values()]
    writes += thaw(call, frozen_ids(call, project["Id"]))
    for tenant in call.scope.collection("tenants").values():
        if project["Id"] in tenant["ProjectEnvironments"]:
            links = {key: value for key, value in tenant["ProjectEnvironments"].items() if key != project["Id"]}
            writes.append(Write("tenants", tenant, {**tenant, "ProjectEnvironments": links}, side_effect=True))
    return writes + tenant_values.without_owner(call, project["Id"])


def _shown(call: Call, project: Document) -> Document:
    """With the settings under their older names.

    A versioning donor whose step was deleted breaks the project, and with it every list that it is in
    (OctopusDeploy/Issues#7521).
    """
    settings = _settings_of(call, project)
    donor = settings["VersioningStrategy"]["DonorPackage"]
    if donor and find_action(call, project["Id"], donor["DeploymentAction"]) is None:
        raise not_found(donor["DeploymentAction"])
    mirrored = {of_project: copy.deepcopy(settings[name]) for name, of_project in _MIRRORED.items()}
    return {**project, **mirrored, "IsVersionControlled": is_in_git(project)}


PROJECTS = declare(
    Kind(
        collection="projects",
        prefix="Projects",
        name="Project",
        fields=(
            NAME,
            Field("Description"),
            Field("ProjectGroupId", required=True),
            Field("LifecycleId", required=True),
            Field("IsDisabled", False),
            Field("IncludedLibraryVariableSetIds", []),
            own("VariableSetId"),
            own("DeploymentProcessId"),
            Field("TenantedDeploymentMode", "Untenanted", choices=TENANTED),
            Field("DiscreteChannelRelease", False),
            Field("AutoCreateRelease", False),
            Field("ReleaseCreationStrategy", {}),
            Field("AutoDeployReleaseOverrides", []),
            Field("AllowIgnoreChannelRules", True),
            Field("ExecuteDeploymentsOnResilientPipeline", False),
            Field("CombineHealthAndSyncStatusInDashboardLiveStatus", False),
            Field("DefaultPowerShellEdition", writable="update"),
            Field("ProvisioningRunbookId", writable="update"),
            Field("DeprovisioningRunbookId", writable="update"),
            Field("ProjectTags", []),
            Field("Templates", []),
            Field("ExtensionSettings", []),
            own("PersistenceSettings"),
            own("ClonedFromProjectId"),
            own("Icon"),
            *(Field(_MIRRORED[one.name], one.default, choices=one.choices) for one in _SETTING_FIELDS),
        ),
        slug=True,
        name_filter="contains",
        filters={"clonedFromProjectId": lambda project, values: project["ClonedFromProjectId"] in values},
        references=(
            Reference("ProjectGroupId", "projectgroups", "block"),
            Reference("LifecycleId", "lifecycles", "block"),
            Reference("IncludedLibraryVariableSetIds[]", "libraryvariablesets", "block"),
            Reference("ProvisioningRunbookId", "runbooks", "remove"),
            Reference("DeprovisioningRunbookId", "runbooks", "remove"),
            Reference("ProjectTags[]", "tags"),
        ),
        links={
            "Variables": "variables/{VariableSetId}",
            "DeploymentProcess": "deploymentprocesses/{DeploymentProcessId}",
            "DeploymentSettings": "projects/{Id}/deploymentsettings",
            "Channels": "projects/{Id}/channels{/id}{?skip,take,partialName}",
            "Triggers": "projects/{Id}/triggers"
            "{?skip,take,partialName,triggerActionType,triggerActionCategory,runbooks}",
            "Runbooks": "projects/{Id}/runbooks{?skip,take,partialName}",
            "Releases": "projects/{Id}/releases{/version}{?skip,take,searchByVersion}",
            "Logo": "projects/{Id}/logo",
        },
        routes=("list", "all", "get", "update", "delete"),
        prepare=_prepare_project,
        created=_created,
        deleting=_deleting,
        shown=_shown,
    )
)


def add_routes(router: Router) -> None:
    for kind in (PROJECT_GROUPS, PROJECTS, DEPLOYMENT_SETTINGS):
        crud.add_routes(router, kind)
    router.add("POST", "projects", _create)
    router.add("GET", "projectgroups/{id}/projects", _projects_of_group)
    for template, since in (("deploymentsettings/{id}", ""), ("projects/{id}/deploymentsettings", "2023.4")):
        router.add("GET", template, _get_settings, since=since)
        router.add("PUT", template, _put_settings, since=since)


def _create(call: Call) -> Answer:
    body = call.json()
    original = cloning.clone_of(call, PROJECTS, body)
    project = cloning.cloned_project(call, original, body) if original else crud.create(call, PROJECTS, body)
    return Answer(crud.show(call, PROJECTS, project), status=201)


def _projects_of_group(call: Call) -> Answer:
    group = crud.find(call, PROJECT_GROUPS, call.params["id"])["Id"]
    projects = [one for one in call.scope.collection("projects").values() if one["ProjectGroupId"] == group]
    return crud.list_page(call, PROJECTS, projects, f"projectgroups/{group}/projects")


def _get_settings(call: Call) -> Answer:
    return Answer(crud.show(call, DEPLOYMENT_SETTINGS, _settings_of(call, _project(call))))


def _project(call: Call) -> Document:
    """Of an id or slug, or of the id of its settings."""
    return in_database(crud.find(call, PROJECTS, call.params["id"].removeprefix("deploymentsettings-")))


def _put_settings(call: Call) -> Answer:
    before = _settings_of(call, _project(call))
    body = call.json()
    if body.get("ProjectId") and body["ProjectId"] != before["ProjectId"]:
        raise bad_request(texts.mismatch("ProjectId", body["ProjectId"], before["ProjectId"]))
    return Answer(crud.show(call, DEPLOYMENT_SETTINGS, crud.update(call, DEPLOYMENT_SETTINGS, before, body)))
