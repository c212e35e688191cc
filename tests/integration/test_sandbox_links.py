"""Where links lead: older clients follow them instead of knowing the routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_http import Http, http

from sandbox.app import ROUTER, create_app
from sandbox.errors import ApiError
from sandbox.generator import Sizes, generate
from sandbox.kind import KINDS
from sandbox.routing import Router
from sandbox.server import open_store
from sandbox.settings import Settings

VERSIONS = ("2021.2.1290", "2023.4.8290", "2026.1.9674")
_SPACE = re.compile(r"\{spaceId\}")


def paths(link: str) -> list[str]:
    """The paths below `/api` that a link template stands for: without and with what is optional."""
    plain = _SPACE.sub("Spaces-1", re.sub(r"\{[?&][^}]*\}|\?.*", "", link.removeprefix("/api")))
    optional = re.compile(r"\{/\w+\}")
    return sorted({optional.sub("", plain), optional.sub("/Somethings-1", plain)})


def leads_somewhere(router: Router, settings: Settings, api: Http, path: str) -> bool:
    """Whether a route, of whatever verb, answers the path."""
    try:
        router.match("GET", path, api.sandbox.store, settings)
    except ApiError as refused:
        return refused.status == 405
    return True


def links_of(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, link in document["Links"].items():
        if isinstance(link, str):
            yield name, link


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_link_leads_to_a_route(version: str) -> None:
    settings = Settings(version=version)
    store = open_store(settings)
    generate(store, settings, Sizes(projects=2, variables=20, tenants=2, runbooks=2))
    router = create_app(store, settings)[ROUTER]
    async with http(settings, store=store) as api:
        found = {("root", name): link for name, link in links_of(await api.get("/api"))}
        found |= {("space", name): link for name, link in links_of(await api.get("Spaces-1"))}
        for collection, kind in KINDS.items():
            status, answer = await api.raw("GET", collection if kind.scope == "system" else f"Spaces-1/{collection}")
            if status == 200 and "Items" in answer:
                for document in [answer, *answer["Items"]]:
                    if document.get("Links"):
                        found |= {(collection, name): link for name, link in links_of(document)}
        dead = {
            (*where, path)
            for where, link in found.items()
            for path in paths(link)
            if not leads_somewhere(router, settings, api, path)
        }
    assert len(found) > 100
    # Real servers show these two as well: the id is optional in the template, and the route has one form only.
    known = {"/Spaces-1/variables"} | (
        {"/Spaces-1/projects/Projects-1/channels/Somethings-1"} if version < "2023" else set()
    )
    assert {one for one in dead if one[2] not in known} == set()
