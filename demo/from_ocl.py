"""From Config-as-Code (OCL) to the documents that Octopus' REST API takes.

OCL names other items by slug, the API by id; here they become references by name (demo/references.py), found in
`Slugs`. Actions made from a step template keep neither its type nor its properties in OCL: they are filled in from
the template, as the server does when a person adds such a step. What cannot be carried over raises OclError rather
than being lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.ocl import Block, OclError
from demo.references import ref

__all__ = ["Document", "Slugs", "runbook", "settings", "steps", "variables"]

Document = dict[str, Any]

# Properties that name other items by slug (Octopus API reference, 2026: details of actions).
_PROPERTIES = {
    "Octopus.Action.Package.FeedId": "feeds",
    "Octopus.Action.Manual.ResponsibleTeamIds": "teams",
    "Octopus.Action.Email.ToTeamIds": "teams",
}
_SCOPES = {
    "environment": ("Environment", "environments"),
    "channel": ("Channel", "channels"),
    "action": ("Action", "actions"),
    "process": ("ProcessOwner", "runbooks"),
    "role": ("Role", None),
    "tenant_tag": ("TenantTag", None),
}
_ACTION_KEYS = {
    "action_type", "channels", "condition", "environments", "excluded_environments", "is_disabled", "is_required",
    "name", "notes", "properties", "tenant_tags", "worker_pool", "worker_pool_id_or_name", "worker_pool_variable",
}  # fmt: skip
_VALUE_TYPES = {"AzureAccount": "accounts", "AmazonWebServicesAccount": "accounts", "WorkerPool": "workerpools"}


@dataclass(frozen=True)
class Slugs:
    """What the slugs and ids in a project's files mean in the demo's space.

    `names` maps (kind, slug) to a name; `templates` maps the id of a step template to its document.
    """

    names: Mapping[tuple[str, str], str]
    templates: Mapping[str, Document] = field(default_factory=dict)

    def ref(self, kind: str, slug: str) -> str:
        """A reference by name. A variable expression stays what it is. Raises OclError for an unknown slug."""
        if "#{" in slug or not slug:
            return slug
        try:
            return ref(kind, self.names[kind, slug.strip()])
        except KeyError:
            raise OclError(f"no name is known for {kind}/{slug}") from None

    def refs(self, kind: str, slugs: Iterable[str]) -> list[str]:
        return [self.ref(kind, slug) for slug in slugs]


def steps(body: Block, slugs: Slugs) -> list[Document]:
    """The steps of a `deployment_process.ocl`, or of the `process` block of a runbook."""
    unknown = {block.name for block in body.blocks} - {"step", "steps"}
    if unknown:
        raise OclError(f"a process may hold steps only here, not {sorted(unknown)}")
    return [_step(block, slugs) for block in body.all("step", "steps")]


def _step(block: Block, slugs: Slugs) -> Document:
    name = block.get("name", default=block.labels[0])
    return {
        "Name": name,
        "PackageRequirement": block.get("package_requirement", default="LetOctopusDecide"),
        "Condition": block.get("condition", default="Success"),
        "StartTrigger": block.get("start_trigger", default="StartAfterPrevious"),
        "Properties": dict(block.get("properties", default={})),
        "Actions": [_action(action, name, slugs) for action in block.all("action", "actions")],
    }


def _action(block: Block, step_name: str, slugs: Slugs) -> Document:
    unknown = set(block.attributes) - _ACTION_KEYS | {inner.name for inner in block.blocks} - {"packages", "container"}
    if unknown:
        raise OclError(f"step {step_name!r} has what is not carried over: {sorted(unknown)}")
    packages = [_package(package, slugs) for package in block.all("packages")]
    action_type, properties = _properties(block, packages, slugs)
    container = block.one("container")
    return {
        "Name": block.get("name", default=step_name),
        "ActionType": action_type,
        "Notes": block.get("notes"),
        "IsDisabled": block.get("is_disabled", default=False),
        "IsRequired": block.get("is_required", default=False),
        "WorkerPoolId": slugs.ref("workerpools", block.get("worker_pool", "worker_pool_id_or_name", default=""))
        or None,
        "WorkerPoolVariable": block.get("worker_pool_variable") or None,
        "Container": {
            "Image": container.get("image"),
            "FeedId": slugs.ref("feeds", container.get("feed", default="")) or None,
        },
        "Environments": slugs.refs("environments", block.get("environments", default=[])),
        "ExcludedEnvironments": slugs.refs("environments", block.get("excluded_environments", default=[])),
        "Channels": slugs.refs("channels", block.get("channels", default=[])),
        "TenantTags": block.get("tenant_tags", default=[]),
        "Packages": packages,
        "Condition": block.get("condition", default="Success"),
        "Properties": properties,
    }


def _package(block: Block, slugs: Slugs) -> Document:
    return {
        "Name": block.labels[0] if block.labels else "",
        "PackageId": block.get("package_id"),
        "FeedId": slugs.ref("feeds", block.get("feed", "feed_id_or_name", default="")),
        "AcquisitionLocation": block.get("acquisition_location", default="Server"),
        "Properties": dict(block.get("properties", default={})),
    }


def _properties(block: Block, packages: list[Document], slugs: Slugs) -> tuple[str, Document]:
    """The action's type and properties, those of its step template included."""
    properties = {}
    for name, value in block.get("properties", default={}).items():
        kind = _PROPERTIES.get(name)
        properties[name] = ",".join(slugs.refs(kind, value.split(","))) if kind else value
    for package in packages:  # a step template's package parameter repeats the package in its value
        if parameter := package["Properties"].get("PackageParameterName"):
            properties[parameter] = json.dumps({"PackageId": package["PackageId"], "FeedId": package["FeedId"]})
    template_id = properties.pop("Octopus.Action.Template.Id", None)
    version = properties.pop("Octopus.Action.Template.Version", None)
    if template_id is None:
        return block.get("action_type", default="Octopus.Script"), properties
    template = slugs.templates.get(template_id)
    if template is None:
        return "Octopus.Script", properties | {
            "Octopus.Action.Script.ScriptSource": "Inline",
            "Octopus.Action.Script.Syntax": "PowerShell",
            "Octopus.Action.Script.ScriptBody": f'Write-Host "Stands for version {version} of a step template."',
        }
    return template["ActionType"], template["Properties"] | properties | {
        "Octopus.Action.Template.Id": ref("actiontemplates", template["Name"]),
        "Octopus.Action.Template.Version": ref("actiontemplateversions", template["Name"]),
    }


