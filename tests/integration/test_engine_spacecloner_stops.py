"""Faults of SpaceCloner, the sample tool that the guide "Sync multiple instances" names, that we do not have:
where it stopped, did not stop, or did other than it said.

Numbered as in a reading of its source (OctopusDeployLabs/SpaceCloner, October 2024), worst first;
docs/spacecloner.md says where the others are.
"""

from __future__ import annotations

from typing import Any

import pytest

from config.problems import ConfigError
from sandbox.faults import Fault
from tests.pair import pair, row, script
from worker.octopus import errors
from worker.plan.values import Op, printed
from worker.sync.run import Result


@pytest.mark.spacecloner("bug-15")
async def test_15_a_feed_that_the_server_refuses_stops_only_its_users() -> None:
    """One missing ECR feed anywhere in the space stopped everything."""
    async with pair() as both:
        refused = await both.source.post("feeds", {"Name": "Refused", "FeedType": "NuGet", "FeedUri": "https://x"})
        await both.source.post("feeds", {"Name": "Nobody uses it", "FeedType": "NuGet", "FeedUri": "https://y"})
        # Looked at before the other, for its name.
        user = await both.source.project("Its user")
        package = {"Name": "", "PackageId": "Web", "FeedId": refused["Id"]}
        await both.source.steps(user, script("Deploy", Packages=[package]))
        other = await both.source.project("Other")
        await both.source.steps(other, script("Deploy"))
        both.destination.sandbox.faults.add(
            Fault("status", method="POST", path="/feeds$", count=0, status=400, errors=["cannot reach the feed"])
        )

        with pytest.raises(errors.BadRequest, match="cannot reach the feed"):
            await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("Other")] == ["Deploy"]
        assert await both.destination.process("Its user") == []
        assert "Nobody uses it" not in await both.destination.names("feeds")
        # Once the server takes it, all is well.
        both.destination.sandbox.faults.clear()
        assert (await both.sync("*")).result is Result.CHANGED
        assert [step["Name"] for step in await both.destination.process("Its user")] == ["Deploy"]


@pytest.mark.spacecloner("bug-16")
async def test_16_a_route_into_its_own_source_is_refused() -> None:
    """Its guard against syncing a space with itself never acted."""
    async with pair() as both:
        with pytest.raises(ConfigError, match="into its own source"):
            both.with_route(destination={"instance": "dev", "space": "default "})


@pytest.mark.spacecloner("bug-18", "bug-20")
async def test_18_and_20_a_variable_that_names_nothing() -> None:
    """An account, certificate or pool variable without a value ended the run."""
    async with pair() as both:
        pool = await both.source.post("workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool"})
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Account", None, Type="AzureAccount"),
            row("Certificate", "", Type="Certificate"),
            row("Pool", pool["Id"], Type="WorkerPool"),
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        there = await both.destination.named("workerpools", "Ubuntu")
        found = {one["Name"]: one["Value"] for one in await both.destination.rows("OctoFX")}
        assert not found["Account"]
        assert not found["Certificate"]
        assert found["Pool"] == there["Id"]


@pytest.mark.spacecloner("bug-18")
@pytest.mark.parametrize("kind", ["account", "certificate", "worker_pool"])
@pytest.mark.parametrize(
    ("option", "names"), [("placeholder", ["Mine", "Port"]), ("skip", ["Mine", "Port"]), ("error", [])]
)
async def test_18_the_rule_for_each_kind_of_reference_can_be_set(kind: str, option: str, names: list[str]) -> None:
    """Of worker pools it misspelt one option, and its default was not among those that it took."""
    others = {"account", "certificate", "worker_pool"} - {kind}
    references = {kind: option, **dict.fromkeys(others, "error" if option != "error" else "placeholder")}
    excluded = {"account": ["*"], "worker-pool": ["Ubuntu"]}
    async with pair(exclude=excluded, rules={"variables": {"references": references}}) as both:
        made = {
            "account": ("accounts", {"AccountType": "UsernamePassword", "Username": "u"}, "UsernamePasswordAccount"),
            "certificate": (
                "certificates/generate",
                {"SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256"},
                "Certificate",
            ),
            "worker_pool": ("workerpools", {"WorkerPoolType": "StaticWorkerPool"}, "WorkerPool"),
        }
        collection, fields, row_type = made[kind]
        item = await both.source.post(collection, {"Name": "Ubuntu", **fields})
        project = await both.source.project("OctoFX")
        # Beside another row of its name: the name is there in any case.
        own = row("Mine", item["Id"], {"Role": ["web"]}, Type=row_type)
        await both.source.variables(project, own, row("Mine", "", Type=row_type), row("Port", "80"))

        outcome = await both.sync("*")

        assert (outcome.result is Result.BLOCKED) == (option == "error")
        rows = await both.destination.rows("OctoFX")
        assert sorted({one["Name"] for one in rows}) == names
        scoped = [one["Value"] for one in rows if one["Scope"]]
        assert scoped == ([""] if option == "placeholder" else [])
        reasons = [one.entry.reason for one in await both.clean_ups()]
        assert reasons.count("placeholder-reference") == (option == "placeholder")


