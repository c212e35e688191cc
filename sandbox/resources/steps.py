"""How steps and actions are stored: ids and slugs given, names checked, properties as the server rewrites them.

What the server is known to rewrite (the public reference names samples, not rules; lists marked so are guesses):
actions that run on the server say so, steps that can run in a container carry `OctopusUseBundledTooling`, the primary
package shows again among the properties, and empty properties are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox import texts
from sandbox.errors import bad_request, not_found
from sandbox.routing import Call
from sandbox.shapes import filled, git_dependencies, objects, packages
from sandbox.slugs import make_slug
from sandbox.store import Document

__all__ = ["check_references", "normalised"]

NewGuid = Callable[[], str]

_STEP_DEFAULTS: Document = {
    "Id": "",
    "Name": "",
    "Slug": "",
    "Type": "Step",
    "PackageRequirement": "LetOctopusDecide",
    "Properties": {},
    "Condition": "Success",
    "StartTrigger": "StartAfterPrevious",
    "Actions": [],
}
_ACTION_DEFAULTS: Document = {
    "Id": "",
    "Name": "",
    "Slug": "",
    "ActionType": "",
    "Notes": None,
    "IsDisabled": False,
    "CanBeUsedForProjectVersioning": False,
    "IsRequired": False,
    "WorkerPoolId": None,
    "Container": {},
    "WorkerPoolVariable": None,
    "Environments": [],
    "ExcludedEnvironments": [],
    "Channels": [],
    "TenantTags": [],
    "EnvironmentsVariable": None,
    "ExcludedEnvironmentsVariable": None,
    "ChannelsVariable": None,
    "TenantTagsVariable": None,
    "Packages": [],
    "GitDependencies": [],
    "Condition": "Success",
    "Properties": {},
    "StepPackageVersion": None,
    "Inputs": None,
}
_CHOICES = {
    "PackageRequirement": ("LetOctopusDecide", "BeforePackageAcquisition", "AfterPackageAcquisition"),
    "StartTrigger": ("StartAfterPrevious", "StartWithPrevious", "Variable"),
}
_STEP_CONDITIONS = ("Success", "Failure", "Always", "Variable")
_ACTION_CONDITIONS = ("Success", "Variable")

# (?) Beyond the types that the reference names, by family.
_RUNS_ON_SERVER = {
    "Octopus.Manual",
    "Octopus.Email",
    "Octopus.DeployRelease",
    "Octopus.HealthCheck",
    "Octopus.AzureResourceGroup",
    "Octopus.AwsRunCloudFormation",
    "Octopus.AwsDeleteCloudFormation",
    "Octopus.AwsApplyCloudFormationChangeSet",
    "Octopus.HelmChartUpgrade",
    "Octopus.Kubernetes.Kustomize",
}
_CAN_USE_CONTAINER = ("Octopus.Kubernetes", "Octopus.Helm", "Octopus.Terraform", "Octopus.Aws", "Octopus.Azure")
_MIRROR = (
    "Octopus.Action.Package.FeedId",
    "Octopus.Action.Package.PackageId",
    "Octopus.Action.Package.DownloadOnTentacle",
)

# Properties that hold ids, and of what; several are a comma separated list.
_PROPERTY_REFERENCES = {
    "Octopus.Action.Template.Id": "actiontemplates",
    "Octopus.Action.Manual.ResponsibleTeamIds": "teams",
    "Octopus.Action.Email.ToTeamIds": "teams",
    "Octopus.Action.DeployRelease.ProjectId": "projects",
    "Octopus.Action.Azure.AccountId": "accounts",
}


def normalised(value: Any, new_guid: NewGuid) -> list[Document]:
    """The stored form of a process' steps. Raises ApiError 400 for names and slugs that are taken, and bad shapes."""
    steps = [_step(given, new_guid) for given in objects(value, "Steps")]
    actions = [action for step in steps for action in step["Actions"]]
    _check_unique(steps, "Name", "Step")
    _check_unique(actions, "Name", "Action")
    _give_slugs(steps, "Step")
    for step in steps:
        if len(step["Actions"]) == 1 and not step["Actions"][0]["Slug"]:
            step["Actions"][0]["Slug"] = step["Slug"]
    _give_slugs(actions, "Action")
    for documents, what in ((steps, "Step"), (actions, "Action")):
        ids = [document["Id"].lower() for document in documents]
        if len(set(ids)) < len(ids):
            raise bad_request(f"{what} ids must be unique.")
    return steps


