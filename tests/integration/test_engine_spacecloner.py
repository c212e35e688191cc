"""The faults of SpaceCloner, the sample tool that the guide "Sync multiple instances" names: we have none of them.

Numbered as in a reading of its source (OctopusDeployLabs/SpaceCloner, October 2024), worst first. Those that are not
here are with the tests of what they are about; docs/spacecloner.md says where.
"""

from __future__ import annotations

from typing import Any

import pytest

from config.problems import ConfigError
from sandbox.faults import Fault
from tests.pair import Document, Pair, pair, row, script
from worker.octopus import errors
from worker.plan.values import Op, printed
from worker.sync.run import Result


async def reasons(both: Pair) -> list[str]:
    return sorted(one.entry.reason for one in await both.clean_ups())


SKIPS = ["skip-unless-exact", "skip-unless-partial"]


@pytest.mark.parametrize("option", SKIPS)
@pytest.mark.parametrize("removed", ["keep", "remove-ours"])
@pytest.mark.spacecloner("bug-1", "feature-14")
async def test_1_to_skip_a_step_does_not_delete_it(option: str, removed: str) -> None:
    """Its skip option removed steps and actions from the destination."""
    async with pair(rules={"removed": removed, "steps": {"environment": option}}) as both:
        here = await both.source.environments("Test", "Staging", "Production")
        await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        both_environments = [here["Staging"], here["Production"]]
        saved = await both.source.steps(project, script("A"), script("B", Environments=both_environments))
        await both.sync("*")
        first, second = saved["Steps"]
        second["Actions"][0]["Environments"] = [here["Test"], here["Staging"]]
        await both.source.steps(project, first, second)

        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A", "B"]


@pytest.mark.spacecloner("bug-2", "feature-11")
async def test_2_equal_values_do_not_pull_rows_together() -> None:
    """It matched by value before scope, overwrote the scope, and two rows of the source could hit one."""
    async with pair() as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Url", "same", {"Environment": [here["Staging"]]}),
            row("Url", "same", {"Environment": [here["Production"]]}),
        )

        await both.sync("*")
        await both.sync("*")

        assert [(one["Value"], one["Scope"]) for one in await both.destination.rows("OctoFX")] == [
            ("same", {"Environment": [there["Staging"]]}),
            ("same", {"Environment": [there["Production"]]}),
        ]


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


