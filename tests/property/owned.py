"""What the destination holds that is not ours to lose: secrets, values, and everything that has an id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.server import Sandbox
from tests.property.portable import collection

ALL = (
    "environments", "lifecycles", "projectgroups", "feeds", "accounts", "workerpools", "libraryvariablesets",
    "projects", "channels", "runbooks", "deploymentprocesses", "runbookprocesses", "variables", "projecttriggers",
)  # fmt: skip


def secrets(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    held = sandbox.store.secrets
    return {(document, place): value for document, found in held.items() for place, value in found.items()}


def values(sandbox: Sandbox) -> dict[str, Any]:
    """Row id → value, of all variables that are not secret. Those that make up a script module are the source's."""
    sets = collection(sandbox, "libraryvariablesets")
    return {
        row["Id"]: row["Value"]
        for document in collection(sandbox, "variables").values()
        for row in document["Variables"]
        if not row["IsSensitive"] and sets.get(document["OwnerId"], {}).get("ContentType") != "ScriptModule"
    }


def elements(sandbox: Sandbox) -> dict[str, Any]:
    """Everything that has an id: what it is called, and how it is found in addresses."""
    return {
        f"{document['Id']}: {element['Id']}": (element.get("Name"), element.get("Slug"))
        for kind in ALL
        for document in collection(sandbox, kind).values()
        for element in with_ids(document)
    }


def with_ids(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("Id"), str):
            yield value
        for item in value.values():
            yield from with_ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from with_ids(item)
