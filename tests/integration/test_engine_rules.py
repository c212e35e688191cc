"""Rules that hold for some items only, and the rules that say what does not cross: seen on two servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pair import pair, row, script

PROJECTS = {"project": ["*"]}


@pytest.mark.guide("rules-per-project", "scoping-overwrite")
async def test_an_override_gives_one_project_rules_of_its_own() -> None:
    overrides = [{"for": {"project": ["Follower"]}, "variables": {"value": "follow"}}]
    async with pair(include=PROJECTS, rules={"overrides": overrides}) as both:
        for name in ("Follower", "Keeper"):
            project = await both.source.project(name)
            await both.source.variables(project, row("Port", "80"))
        await both.sync("*")
        for name in ("Follower", "Keeper"):
            project = await both.source.named("projects", name)
            rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
            await both.source.variables(project, {**rows[0], "Value": "8080"})
        await both.sync("*")
        assert await _value(both, "Follower") == "8080"
        assert await _value(both, "Keeper") == "80"
        assert (await both.plan("*")).plan.is_empty


@pytest.mark.guide("step-nowhere")
async def test_an_ignored_step_stays_at_home_and_the_destinations_own_is_left_alone() -> None:
    ignore = [{"project": "*", "step": "Load test data"}]
    async with pair(include=PROJECTS, rules={"steps": {"ignore": ignore}}, first_contact="adopt") as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Load test data", "echo everything"))
        there = await both.destination.project("OctoFX")
        await both.destination.steps(there, script("Load test data", "echo a little"))
        await both.sync("*")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{there['Id']}")
        bodies = {step["Name"]: _body(step) for step in process["Steps"]}
        assert bodies == {"Deploy": "echo hello", "Load test data": "echo a little"}
        assert (await both.plan("*")).plan.is_empty


async def test_a_step_that_becomes_ignored_stays_as_it_is() -> None:
    async with pair(include=PROJECTS) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Smoke test", "echo 1"))
        await both.sync("*")
        ignore = [{"project": "Octo*", "step": "Smoke*"}]
        ignoring = both.with_route(include=PROJECTS, rules={"steps": {"ignore": ignore}, "removed": "remove-ours"})
        await both.source.steps(project, script("Deploy v2"), script("Smoke test", "echo 2"))
        held = await ignoring.sync("*")
        await ignoring.sync("*", approved_hash=held.plan.hash)
        there = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{there['Id']}")
        assert [(step["Name"], _body(step)) for step in process["Steps"]] == [
            ("Deploy v2", "echo hello"),
            ("Smoke test", "echo 1"),
        ]


@pytest.mark.guide("step-everywhere")
async def test_one_step_may_be_cloned_to_run_everywhere() -> None:
    """The guide: "cloned but configured to run in any environment"."""
    scopes = [{"project": "*", "step": "Sign off", "environment": "ignore-mismatch"}]
    async with pair(include=PROJECTS, rules={"steps": {"scopes": scopes}}) as both:
        ids = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        scoped = {"Environments": [ids["Test"]]}
        await both.source.steps(project, script("Deploy"), script("Sign off", **scoped), script("Load", **scoped))
        await both.sync("*")
        assert await both.destination.step_names("OctoFX") == ["Deploy", "Sign off"]
        assert [one.entry.reason for one in await both.clean_ups()] == ["scope-widened"]


async def test_a_step_that_runs_everywhere_is_settled_once_somebody_gave_it_a_scope() -> None:
    async with pair(rules={"steps": {"environment": "ignore-mismatch"}}) as both:
        here = await both.source.environments("Test")
        there = await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Smoke test", Environments=[here["Test"]]))
        await both.sync("*")
        await both.sync("*")
        assert [one.entry.reason for one in await both.clean_ups()] == ["scope-widened"]
        steps = await both.destination.process("OctoFX")
        steps[0]["Actions"][0]["Environments"] = [there["Production"]]
        await both.destination.steps(await both.destination.named("projects", "OctoFX"), *steps)

        await both.sync("*")

        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [there["Production"]]
        assert await both.clean_ups() == []


@pytest.mark.guide("step-elsewhere", "step-nowhere", "step-everywhere")
async def test_steps_of_runbooks_have_rules_of_their_own() -> None:
    """The guide's "Deployment and Runbook Processes": a rule for steps of runbooks is for no other step of the name."""
    some = {"project": "OctoFX", "runbook": "Restart*"}
    steps = {
        "pins": [{**some, "step": "Sign off", "environments": ["Staging"]}],
        "ignore": [{**some, "step": "Load"}],
        "scopes": [{**some, "step": "Smoke test", "environment": "ignore-mismatch"}],
    }
    async with pair(include=PROJECTS, rules={"steps": steps}) as both:
        ids = await both.source.environments("Test")
        staging = (await both.destination.environments("Staging"))["Staging"]
        project = await both.source.project("OctoFX")
        scoped = {"Environments": [ids["Test"]]}
        made = [script("Load"), script("Sign off", **scoped), script("Smoke test", **scoped)]
        await both.source.steps(project, *made)
        for name in ("Restart web", "Clean up"):
            await both.source.runbook(project, name, *made)

        await both.sync("*")

        assert await both.destination.step_names("OctoFX") == ["Load"]
        found = {}
        for runbook in await both.destination.get("runbooks/all"):
            process = await both.destination.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
            found[runbook["Name"]] = {one["Name"]: one["Actions"][0]["Environments"] for one in process["Steps"]}
        assert found == {"Restart web": {"Sign off": [staging], "Smoke test": []}, "Clean up": {"Load": []}}
        assert (await both.plan("*")).plan.is_empty


