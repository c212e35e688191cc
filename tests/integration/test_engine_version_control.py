"""Projects that are kept in Git: what lives in the database may cross, what lives in Git never does, and no project is
ever converted."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings as ProcessSettings
from tests.pair import ROUTE, Document, Pair, pair, row, script
from tests.tenancy import servers
from tests.version_control import SETTINGS_ONLY, move, on_both, ops, process, said, to_git
from worker import ticks
from worker.plan.values import Op, printed
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import Result, open_route


@pytest.mark.spacecloner("feature-24")
async def test_by_default_it_is_skipped_with_all_its_parts() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await to_git(both.source, project)
        outcome = await both.sync("*")
        assert outcome.result is Result.UNCHANGED
        assert await both.destination.names("projects") == []
        assert all("version_controlled: skip" in action.decisions[-1].text for action in outcome.plan)


async def test_what_lives_in_the_database_crosses_and_what_lives_in_git_does_not() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await on_both(both)
        group = await both.source.post("projectgroups", {"Name": "Web"})
        await both.source.edit(f"projects/{here['Id']}", ProjectGroupId=group["Id"], Description="changed")
        beta = await both.source.post("channels", {"Name": "Beta", "ProjectId": here["Id"]})
        package = {"DeploymentAction": "deploy", "PackageReference": ""}
        rules = [{"VersionRange": "[1.0,2.0)", "Tag": "", "ActionPackages": [package]}]
        await both.source.edit(f"channels/{beta['Id']}", Rules=rules)
        await both.source.runbook(here, "Restart", script("Restart"))
        await both.source.variables(here, row("Url", "https://x"), row("Key", "s3cret", Type="Sensitive"))
        filter = {"FilterType": "FeedFilter", "Packages": [{"DeploymentActionSlug": "deploy", "PackageReference": ""}]}
        action = {"ActionType": "CreateRelease", "ChannelId": beta["Id"]}
        trigger = {"Name": "On push", "ProjectId": here["Id"], "Filter": filter, "Action": action}
        await both.source.post("projecttriggers", trigger)
        before = await process(both.destination, there)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.plan.blocked
        assert ops(outcome.plan)["deployment-process",] is Op.SKIP
        assert ops(outcome.plan)["deployment-settings",] is Op.SKIP
        copy = await both.destination.get(f"projects/{there['Id']}")
        assert copy["Description"] == "changed"
        assert copy["PersistenceSettings"]["Type"] == "VersionControlled"
        assert copy["ProjectGroupId"] == (await both.destination.named("projectgroups", "Web"))["Id"]
        channel = await both.destination.named("channels", "Beta")
        assert channel["Rules"][0]["ActionPackages"] == [package]
        found = (await both.destination.get("projecttriggers"))["Items"][0]
        assert found["Filter"]["Packages"] == filter["Packages"]
        assert found["Action"]["ChannelId"] == channel["Id"]
        assert (await both.destination.named("runbooks", "Restart"))["ProjectId"] == there["Id"]
        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        assert sorted(one["Name"] for one in rows) == ["Key", "Url"]
        assert await process(both.destination, there) == before
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.parametrize("version", ["2023.4.8290", "2026.1.9674"])
async def test_of_variables_that_were_moved_to_git_only_the_secrets_cross(version: str) -> None:
    async with pair(**SETTINGS_ONLY, **servers(version), first_contact="adopt") as both:
        here, there = await on_both(both, variables=True)
        secret, plain = row("Key", "s3cret", Type="Sensitive"), row("Url", "https://x")
        await both.source.call(
            "PUT", f"{here['SpaceId']}/projects/{here['Id']}/main/variables", {"Variables": [secret, plain]}
        )

        await both.sync("*")

        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        assert [(one["Name"], one["IsSensitive"]) for one in rows] == [("Key", True)]
        on_branch = await both.destination.get(f"{there['SpaceId']}/projects/{there['Id']}/main/variables")
        assert [one["Name"] for one in on_branch["Variables"]] == ["Key"]
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_secrets_keep_their_scopes_by_the_slug_of_a_step_in_git_and_by_the_id_of_one_in_the_database() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await on_both(both, variables=True)
        runbook = await both.source.runbook(here, "Restart", script("Stop"), script("Start"))
        beta = await both.source.post("channels", {"Name": "Beta", "ProjectId": here["Id"]})
        steps = (await both.source.get(f"runbookProcesses/RunbookProcess-{runbook['Id']}"))["Steps"]
        scopes = (
            {"Action": ["deploy"]},
            {"Action": [steps[1]["Actions"][0]["Id"]]},
            {"Channel": [beta["Id"]]},
            {"ProcessOwner": [runbook["Id"]]},
            {"ProcessOwner": [here["Id"]]},
        )
        rows = [row("Key", "s3cret", scope, Type="Sensitive") for scope in scopes]
        path = f"{here['SpaceId']}/projects/{here['Id']}/main/variables"
        await both.source.call("PUT", path, {"Variables": rows})
        assert (await both.sync("*")).result is Result.CHANGED
        copy = await both.destination.named("runbooks", "Restart")
        start = (await both.destination.get(f"runbookProcesses/RunbookProcess-{copy['Id']}"))["Steps"][1]["Actions"][0]
        assert [one["Scope"] for one in await both.destination.rows("OctoFX")] == [
            {"Action": ["deploy"]},
            {"Action": [start["Id"]]},
            {"Channel": [(await both.destination.named("channels", "Beta"))["Id"]]},
            {"ProcessOwner": [copy["Id"]]},
            {"ProcessOwner": [there["Id"]]},
        ]
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_a_rule_that_names_a_step_by_its_id_from_before_the_move_waits_for_a_person() -> None:
    """Without the rule the channel would take every package."""
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, _ = await on_both(both)
        [step] = await process(both.source, here)
        package = {"DeploymentAction": step["Actions"][0]["Id"], "PackageReference": ""}
        rule = {"VersionRange": "[1.0,2.0)", "Tag": "", "ActionPackages": [package]}
        beta = await both.source.post("channels", {"Name": "Beta", "ProjectId": here["Id"], "Rules": [rule]})
        outcome = await both.sync("*")
        assert [printed(action.path) for action in outcome.plan.blocked] == ["project/OctoFX/channel/Beta"]
        assert "name it by its slug" in outcome.plan.blocked[0].decisions[-1].text
        rule["ActionPackages"] = [{**package, "DeploymentAction": "deploy"}]
        await both.source.edit(f"channels/{beta['Id']}", Rules=[rule])
        assert (await both.sync("*")).result is Result.CHANGED
        [copied] = (await both.destination.named("channels", "Beta"))["Rules"]
        assert copied["ActionPackages"][0]["DeploymentAction"] == "deploy"


async def test_in_git_here_and_in_the_database_there_is_for_a_person_to_decide() -> None:
    for in_git in ("source", "destination"):
        async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
            for side in (both.source, both.destination):
                project = await side.project("OctoFX")
                if side is getattr(both, in_git):
                    await to_git(side, project)
            writes = both.destination.writes
            outcome = await both.sync("*")
            assert outcome.result is Result.BLOCKED
            found = next(action for action in outcome.plan if action.kind == "project")
            assert found.op is Op.BLOCK
            assert "convert the one or the other by hand" in found.decisions[-1].text
            assert both.destination.writes == writes


async def test_one_that_is_converted_after_it_has_crossed_is_not_converted_there() -> None:
    async with pair(**SETTINGS_ONLY) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.sync("*")
        await to_git(both.source, project)
        await both.source.edit(f"projects/{project['Id']}", Description="changed")
        writes = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert both.destination.writes == writes
        assert await both.destination.step_names("OctoFX") == ["Deploy"]

        copy = await both.destination.named("projects", "OctoFX")
        await to_git(both.destination, copy)
        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.destination.named("projects", "OctoFX"))["Description"] == "changed"


async def test_one_that_the_destination_lacks_is_not_made_without_its_repository() -> None:
    async with pair(**SETTINGS_ONLY) as both:
        project = await both.source.project("OctoFX")
        await to_git(both.source, project)
        outcome = await both.sync("*")
        assert outcome.result is Result.BLOCKED
        found = next(action for action in outcome.plan if action.kind == "project")
        assert "put it under version control there" in found.decisions[-1].text
        assert await both.destination.names("projects") == []


async def test_variables_in_git_on_one_side_alone_are_for_a_person_to_decide() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        for side in (both.source, both.destination):
            project = await side.project("OctoFX")
            await to_git(side, project, variables=side is both.source)
        outcome = await both.sync("*")
        assert outcome.result is Result.BLOCKED
        assert [action.kind for action in outcome.plan.blocked] == ["variable-set"]
        assert "in Git on the source and in the database" in outcome.plan.blocked[0].decisions[-1].text


# ── what others say of one ────────────────────────────────────────────────────────────────────────────────────────────


async def deploying(both: Pair, child: Document) -> Document:
    """A project in the database that deploys the releases of another."""
    parent = await both.source.project("Parent")
    feed = next(one for one in await both.source.get("feeds/all") if one["FeedType"] == "OctopusProject")
    action = {
        "Name": "Release",
        "ActionType": "Octopus.DeployRelease",
        "Properties": {"Octopus.Action.DeployRelease.ProjectId": child["Id"]},
        "Packages": [{"Name": "", "PackageId": child["Id"], "FeedId": feed["Id"]}],
    }
    await both.source.steps(parent, {"Name": "Release", "Actions": [action]})
    return parent


@pytest.mark.parametrize("rule", ["skip", "settings-only"])
@pytest.mark.parametrize("kept", ["in Git", "in the database", "not at all"])
async def test_a_step_that_deploys_its_releases_needs_it_to_be_there_however_it_is_kept(rule: str, kept: str) -> None:
    async with pair(rules={"version_controlled": rule}, first_contact="adopt") as both:
        child = await both.source.project("Child")
        await to_git(both.source, child)
        await deploying(both, child)
        if kept != "not at all":
            copy = await both.destination.project("Child")
            if kept == "in Git":
                await to_git(both.destination, copy)
        outcome = await both.sync("*")
        blocked = {printed(action.path) for action in outcome.plan.blocked}
        if kept == "not at all":
            assert "project/Parent/deployment-process" in blocked
            assert "lives in Git" in said(outcome, "project/Parent/deployment-process")
            return
        [step] = await both.destination.process("Parent")
        assert step["Actions"][0]["Packages"][0]["PackageId"] == copy["Id"]
        apart = kept == "in the database" and rule == "settings-only"
        assert ("project/Child" in blocked) == apart


async def test_a_tenant_is_linked_to_it_though_it_does_not_cross_itself() -> None:
    async with pair(include={"project": ["*"], "tenant": ["*"]}, first_contact="adopt") as both:
        found = await on_both(both)
        environments = await both.source.environments("Test")
        await both.destination.environments("Test")
        for side, project in zip((both.source, both.destination), found, strict=True):
            await side.edit(f"projects/{project['Id']}", TenantedDeploymentMode="TenantedOrUntenanted")
        links = {found[0]["Id"]: list(environments.values())}
        await both.source.post("tenants", {"Name": "Internal", "ProjectEnvironments": links})
        await both.sync("*")
        tenant = await both.destination.named("tenants", "Internal")
        assert list(tenant["ProjectEnvironments"]) == [found[1]["Id"]]
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_one_that_is_kept_otherwise_there_does_not_give_up_its_name() -> None:
    async with pair(**SETTINGS_ONLY) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await to_git(both.source, project)
        await both.source.edit(f"projects/{project['Id']}", Name="Legacy")
        await both.source.project("OctoFX")
        outcome = await both.sync("*")
        assert outcome.result is Result.BLOCKED
        assert await both.destination.names("projects") == ["OctoFX"]


# ── in the queue ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_neither_the_night_nor_a_commit_reads_what_lives_in_git(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, **SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await on_both(both, variables=True)
        await move(both.source, here, "runbooks")
        await move(both.destination, there, "runbooks")
        path = f"{here['SpaceId']}/projects/{here['Id']}/main"
        secret = row("Key", "s3cret", Type="Sensitive")
        await both.source.call("PUT", f"{path}/variables", {"Variables": [secret, row("Url", "https://x")]})
        await both.sync("*")
        state = state_of(fake_redis, ProcessSettings())
        await ticks.catch_up_all(state, both.routes)  # there was no cursor: from now on it knows what is new
        for side in (both.source, both.destination):
            side.sandbox.requests.clear()
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)
        assert (found.differing, found.failed) == ([], [])

        # A save on a branch is told as one of the database's documents would be.
        process_there = f"projects/{here['Id']}/main/deploymentprocesses"
        stored = await both.source.get(process_there)
        both.source.sandbox.requests.clear()
        changed = {**stored, "Steps": [*stored["Steps"], script("More")], "ChangeDescription": "more"}
        await both.source.call("PUT", process_there, changed)
        await both.source.call("PUT", f"{path}/variables", {"Variables": [secret, row("Url", "https://y")]})
        await ticks.catch_up_all(state, both.routes)
        marked = {one.key.document for one in await state.queue.waiting()}
        assert {f"deploymentprocess-{here['Id']}", f"variableset-{here['Id']}"} <= marked
        writes = both.destination.writes
        outcome = await both.sync(f"deploymentprocess-{here['Id']}", f"variableset-{here['Id']}")
        assert outcome.result is Result.UNCHANGED
        assert both.destination.writes == writes
        for side in (both.source, both.destination):
            read = [one.path for one in side.sandbox.requests if one.method == "GET"]
            assert not [one for one in read if "deploymentprocess" in one or "deploymentsettings" in one], read