@pytest.mark.spacecloner("bug-4", "feature-16")
async def test_4_properties_of_a_step_follow() -> None:
    """It never updated what belongs to the step rather than to its actions."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        saved = await both.source.steps(project, script("A"), script("B"))
        await both.sync("*")
        saved["Steps"][1] |= {
            "Condition": "Always",
            "StartTrigger": "StartWithPrevious",
            "Properties": {"Octopus.Action.TargetRoles": "web"},
        }
        await both.source.steps(project, *saved["Steps"])

        await both.sync("*")

        found = (await both.destination.process("OctoFX"))[1]
        assert (found["Condition"], found["StartTrigger"]) == ("Always", "StartWithPrevious")
        assert found["Properties"] == {"Octopus.Action.TargetRoles": "web"}


@pytest.mark.parametrize("option", ["skip-unless-partial", "skip-unless-exact", "ignore-mismatch"])
@pytest.mark.spacecloner("bug-5", "feature-15")
async def test_5_an_exclusion_of_what_is_not_there_is_satisfied(option: str) -> None:
    """It dropped the step."""
    async with pair(rules={"steps": {"excluded_environment": option}}) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        excluded = [here["Test"], here["Production"]]
        await both.source.steps(project, script("A", ExcludedEnvironments=excluded), script("B"))

        await both.sync("*")

        found = await both.destination.process("OctoFX")
        assert [step["Name"] for step in found] == ["A", "B"]
        assert found[0]["Actions"][0]["ExcludedEnvironments"] == [there["Production"]]


@pytest.mark.spacecloner("bug-6", "feature-13")
async def test_6_nothing_is_widened_in_silence() -> None:
    """Its ignore options made scoped steps and rows apply everywhere, and told nobody."""
    async with pair() as both:
        here = await both.source.environments("Test")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A"), script("B", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "test", {"Environment": [here["Test"]]}))

        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A"]
        assert "test" not in [one["Value"] for one in await both.destination.rows("OctoFX")]


@pytest.mark.spacecloner("bug-6")
async def test_6_who_asks_for_it_is_told_what_was_widened() -> None:
    rules = {
        "steps": {"environment": "ignore-mismatch"},
        "variables": {"scopes": {"environment": "ignore-mismatch"}},
    }
    async with pair(rules=rules) as both:
        here = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "test", {"Environment": [here["Test"]]}))

        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A"]
        assert await reasons(both) == ["scope-widened", "scope-widened"]


@pytest.mark.spacecloner("bug-6")
async def test_6_a_phase_that_lost_its_environments_does_not_become_open_to_all() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        phases = [
            {"Name": name, "OptionalDeploymentTargets": [here[name]], "AutomaticDeploymentTargets": []}
            for name in ("Test", "Production")
        ]
        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": phases})
        await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])

        await both.sync("*")

        found = await both.destination.named("lifecycles", "Application")
        assert [(one["Name"], one["OptionalDeploymentTargets"]) for one in found["Phases"]] == [
            ("Production", [there["Production"]])
        ]


@pytest.mark.guide("scoping-tenant-tags")
@pytest.mark.spacecloner("bug-7")
async def test_7_the_rule_of_one_dimension_does_not_answer_for_another() -> None:
    """The verdict on tenant tags was that on machines."""
    rules = {"variables": {"scopes": {"target": "ignore-mismatch"}}}
    async with pair(rules=rules, exclude={"tag-set": ["*"]}) as both:
        await both.source.post("tagsets", {"Name": "Region", "Tags": [{"Name": "North", "Color": "#333333"}]})
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"), row("A", "2", {"TenantTag": ["Region/North"]}))

        await both.sync("*")

        assert [(one["Value"], one["Scope"]) for one in await both.destination.rows("OctoFX")] == [("1", {})]


@pytest.mark.spacecloner("bug-9", "feature-7")
async def test_9_more_than_a_page() -> None:
    """It read thirty runbooks and channels, and made those again that it had not seen."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        for number in range(33):
            await both.source.runbook(project, f"Runbook {number:02}")
            await both.source.post("channels", {"Name": f"Channel {number:02}", "ProjectId": project["Id"]})

        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.sync("*")).result is Result.UNCHANGED

        assert len(await both.destination.names("runbooks")) == 33
        assert len(await both.destination.names("channels")) == 34


@pytest.mark.spacecloner("bug-10")
async def test_10_what_a_project_needs_comes_with_it() -> None:
    """Syncing one project did not collect its lifecycle's environments and lost the exclusions for runbooks."""
    include = {"project": ["OctoFX"], "environment": ["*"]}
    async with pair(include=include, exclude={"environment": ["Test"], "runbook": ["Secret*"]}) as both:
        here = await both.source.environments("Test", "Production")
        phase = {"Name": "Live", "OptionalDeploymentTargets": list(here.values()), "AutomaticDeploymentTargets": []}
        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": [phase]})
        project = await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        steps = [script("All"), script("Test", Environments=[here["Test"]])]
        await both.source.runbook(project, "Restart", *steps)
        await both.source.runbook(project, "Secret work", script("x"))

        await both.sync(f"{project['Id']}/*")

        assert await both.destination.names("environments") == ["Production"]
        there = await both.destination.named("environments", "Production")
        found = await both.destination.named("lifecycles", "Application")
        assert found["Phases"][0]["OptionalDeploymentTargets"] == [there["Id"]]
        assert await both.destination.names("runbooks") == ["Restart"]
        runbook = await both.destination.named("runbooks", "Restart")
        process = await both.destination.get(f"runbookProcesses/RunbookProcess-{runbook['Id']}")
        assert [step["Name"] for step in process["Steps"]] == ["All"]


