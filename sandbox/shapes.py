"""Shapes that several kinds share: variable templates, package references, retention, connectivity.

Each function takes what a body brought and returns the stored form: known properties, defaults, ids where they were
blank. An id that was sent is kept (tenants' values point at template ids, OctopusDeploy/Issues#2715).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox import secrets, texts
from sandbox.errors import bad_request
from sandbox.kind import Field
from sandbox.store import Document

__all__ = [
    "CONNECTIVITY",
    "GUIDED_FAILURE",
    "NAME",
    "TENANTED",
    "filled",
    "git_dependencies",
    "objects",
    "of_type",
    "packages",
    "require",
    "retention",
    "same_type",
    "templates",
]

NAME = Field("Name", required=True)
GUIDED_FAILURE = ("EnvironmentDefault", "Off", "On")
TENANTED = ("Untenanted", "TenantedOrUntenanted", "Tenanted")
CONNECTIVITY: Document = {
    "SkipMachineBehavior": "None",
    "TargetRoles": [],
    "AllowDeploymentsToNoTargets": False,
    "ExcludeUnhealthyTargets": False,
}

NewGuid = Callable[[], str]


def objects(value: Any, path: str) -> list[Document]:
    """A list of JSON objects; null is an empty one. Raises ApiError 400 for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise bad_request(texts.wrong_type(value, path))
    return value


def filled(given: Document, defaults: Document) -> Document:
    """`defaults` with what was given for them. Null counts as not given; names are compared without regard to case;
    what is not among the defaults is dropped. Raises ApiError 400 for a value of another type than its default."""
    by_name = {key.lower(): value for key, value in given.items()}
    result: Document = {}
    for name, default in defaults.items():
        value = by_name.get(name.lower())
        if value is not None and default is not None and not same_type(default, value):
            raise bad_request(texts.wrong_type(value, name))
        result[name] = default if value is None else value
    return result


def of_type(given: Document, plain: Document, secret: Iterable[str]) -> Document:
    """The properties that only some types of a kind have: `plain` ones with their defaults, and `secret` ones.

    Raises ApiError 400 for a secret that is no SensitiveValue.
    """
    found = filled(given, {**plain, **dict.fromkeys(secret)})
    for name in secret:
        if found[name] is not None and not secrets.is_sensitive_value(found[name]):
            raise bad_request(texts.wrong_type(found[name], name))
        found[name] = found[name] or secrets.EMPTY
    return found


def require(body: Document, *names: str) -> None:
    """Raises ApiError 400 unless the body has each of these arrays, be it empty."""
    for name in names:
        if not isinstance(body.get(name), list):
            raise bad_request(texts.required(name))


def same_type(default: Any, value: Any) -> bool:
    """Whether a value may stand where the default does. True and false are no numbers."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return isinstance(value, type(default))


def templates(value: Any, new_guid: NewGuid, path: str = "Templates") -> list[Document]:
    """Variable templates (ActionTemplateParameter). Those of control type Sensitive hold their default as a secret."""
    result: list[Document] = []
    for given in objects(value, path):
        template = filled(
            given,
            {"Id": "", "Name": "", "Label": None, "HelpText": None, "DefaultValue": None, "DisplaySettings": {}},
        )
        template["Id"] = template["Id"] or new_guid()
        template["Name"] = str(template["Name"]).strip()
        if not template["Name"]:
            raise bad_request(texts.required(f"{path}.Name"))
        control = template["DisplaySettings"].get("Octopus.ControlType")
        if control == "Select" and not template["DisplaySettings"].get("Octopus.SelectOptions"):
            raise bad_request(f"Variable template '{template['Name']}' does not have drop down options set.")
        if control == "Sensitive" and isinstance(template["DefaultValue"], str):
            template["DefaultValue"] = {**secrets.EMPTY, "NewValue": template["DefaultValue"]}
        result.append(template)
    _unique((template["Id"] for template in result), "Template ids must be unique.")
    return result


def packages(value: Any, new_guid: NewGuid) -> list[Document]:
    """Package references of an action or step template; the primary one has an empty name."""
    result: list[Document] = []
    for given in objects(value, "Packages"):
        package = filled(
            given,
            {
                "Id": "",
                "Name": "",
                "PackageId": None,
                "FeedId": None,
                "AcquisitionLocation": "Server",
                "Version": None,
                "Properties": {},
                "StepPackageInputsReferenceId": None,
            },
        )
        package["Id"] = package["Id"] or new_guid()
        if any(other["Name"].lower() == package["Name"].lower() for other in result):
            raise bad_request(f"A package reference with the name '{package['Name']}' already exists")
        result.append(package)
    return result


def git_dependencies(value: Any) -> list[Document]:
    """Git dependencies of an action or step template."""
    return [
        filled(
            given,
            {
                "Name": "",
                "RepositoryUri": "",
                "DefaultBranch": "main",
                "GitCredentialType": "Anonymous",
                "FilePathFilters": [],
                "GitCredentialId": None,
                "GitHubConnectionId": None,
                "StepPackageInputsReferenceId": None,
            },
        )
        for given in objects(value, "GitDependencies")
    ]


def retention(value: Any, path: str, default_strategy: str = "Default") -> Document:
    """A retention policy. `ShouldKeepForever` is computed: a quantity of 0 keeps for ever.

    Without a `Strategy` (clients older than 2025.3) the quantity decides as OctopusClients does it: 0 items is what
    the space says, anything else is a count.
    """
    if value is not None and not isinstance(value, dict):
        raise bad_request(texts.wrong_type(value, path))
    policy = filled(value or {}, {"Unit": "Items", "QuantityToKeep": 0, "Strategy": None})
    if policy["Unit"] not in ("Items", "Days"):
        raise bad_request(texts.wrong_choice(policy["Unit"], f"{path}.Unit"))
    if policy["Strategy"] is None:
        policy["Strategy"] = default_strategy if policy["QuantityToKeep"] == 0 else "Count"
    policy["ShouldKeepForever"] = policy["Strategy"] == "Forever" or policy["QuantityToKeep"] == 0
    return policy


def _unique(ids: Iterable[str], error: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if one.lower() in seen:
            raise bad_request(error)
        seen.add(one.lower())
