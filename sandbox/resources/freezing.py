"""Frozen copies: what a release or a runbook snapshot was made of, as it was then.

A copy has the id of its original with a suffix, `deploymentprocess-Projects-1-s-4-ABCDE`, and cannot be changed. A
release freezes the process, the project's variables and those of each library set that the project includes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sandbox import crud
from sandbox.kind import Kind, declare
from sandbox.resources.processes import REFERENCES
from sandbox.resources.variables import VARIABLE_SETS
from sandbox.routing import Call
from sandbox.store import Document, Write

__all__ = [
    "FROZEN_PROCESSES",
    "FROZEN_VARIABLES",
    "freeze",
    "frozen_ids",
    "frozen_sets",
    "including",
    "shown_sets",
    "thaw",
]

FROZEN_PROCESSES = declare(
    Kind(
        collection="frozenprocesses",
        prefix="frozenprocess",
        name="FrozenProcess",
        fields=(),
        order="Id",
        unique_name=False,
        references=tuple(one for one in REFERENCES if one.collection == "tags"),
        routes=(),
    )
)
FROZEN_VARIABLES = declare(
    Kind(
        collection="frozenvariables",
        prefix="frozenvariables",
        name="FrozenVariableSet",
        fields=(),
        order="Id",
        unique_name=False,
        routes=(),
    )
)


def freeze(call: Call, collection: str, document: Document) -> Write:
    """The write that keeps a copy of a process or variable set; the copy's secrets are the original's."""
    number = call.store.next_number(f"snapshot/{document['Id']}")
    tail = hashlib.sha256(f"{document['Id']}/{number}".encode()).hexdigest()[:5].upper()
    frozen = {**document, "Id": f"{document['Id']}-s-{number}-{tail}", "IsFrozen": True}
    return Write(collection, None, frozen, call.store.secrets_of(document["Id"]), side_effect=True)


def frozen_sets(call: Call, project: Document) -> tuple[Write, list[Write]]:
    """The writes that freeze the variables of a project, and those of its library sets in their order."""
    own = freeze(call, FROZEN_VARIABLES.collection, call.find("variables", project["VariableSetId"]))
    included = [
        freeze(call, FROZEN_VARIABLES.collection, variables)
        for set_id in project["IncludedLibraryVariableSetIds"]
        if (variables := call.scope.find("variables", f"variableset-{set_id}"))
    ]
    return own, included


def shown_sets(call: Call, ids: Iterable[str]) -> list[Document]:
    """Frozen variable sets as the API gives them."""
    found = (call.find(FROZEN_VARIABLES.collection, one) for one in ids)
    plain = ({key: value for key, value in one.items() if key != "IsFrozen"} for one in found)
    return [crud.show(call, VARIABLE_SETS, one) for one in plain]


def thaw(call: Call, ids: Iterable[str]) -> list[Write]:
    """The writes that forget copies, because the release or snapshot that held them is deleted."""
    writes = []
    for collection in (FROZEN_PROCESSES.collection, FROZEN_VARIABLES.collection):
        for frozen_id in ids:
            frozen = call.scope.find(collection, frozen_id)
            if frozen:
                writes.append(Write(collection, frozen, None, side_effect=True))
    return writes


def frozen_ids(call: Call, project_id: str) -> list[str]:
    """The variable sets that a project's releases and snapshots froze."""
    return [
        frozen_id
        for collection in ("releases", "runbooksnapshots")
        for document in call.scope.collection(collection).values()
        if document["ProjectId"] == project_id
        for frozen_id in (document["ProjectVariableSetSnapshotId"], *document["LibraryVariableSetSnapshotIds"])
    ]


def including(call: Call, library_set_id: str) -> list[Document]:
    """The releases and runbook snapshots that froze a library set."""
    return [
        document
        for collection in ("releases", "runbooksnapshots")
        for document in call.scope.collection(collection).values()
        if any(one.startswith(f"variableset-{library_set_id}-s-") for one in document["LibraryVariableSetSnapshotIds"])
    ]
