"""Who uses a certificate: variables, tenants and targets."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox import crud
from sandbox.kind import KINDS
from sandbox.routing import Call
from sandbox.store import Document

__all__ = ["usages", "variable_owners"]


def variable_owners(call: Call, document_id: str) -> list[Document]:
    """The projects and library sets of which a variable holds this id."""
    found = []
    for variable_set in call.scope.collection("variables").values():
        if any(variable["Value"] == document_id for variable in variable_set["Variables"]):
            owner_id = variable_set["OwnerId"]
            owner = call.scope.find("projects", owner_id) or call.scope.find("libraryvariablesets", owner_id)
            if owner:
                found.append(owner)
    return found


def usages(call: Call, certificate: Document) -> Document:
    """`GET certificates/{id}/usages`."""
    owners = variable_owners(call, certificate["Id"])
    values = call.scope.collection("tenantvariables").values()
    tenants = dict.fromkeys(one["TenantId"] for one in values if one["Value"] == certificate["Id"])
    targets = [
        machine
        for machine in call.scope.collection("machines").values()
        if certificate["Id"]
        in (
            machine["Endpoint"].get("ClusterCertificate"),
            (machine["Endpoint"].get("Authentication") or {}).get("ClientCertificate"),
        )
    ]
    of_projects = [owner for owner in owners if owner["Id"].startswith("Projects-")]
    return {
        "Id": None,
        "ProjectUsages": _shown(call, "projects", of_projects),
        "LibraryVariableSetUsages": _shown(call, "libraryvariablesets", [o for o in owners if o not in of_projects]),
        "TenantUsages": _shown(call, "tenants", [call.find("tenants", one) for one in tenants]),
        "DeploymentTargetUsages": _shown(call, "machines", targets),
        "Links": {},
    }


def _shown(call: Call, collection: str, documents: Iterable[Document]) -> list[Document]:
    return [crud.show(call, KINDS[collection], one) for one in documents]
