"""Queries, held to the server's own Swagger: each parameter is looked at, and each page has its size."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from octopus_samples import needs_samples, swagger_of
from sandbox_http import http
from test_sandbox_versions import SPACE, furnish, routes, templates

import sandbox.app
from sandbox.generator import Sizes, generate
from sandbox.resources.packages import in_range
from sandbox.routing import Call, Route
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.versions import at_least

RELEASES = ("2023.4.8290", "2026.1.9674")  # the Swagger of 2021.2 does not name sizes

# Parameters that nothing looks at, as patterns of `route?name`, and why.
_NOT_READ = "says more of a package, of which nothing here is read"
IGNORED: dict[str, str] = {
    r"actiontemplates/{id}/usage\?branch": "usages are looked for in the database alone",
    r"build-information\?includeworkitems": "there are no work items without an issue tracker",
    r"feeds/{feed}/packages\?(descriptionsoptional|include(notes|workitems))": _NOT_READ,
    r"feeds/{feed}/packages/versions\?includereleasenotes": _NOT_READ,
    r"packages\?include(notes|workitems)": _NOT_READ,
    r"projects/{project}/git/tags\?searchbyname": "there are no tags",
    r"runbookprocesses/{process}/runbooksnapshottemplate\?projectid": "an id says enough",
    r"runbooks/{(id|runbook)}(/environments|/runbooksnapshot\w+)?\?projectid": "an id says enough",
}


class Watched(dict[str, list[str]]):
    """A query that knows which of its parameters were looked at."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seen: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)


@asynccontextmanager
async def furnished(version: str) -> AsyncIterator[tuple[Sandbox, aiohttp.ClientSession]]:
    """A server with a document of every kind."""
    settings, store = Settings(version=version), Store()
    generate(store, settings, Sizes(projects=2, variables=9, tenants=2, runbooks=2))
    async with (
        serve(settings, store=store) as one,
        aiohttp.ClientSession(one.url, headers=one.headers) as api,
    ):
        await furnish(api, version)
        yield one, api


def paths(one: Sandbox, route: Route) -> Iterator[str]:
    """The route with ids of documents that are there; none when there are none."""
    space = None if route.scope == "system" else SPACE
    parts: list[str] = []
    for part in route.template.split("/"):
        if not part.startswith("{"):
            parts.append(part)
            continue
        owner = parts[-1] if parts else ""
        scopes = [one.store.scope(space), one.store.system]
        found = next((ids[-1] for scope in scopes if (ids := [*scope.collections.get(owner, {})])), None)
        if found is None:
            return
        parts.append(found)
    yield "/".join(["/api", *([SPACE] if space else []), *filter(None, parts)])


@needs_samples
@pytest.mark.parametrize("version", RELEASES)
async def test_pages_are_as_long_as_the_release_makes_them(version: str) -> None:
    described = swagger_of(version)
    wrong: dict[str, tuple[int, int]] = {}
    held = 0
    async with furnished(version) as (one, api):
        for route in routes(version):
            operation = next((o for t in templates(route) if (o := described.of_template(route.method, t))), None)
            size = re.search(r"Defaults to (\d+)", operation.described.get("take", "")) if operation else None
            if route.method != "GET" or size is None:
                continue
            for path in paths(one, route):
                async with api.get(path) as answer:
                    body = await answer.json()
                if answer.status == 200 and "ItemsPerPage" in body:
                    held += 1
                    if body["ItemsPerPage"] != int(size[1]):
                        wrong[route.template] = (body["ItemsPerPage"], int(size[1]))
    assert wrong == {}
    assert held > 30


