"""A client for the tests of the sandbox: plain HTTP, nothing of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from sandbox.store import Store

__all__ = ["Http", "action", "http"]


class Http:
    """Requests with the sandbox' key. `get`, `post`, `put` and `delete` expect success and return the JSON body."""

    def __init__(self, session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.session, self.sandbox = session, sandbox

    async def raw(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = self.sandbox.url + (path if path.startswith("/") else f"/api/{path}")
        async with self.session.request(method, url, json=body) as response:
            text = await response.read()
            return response.status, (await response.json() if text else None)

    async def ok(self, method: str, path: str, body: Any = None, status: tuple[int, ...] = (200, 201)) -> Any:
        got, answer = await self.raw(method, path, body)
        assert got in status, (method, path, got, answer)
        return answer

    async def get(self, path: str) -> Any:
        return await self.ok("GET", path)

    async def post(self, path: str, body: Any) -> Any:
        return await self.ok("POST", path, body)

    async def put(self, path: str, body: Any) -> Any:
        return await self.ok("PUT", path, body, (200,))

    async def delete(self, path: str) -> Any:
        return await self.ok("DELETE", path, None, (200,))

    async def refused(self, method: str, path: str, body: Any = None, *, status: int = 400) -> str:
        """The words of an expected refusal."""
        got, answer = await self.raw(method, path, body)
        assert got == status, (method, path, got, answer)
        return " ".join([answer["ErrorMessage"], *answer["Errors"]])

    async def environment(self, name: str = "Dev", **more: Any) -> Any:
        return await self.post("environments", {"Name": name, **more})

    async def project(self, name: str = "Shop", **more: Any) -> Any:
        lifecycle = (await self.get("lifecycles/all"))[0]["Id"]
        group = (await self.get("projectgroups/all"))[0]["Id"]
        return await self.post("projects", {"Name": name, "LifecycleId": lifecycle, "ProjectGroupId": group, **more})

    async def save_steps(self, project: Any, steps: list[Any]) -> Any:
        """The deployment process of a project, with these steps in place of its own."""
        process = await self.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
        return await self.put(f"deploymentprocesses/{process['Id']}", {**process, "Steps": steps})

    async def save_variables(self, owner: Any, rows: list[Any]) -> Any:
        """The variable set of a project or library set, with these variables in place of its own."""
        variables = await self.get(f"variables/{owner['VariableSetId']}")
        return await self.put(f"variables/{variables['Id']}", {**variables, "Variables": rows})


def action(name: str = "Run", **more: Any) -> dict[str, Any]:
    """A step of one script action; `more` are properties of the action."""
    script = {"Octopus.Action.Script.ScriptBody": "echo hello"}
    return {"Name": name, "Actions": [{"Name": name, "ActionType": "Octopus.Script", "Properties": script, **more}]}


@asynccontextmanager
async def http(settings: Settings | None = None, *, store: Store | None = None) -> AsyncIterator[Http]:
    async with serve(settings, store=store) as sandbox, aiohttp.ClientSession(headers=sandbox.headers) as session:
        yield Http(session, sandbox)