@pytest.mark.spacecloner("bug-21")
async def test_21_a_package_whose_feed_does_not_cross_blocks_and_says_so() -> None:
    """A missing feed of a package was a crash, and one chosen at release time another."""
    async with pair(exclude={"feed": ["Secret feed"]}) as both:
        feed = await both.source.post("feeds", {"Name": "Secret feed", "FeedType": "NuGet", "FeedUri": "https://x"})
        project = await both.source.project("OctoFX")
        await both.source.steps(
            project,
            script("Chosen later", Packages=[{"Name": "", "PackageId": "#{Package}", "FeedId": "#{Feed}"}]),
            script("Deploy", Packages=[{"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}]),
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        blocked = {printed(action.path): action for action in outcome.plan.blocked}
        assert list(blocked) == ["project/OctoFX/deployment-process"]
        assert "feed/Secret feed" in blocked["project/OctoFX/deployment-process"].decisions[-1].text
        assert "OctoFX" in await both.destination.names("projects")  # all else of it crosses

    async with pair(exclude={"feed": ["Secret feed"]}, rules={"on_missing": "skip-element"}) as both:
        feed = await both.source.post("feeds", {"Name": "Secret feed", "FeedType": "NuGet", "FeedUri": "https://x"})
        project = await both.source.project("OctoFX")
        later = [{"Name": "", "PackageId": "#{Package}", "FeedId": "#{Feed}"}]
        needs = [{"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}]
        await both.source.steps(project, script("Chosen later", Packages=later), script("Deploy", Packages=needs))

        await both.sync("*")

        found = await both.destination.process("OctoFX")
        # Not the step without its package: it would do something else.
        assert [step["Name"] for step in found] == ["Chosen later"]


@pytest.mark.spacecloner("bug-25", "feature-9")
async def test_25_an_error_in_the_middle_is_made_up_for_by_the_next_run() -> None:
    """It ended in the middle, and a second run could not go on."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.runbook(project, "Restart", script("Stop"))
        await both.source.variables(project, row("A", "1"))
        both.destination.sandbox.faults.add(
            Fault("status", method="PUT", path="deploymentprocesses", count=0, status=400, errors=["no"])
        )
        with pytest.raises(errors.BadRequest):
            await both.sync("*")
        both.destination.sandbox.faults.clear()

        assert (await both.sync("*")).result is Result.CHANGED

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy"]
        assert [one["Name"] for one in await both.destination.rows("OctoFX")] == ["A"]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.spacecloner("bug-30", "feature-28")
async def test_30_what_the_plan_says_is_what_happens() -> None:
    """Its list of changes named what was then skipped."""
    async with pair() as both:
        here = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A"), script("B", Environments=[here["Test"]]))
        await both.source.post(
            "accounts", {"Name": "Unused", "AccountType": "Token", "Token": {"HasValue": True, "NewValue": "x"}}
        )
        before = both.destination.sandbox.requests.writes
        planned = await both.plan("*")
        assert both.destination.sandbox.requests.writes == before

        outcome = await both.sync("*")

        assert outcome.plan.hash == planned.plan.hash
        said: list[tuple[Any, ...]] = [
            (action.op, printed(action.path)) for action in planned.plan.actions if action.op is Op.CREATE
        ]
        assert (Op.CREATE, "project/OctoFX") in said
        assert not [path for _, path in said if "Unused" in path]
        process = next(action for action in planned.plan.actions if action.kind == "deployment-process")
        assert "Steps[B]" in {decision.where for decision in process.decisions}
        assert outcome.writes == both.destination.sandbox.requests.writes - before
