"""Two sandboxes and a route between them: what most tests of the engine need.

    async with pair(include={"project": ["*"]}) as both:
        await both.source.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        outcome = await both.sync("*")

The source is edited through its REST API, as people do; the engine runs in the test's own loop, over a fake Redis.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import fakeredis
from yarl import URL

from config.load import loads
from config.routes import RoutesFile
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from sandbox.store import Store
from worker.ledger.clean_ups import CleanUpEntry
from worker.ledger.ledger import Ledger
from worker.sync.planning.items import Items
from worker.sync.planning.planner import Planned
from worker.sync.run import Outcome, open_route

Document = dict[str, Any]
ROUTE = "dev-to-prod"


class Server:
    """One sandbox, used as people use Octopus: by its REST API."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, running: AsyncExitStack | None = None) -> None:
        self.sandbox = sandbox
        self.session = session
        self.running = running

    async def upgrade(self, version: str, **settings: Any) -> None:
        """Stops the server, and starts another release of it at the same address, with all that it had.

        ``settings``: of the sandbox, that change too.
        """
        assert self.running is not None, "somebody else stops this one"
        with tempfile.TemporaryDirectory() as folder:
            self.sandbox.store.save(f"{folder}/state")
            store = Store.load(f"{folder}/state")
        changed = replace(self.sandbox.settings, version=version, **settings)
        port = URL(self.sandbox.url).port or 0
        await self.running.aclose()
        self.sandbox = await self.running.enter_async_context(serve(changed, port, store=store))

    async def call(self, method: str, route: str, body: Any = None, *, expect: int | None = None) -> Any:
        """``route`` below ``/api``. Fails the test on an error answer, unless it is the one expected."""
        url = f"{self.sandbox.url}/api/{route}"
        async with self.session.request(method, url, json=body, headers=self.sandbox.headers) as answer:
            text = await answer.text()
            if expect is not None:
                assert answer.status == expect, f"{method} {route}: {answer.status} {text}"
            else:
                assert answer.status < 400, f"{method} {route}: {answer.status} {text}"
            return await answer.json(content_type=None) if text else None

    async def get(self, route: str) -> Any:
        return await self.call("GET", route)

    async def post(self, route: str, body: Document) -> Document:
        answer: Document = await self.call("POST", route, body)
        return answer

    async def upload(self, route: str, content: bytes, name: str = "logo.png") -> None:
        """Sends a file, as a form does."""
        form = aiohttp.FormData()
        form.add_field("fileToUpload", content, filename=name)
        url = f"{self.sandbox.url}/api/{route}"
        async with self.session.put(url, data=form, headers=self.sandbox.headers) as answer:
            assert answer.status < 400, f"PUT {route}: {answer.status} {await answer.text()}"

    async def edit(self, route: str, **fields: Any) -> Document:
        """Read, change these fields, write back."""
        document = await self.get(route)
        answer: Document = await self.call("PUT", route, {**document, **fields})
        return answer

    async def named(self, collection: str, name: str) -> Document:
        """The item of that name; fails the test if there is none."""
        found = [one for one in await self.get(f"{collection}/all") if one["Name"] == name]
        assert found, f"no {name!r} among {[one['Name'] for one in await self.get(f'{collection}/all')]}"
        return found[0]

    async def names(self, collection: str) -> list[str]:
        return [one["Name"] for one in await self.get(f"{collection}/all")]

    async def environments(self, *names: str) -> dict[str, str]:
        """Creates them. Name → id."""
        return {name: (await self.post("environments", {"Name": name}))["Id"] for name in names}

    async def project(self, name: str, **fields: Any) -> Document:
        lifecycle = fields.pop("LifecycleId", None) or (await self.get("lifecycles/all"))[0]["Id"]
        group = fields.pop("ProjectGroupId", None) or (await self.get("projectgroups/all"))[0]["Id"]
        return await self.post("projects", {"Name": name, "LifecycleId": lifecycle, "ProjectGroupId": group, **fields})

    async def runbook(self, project: Document, name: str, *steps: Document, **fields: Any) -> Document:
        """With its process."""
        retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
        runbook = await self.post(
            "runbooks", {"Name": name, "ProjectId": project["Id"], "RunRetentionPolicy": retention, **fields}
        )
        if steps:
            await self.edit(f"runbookProcesses/RunbookProcess-{runbook['Id']}", Steps=list(steps))
        return runbook

    async def steps(self, project: Document, *steps: Document) -> Document:
        """Writes the deployment process: the steps, in order. See :func:`script`."""
        return await self.edit(f"deploymentprocesses/deploymentprocess-{project['Id']}", Steps=list(steps))

    async def process(self, project: str) -> list[Document]:
        """The steps of the deployment process of the project of that name."""
        owner = await self.named("projects", project)
        steps: list[Document] = (await self.get(f"deploymentprocesses/deploymentprocess-{owner['Id']}"))["Steps"]
        return steps

    async def step_names(self, project: str) -> list[str]:
        return [step["Name"] for step in await self.process(project)]

    async def rows(self, owner: str, collection: str = "projects") -> list[Document]:
        """The variables of the project, or library set, of that name."""
        found = await self.named(collection, owner)
        rows: list[Document] = (await self.get(f"variables/variableset-{found['Id']}"))["Variables"]
        return rows

    async def variables(self, owner: Document, *rows: Document) -> Document:
        """Writes the variable set of a project or library set. See :func:`row`."""
        return await self.edit(f"variables/variableset-{owner['Id']}", Variables=list(rows))

    @property
    def writes(self) -> int:
        """Requests that were not GET, so far."""
        return self.sandbox.requests.writes


