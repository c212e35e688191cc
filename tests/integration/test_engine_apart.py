"""Instances that differ on purpose, as the guide has them: what each has of its own, what several destinations get."""

from __future__ import annotations

import pytest

from config.routes import RoutesFile
from tests.furnished import EVERY_KIND, furnish
from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from tests.tenancy import TENANTED
from worker.sync.run import Result, open_route

COLLECTIONS = ("environments", "lifecycles", "tenants", "machines", "channels", "accounts", "workerpools", "tagsets")


async def everything(server: Server) -> dict[str, Document]:
    """Of the collections in which instances differ: id → document."""
    return {one["Id"]: one for collection in COLLECTIONS for one in await server.get(f"{collection}/all")}


async def rows(server: Server, project: str) -> list[tuple[str, str, list[str]]]:
    """Name, value, and the names of the environments that it is for."""
    names = {one["Id"]: one["Name"] for one in await server.get("environments/all")}
    return [
        (one["Name"], one["Value"], sorted(names[item] for item in one["Scope"].get("Environment", [])))
        for one in await server.rows(project)
    ]


@pytest.mark.guide("truth-differences", "details-lifecycles")
async def test_what_only_the_destination_has_stays_as_it_is() -> None:
    """ "Known differences: environments, lifecycles, variable values, tenants, targets, channels." """
    async with pair(include={**EVERY_KIND, "environment": []}, first_contact="adopt") as both:
        await furnish(both.source)
        there = await both.destination.environments("Production", "Disaster recovery")
        own = await both.destination.post(
            "lifecycles",
            {
                "Name": "All the way",
                "Phases": [
                    {"Name": name, "AutomaticDeploymentTargets": [], "OptionalDeploymentTargets": [environment]}
                    for name, environment in there.items()
                ],
                "ReleaseRetentionPolicy": {"Unit": "Days", "QuantityToKeep": 7, "ShouldKeepForever": False},
            },
        )
        project = await both.destination.project("OctoFX", LifecycleId=own["Id"], **TENANTED)
        await both.destination.post("channels", {"Name": "Long term support", "ProjectId": project["Id"]})
        await both.destination.variables(project, row("Url", "https://mine", {"Environment": [there["Production"]]}))
        await both.destination.post(
            "tenants", {"Name": "Customer", "ProjectEnvironments": {project["Id"]: [there["Production"]]}}
        )
        await both.destination.post(
            "machines",
            {
                "Name": "Web 1",
                "EnvironmentIds": [there["Production"]],
                "Roles": ["web"],
                "Endpoint": {"CommunicationStyle": "None"},
            },
        )
        before = await everything(both.destination)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, [(one.path, one.decisions) for one in outcome.plan.blocked]
        after = await everything(both.destination)
        assert {item: after.get(item) for item in before} == before
        assert ("Url", "https://mine", ["Production"]) in await rows(both.destination, "OctoFX")
        assert "Deploy" in [step["Name"] for step in await both.destination.process("OctoFX")]


@pytest.mark.guide("environments-combo")
async def test_environments_of_which_both_have_some_of_their_own() -> None:
    """ "Dev/Test/Staging on the source and Staging/Production on the destination." """
    async with pair() as both:
        here = await both.source.environments("Development", "Test", "Staging")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(
            project,
            script("Everywhere"),
            script("Review", Environments=[here["Test"]]),
            script("Sign off", Environments=[here["Test"], here["Staging"]]),
            script("Not in Test", ExcludedEnvironments=[here["Test"], here["Staging"]]),
        )
        await both.source.variables(
            project,
            row("Url", "test", {"Environment": [here["Test"]]}),
            row("Url", "staging", {"Environment": [here["Staging"]]}),
        )
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        set_there = await both.destination.get(f"variables/variableset-{copy['Id']}")
        mine = row("Url", "production", {"Environment": [there["Production"]]})
        await both.destination.variables(copy, *set_there["Variables"], mine)

        await both.sync("*")

        steps = {step["Name"]: step["Actions"][0] for step in await both.destination.process("OctoFX")}
        assert list(steps) == ["Everywhere", "Sign off", "Not in Test"]
        assert steps["Sign off"]["Environments"] == [there["Staging"]]
        assert steps["Not in Test"]["ExcludedEnvironments"] == [there["Staging"]]
        assert await rows(both.destination, "OctoFX") == [
            ("Url", "staging", ["Staging"]),
            ("Url", "production", ["Production"]),
        ]


