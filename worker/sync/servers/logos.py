"""Logos on a server: read as a small document, and written as a file or an icon. See :mod:`worker.kinds.logos`.

A picture never stands in a plan: of it there is the hash, and the bytes go from one server to the other at the moment
of writing.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from worker.kinds import registry
from worker.kinds.logos import shown_by
from worker.octopus.client import SpaceClient
from worker.plan.values import Document

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/svg+xml": "svg"}


async def read(space: SpaceClient, logo_id: str, owner_id: str) -> Document:
    owner = await space.get(_route(owner_id))
    shown = shown_by(owner, logo_id)
    if shown is not None:
        return shown
    file = await space.get_file(f"{_route(owner_id)}/logo")
    return {"Id": logo_id, "Symbol": None, "Picture": f"sha256:{hashlib.sha256(file.content).hexdigest()}"}


async def write(
    source: SpaceClient, destination: SpaceClient, source_owner_id: str, owner_id: str, logo: Document
) -> None:
    """Octopus takes a new icon or a new picture; a way to take one's own away it has not published."""
    symbol = logo.get("Symbol")
    if symbol:
        body = {"IconId": symbol.get("Name"), "IconColor": symbol.get("Color")}
        await destination.post(f"{_route(owner_id)}/logo/icon", body)
        return
    file = await source.get_file(f"{_route(source_owner_id)}/logo")
    ending = _ENDINGS.get(file.content_type.partition(";")[0].strip().lower(), "png")
    await destination.put_file(f"{_route(owner_id)}/logo", replace(file, name=f"logo.{ending}"))


def _route(owner_id: str) -> str:
    kind = registry.kind_of(owner_id)
    if kind is None:
        raise AssertionError(f"{owner_id} is of no kind that has a logo")
    return f"{kind.route}/{owner_id}"
