"""Projects that are kept in Git: what lives in the database may cross, what lives in Git never does, and no project is
ever converted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pair import Document, Pair, Server, pair, row, script
from worker.plan.values import Op, Plan
from worker.sync.run import Result

SETTINGS_ONLY: dict[str, Any] = {"rules": {"version_controlled": "settings-only"}}


async def to_git(server: Server, project: Document, *, variables: bool = False) -> None:
    settings = {"Url": "https://git.example/octofx", "DefaultBranch": "main", "BasePath": ".octopus"}
    body = {"VersionControlSettings": settings, "ChangeDescription": "to Git"}
    await server.call("POST", f"projects/{project['Id']}/git/convert", body)
    if variables:
        body = {"Branch": "main", "CommitMessage": "variables too"}
        await server.call("POST", f"{project['SpaceId']}/projects/{project['Id']}/git/migrate-variables", body)


async def on_both(both: Pair, *, variables: bool = False) -> tuple[Document, Document]:
    """A project of one name on both sides, each kept in Git, made by hand there. Source's and destination's."""
    found = []
    for side in (both.source, both.destination):
        project = await side.project("OctoFX")
        await side.steps(project, script("Deploy", Packages=[{"Name": "", "PackageId": "Web"}]))
        await to_git(side, project, variables=variables)
        found.append(project)
    return found[0], found[1]


async def process(server: Server, project: Document) -> Any:
    return (await server.get(f"projects/{project['Id']}/main/deploymentprocesses"))["Steps"]


def ops(plan: Plan) -> dict[tuple[str, ...], Op]:
    return {action.path[2:]: action.op for action in plan}


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


async def test_of_variables_that_were_moved_to_git_only_the_secrets_cross() -> None:
    async with pair(**SETTINGS_ONLY, first_contact="adopt") as both:
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