@pytest.mark.guide("accounts-variables-only")
async def test_with_accounts_none_only_the_variable_crosses() -> None:
    """The guide: "Re-use the same variable name but associate it to different Accounts"."""
    async with pair(include=PROJECTS, rules={"accounts": "none"}) as both:
        await _account_variable(both)
        await both.sync("*")
        assert await both.destination.names("accounts") == []
        assert await _value(both, "OctoFX") in (None, "")
        assert [one.entry.reason for one in await both.clean_ups()] == ["placeholder-reference"]
        mine = await both.destination.post("accounts", _account("Production"))
        project = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
        await both.destination.variables(project, {**rows[0], "Value": mine["Id"]})
        await both.sync("*")
        assert await _value(both, "OctoFX") == mine["Id"]


async def test_with_accounts_none_an_account_that_is_there_under_a_mapped_name_is_used() -> None:
    maps = {"account": {"Dev/Test": "Production"}}
    async with pair(include=PROJECTS, rules={"accounts": "none"}, maps=maps) as both:
        await _account_variable(both)
        mine = await both.destination.post("accounts", _account("Production"))
        await both.sync("*")
        assert await _value(both, "OctoFX") == mine["Id"]
        assert await both.clean_ups() == []


async def test_a_variable_whose_account_is_missing_can_be_skipped_or_stop_the_set() -> None:
    for option, expected in (("skip", ["Cloud"]), ("error", [])):
        rules = {"accounts": "none", "variables": {"references": {"account": option}}}
        async with pair(include=PROJECTS, rules=rules) as both:
            await _account_variable(both)
            outcome = await both.sync("*")
            project = await both.destination.named("projects", "OctoFX")
            rows = (await both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
            assert [one["Name"] for one in rows] == expected, option  # skip: the name is kept by a placeholder
            assert (outcome.result == "blocked") is (option == "error")


@pytest.mark.guide("details-lifecycles")
@pytest.mark.parametrize(("retention", "expected"), [("keep", 7), ("follow", 5)])
async def test_the_retention_of_a_lifecycle_is_the_destinations_own_also_where_its_phases_follow(
    retention: str, expected: int
) -> None:
    """The guide: "Lifecycles: different phases and retention policies"."""
    rules = {"update": ["lifecycle"], "retention": retention}
    async with pair(include={"lifecycle": ["Application"]}, rules=rules, first_contact="adopt") as both:

        def kept(days: int) -> dict[str, Any]:
            return {"ReleaseRetentionPolicy": {"Unit": "Days", "QuantityToKeep": days, "ShouldKeepForever": False}}

        here = await both.source.environments("Test")
        there = await both.destination.environments("Test")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [here["Test"]], **kept(5)}
        await both.source.post(
            "lifecycles", {"Name": "Application", "Description": "new", "Phases": [phase], **kept(5)}
        )
        theirs = {**phase, "OptionalDeploymentTargets": [there["Test"]], **kept(7)}
        await both.destination.post("lifecycles", {"Name": "Application", "Phases": [theirs], **kept(7)})

        await both.sync("*")

        found = await both.destination.named("lifecycles", "Application")
        assert found["Description"] == "new"
        assert [one["ReleaseRetentionPolicy"]["QuantityToKeep"] for one in (found, *found["Phases"])] == [expected] * 2
        assert (await both.plan("*")).plan.is_empty


@pytest.mark.guide("details-lifecycles")
async def test_retention_is_the_destinations_own_unless_it_follows() -> None:
    for retention, expected in (("keep", 100), ("follow", 5)):
        async with pair(include=PROJECTS, rules={"retention": retention}) as both:
            project = await both.source.project("OctoFX")
            runbook = await both.source.runbook(project, "Restart")
            await both.sync("*")
            await both.source.edit(
                f"runbooks/{runbook['Id']}",
                RunRetentionPolicy={**runbook["RunRetentionPolicy"], "QuantityToKeep": 5},
            )
            await both.sync("*")
            there = await both.destination.named("runbooks", "Restart")
            assert there["RunRetentionPolicy"]["QuantityToKeep"] == expected
            assert (await both.plan("*")).plan.is_empty


async def _account_variable(both: Any) -> None:
    account = await both.source.post("accounts", _account("Dev/Test"))
    project = await both.source.project("OctoFX")
    await both.source.variables(project, row("Cloud", account["Id"], Type="UsernamePasswordAccount"))


def _account(name: str) -> dict[str, Any]:
    return {"Name": name, "AccountType": "UsernamePassword", "Username": "x"}


async def _value(both: Any, name: str) -> Any:
    project = await both.destination.named("projects", name)
    rows = (await both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
    [only] = rows
    return only["Value"]


def _body(step: dict[str, Any]) -> Any:
    return step["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"]
