"""An Octopus server as the demo's people use it: by its REST API, with the names that they know."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

__all__ = ["Api", "ApiError"]

Document = dict[str, Any]

_ATTEMPTS_PER_REQUEST = 20


class ApiError(Exception):
    """The server refused a request. Says which, and the server's words."""


class Api:
    """One server and one credential; everything below its default space."""

    def __init__(self, url: str, api_key: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.headers = {"X-Octopus-ApiKey": api_key, "User-Agent": "octosync-demo"}

    async def call(self, method: str, route: str, body: Any = None) -> Any:
        """The answer's JSON. ``route`` is below ``/api``. Raises :class:`ApiError`.

        Waits as long as the server says when it limits the rate (429, Octopus 2026.3).
        """
        url = f"{self.url}/api/{route}"
        for attempt in range(_ATTEMPTS_PER_REQUEST):
            async with self.session.request(method, url, json=body, headers=self.headers) as answer:
                if answer.status == 429 and attempt + 1 < _ATTEMPTS_PER_REQUEST:
                    await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
                    continue
                if answer.status >= 400:
                    raise ApiError(f"{method} {route}: {answer.status} {await answer.text()}")
                return await answer.json(content_type=None) if await answer.read() else None
        raise AssertionError("the last attempt ends above")

    async def get(self, route: str) -> Any:
        return await self.call("GET", route)

    async def post(self, route: str, body: Document) -> Document:
        answer: Document = await self.call("POST", route, body)
        return answer

    async def edit(self, route: str, **fields: Any) -> Document:
        """Read a document, change these fields, write it back."""
        answer: Document = await self.call("PUT", route, {**await self.get(route), **fields})
        return answer

    async def named(self, collection: str, name: str) -> Document:
        """The item of that name. Raises :class:`ApiError` if there is none."""
        for one in await self.get(f"{collection}/all"):
            if one["Name"] == name:
                found: Document = one
                return found
        raise ApiError(f"no {name!r} among the {collection} of {self.url}")

    async def names(self, collection: str) -> dict[str, str]:
        """Id → name."""
        return {one["Id"]: one["Name"] for one in await self.get(f"{collection}/all")}

    async def steps(self, project: str) -> list[Document]:
        found = await self.get(f"deploymentprocesses/deploymentprocess-{(await self.named('projects', project))['Id']}")
        steps: list[Document] = found["Steps"]
        return steps

    async def rows(self, collection: str, owner: str) -> list[Document]:
        """The variables of a project or library set."""
        found = await self.get(f"variables/variableset-{(await self.named(collection, owner))['Id']}")
        rows: list[Document] = found["Variables"]
        return rows
