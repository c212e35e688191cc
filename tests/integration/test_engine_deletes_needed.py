"""Deletions of what others name: parts of a project, projects that are deployed, sets with values of tenants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deletions import DELETE, furnished, gone, told
from tests.pair import Document, Pair, pair, row, script
from tests.tenancy import say, template, tenancy, values

# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_channels_runbooks_and_triggers_go_and_their_project_stays() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        trigger = {
            "Name": "Nightly",
            "ProjectId": project["Id"],
            "Filter": {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T03:00:00.000Z"},
            "Action": {"ActionType": "RunRunbook", "RunbookId": (await both.source.get("runbooks/all"))[0]["Id"]},
        }
        made = await both.source.post("projecttriggers", trigger)
        await both.sync("*")
        assert len(await both.destination.get("projecttriggers?take=9")) > 0
        ids = [await gone(both, "projecttriggers", made)]
        ids += [await gone(both, "runbooks", one) for one in await both.source.get("runbooks/all")]
        ids += [
            await gone(both, "channels", one) for one in await both.source.get("channels/all") if not one["IsDefault"]
        ]

        outcome = await both.sync(*ids)
        for _ in range(2):
            outcome = await both.sync(*ids)

        assert await both.destination.names("runbooks") == []
        assert await both.destination.names("channels") == ["Default"]
        assert (await both.destination.get("projecttriggers"))["Items"] == []
        assert await told(both) == []
        assert outcome.plan.is_empty
        assert await both.destination.step_names("OctoFX") == ["Deploy"]


async def test_a_channel_that_something_is_scoped_to_stays_until_nothing_is() -> None:
    """The server would delete the step, and take the scope off the variable: it would then apply everywhere."""
    async with pair(**DELETE) as both:
        project = await furnished(both)
        beta = await both.source.named("channels", "Beta")
        await both.source.variables(project, row("Url", "https://x", {"Channel": [beta["Id"]]}))
        await both.sync("*")
        source_id = await gone(both, "channels", beta)

        await both.sync(source_id)
        assert sorted(await both.destination.names("channels")) == ["Beta", "Default"]
        ((item, text),) = await told(both)
        assert (item, "'Beta' is named by variables" in text) == ("project/OctoFX/channel/Beta", True)

        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.variables(copy, row("Url", "https://x"))
        await both.sync(source_id)
        assert await both.destination.names("channels") == ["Default"]
        assert await told(both) == []


# ── projects whose releases others deploy ─────────────────────────────────────────────────────────────────────────────


def deploys(project: Document) -> Document:
    """A step that deploys the releases of a project."""
    action = {
        "Name": "Deploy it",
        "ActionType": "Octopus.DeployRelease",
        "Properties": {"Octopus.Action.DeployRelease.ProjectId": project["Id"]},
        "Packages": [{"Name": "", "PackageId": project["Id"], "FeedId": "feeds-builtin-releases"}],
    }
    return {"Name": "Deploy it", "Actions": [action]}


@pytest.mark.parametrize("where", ["process", "runbook"])
async def test_a_project_that_a_step_of_another_deploys_stays_until_none_does(where: str) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        copy = await both.destination.named("projects", "OctoFX")
        train = await both.destination.project("Train")
        if where == "process":
            await both.destination.steps(train, script("First"), deploys(copy))
        else:
            runbook = await both.destination.runbook(train, "All", deploys(copy))
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.plan.is_empty
        assert sorted(await both.destination.names("projects")) == ["OctoFX", "Train"]
        ((item, text),) = await told(both)
        assert item == "project/OctoFX"
        named = "project/Train/deployment-process" if where == "process" else "project/Train/runbook/All/process"
        assert f"{named} deploys its releases" in text

        if where == "process":
            await both.destination.steps(train, script("First"))
        else:
            await both.destination.call("DELETE", f"runbooks/{runbook['Id']}")
        await both.sync(f"{source_id}/*")
        assert await both.destination.names("projects") == ["Train"]
        assert await told(both) == []


async def test_two_projects_of_which_one_deploys_the_other_go_together() -> None:
    async with pair(**DELETE) as both:
        child = await both.source.project("Child")
        parent = await both.source.project("Parent")
        await both.source.steps(parent, deploys(child))
        await both.sync("*")
        ids = [await gone(both, "projects", one) for one in (parent, child)]

        await both.sync(*ids)

        assert await both.destination.names("projects") == []
        assert await told(both) == []


# ── library sets for which tenants have values ────────────────────────────────────────────────────────────────────────

TENANTS: dict[str, Any] = {
    "include": {"project": ["*"], "library-variable-set": ["*"], "tenant": ["*"]},
    "rules": {"deleted": "delete", "removed": "remove-ours"},
}


async def shared_set(both: Pair) -> Document:
    """A library set, of which a tenant has a value on both sides. Returns the source's."""
    await both.destination.environments("Staging", "Production")
    world = await tenancy(both.source, common=(template("Region"), template("Colour")))
    await world.say(common={"Region": "eu"})
    await both.sync("*")
    assert (await values(both.destination))["Shared[Region]"] == "eu"
    return world.library


async def dropped(both: Pair, library: Document) -> list[str]:
    """No project of the source has it any more, and it is deleted. Returns what its events mark."""
    project = await both.source.named("projects", "OctoFX")
    await both.source.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=[])
    return [project["Id"], await gone(both, "libraryvariablesets", library)]


async def test_a_library_set_goes_with_the_values_of_tenants_that_are_ours() -> None:
    async with pair(**TENANTS) as both:
        targets = await dropped(both, await shared_set(both))

        await both.sync(*targets)

        assert await both.destination.names("libraryvariablesets") == []
        assert [text for item, text in await told(both) if item == "library-variable-set/Shared"] == []


async def test_a_library_set_for_which_a_tenant_has_a_value_of_its_own_stays() -> None:
    async with pair(**TENANTS) as both:
        library = await shared_set(both)
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu", "Colour": "red"}, {})

        await both.sync(*await dropped(both, library))

        assert await both.destination.names("libraryvariablesets") == ["Shared"]
        texts = [text for item, text in await told(both) if item == "library-variable-set/Shared"]
        assert ["tenant/Internal has a value of its own for Colour" in text for text in texts] == [True]


async def test_a_library_set_of_which_no_value_shows_stays_where_there_may_be_some() -> None:
    async with pair(**TENANTS) as both:
        library = await shared_set(both)
        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.edit(f"projects/{copy['Id']}", IncludedLibraryVariableSetIds=[])

        await both.sync(*await dropped(both, library))

        assert await both.destination.names("libraryvariablesets") == ["Shared"]
        texts = [text for item, text in await told(both) if item == "library-variable-set/Shared"]
        assert ["tenants may have values for Colour, Region" in text for text in texts] == [True]
