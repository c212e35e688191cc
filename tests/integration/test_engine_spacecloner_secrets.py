"""Faults of SpaceCloner, the sample tool that the guide "Sync multiple instances" names, that we do not have:
secrets that it reset, logged or forgot.

Numbered as in a reading of its source (OctopusDeployLabs/SpaceCloner, October 2024), worst first;
docs/spacecloner.md says where the others are.
"""

from __future__ import annotations

import pytest

from tests.pair import pair, row, script
from worker.plan.values import printed


@pytest.mark.spacecloner("bug-3")
async def test_3_a_secret_of_a_step_is_not_reset() -> None:
    """It set sensitive parameters of step templates to a dummy on every run."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        secret = {"HasValue": True, "NewValue": "source-secret"}
        await both.source.steps(project, script("Deploy", Properties={"Template.Password": secret}))
        await both.sync("*")
        store = both.destination.sandbox.store
        assert "REPLACE ME" in repr(store.state)
        steps = await both.destination.process("OctoFX")
        steps[0]["Actions"][0]["Properties"]["Template.Password"] = {"HasValue": True, "NewValue": "the-real-one"}
        await both.destination.steps(await both.destination.named("projects", "OctoFX"), *steps)

        saved = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        saved["Steps"][0]["Actions"][0]["IsRequired"] = True
        await both.source.steps(project, *saved["Steps"])
        await both.sync("*")

        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["IsRequired"] is True
        assert "the-real-one" in repr(store.state)
        assert "source-secret" not in repr(store.state)


@pytest.mark.spacecloner("bug-24", "feature-29")
async def test_24_no_secret_in_plans_runs_or_the_ledger() -> None:
    """It wrote passwords, certificates and an API key to its log."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        secret = {"HasValue": True, "NewValue": "step-secret"}
        await both.source.steps(project, script("Deploy", Properties={"Key": secret}))
        await both.source.variables(project, row("Password", "variable-secret", Type="Sensitive"))

        outcome = await both.sync("*")

        runs = [await both.ledger.runs.get(run.id) for run in await both.ledger.runs.newest()]
        dump = repr((outcome, runs, await both.ledger.export("dev-to-prod")))
        for never in ("step-secret", "variable-secret", both.source.sandbox.api_key):
            assert never not in dump


@pytest.mark.guide("clean-up-listed")
@pytest.mark.spacecloner("bug-27")
async def test_27_credentials_of_feeds_and_accounts_are_on_the_list() -> None:
    """It neither cleared them nor said that they must be filled in."""
    async with pair() as both:
        password = {"HasValue": True, "NewValue": "x"}
        feed = await both.source.post(
            "feeds",
            {"Name": "F", "FeedType": "NuGet", "FeedUri": "https://x", "Username": "u", "Password": password},
        )
        account = await both.source.post(
            "accounts", {"Name": "A", "AccountType": "UsernamePassword", "Username": "u", "Password": password}
        )
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        await both.source.variables(project, row("Account", account["Id"], Type="UsernamePasswordAccount"))

        await both.sync("*")

        entries = {(printed(one.entry.item), one.entry.where, one.entry.reason) for one in await both.clean_ups()}
        assert entries == {
            ("feed/F", "Password", "placeholder-secret"),
            ("account/A", "Password", "placeholder-secret"),
        }