@pytest.mark.guide("scenario-tenants", "tenants-chosen")
async def test_an_instance_for_some_tenants() -> None:
    """ "All the environments are the same, only the tenants are different." """
    include = {"project": ["*"], "tenant": ["Shared*"], "environment": ["*"]}
    async with pair(include=include, rules={"preset": "tenant-instance"}) as both:
        here = await both.source.environments("Test", "Production")
        project = await both.source.project("OctoFX", **TENANTED)
        await both.source.steps(project, script("Deploy", Environments=list(here.values())))
        await both.source.variables(project, row("Url", "live", {"Environment": [here["Production"]]}))
        for name in ("Shared test tenant", "Somebody else"):
            await both.source.post(
                "tenants", {"Name": name, "ProjectEnvironments": {project["Id"]: list(here.values())}}
            )
        await both.destination.post("tenants", {"Name": "Contract"})

        await both.sync("*")

        assert sorted(await both.destination.names("tenants")) == ["Contract", "Shared test tenant"]
        copy = await both.destination.named("projects", "OctoFX")
        there = {one["Name"]: one["Id"] for one in await both.destination.get("environments/all")}
        tenant = await both.destination.named("tenants", "Shared test tenant")
        assert {one: sorted(ids) for one, ids in tenant["ProjectEnvironments"].items()} == {
            copy["Id"]: sorted(there.values())
        }
        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [
            there["Test"], there["Production"],
        ]  # fmt: skip
        assert await rows(both.destination, "OctoFX") == [("Url", "live", ["Production"])]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide("scenario-periodic")
@pytest.mark.spacecloner("feature-30")
async def test_every_destination_gets_every_change() -> None:
    async with pair() as both:
        me = await both.destination.get("users/me")
        space = await both.destination.post(
            "spaces", {"Name": "Azure Gov", "SpaceManagersTeams": [], "SpaceManagersTeamMembers": [me["Id"]]}
        )
        known = both.routes.model_dump(by_alias=True)
        (route,) = known["routes"]
        second = {**route, "name": "dev-to-gov", "destination": {"instance": "prod", "space": "Azure Gov"}}
        both.routes = RoutesFile.model_validate({**known, "routes": [route, second]})
        project = await both.source.project("OctoFX")
        for steps in ([script("Deploy")], [script("Deploy"), script("Test")]):
            await both.source.steps(project, *steps)

            for name in (ROUTE, "dev-to-gov"):
                await sync(both, name)

            assert await both.destination.step_names("OctoFX") == [step["Name"] for step in steps]
            [there] = await both.destination.get(f"{space['Id']}/projects/all")
            found = await both.destination.get(f"{space['Id']}/deploymentprocesses/deploymentprocess-{there['Id']}")
            assert [step["Name"] for step in found["Steps"]] == [step["Name"] for step in steps]

        # Each route knows its own counterparts by more than their names.
        await both.source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        for name in (ROUTE, "dev-to-gov"):
            await sync(both, name, "OctoFX 2")
        assert await both.destination.names("projects") == ["OctoFX 2"]
        renamed = await both.destination.get(f"{space['Id']}/projects/all")
        assert [(one["Id"], one["Name"]) for one in renamed] == [(there["Id"], "OctoFX 2")]


async def sync(both: Pair, route: str, called: str = "OctoFX") -> None:
    async with open_route(both.routes, route, ledger=both.ledger) as opened:
        project = await both.source.named("projects", called)
        outcome = await opened.sync([project["Id"], f"deploymentprocess-{project['Id']}"])
        assert outcome.result is Result.CHANGED, outcome.message