@pytest.mark.spacecloner("bug-15")
async def test_15_a_feed_that_the_server_refuses_stops_only_its_users() -> None:
    """One missing ECR feed anywhere in the space stopped everything."""
    async with pair() as both:
        refused = await both.source.post("feeds", {"Name": "Refused", "FeedType": "NuGet", "FeedUri": "https://x"})
        await both.source.post("feeds", {"Name": "Nobody uses it", "FeedType": "NuGet", "FeedUri": "https://y"})
        user = await both.source.project("User")
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
        assert await both.destination.process("User") == []
        assert "Nobody uses it" not in await both.destination.names("feeds")
        # Once the server takes it, all is well.
        both.destination.sandbox.faults.clear()
        assert (await both.sync("*")).result is Result.CHANGED
        assert [step["Name"] for step in await both.destination.process("User")] == ["Deploy"]


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


@pytest.mark.spacecloner("bug-19", "feature-21")
async def test_19_the_details_of_a_lifecycle_follow_where_the_route_says_so() -> None:
    """Its switch for that crashed when it was on."""
    include = {"project": ["*"], "lifecycle": ["*"]}
    async with pair(include=include, rules={"update": ["lifecycle"]}, first_contact="adopt") as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")

        def phase(name: str) -> Document:
            return {"Name": name, "OptionalDeploymentTargets": [here[name]], "AutomaticDeploymentTargets": []}

        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": [phase("Staging")]})
        await both.sync("*")
        path = f"lifecycles/{lifecycle['Id']}"
        await both.source.edit(path, Phases=[*(await both.source.get(path))["Phases"], phase("Production")])

        await both.sync("*")

        found = await both.destination.named("lifecycles", "Application")
        assert [one["OptionalDeploymentTargets"] for one in found["Phases"]] == [
            [there["Staging"]],
            [there["Production"]],
        ]


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


ODD = ["Deploy [Prod]", "A, B", "a/b", "1st 😀", "what?*", "#{x}"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.spacecloner("bug-28")
async def test_28_names_may_hold_anything(name: str) -> None:
    """Brackets were wildcards to it, and a comma split a name in two."""
    async with pair(include={"project": [name.replace("*", "\\*")]}) as both:
        environment = await both.source.environments(name)
        there = await both.destination.environments(name)
        project = await both.source.project(name)
        await both.source.project("Another")
        await both.source.steps(project, script(name, Environments=[environment[name]]))
        await both.source.runbook(project, name, script(name))
        await both.source.post("channels", {"Name": name, "ProjectId": project["Id"]})
        await both.source.variables(project, row(name, name, {"Environment": [environment[name]]}))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == [name]
        assert (await both.destination.process(name))[0]["Actions"][0]["Environments"] == [there[name]]
        assert await both.destination.names("runbooks") == [name]
        assert sorted(await both.destination.names("channels")) == sorted(["Default", name])
        assert [(one["Name"], one["Value"]) for one in await both.destination.rows(name)] == [(name, name)]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.spacecloner("bug-28")
async def test_28_a_filter_for_one_project_is_for_that_project() -> None:
    exclude = {"runbook": [{"project": "A", "name": "Restart"}], "channel": [{"project": "A", "name": "Beta"}]}
    async with pair(exclude=exclude) as both:
        for name in ("A", "B"):
            project = await both.source.project(name)
            await both.source.runbook(project, "Restart")
            await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})

        await both.sync("*")

        ids = {(await both.destination.named("projects", name))["Id"]: name for name in ("A", "B")}
        for collection in ("runbooks", "channels"):
            found = await both.destination.get(f"{collection}/all")
            owners = [ids[one["ProjectId"]] for one in found if one["Name"] != "Default"]
            assert owners == ["B"]


@pytest.mark.spacecloner("bug-29")
async def test_29_channels_and_runbooks_cross_by_themselves() -> None:
    """Without being asked it took none of them, and then no step that was scoped to one."""
    async with pair(include={"project": ["*"]}) as both:
        project = await both.source.project("OctoFX")
        channel = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        await both.source.steps(project, script("A"), script("B", Channels=[channel["Id"]]))
        await both.source.runbook(project, "Restart")

        await both.sync("*")

        there = await both.destination.named("channels", "Beta")
        found = await both.destination.process("OctoFX")
        assert [step["Actions"][0]["Channels"] for step in found] == [[], [there["Id"]]]
        assert await both.destination.names("runbooks") == ["Restart"]


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
