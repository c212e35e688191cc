"""Projects that are put into Git, or whose parts are, between two runs or on one side alone.

Nothing is written into the wrong place, nothing is taken for removed, and a person is told. And what is deleted of one.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.deletions import furnished, gone, told
from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from tests.version_control import SETTINGS_ONLY, move, on_both, said, to_git
from worker.sync.run import Result, open_route

# ── moving from one to the other between two runs ─────────────────────────────────────────────────────────────────────


async def test_one_that_has_crossed_and_was_put_into_git_since_is_left_behind_and_a_person_is_told() -> None:
    async with pair() as both:
        project = await furnished(both)
        await to_git(both.source, project, variables=True)
        writes = both.destination.writes
        outcome = await both.sync("*")
        assert outcome.result is Result.UNCHANGED
        assert both.destination.writes == writes
        assert await both.reasons() == ["left-behind"]
        assert said(outcome, "project/OctoFX") == "lives in Git, which is not synced (version_controlled: skip)"
        # As soon as it may cross, that is no longer so.
        copy = await both.destination.named("projects", "OctoFX")
        await to_git(both.destination, copy, variables=True)
        await both.with_route(**SETTINGS_ONLY).sync("*")
        assert await both.reasons() == []


@pytest.mark.parametrize("converted", ["source", "destination"])
async def test_a_conversion_that_nobody_has_heard_of_yet_is_seen_when_something_is_read(converted: str) -> None:
    """For some seconds the names of projects are believed, and how they are kept with them."""
    async with pair(**SETTINGS_ONLY) as both:
        project = await furnished(both)
        await both.sync("*")
        await both.source.steps(project, script("Deploy"), script("Test"))
        side: Server = getattr(both, converted)
        await to_git(side, await side.named("projects", "OctoFX"))
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            outcome = await route.sync([f"deploymentprocess-{project['Id']}"])
        text = said(outcome, "project/OctoFX/deployment-process")
        if converted == "source":
            assert text == "lives in Git, which is not synced"
        else:
            assert "convert the one or the other by hand" in text


@pytest.mark.parametrize("removed", ["keep", "remove-ours"])
async def test_variables_that_are_moved_to_git_on_one_side_after_the_other_are_not_taken_for_removed(
    removed: str,
) -> None:
    rules = {"version_controlled": "settings-only", "variables": {"removed": removed}}
    async with pair(rules=rules, first_contact="adopt") as both:
        here, there = await on_both(both)
        await both.source.variables(here, row("Url", "https://x"), row("Key", "s3cret", Type="Sensitive"))
        await both.sync("*")
        before = both.destination.sandbox.requests.writes
        await move(both.source, here, "variables")
        outcome = await both.sync("*")
        assert [action.kind for action in outcome.plan.blocked] == ["variable-set"]
        assert sorted(one["Name"] for one in await both.destination.rows("OctoFX")) == ["Key", "Url"]
        await move(both.destination, there, "variables")
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert both.destination.sandbox.requests.writes == before + 1  # the move itself
        # From now on a secret that is new comes, and what else is there stays on its branches.
        await both.source.call(
            "PUT",
            f"{here['SpaceId']}/projects/{here['Id']}/main/variables",
            {"Variables": [row("Url", "https://y"), row("Token", "t0ken", Type="Sensitive")]},
        )
        await both.sync(f"variableset-{here['Id']}")
        names = sorted(one["Name"] for one in await both.destination.rows("OctoFX"))
        assert names == ["Key", "Token"]  # a secret is never removed
        assert all(one["IsSensitive"] for one in await both.destination.rows("OctoFX"))
        on_branch = await both.destination.get(f"{there['SpaceId']}/projects/{there['Id']}/main/variables")
        assert [one["Value"] for one in on_branch["Variables"] if one["Name"] == "Url"] == ["https://x"]


async def test_a_secret_of_another_environment_leaves_no_row_that_could_hide_one_in_git() -> None:
    """In the database a name of which no row crosses gets one all the same, so that what refers to it finds something.
    Here the name may well be in Git, and a second, unscoped value of it would break what works."""
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, _ = await on_both(both, variables=True)
        environments = await both.source.environments("Production")
        secret = row("Key", "s3cret", {"Environment": [environments["Production"]]}, Type="Sensitive")
        path = f"{here['SpaceId']}/projects/{here['Id']}/main/variables"
        await both.source.call("PUT", path, {"Variables": [row("Key", "for developers"), secret]})
        before = both.destination.writes
        await both.sync("*")
        assert both.destination.writes == before
        assert await both.destination.rows("OctoFX") == []
        assert [one.split()[0] for one in await both.reasons()] == ["secret-not-added"]
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.parametrize("side", ["source", "destination"])
async def test_a_variable_that_was_saved_past_git_is_left_alone_and_a_person_is_told(side: str) -> None:
    """Servers before 2026.1 take one so, and have it twice then (OctopusDeploy/Issues#9824)."""
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await on_both(both, variables=True)
        project = here if side == "source" else there
        await getattr(both, side).variables(project, row("Url", "https://x"))
        secret = row("Key", "s3cret", Type="Sensitive")
        stored = (await both.source.get(f"variables/variableset-{here['Id']}"))["Variables"]
        await both.source.variables(here, *stored, secret)
        await both.sync("*")
        names = [one["Name"] for one in await both.destination.rows("OctoFX")]
        assert sorted(names) == (["Key"] if side == "source" else ["Key", "Url"])
        assert f"kept-apart Variables ({side})" in await both.reasons()
        assert (await both.sync("*")).result is Result.UNCHANGED


async def with_runbook(both: Pair) -> tuple[Document, Document]:
    """On both sides in Git, with a runbook that a trigger runs and a variable is for. Source's and destination's."""
    here, there = await on_both(both)
    runbook = await both.source.runbook(here, "Restart", script("Restart"))
    environments = await both.source.environments("Test")
    await both.destination.environments("Test")
    await both.source.variables(here, row("Mode", "slow", {"ProcessOwner": [runbook["Id"]]}))
    action = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": list(environments.values())}
    filter = {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T09:00:00.000Z"}
    trigger = {"Name": "At night", "ProjectId": here["Id"], "Filter": filter, "Action": action}
    await both.source.post("projecttriggers", trigger)
    assert (await both.sync("*")).result is Result.CHANGED
    return here, there


async def test_runbooks_that_are_moved_to_git_on_the_source_stay_on_the_destination_and_a_person_is_told() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await with_runbook(both)
        before = both.destination.writes
        await move(both.source, here, "runbooks")

        outcome = await both.sync("*")

        assert both.destination.writes == before
        assert "kept-apart PersistenceSettings.ConversionState" in await both.reasons()
        # What names the runbook says why it is not found.
        assert [action.kind for action in outcome.plan.blocked] == ["trigger"]
        assert "live in Git on the source" in said(outcome, "project/OctoFX/trigger/At night")
        [mode] = await both.destination.rows("OctoFX")
        assert mode["Scope"] == {"ProcessOwner": [(await both.destination.named("runbooks", "Restart"))["Id"]]}

        await move(both.destination, there, "runbooks")
        outcome = await both.sync("*")
        assert both.destination.writes == before + 1  # the move itself
        assert "kept-apart PersistenceSettings.ConversionState" not in await both.reasons()


async def test_runbooks_that_are_moved_to_git_on_the_destination_are_not_written_to_its_database() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await with_runbook(both)
        await move(both.destination, there, "runbooks")
        runbook = (await both.source.get("runbooks/all"))[0]
        await both.source.edit(f"runbooks/{runbook['Id']}", Description="changed")
        await both.source.runbook(here, "Another", script("Another"))
        before = both.destination.writes
        outcome = await both.sync("*")
        assert both.destination.writes == before
        assert {action.kind for action in outcome.plan.blocked} >= {"runbook", "runbook-process"}
        assert await both.destination.names("runbooks") == []


async def test_no_credential_of_the_repository_is_lost_when_the_project_is_written() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
        here, there = await on_both(both)
        password = {"Type": "UsernamePassword", "Username": "git", "Password": {"HasValue": True, "NewValue": "s3cret"}}
        for side, project in ((both.source, here), (both.destination, there)):
            document = await side.get(f"projects/{project['Id']}")
            url = f"https://git.example/{project['Id']}"
            settings = {**document["PersistenceSettings"], "Credentials": password, "Url": url}
            await side.edit(f"projects/{project['Id']}", PersistenceSettings=settings)
        await both.source.edit(f"projects/{here['Id']}", Name="OctoFX 2", Description="changed")
        assert (await both.sync("*")).result is Result.CHANGED
        copy = await both.destination.named("projects", "OctoFX 2")
        settings = copy["PersistenceSettings"]
        assert settings["Url"] == f"https://git.example/{there['Id']}"
        assert settings["Credentials"]["Password"]["HasValue"]
        assert (await both.sync("*")).result is Result.UNCHANGED


# ── deletions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DELETE: dict[str, Any] = {"rules": {"version_controlled": "settings-only", "deleted": "delete"}}


async def test_what_may_be_named_in_git_is_not_deleted() -> None:
    async with pair(**DELETE, first_contact="adopt") as both:
        here, _ = await on_both(both)
        beta = await both.source.post("channels", {"Name": "Beta", "ProjectId": here["Id"]})
        runbook = await both.source.runbook(here, "Restart", script("Restart"))
        filter = {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T09:00:00.000Z"}
        action = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": []}
        body = {"Name": "At night", "ProjectId": here["Id"], "Filter": filter, "Action": action}
        trigger = await both.source.post("projecttriggers", body)
        await both.sync("*")
        assert (await both.destination.get("projecttriggers"))["TotalResults"] == 1
        await gone(both, "projecttriggers", trigger)
        await gone(both, "channels", beta)
        await gone(both, "runbooks", runbook)
        await both.sync("*")
        assert sorted(await both.destination.names("channels")) == ["Beta", "Default"]
        assert await both.destination.names("runbooks") == ["Restart"]
        # No document names a trigger.
        assert (await both.destination.get("projecttriggers"))["TotalResults"] == 0
        texts = [text for item, text in await told(both) if item.endswith(("Beta", "Restart"))]
        assert len(texts) == 2
        assert all("lives in Git may name" in text for text in texts)


async def test_a_project_that_somebody_has_put_into_git_there_is_not_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await to_git(both.source, project)
        await to_git(both.destination, await both.destination.named("projects", "OctoFX"))
        await both.sync("*")
        await gone(both, "projects", project)
        await both.sync("*")
        assert await both.destination.names("projects") == ["OctoFX"]
        assert ["lives in Git" in text for item, text in await told(both) if item == "project/OctoFX"] == [True]


async def test_a_project_whose_releases_a_process_in_git_may_deploy_is_not_deleted() -> None:
    async with pair(rules={"deleted": "delete"}) as both:
        await to_git(both.destination, await both.destination.project("Theirs"))
        project = await furnished(both)
        other = await both.source.post("channels", {"Name": "Other", "ProjectId": project["Id"]})
        await both.sync("*")
        # A part of a project in the database is no matter of another that is kept in Git.
        await gone(both, "channels", other)
        await both.sync("*")
        assert "Other" not in await both.destination.names("channels")
        await gone(both, "projects", project)
        await both.sync("*")
        assert sorted(await both.destination.names("projects")) == ["OctoFX", "Theirs"]
        assert any("project/Theirs lives in Git, where a step may deploy" in text for _, text in await told(both))


async def test_a_runbook_that_was_moved_to_git_is_not_taken_for_deleted() -> None:
    async with pair(**DELETE, first_contact="adopt") as both:
        here, _ = await on_both(both)
        runbook = await both.source.runbook(here, "Restart", script("Restart"))
        await both.sync("*")
        await move(both.source, here, "runbooks")
        await both.ledger.deletions.record("dev", "Default", {runbook["Id"]: "2026-01-01T00:00:00+00:00"})
        outcome = await both.sync("*")
        assert await both.destination.names("runbooks") == ["Restart"]
        assert "may have moved there" in said(outcome, "project/OctoFX/runbook/Restart")
