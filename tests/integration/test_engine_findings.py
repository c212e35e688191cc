"""The check after the plan: what would not work on the destination, though it can be written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from worker.plan.values import Plan
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.findings.check import Checker
from worker.sync.planning.items import Items
from worker.sync.run import Result, open_route

LISTENING = {"CommunicationStyle": "None"}


async def checked(both: Pair, *targets: str) -> Plan:
    async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
        planned = await route.plan(await route.documents(Items(targets=targets)))
        return await Checker().check(route, planned)


async def found(both: Pair, *targets: str) -> list[tuple[str, str, str]]:
    """Rule, the last word of the item, place."""
    return [(one.rule, one.item[-1], one.where) for one in (await checked(both, *(targets or ("*",)))).findings]


async def pool(server: Server, name: str, **fields: Any) -> str:
    made = await server.post("workerpools", {"Name": name, "WorkerPoolType": "StaticWorkerPool", **fields})
    return str(made["Id"])


async def worker(server: Server, pool_id: str, *, disabled: bool = False) -> None:
    body = {"Name": f"Worker of {pool_id}", "WorkerPoolIds": [pool_id], "Endpoint": LISTENING, "IsDisabled": disabled}
    await server.post("workers", body)


async def target(server: Server, environment: str, role: str, *, disabled: bool = False) -> None:
    body = {"Name": f"{role} {environment}", "EnvironmentIds": [environment], "Roles": [role], "Endpoint": LISTENING}
    await server.post("machines", {**body, "IsDisabled": disabled})


def on_targets(name: str, role: str, **action: Any) -> Document:
    return {**script(name, **action), "Properties": {"Octopus.Action.TargetRoles": role}}


@asynccontextmanager
async def one_project(*steps: Document, **fields: Any) -> AsyncIterator[tuple[Pair, Document]]:
    async with pair() as both:
        project = await both.source.project("OctoFX", **fields)
        await both.source.steps(project, *steps)
        yield both, project


async def test_a_pool_without_workers(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis) as both:
        names = ("Staffed", "Off", "Empty", "New")
        steps = []
        for name in names:
            steps.append(script(name, WorkerPoolId=await pool(both.source, name)))
            if name != "New":
                there = await pool(both.destination, name)
                if name != "Empty":
                    await worker(both.destination, there, disabled=name == "Off")
        unused = {"WorkerPoolId": steps[2]["Actions"][0]["WorkerPoolId"]}
        steps.append({**script("On targets", **unused), "Properties": {"Octopus.Action.TargetRoles": "web"}})
        steps.append(script("Said", Properties={"Octopus.Action.RunOnServer": "False"}, **unused))
        await target(both.destination, (await both.destination.environments("Staging"))["Staging"], "web")
        steps.append(script("Elastic", WorkerPoolId=await pool(both.source, "Elastic")))
        await pool(both.destination, "Elastic", WorkerPoolType="DynamicWorkerPool", WorkerType="UbuntuDefault")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, *steps, script("By default"))
        await both.source.variables(
            project, row("Pool", str(steps[2]["Actions"][0]["WorkerPoolId"]), Type="WorkerPool")
        )
        expected = [("worker-pool-empty", "deployment-process", f"Steps[{name}]") for name in ("Off", "Empty", "New")]
        expected.append(("worker-pool-empty", "variables", "Variables[Pool]"))
        assert await found(both) == expected
        # Also of what is written already, and needs no write.
        await both.sync("*")
        assert await found(both) == expected


async def test_a_role_without_targets() -> None:
    async with one_project() as (both, project):
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        await target(both.destination, there["Staging"], "web")
        await target(both.destination, there["Production"], "db", disabled=True)
        await both.source.steps(
            project,
            on_targets("Web", "WEB"),
            on_targets("Either", "db, web"),
            on_targets("Database", "db"),
            on_targets("Web in production", "web", Environments=[here["Production"]]),
            on_targets("By expression", "#{Octopus.Environment.Name}"),
            on_targets("Off", "nobody", IsDisabled=True),
        )
        plan = await checked(both, "*")
        assert [(one.rule, one.where) for one in plan.findings] == [
            ("role-without-target", "Steps[Database]"),
            ("role-without-target", "Steps[Web in production]"),
        ]
        assert "in Production" in plan.findings[1].text


async def test_a_project_that_makes_its_targets_itself_is_left_alone() -> None:
    async with one_project(on_targets("Deploy", "made-on-the-way")) as (both, project):
        assert [rule for rule, *_ in await found(both)] == ["role-without-target"]
        settings = f"projects/{project['Id']}/deploymentsettings"
        policy = {"SkipMachineBehavior": "None", "TargetRoles": [], "AllowDeploymentsToNoTargets": True}
        await both.source.edit(settings, ConnectivityPolicy=policy)
        assert await found(both) == []
        await both.sync("*")
        assert await found(both) == []


async def test_a_variable_that_names_nothing() -> None:
    async with pair() as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared", "Templates": [_template("Colour")]})
        await both.source.variables(library, row("Host", "example.com"), row("Aws", None))
        project = await both.source.project(
            "OctoFX", IncludedLibraryVariableSetIds=[library["Id"]], Templates=[_template("Region")]
        )
        await both.source.variables(project, row("Url", "https://#{Host}/#{Region}/#{Nowhere}"), row("Host", "own"))
        await both.source.steps(
            project,
            script("Known", "#{Url} #{HOST} #{Colour} #{Aws.Key} #{if Maybe}#{Maybe}#{/if}"),
            script("Sets", "Set-OctopusVariable -name 'Made' -value 1\necho #{Made}"),
            script("Own", "echo #{Given}", Properties={"Given": "1"}),
            script("Unknown", "echo #{Ulr} #{Octopus.Project.Name}"),
            script("Pool", WorkerPoolVariable="No such pool"),
            script("Off", "echo #{Ulr}", IsDisabled=True),
        )
        expected = [
            ("unknown-variable", "deployment-process", "Steps[Unknown]"),
            ("unknown-variable", "deployment-process", "Steps[Pool]"),
            ("unknown-variable", "variables", "Variables[Url]"),
        ]
        assert await found(both) == expected
        await both.sync("*")
        assert await found(both, f"{project['Id']}/*") == expected
        # The destination gives the names, however it came to them.
        copy = await both.destination.named("projects", "OctoFX")
        own = await both.destination.get(f"variables/variableset-{copy['Id']}")
        await both.destination.variables(copy, *own["Variables"], row("Ulr", "1"), row("Nowhere", "1"))
        assert await found(both, f"{project['Id']}/*") == [("unknown-variable", "deployment-process", "Steps[Pool]")]


async def test_a_disabled_project_is_left_alone() -> None:
    async with one_project(on_targets("Deploy", "nobody"), script("Say", "#{Nothing}")) as (both, project):
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        assert len(await found(both)) == 2
        await both.destination.edit(f"projects/{copy['Id']}", IsDisabled=True)
        assert await found(both, f"{project['Id']}/*") == []


async def test_what_the_key_may_not_see_gives_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async with one_project(on_targets("Deploy", "nobody"), script("Say", "#{Nothing}")) as (both, _):
        plan = await checked(both, "*")
        assert (len(plan.findings), plan.notes) == (2, ())
        environments = await both.destination.environments("Staging")
        key = {"ApiKey": "API-SOME", "Username": "some", "Environments": [environments["Staging"]]}
        await both.destination.post("sandbox/keys", key)
        monkeypatch.setenv("OCTOSYNC_TEST_DESTINATION_KEY", "API-SOME")
        plan = await checked(both, "*")
        assert plan.findings == ()
        assert plan.notes[-1].startswith("not checked: workers, targets, variables; ")


async def test_a_sync_that_checks_writes_and_keeps_the_findings_with_its_run() -> None:
    async with one_project(on_targets("Deploy", "nobody"), script("Say", "#{Nothing}")) as (both, _):
        outcome = await both.sync("*", check=Checker().check)

        assert outcome.result is Result.CHANGED
        expected = ["role-without-target", "unknown-variable"]
        assert sorted(one.rule for one in outcome.plan.findings) == expected
        run = await both.ledger.runs.get(outcome.run_id)
        recorded = json.loads((run.plan if run else None) or "")
        assert sorted(one["rule"] for one in recorded["findings"]) == expected
        # Nothing is left to write, and it would work no better.
        again = await both.sync("*", check=Checker().check)
        assert (again.result, len(again.plan.findings)) == (Result.UNCHANGED, 2)
        assert (await both.sync("*")).plan.findings == ()


async def test_the_night_finds_them_and_the_report_is_replaced(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, on_targets("Deploy", "nobody"), script("Say", "#{Nothing}"))
        state = state_of(fake_redis, Settings())

        async def night() -> list[str]:
            async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
                await compare(route, state.queue, state.comparisons)
            report = await both.ledger.findings.report(ROUTE)
            assert report is not None
            assert report.total == len(report.findings)
            return [one.rule for one in report.findings]

        assert await both.ledger.findings.report(ROUTE) is None
        assert sorted(await night()) == ["role-without-target", "unknown-variable"]
        await both.sync("*")
        assert sorted(await night()) == ["role-without-target", "unknown-variable"]
        await both.source.steps(project, script("Say", "hello"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.steps(copy, script("Say", "hello"))
        assert await night() == []


def _template(name: str) -> Document:
    return {"Name": name, "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}, "DefaultValue": ""}