def variables(body: Block, slugs: Slugs) -> list[Document]:
    """The rows of a `variables.ocl`, one for each value. Sensitive ones are never in such a file."""
    return [_variable(block, value, slugs) for block in body.all("variable") for value in block.all("value")]


def _variable(block: Block, value: Block, slugs: Slugs) -> Document:
    kind = block.get("type", default="String")
    text = value.labels[0] if value.labels else ""
    scope = {}
    for name, (dimension, target) in _SCOPES.items():
        if name in value.attributes:
            listed = value.get(name)
            scope[dimension] = slugs.refs(target, listed) if target else list(listed)
    row: Document = {
        "Name": block.labels[0],
        "Value": slugs.ref(_VALUE_TYPES[kind], text) if kind in _VALUE_TYPES else text,
        "Type": kind,
        "IsSensitive": False,
        "Description": value.get("description"),
        "Scope": scope,
    }
    if value.all("prompt"):
        prompt = value.one("prompt")
        row["Prompt"] = {
            "Label": prompt.get("label"),
            "Description": prompt.get("description"),
            "Required": prompt.get("is_required", default=False),
            "DisplaySettings": prompt.get("display_settings", default={}),
        }
    return row


def settings(body: Block) -> Document:
    """A `deployment_settings.ocl`, as far as it says anything; the rest is the server's default."""
    document: Document = {"ConnectivityPolicy": _connectivity(body)}
    if mode := body.get("default_guided_failure_mode"):
        document["DefaultGuidedFailureMode"] = mode
    if template := body.one("versioning_strategy").get("template"):
        document["VersioningStrategy"] = {"Template": template}
    return document


def runbook(body: Block, slugs: Slugs) -> tuple[Document, list[Document]]:
    """A runbook and the steps of its process."""
    document = {
        "Name": body.get("name"),
        "Description": body.get("description"),
        "MultiTenancyMode": body.get("multi_tenancy_mode", default="Untenanted"),
        "EnvironmentScope": body.get("environment_scope", default="All"),
        "Environments": slugs.refs("environments", body.get("environments", default=[])),
        "DefaultGuidedFailureMode": body.get("default_guided_failure_mode", default="Off"),
        "ConnectivityPolicy": _connectivity(body),
        "RunRetentionPolicy": {
            "Strategy": "Count",
            "QuantityToKeep": body.one("run_retention_policy").get("quantity_to_keep", default=100),
            "Unit": "Items",
            "ShouldKeepForever": False,
        },
    }
    return document, steps(body.one("process"), slugs)


def _connectivity(body: Block) -> Document:
    policy = body.one("connectivity_policy")
    return {
        "SkipMachineBehavior": "None",
        "TargetRoles": [],
        "AllowDeploymentsToNoTargets": policy.get("allow_deployments_to_no_targets", default=False),
        "ExcludeUnhealthyTargets": False,
    }
