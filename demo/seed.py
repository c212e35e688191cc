"""Fills a space of an Octopus server with the demo's content, through the REST API alone.

Written for any Octopus server, so it takes nothing from the worker and nothing from the sandbox. What has the name
already is adopted as it is; a project that exists is not touched. Items are created in an order in which each refers
only to earlier ones, and a project's parts in the order that the API wants: channels before steps that are limited to
them, steps before the rules, settings and variables that name them.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from demo.model import DemoProject, DemoSpace, DemoVariableSet, Document
from demo.references import resolve

__all__ = ["SeedError", "seed"]

_ATTEMPTS_PER_REQUEST = 20


class SeedError(Exception):
    """The server refused a document, or the content names what does not exist."""


async def seed(
    url: str, api_key: str, content: DemoSpace, session: aiohttp.ClientSession, *, space: str | None = None
) -> None:
    """Create all of `content` in the space of that name, or in the default space.

    `url` is the server's base, without `/api`. Raises SeedError with the server's words when it refuses something.
    """
    seeder = _Seeder(url.rstrip("/"), api_key, session)
    await seeder.enter(space)
    await seeder.shared(content)
    for project in content.projects:
        if not seeder.has("projects", project.name):
            await seeder.project(project)


class _Seeder:
    def __init__(self, url: str, api_key: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.headers = {"X-Octopus-ApiKey": api_key, "User-Agent": "octosync-demo"}
        self.session = session
        self.space = ""
        self.ids: dict[tuple[str, str], str] = {}

    # The server

    async def request(self, method: str, path: str, body: Document | None = None) -> Any:
        """The answer's JSON. Waits as long as the server says when it limits the rate (429, Octopus 2026.3)."""
        for _ in range(_ATTEMPTS_PER_REQUEST):
            async with self.session.request(method, self.url + path, json=body, headers=self.headers) as response:
                if response.status == 429:
                    await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
                    continue
                if response.status >= 400:
                    raise SeedError(f"{method} {path}: {response.status} {await response.text()}")
                return await response.json(content_type=None) if await response.read() else None
        raise SeedError(f"{method} {path}: still limited after {_ATTEMPTS_PER_REQUEST} attempts")

    async def get(self, path: str) -> Any:
        return await self.request("GET", f"/api/{self.space}{path}")

    async def post(self, path: str, body: Document, names: dict[tuple[str, str], str] | None = None) -> Any:
        return await self.request("POST", f"/api/{self.space}{path}", self.resolved(body, names))

    async def overlay(self, path: str, change: Document, names: dict[tuple[str, str], str] | None = None) -> Any:
        """Write `change` over the document as it is now: a PUT replaces everything, and wants the version it saw."""
        return await self.request(
            "PUT", f"/api/{self.space}{path}", await self.get(path) | self.resolved(change, names)
        )

    # Names

    def note(self, kind: str, document: Document) -> str:
        self.ids[kind, document["Name"].casefold()] = document["Id"]
        return str(document["Id"])

    def has(self, kind: str, name: str) -> bool:
        return (kind, name.casefold()) in self.ids

    def resolved(self, document: Document, names: dict[tuple[str, str], str] | None) -> Any:
        known = self.ids | (names or {})

        def find(kind: str, name: str) -> str:
            try:
                return known[kind, name.casefold()]
            except KeyError:
                raise SeedError(f"no {kind} called {name!r}") from None

        return resolve(document, find)

    # What is shared

    async def enter(self, name: str | None) -> None:
        spaces = await self.request("GET", "/api/spaces/all")
        found = [one for one in spaces if (one["IsDefault"] if name is None else one["Name"] == name)]
        if not found:
            raise SeedError(f"no space called {name!r}" if name else "the default space is switched off; name one")
        self.space = found[0]["Id"]

    async def shared(self, content: DemoSpace) -> None:
        """All that projects refer to, and the names of what is there already."""
        kinds = {
            "environments": content.environments,
            "lifecycles": content.lifecycles,
            "projectgroups": content.project_groups,
            "feeds": content.feeds,
            "accounts": content.accounts,
            "workerpools": content.worker_pools,
            "teams": content.teams,
            "actiontemplates": content.step_templates,
        }
        for kind, documents in kinds.items():
            existing = {one["Name"].casefold(): one for one in await self.get(f"/{kind}/all")}
            for document in documents:
                if document["Name"].casefold() not in existing:
                    existing[document["Name"].casefold()] = await self.post(f"/{kind}", document)
            for name, one in existing.items():
                self.note(kind, one)
                if kind == "actiontemplates":
                    self.ids["actiontemplateversions", name] = str(one["Version"])
        for kind in ("libraryvariablesets", "projects"):
            for one in await self.get(f"/{kind}/all"):
                self.note(kind, one)
        for library in content.library_sets:
            if not self.has("libraryvariablesets", library.name):
                await self.library(library)

    async def library(self, library: DemoVariableSet) -> None:
        created = await self.post("/libraryvariablesets", library.document)
        self.note("libraryvariablesets", created)
        await self.overlay(f"/variables/{created['VariableSetId']}", {"Variables": list(library.variables)})

    # A project

    async def project(self, project: DemoProject) -> None:
        created = await self.post("/projects", project.document)
        project_id = self.note("projects", created)
        names = await self.channels(project, project_id)
        if project.steps:
            path = f"/deploymentprocesses/{created['DeploymentProcessId']}"
            process = await self.overlay(path, {"Steps": list(project.steps)}, names)
            names |= {
                ("actions", action["Name"].casefold()): action["Id"]
                for step in process["Steps"]
                for action in step["Actions"]
            }
        await self.overlay(f"/projects/{project_id}/deploymentsettings", project.settings, names)
        for runbook in project.runbooks:
            one = await self.post("/runbooks", {**runbook.document, "ProjectId": project_id}, names)
            names["runbooks", runbook.name.casefold()] = one["Id"]
            await self.overlay(f"/runbookProcesses/{one['RunbookProcessId']}", {"Steps": list(runbook.steps)}, names)
        if project.variables:
            await self.overlay(f"/variables/{created['VariableSetId']}", {"Variables": list(project.variables)}, names)
        for channel in project.channels:
            if rules := channel.get("Rules"):
                await self.overlay(
                    f"/channels/{names['channels', channel['Name'].casefold()]}", {"Rules": rules}, names
                )

    async def channels(self, project: DemoProject, project_id: str) -> dict[tuple[str, str], str]:
        """The channels without their rules, which name steps that do not exist yet. A new project has a Default one."""
        listed = await self.get(f"/projects/{project_id}/channels")
        names = {("channels", one["Name"].casefold()): one["Id"] for one in listed["Items"]}
        for channel in project.channels:
            bare = {key: value for key, value in channel.items() if key != "Rules"}
            key = ("channels", channel["Name"].casefold())
            if key in names:
                await self.overlay(f"/channels/{names[key]}", bare)
            else:
                names[key] = (await self.post("/channels", {**bare, "ProjectId": project_id}))["Id"]
        return names