def script(name: str, body: str = "echo hello", **action: Any) -> Document:
    """A step with one script action."""
    properties = {"Octopus.Action.Script.ScriptBody": body, **action.pop("Properties", {})}
    return {
        "Name": name,
        "Actions": [{"Name": name, "ActionType": "Octopus.Script", "Properties": properties, **action}],
    }


def row(name: str, value: str | None, scope: Mapping[str, Sequence[str]] | None = None, **more: Any) -> Document:
    """A variable."""
    kind = more.pop("Type", "String")
    return {
        "Name": name,
        "Value": value,
        "Type": kind,
        "IsSensitive": kind == "Sensitive",
        "Scope": {dimension: list(ids) for dimension, ids in (scope or {}).items()},
        **more,
    }


class Pair:
    def __init__(self, source: Server, destination: Server, routes: RoutesFile, ledger: Ledger) -> None:
        self.source = source
        self.destination = destination
        self.routes = routes
        self.ledger = ledger

    async def plan(self, *targets: str) -> Planned:
        async with open_route(self.routes, ROUTE, ledger=self.ledger) as route:
            return await route.plan(await route.documents(Items(targets=targets)))

    async def sync(self, *targets: str, approved_hash: str | None = None, **more: Any) -> Outcome:
        """``targets`` as in dirty keys: an id, ``Projects-1/*``, or ``*`` for everything."""
        # What changed a moment ago must count, also within the seconds for which directories are believed.
        for endpoint in (self.routes.route(ROUTE).source, self.routes.route(ROUTE).destination):
            await self.ledger.directories.invalidate(endpoint.instance, endpoint.space)
        async with open_route(self.routes, ROUTE, ledger=self.ledger) as route:
            ids = await route.documents(Items(targets=targets))
            return await route.sync(ids, approved_hash=approved_hash, **more)

    async def clean_ups(self) -> list[CleanUpEntry]:
        return await self.ledger.clean_ups.entries(ROUTE)

    async def reasons(self) -> list[str]:
        """Of the clean-up entries, each with its place."""
        return sorted(f"{one.entry.reason} {one.entry.where}".strip() for one in await self.clean_ups())

    def with_route(self, **settings: Any) -> Pair:
        """The same servers and the same ledger, but a route with other settings."""
        return Pair(
            self.source, self.destination, _routes(self.source.sandbox, self.destination.sandbox, settings), self.ledger
        )


def _routes(source: Sandbox, destination: Sandbox, settings: Mapping[str, Any]) -> RoutesFile:
    os.environ["OCTOSYNC_TEST_SOURCE_KEY"] = source.api_key
    os.environ["OCTOSYNC_TEST_DESTINATION_KEY"] = destination.api_key
    route = {
        "name": ROUTE,
        "source": {"instance": "dev", "space": "Default"},
        "destination": {"instance": "prod", "space": "Default"},
        "include": {"project": ["*"], "library-variable-set": ["*"]},
        "limits": {"updates_percent": 100, "deletes_percent": 100},
        **settings,
    }
    return loads(
        # JSON is YAML.
        json.dumps(
            {
                "instances": [
                    _instance("dev", source.url, "OCTOSYNC_TEST_SOURCE_KEY"),
                    _instance("prod", destination.url, "OCTOSYNC_TEST_DESTINATION_KEY"),
                ],
                "routes": [route],
            },
            ensure_ascii=False,  # YAML takes the two halves of an escaped emoji for two characters
        ),
        "routes.json",
    )


def _instance(name: str, url: str, key: str) -> Document:
    return {"name": name, "url": url, "api_key": {"env": key}, "requests_per_minute": 1_000_000}


@asynccontextmanager
async def pair(
    *, source: Settings | None = None, destination: Settings | None = None, redis: Any = None, **route: Any
) -> AsyncIterator[Pair]:
    """``route``: settings of the route, over ones that include every project and library set. The ids of the two
    servers have nothing in common."""
    async with AsyncExitStack() as stack:
        here, there = AsyncExitStack(), AsyncExitStack()
        for running in (here, there):
            stack.push_async_callback(running.aclose)
        one = await here.enter_async_context(serve(source or Settings(first_id=1)))
        two = await there.enter_async_context(serve(destination or Settings(first_id=5001, seed=7)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = redis
        if client is None:
            client = fakeredis.FakeAsyncRedis()
            stack.push_async_callback(client.aclose)
        yield Pair(Server(one, session, here), Server(two, session, there), _routes(one, two, route), Ledger(client))