@needs_samples
@pytest.mark.parametrize("version", RELEASES)
async def test_every_parameter_is_looked_at_or_listed(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    described = swagger_of(version)
    asked: list[Watched] = []
    make = sandbox.app._call

    def watching(*given: Any) -> Call:
        call = make(*given)
        call.query = Watched(call.query)
        asked.append(call.query)
        return call

    monkeypatch.setattr(sandbox.app, "_call", watching)
    ignored: set[str] = set()
    held = 0
    async with furnished(version) as (one, api):
        for route in routes(version):
            operation = next((o for t in templates(route) if (o := described.of_template(route.method, t))), None)
            if route.method != "GET" or operation is None:
                continue
            for path in paths(one, route):
                async with api.get(path) as answer:
                    if answer.status != 200:
                        continue
                for name in operation.query:
                    asked.clear()
                    async with api.get(f"{path}?{name}=1"):
                        pass
                    held += 1
                    if name not in asked[-1].seen:
                        ignored.add(f"{route.template}?{name}")
    known = {one for one in ignored if any(re.fullmatch(pattern, one) for pattern in IGNORED)}
    assert sorted(ignored - known) == []
    assert held > 100
    if at_least(version, "2026.1"):
        assert [pattern for pattern in IGNORED if not any(re.fullmatch(pattern, one) for one in ignored)] == []


@pytest.mark.parametrize(
    ("limits", "inside"),
    [
        ("[1.0,2.0)", ["1.0.0", "1.9.9"]),
        ("(1.0,2.0]", ["1.9.9", "2.0.0"]),
        ("[2.0,)", ["2.0.0", "2.1.0-beta"]),
        ("(,1.0]", ["0.9.0", "1.0.0"]),
        ("[1.0]", ["1.0.0"]),
        ("2.0", ["2.0.0", "2.1.0-beta"]),
    ],
)
def test_version_ranges(limits: str, inside: list[str]) -> None:
    versions = ["0.9.0", "1.0.0", "1.9.9", "2.0.0", "2.1.0-beta"]
    assert [one for one in versions if in_range(one, limits)] == inside


async def test_targets_workers_and_environments_are_filtered() -> None:
    async with http() as octopus:
        test, prod = await octopus.environment("Test"), await octopus.environment("Prod")
        await octopus.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "Inner"}, {"Name": "Outer"}]})
        for name, roles, tags, style in (
            ("one", ["web"], ["Ring/Inner"], "None"),
            ("two", ["db"], ["Ring/Outer"], "OfflineDrop"),
        ):
            body = {"Name": name, "Roles": roles, "TenantTags": tags, "EnvironmentIds": [test["Id"]]}
            await octopus.post("machines", {**body, "Endpoint": {"CommunicationStyle": style}})
        for query, names in (
            ("tenantTags=Ring/Inner", ["one"]),
            ("tenantTags=Ring/Inner,Ring/Outer", ["one", "two"]),
            ("tenantTags=Ring/None", []),
            ("targetTags=db", ["two"]),
            ("commStyles=offlinedrop", ["two"]),
            ("healthStatuses=Unknown&name=One", ["one"]),
            ("shellNames=Bash", []),
        ):
            found = (await octopus.get(f"machines?{query}"))["Items"]
            assert [one["Name"] for one in found] == names, query
        summary = await octopus.get("environments/summary?tenantTags=Ring/Outer&hideEmptyEnvironments=true")
        assert [one["Environment"]["Name"] for one in summary["EnvironmentSummaries"]] == ["Test"]
        assert summary["MachineTenantTagSummaries"] == {"Ring/Outer": 1}

        phase = {"Name": "Only", "OptionalDeploymentTargets": [prod["Id"]]}
        lifecycle = await octopus.post("lifecycles", {"Name": "Prod only", "Phases": [phase]})
        group = (await octopus.get("projectgroups/all"))[0]["Id"]
        body = {"Name": "Shop", "LifecycleId": lifecycle["Id"], "ProjectGroupId": group}
        project = await octopus.post("projects", body)
        channel = (await octopus.get(f"projects/{project['Id']}/channels"))["Items"][0]
        for query in (f"projectId={project['Id']}", f"channelId={channel['Id']}"):
            assert [one["Name"] for one in await octopus.get(f"environments/all?{query}")] == ["Prod"]


async def test_certificates_are_listed_by_their_end_and_searched_by_what_they_say() -> None:
    async with http() as octopus:
        made = [
            await octopus.post("certificates/generate", {"Name": name, "SubjectCommonName": f"{name}.example"})
            for name in ("b", "a")
        ]
        gone = await octopus.post("certificates/generate", {"Name": "c", "SubjectCommonName": "c.example"})
        await octopus.post(f"certificates/{gone['Id']}/archive", None)

        async def names(query: str = "") -> list[str]:
            return [one["Name"] for one in (await octopus.get(f"certificates?{query}"))["Items"]]

        by_end = [one["Name"] for one in sorted(made, key=lambda one: (one["NotAfter"], one["Id"]))]
        assert await names() == by_end
        assert await names("orderBy=recent") == ["a", "b"]
        assert await names("archived=true") == ["c"]
        assert await names("partialName=B.EXAMPLE") == ["b"]
        assert await names(f"search={made[1]['Thumbprint'].lower()}") == ["a"]
        assert await names(f"search=a.example&firstResult={gone['Id']}") == ["c", "a"]
        assert await names(f"ids={gone['Id']}") == []