@pytest.mark.spacecloner("bug-14")
async def test_an_account_comes_with_the_tenants_that_it_is_for() -> None:
    """It wrote accounts before tenants, and so left out each whose tenants were new themselves."""
    async with pair(include={"account": ["*"], "tenant": ["*"]}) as both:
        tenants = [await both.source.post("tenants", {"Name": name}) for name in ("Acme", "Globex")]
        await both.source.post(
            "accounts",
            {
                "Name": "Customers",
                "AccountType": "UsernamePassword",
                "Username": "customers",
                "TenantedDeploymentParticipation": "Tenanted",
                "TenantIds": [one["Id"] for one in tenants],
            },
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        account = await both.destination.named("accounts", "Customers")
        names = {one["Id"]: one["Name"] for one in await both.destination.get("tenants/all")}
        assert sorted(names[one] for one in account["TenantIds"]) == ["Acme", "Globex"]
        assert account["TenantedDeploymentParticipation"] == "Tenanted"
        order = [action.kind for action in outcome.plan.writes]
        assert order.index("tenant") < order.index("account")


@pytest.mark.guide("environments-certificates")
async def test_a_certificate_is_scoped_to_what_is_there_of_its_environments() -> None:
    async with pair(include={"certificate": ["*"]}, rules={"preset": "mirror"}, first_contact="adopt") as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        made = {"SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256"}
        ours = {}
        for name in ("Both", "Test"):
            for server, ids in ((both.source, here), (both.destination, there)):
                scope = [ids["Production"]] if name == "Test" else []
                item = await server.post("certificates/generate", {"Name": name, **made, "EnvironmentIds": scope})
                ours.setdefault(name, item["Id"])
        await both.sync("*")
        for name, where in {"Both": list(here.values()), "Test": [here["Test"]]}.items():
            await both.source.edit(f"certificates/{ours[name]}", EnvironmentIds=where)

        await both.sync("*")

        scopes = {one["Name"]: one["EnvironmentIds"] for one in await both.destination.get("certificates/all")}
        # One that fits nowhere stays as it is: without its scope it would be for all environments.
        assert scopes == {"Both": [there["Production"]], "Test": [there["Production"]]}
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("how", ["stays at home", "waits"])
@pytest.mark.spacecloner("bug-30", "feature-28")
async def test_nothing_is_made_for_a_project_that_does_not_cross(how: str) -> None:
    exclude = {"lifecycle": ["Application"]} if how == "waits" else {}
    async with pair(exclude=exclude) as both:
        here = await both.source.environments("Test")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [here["Test"]], "AutomaticDeploymentTargets": []}
        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": [phase]})
        group = await both.source.post("projectgroups", {"Name": "Web"})
        await both.source.project("OctoFX", LifecycleId=lifecycle["Id"], ProjectGroupId=group["Id"])

        outcome = await both.sync("*")

        assert outcome.result is (Result.BLOCKED if how == "waits" else Result.UNCHANGED)
        assert outcome.plan.is_empty
        assert "Web" not in await both.destination.names("projectgroups")
        # With an environment for it the lifecycle has something to say, and all of it crosses.
        await both.destination.environments("Test")
        if how == "waits":
            await both.destination.post("lifecycles", {"Name": "Application"})
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        assert (await both.destination.named("projectgroups", "Web"))["Id"] == there["ProjectGroupId"]


@pytest.mark.guide("data-runbooks")
async def test_a_runbook_that_stays_at_home_takes_its_process_with_it_and_blocks_nothing() -> None:
    async with pair() as both:
        here = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        scoped = {"EnvironmentScope": "Specified", "Environments": [here["Test"]]}
        runbook = await both.source.runbook(project, "Load test data", script("Load"), **scoped)

        for targets in ("*", f"RunbookProcess-{runbook['Id']}"):
            outcome = await both.sync(targets)

            assert outcome.result is not Result.BLOCKED
            told = [action for action in outcome.plan if "Load test data" in action.path]
            assert len(told) == len({action.path for action in told}) == 2, "each is told once"
            assert {str(action.op) for action in told} == {"skip"}
        assert await both.destination.names("runbooks") == []


async def test_a_project_whose_lifecycle_does_not_fit_stays_at_home_with_all_its_parts_and_blocks_nothing() -> None:
    async with pair() as both:
        here = await both.source.environments("Test")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [here["Test"]]}
        lifecycle = await both.source.post("lifecycles", {"Name": "Test only", "Phases": [phase]})
        project = await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        await both.source.runbook(project, "Load test data", script("Load"))

        outcome = await both.sync("*")

        parts = {str(action.op) for action in outcome.plan if action.path[:2] == ("project", "OctoFX")}
        assert parts == {"skip"}
        assert outcome.result is Result.UNCHANGED
        assert await both.destination.names("projects") == []
