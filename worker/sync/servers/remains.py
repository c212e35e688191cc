"""What a server has made with an item, and would delete together with it: releases of a project, runs of a runbook."""

from __future__ import annotations

from urllib.parse import parse_qsl

from worker.kinds.kind import Kind
from worker.octopus.client import SpaceClient
from worker.octopus.errors import NotFound


async def remains_of(space: SpaceClient, kind: Kind, item_id: str) -> list[str]:
    """In words: ``3 releases``. A list that this server does not have holds nothing. Raises what the client raises."""
    found = []
    for route, what in kind.keeps.items():
        path, _, query = route.format(id=item_id).partition("?")
        filters: dict[str, object] = dict(parse_qsl(query))
        try:
            answer = await space.get(path, **filters, take=1)
        except NotFound:
            continue
        count = len(answer) if isinstance(answer, list) else int(answer.get("TotalResults") or 0)
        if count:
            found.append(f"{count} {what}")
    return found
