"""What the demo's space is made of.

A `Document` is what the REST API takes for a new item, with references by name in place of ids (demo/references.py).
What belongs to an item but has an address of its own (a project's process, a library set's variables) stands beside
it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DemoProject", "DemoRunbook", "DemoSpace", "DemoVariableSet", "Document", "variable"]

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DemoVariableSet:
    """A library variable set or a script module, and its rows."""

    document: Document
    variables: Sequence[Document]

    @property
    def name(self) -> str:
        return str(self.document["Name"])


@dataclass(frozen=True, kw_only=True)
class DemoRunbook:
    """A runbook and the steps of its process."""

    document: Document
    steps: Sequence[Document]

    @property
    def name(self) -> str:
        return str(self.document["Name"])


@dataclass(frozen=True, kw_only=True)
class DemoProject:
    """A project and all that belongs to it. `settings` says only what differs from the server's default.

    References to its own `channels`, `actions` and `runbooks` are by plain name; the project's deployment process, as
    the owner of a variable, is `projects/<name>`.
    """

    document: Document
    channels: Sequence[Document] = ()
    steps: Sequence[Document] = ()
    settings: Document
    variables: Sequence[Document] = ()
    runbooks: Sequence[DemoRunbook] = ()

    @property
    def name(self) -> str:
        return str(self.document["Name"])


@dataclass(frozen=True, kw_only=True)
class DemoSpace:
    """Everything that is created in one space. What the server brings itself (the built-in feed…) is not listed."""

    environments: Sequence[Document]
    lifecycles: Sequence[Document]
    project_groups: Sequence[Document]
    feeds: Sequence[Document]
    accounts: Sequence[Document]
    worker_pools: Sequence[Document]
    teams: Sequence[Document]
    step_templates: Sequence[Document]
    library_sets: Sequence[DemoVariableSet]
    projects: Sequence[DemoProject]

    def project(self, name: str) -> DemoProject:
        """The project of that name. Raises KeyError if there is none."""
        for project in self.projects:
            if project.name == name:
                return project
        raise KeyError(name)


def variable(name: str, value: str, *, kind: str = "String", description: str = "", **scope: list[str]) -> Document:
    """A row of a variable set, e.g. `variable("Port", "80", Environment=[ref("environments", "Test")])`.

    `kind` is the API's variable type; a `Sensitive` value is write-only from then on.
    """
    return {
        "Name": name,
        "Value": value,
        "Type": kind,
        "IsSensitive": kind == "Sensitive",
        "Description": description,
        "Scope": scope,
    }
