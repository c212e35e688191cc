"""What names a step of a process, and what a step names in its properties.

A project's versioning, its release creation and the rules of its channels name actions. The server keeps an action's
id with them (OctopusDeploy/Issues#5296 speaks of a `DeploymentActionId`), so a renamed action is followed (?), and a
process cannot be saved without an action that versioning or release creation names (#5296, #5837). A deleted channel
takes its steps along all the same, and then every list of projects is broken (#7521).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox import texts
from sandbox.errors import bad_request
from sandbox.indexes import by_project
from sandbox.routing import Call
from sandbox.store import Document, Scope, Write

__all__ = ["followed", "steps_of_team", "steps_with_property"]

_PROCESSES = ("deploymentprocesses", "runbookprocesses")
_RESPONSIBLE = "Octopus.Action.Manual.ResponsibleTeamIds"


def _actions(steps: Iterable[Document]) -> Iterator[Document]:
    for step in steps:
        yield from step["Actions"]


def _named(actions: Iterable[Document], name: object) -> Document | None:
    wanted = str(name).casefold()
    return next((one for one in actions if wanted in {one[key].casefold() for key in ("Name", "Id", "Slug")}), None)


class _Following:
    """Takes references from the steps of before to those of after."""

    def __init__(self, before: list[Document], after: list[Document]) -> None:
        self._before, self._after = list(_actions(before)), list(_actions(after))

    def reference(self, package: Document) -> Document:
        """The reference, by the action's name of now if it had that of before. One that is gone is left as it is."""
        old = _named(self._before, package.get("DeploymentAction"))
        new = next((one for one in self._after if old and one["Id"] == old["Id"]), None)
        if old is None or new is None or _named(self._after, package["DeploymentAction"]) is new:
            return package
        return {**package, "DeploymentAction": new["Name"]}

    def kept(self, package: Document | None, by: str) -> Document | None:
        """The same, where the action must stay. Raises ApiError 400 when it is gone."""
        if not package or _named(self._before, package.get("DeploymentAction")) is None:
            return package
        found = self.reference(package)
        if _named(self._after, found["DeploymentAction"]) is None:
            raise bad_request(texts.step_in_use(str(package["DeploymentAction"]), by))
        return found


def followed(call: Call, process: Document, steps: list[Document]) -> list[Write]:
    """The writes by which what names the actions of a project's process follows them to their new names.

    Raises ApiError 400 when versioning or release creation would lose its action.
    """
    following = _Following(process["Steps"], steps)
    writes: list[Write] = []

    def changed(collection: str, before: Document, after: Document) -> None:
        if after != before:
            writes.append(Write(collection, before, after, side_effect=True))

    settings = call.find("deploymentsettings", f"deploymentsettings-{process['ProjectId']}")
    strategy = settings["VersioningStrategy"]
    donor = following.kept(strategy["DonorPackage"], "the versioning of the project")
    changed("deploymentsettings", settings, {**settings, "VersioningStrategy": {**strategy, "DonorPackage": donor}})
    project = call.find("projects", process["ProjectId"])
    creation = project["ReleaseCreationStrategy"]
    package = following.kept(creation["ReleaseCreationPackage"], "the release creation of the project")
    changed(
        "projects", project, {**project, "ReleaseCreationStrategy": {**creation, "ReleaseCreationPackage": package}}
    )
    for channel in call.lookup("channels", by_project, project["Id"]):
        rules = [
            {**rule, "ActionPackages": [following.reference(one) for one in rule["ActionPackages"]]}
            for rule in channel["Rules"]
        ]
        changed("channels", channel, {**channel, "Rules": rules})
    return writes


def _names(scope: Scope, holds: Any) -> list[str]:
    return [
        action["Name"]
        for collection in _PROCESSES
        for process in scope.collection(collection).values()
        for action in _actions(process["Steps"])
        if any(holds(name, value) for name, value in action["Properties"].items())
    ]


def steps_with_property(call: Call, document_id: str) -> list[str]:
    """The names of today's steps that hold an id as the value of a property."""
    wanted = document_id.casefold()
    return _names(call.scope, lambda _, value: isinstance(value, str) and value.casefold() == wanted)


def steps_of_team(scope: Scope, team_id: str) -> list[str]:
    """The names of today's steps for which a team is responsible."""

    def holds(name: str, value: Any) -> bool:
        teams = str(value).casefold().split(",") if name == _RESPONSIBLE else []
        return team_id.casefold() in [one.strip() for one in teams]

    return _names(scope, holds)
