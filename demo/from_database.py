"""From the form in which Octopus stores documents (an export of 2018.3) to the one its REST API takes today.

Stored documents carry ids, which here become references by name (demo/references.py) through the same table of slugs
as Config-as-Code files. They know no packages of an action yet (those came in 2018.8): the properties of the primary
package say the same. Deployment settings were part of the project, and a donor package was named by the id of its
step.
"""

from __future__ import annotations

from typing import Any

from demo.from_ocl import Document, Slugs
from demo.references import ref

__all__ = ["settings", "step_template", "steps", "variables"]

_PACKAGE = "Octopus.Action.Package"
_TEMPLATE = "Octopus.Action.Template"


def steps(process: Document, slugs: Slugs) -> list[Document]:
    """The steps of a stored deployment process."""
    kept = ("Name", "Condition", "StartTrigger", "PackageRequirement", "Properties")
    return [
        {key: step[key] for key in kept} | {"Actions": [_action(action, slugs) for action in step["Actions"]]}
        for step in process["Steps"]
    ]


def _action(stored: Document, slugs: Slugs) -> Document:
    properties = dict(stored["Properties"])
    packages = []
    if feed := properties.get(f"{_PACKAGE}.FeedId"):
        feed = properties[f"{_PACKAGE}.FeedId"] = slugs.ref("feeds", feed)
        on_target = properties.get(f"{_PACKAGE}.DownloadOnTentacle") == "True"
        packages.append(
            {
                "Name": "",
                "PackageId": properties[f"{_PACKAGE}.PackageId"],
                "FeedId": feed,
                "AcquisitionLocation": "ExecutionTarget" if on_target else "Server",
                "Properties": {"SelectionMode": "immediate"},
            }
        )
    if template := slugs.templates.get(properties.get(f"{_TEMPLATE}.Id", "")):
        properties[f"{_TEMPLATE}.Id"] = ref("actiontemplates", template["Name"])
        properties[f"{_TEMPLATE}.Version"] = ref("actiontemplateversions", template["Name"])
    return {
        "Name": stored["Name"],
        "ActionType": stored["ActionType"],
        "IsDisabled": stored["IsDisabled"],
        "Environments": slugs.refs("environments", stored["Environments"]),
        "ExcludedEnvironments": slugs.refs("environments", stored["ExcludedEnvironments"]),
        "Channels": slugs.refs("channels", stored["Channels"]),
        "TenantTags": stored["TenantTags"],
        "Packages": packages,
        "Properties": properties,
    }


def variables(stored: Document, slugs: Slugs) -> list[Document]:
    """The rows of a stored variable set."""
    return [
        {
            "Name": row["Name"],
            "Value": row["Value"],
            "Type": row["Type"],
            "IsSensitive": False,
            "Description": row["Description"],
            "Scope": {key: slugs.refs("environments", ids) for key, ids in row.get("Scope", {}).items()},
        }
        for row in stored["Variables"]
    ]


def settings(project: Document, process: Document) -> Document:
    """The deployment settings that a stored project carries."""
    names = {inner["Id"]: inner["Name"] for step in process["Steps"] for inner in (step, *step["Actions"])}
    versioning = project["VersioningStrategy"]
    donor = versioning["DonorPackageStepId"]
    strategy: dict[str, Any] = {"Template": versioning["Template"]}
    if donor:
        strategy = {"DonorPackage": {"DeploymentAction": names[donor], "PackageReference": ""}, "Template": None}
    return {
        "ConnectivityPolicy": {**project["ProjectConnectivityPolicy"], "ExcludeUnhealthyTargets": False},
        "DefaultGuidedFailureMode": project["DefaultGuidedFailureMode"],
        "DefaultToSkipIfAlreadyInstalled": project["DefaultToSkipIfAlreadyInstalled"],
        "VersioningStrategy": strategy,
    }


def step_template(stored: Document) -> Document:
    """A step template, stored or from the community library, as a new one of the space."""
    return {
        "Name": stored["Name"],
        "Description": stored["Description"],
        "ActionType": stored["ActionType"],
        "Properties": stored["Properties"],
        "Packages": stored.get("Packages", []),
        "Parameters": [
            {key: value for key, value in parameter.items() if key not in ("Id", "Links")}
            for parameter in stored["Parameters"]
        ],
    }