def _step(given: Document, new_guid: NewGuid) -> Document:
    step = filled(given, _STEP_DEFAULTS)
    step["Type"] = "Step"
    step["Id"] = step["Id"] or new_guid()
    step["Name"] = str(step["Name"]).strip()
    if not step["Name"]:
        raise bad_request(texts.required("Steps.Name"))
    for name, choices in {**_CHOICES, "Condition": _STEP_CONDITIONS}.items():
        step[name] = _choice(step[name], choices, f"Steps.{name}")
    step["Properties"] = _properties(step["Properties"])
    given_actions = objects(step["Actions"], "Steps.Actions")
    if not given_actions:
        raise bad_request(f"The step '{step['Name']}' must have at least one action.")
    step["Actions"] = [_action(one, step["Name"], new_guid) for one in given_actions]
    return step


def _action(given: Document, step_name: str, new_guid: NewGuid) -> Document:
    action = filled(given, _ACTION_DEFAULTS)
    action["Id"] = action["Id"] or new_guid()
    action["Name"] = str(action["Name"]).strip() or step_name
    if not action["ActionType"]:
        raise bad_request(texts.required("Actions.ActionType"))
    action["Condition"] = _choice(action["Condition"], _ACTION_CONDITIONS, "Actions.Condition")
    action["Container"] = filled(
        action["Container"], {"Image": None, "FeedId": None, "GitUrl": None, "Dockerfile": None}
    )
    action["Packages"] = packages(action["Packages"], new_guid)
    action["GitDependencies"] = git_dependencies(action["GitDependencies"])
    action["CanBeUsedForProjectVersioning"] = bool(action["Packages"])
    action["Properties"] = _rewritten(action["ActionType"], _properties(action["Properties"]), action["Packages"])
    action["Links"] = {}
    return action


def _properties(given: Any) -> Document:
    """Properties as strings or sensitive values; empty ones are dropped."""
    if not isinstance(given, dict):
        raise bad_request(texts.wrong_type(given, "Properties"))
    return {name: value for name, value in given.items() if value not in (None, "")}


def _rewritten(action_type: str, properties: Document, references: list[Document]) -> Document:
    if action_type in _RUNS_ON_SERVER:
        properties["Octopus.Action.RunOnServer"] = "true"
    if action_type.startswith(_CAN_USE_CONTAINER):
        properties.setdefault("OctopusUseBundledTooling", "False")
    primary = next((package for package in references if package["Name"] == ""), None)
    for name in _MIRROR:
        properties.pop(name, None)
    if primary:
        on_target = primary["AcquisitionLocation"] == "ExecutionTarget"
        mirrored = (primary["FeedId"], primary["PackageId"], str(on_target))
        properties.update({name: value for name, value in zip(_MIRROR, mirrored, strict=True) if value})
    return properties


def _choice(value: Any, choices: Iterable[str], path: str) -> str:
    chosen = next((choice for choice in choices if choice.lower() == str(value).lower()), None)
    if chosen is None:
        raise bad_request(texts.wrong_choice(value, path))
    return chosen


def _check_unique(documents: list[Document], name: str, what: str) -> None:
    """The text is that of actions (terraform-provider-octopusdeploy#457)."""
    seen: set[str] = set()
    for document in documents:
        key = document[name].casefold()
        if key in seen:
            raise bad_request(
                f"{what} name '{document[name]}' is already in use by another {what.lower()} in this deployment "
                f"process. {what} names must be unique."
            )
        seen.add(key)


def _give_slugs(documents: list[Document], what: str) -> None:
    """Texts: OctopusDeploy/Issues#7783."""
    taken: set[str] = set()
    for document in documents:
        slug = str(document["Slug"] or "").lower()
        if slug and slug in taken:
            raise bad_request(
                f"{what} slug '{document['Slug']}' is already used by another {what.lower()} in this deployment "
                f"process. {what} slugs must be unique."
            )
        if slug:
            taken.add(slug)
    for document in documents:
        if not document["Slug"]:
            document["Slug"] = make_slug(document["Name"], taken)
            taken.add(document["Slug"])


def check_references(call: Call, steps: list[Document]) -> None:
    """The ids in action properties. Raises ApiError 404 for one that names nothing; an expression may name anything."""
    for step in steps:
        for action in step["Actions"]:
            for name, collection in _PROPERTY_REFERENCES.items():
                value = action["Properties"].get(name)
                if not isinstance(value, str) or "#{" in value:
                    continue
                for one in value.split(","):
                    if one.strip() and call.look_up(collection, one.strip()) is None:
                        raise not_found(one.strip())
