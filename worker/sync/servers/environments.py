"""Environments of all types as documents of one kind.

Since 2026.1 there are *parent* environments beside the static ones, and ephemeral ones below them. They share ids and
names; a newer list has all of them, with less in each, and parents have routes of their own. Every document gets its
``Type``, which the older routes do not tell. Facts: Octopus API reference 2026, "Environments v2".
"""

from __future__ import annotations

from worker.octopus.client import SpaceClient
from worker.octopus.errors import NotFound, OctopusError
from worker.plan.values import Document

PARENT, STATIC = "Parent", "Static"
PAGE = 1_000


async def list_all(space: SpaceClient) -> list[Document]:
    """Static, parent and ephemeral ones. The newer list wants to be told where to begin."""
    found: list[Document] = []
    try:
        while True:
            page = await space.get("environments/v2", skip=len(found), take=PAGE)
            found += page["Items"]
            if not page["Items"] or len(found) >= page["TotalResults"]:
                return found
    except NotFound:
        return await space.list("environments/all")


def static(document: Document) -> Document:
    return {**document, "Type": STATIC}


async def read(space: SpaceClient, environment_id: str) -> Document:
    try:
        return static(await space.get(f"environments/{environment_id}"))
    except NotFound:
        return await _parent(space, environment_id)


async def _parent(space: SpaceClient, environment_id: str) -> Document:
    return {**await space.get(f"parentenvironments/{environment_id}"), "Type": PARENT}


async def create(space: SpaceClient, body: Document) -> Document:
    if body.get("Type") != PARENT:
        return static(await space.post("environments", _without_type(body)))
    made = await space.post("parentenvironments", _without_type(body))
    try:
        return await _parent(space, made["Id"])
    except OctopusError as error:
        error.maybe_applied = True
        raise


async def update(space: SpaceClient, environment_id: str, body: Document) -> Document:
    kind = PARENT if body.get("Type") == PARENT else STATIC
    route = "parentenvironments" if kind == PARENT else "environments"
    return {**await space.put(f"{route}/{environment_id}", _without_type(body)), "Type": kind}


def _without_type(body: Document) -> Document:
    return {name: value for name, value in body.items() if name != "Type"}
