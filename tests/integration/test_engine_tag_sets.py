"""Tag sets, which must be exact: created, put back, renamed; and every document that names a tag follows."""

from __future__ import annotations

from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings as ProcessSettings
from sandbox.settings import Settings
from tests.pair import ROUTE, Document, Server, pair, row, script
from worker.plan.values import Op, printed
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import Outcome, Result, open_route

ALL = {"project": ["*"], "tag-set": ["*"], "environment": ["*"]}


def tag(name: str, **more: Any) -> Document:
    return {"Name": name, "Color": "#227647", **more}


async def tag_set(server: Server, name: str, *tags: str, **more: Any) -> Document:
    return await server.post("tagsets", {"Name": name, "Tags": [tag(one) for one in tags], **more})


async def tags_of(server: Server, name: str) -> list[str]:
    return [one["Name"] for one in (await server.named("tagsets", name))["Tags"]]


def rules_of(outcome: Outcome, path: str) -> list[str]:
    return [one.rule for action in outcome.plan if printed(action.path) == path for one in action.decisions]


async def scoped_project(server: Server, *tags: str) -> Document:
    """A project whose channel, step and variable are for tenants with some tags only."""
    project = await server.project("OctoFX", TenantedDeploymentMode="TenantedOrUntenanted")
    await server.post("channels", {"Name": "Some", "ProjectId": project["Id"], "TenantTags": list(tags)})
    await server.steps(project, script("Deploy", TenantTags=list(tags)))
    await server.variables(project, row("Url", "https://x", {"TenantTag": tags}))
    return project


async def named_tags(server: Server) -> list[list[str]]:
    """The tags of the channel, the step and the variable."""
    project = await server.named("projects", "OctoFX")
    channel = await server.named("channels", "Some")
    process = await server.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
    variables = await server.get(f"variables/variableset-{project['Id']}")
    return [
        channel["TenantTags"],
        process["Steps"][0]["Actions"][0]["TenantTags"],
        variables["Variables"][0]["Scope"]["TenantTag"],
    ]


@pytest.mark.parametrize("include", [ALL, {"project": ["*"]}], ids=["included", "by closure"])
@pytest.mark.guide("data-tenant-tags")
async def test_a_missing_set_is_created_with_its_tags_before_what_names_them(include: Document) -> None:
    async with pair(include=include) as both:
        await tag_set(both.source, "Region", "North", "South", Description="Where", Scopes=["Tenant", "Project"])
        await scoped_project(both.source, "Region/South")

        outcome = await both.sync("*")

        there = await both.destination.named("tagsets", "Region")
        assert [one["Name"] for one in there["Tags"]] == ["North", "South"]
        assert {one["Color"] for one in there["Tags"]} == {"#227647"}
        assert (there["Description"], there["Type"], there["Scopes"]) == ("Where", "MultiSelect", ["Tenant", "Project"])
        assert await named_tags(both.destination) == [["Region/South"]] * 3
        assert outcome.result is Result.CHANGED
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide("exact-tenant-tags")
async def test_a_set_that_is_there_becomes_as_the_sources_and_keeps_what_only_it_has() -> None:
    async with pair(include={"tag-set": ["*"]}, first_contact="adopt") as both:
        await tag_set(both.source, "Region", "North", "South", Description="Where")
        await tag_set(both.destination, "region", "East", "south", Description="Other")
        before = await both.destination.named("tagsets", "region")

        await both.sync("*")

        after = await both.destination.named("tagsets", "Region")
        assert after["Id"] == before["Id"]
        assert after["Description"] == "Where"
        assert sorted(one["Name"] for one in after["Tags"]) == ["East", "North", "South"]
        kept = {one["Id"]: one["Name"] for one in after["Tags"]}
        assert [kept[one["Id"]] for one in before["Tags"]] == ["East", "South"]
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == []


@pytest.mark.guide("exact-tenant-tags")
async def test_an_edit_of_the_destination_is_put_back_and_reported() -> None:
    async with pair(include={"tag-set": ["*"]}) as both:
        await tag_set(both.source, "Region", "North", "South")
        await both.sync("*")
        there = await both.destination.named("tagsets", "Region")
        north, _ = there["Tags"]
        await both.destination.edit(
            f"tagsets/{there['Id']}", Description="Mine", Tags=[north | {"Color": "#000000"}, tag("West")]
        )

        outcome = await both.sync("*")

        there = await both.destination.named("tagsets", "Region")
        assert [one["Name"] for one in there["Tags"]] == ["North", "West", "South"]
        assert (there["Tags"][0]["Color"], there["Description"]) == ("#227647", None)
        assert rules_of(outcome, "tag-set/Region").count("exact:drift") == 3
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide("exact-tenant-tags")
async def test_a_renamed_tag_is_a_rename_and_all_that_names_it_follows() -> None:
    async with pair(include=ALL) as both:
        here = await tag_set(both.source, "Region", "North", "South")
        await scoped_project(both.source, "Region/South")
        await both.sync("*")
        there = await both.destination.named("tagsets", "Region")
        north, south = here["Tags"]
        await both.source.edit(f"tagsets/{here['Id']}", Tags=[north, south | {"Name": "Süd"}])

        outcome = await both.sync("*")

        after = await both.destination.named("tagsets", "Region")
        assert [one["Id"] for one in after["Tags"]] == [one["Id"] for one in there["Tags"]]
        assert await named_tags(both.destination) == [["Region/Süd"]] * 3
        assert [printed(action.path) for action in outcome.plan.writes] == ["tag-set/Region"]
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == []


async def test_what_is_written_with_a_rename_names_the_new_tags() -> None:
    """The set is written first, and the server then knows the new names only."""
    async with pair(include=ALL) as both:
        here = await tag_set(both.source, "Region", "North", "South")
        project = await scoped_project(both.source, "Region/South")
        await both.sync("*")
        north, south = here["Tags"]
        await both.source.edit(
            f"tagsets/{here['Id']}", Name="Gegend", Tags=[tag("Ost"), south, north | {"Name": "Nord"}]
        )
        channel = await both.source.named("channels", "Some")
        await both.source.edit(
            f"channels/{channel['Id']}", Description="Edited", TenantTags=["Gegend/Nord", "Gegend/South"]
        )
        await both.source.post(
            "channels", {"Name": "New", "ProjectId": project["Id"], "TenantTags": ["Gegend/Ost", "Gegend/Nord"]}
        )
        both.destination.sandbox.requests.clear()

        await both.sync("*")

        assert sorted((await both.destination.named("channels", "Some"))["TenantTags"]) == [
            "Gegend/Nord",
            "Gegend/South",
        ]
        assert sorted((await both.destination.named("channels", "New"))["TenantTags"]) == ["Gegend/Nord", "Gegend/Ost"]
        assert both.destination.writes == 3
        assert (await both.sync("*")).plan.is_empty


async def test_after_a_rename_what_we_wrote_is_still_known_for_ours() -> None:
    rules = {"preset": "mirror"}
    async with pair(include=ALL, rules=rules, first_contact="adopt") as both:
        here = await tag_set(both.source, "Region", "North", "South")
        project = await scoped_project(both.source, "Region/North", "Region/South")
        await both.sync("*")
        north, south = here["Tags"]
        await both.source.edit(f"tagsets/{here['Id']}", Tags=[north | {"Name": "Nord"}, south])
        await both.sync(here["Id"])

        channel = await both.source.named("channels", "Some")
        await both.source.edit(f"channels/{channel['Id']}", TenantTags=["Region/South"])
        await both.source.variables(project)
        await both.sync("*")

        assert (await both.destination.named("channels", "Some"))["TenantTags"] == ["Region/South"]
        there = await both.destination.named("projects", "OctoFX")
        assert (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"] == []
        assert await both.reasons() == []


async def test_a_mapped_set_has_its_own_name_there() -> None:
    async with pair(include=ALL, maps={"tag-set": {"Region": "Gegend"}}, first_contact="adopt") as both:
        await tag_set(both.source, "Region", "North")
        await tag_set(both.destination, "Gegend", "Ost")
        await scoped_project(both.source, "Region/North")

        await both.sync("*")

        assert await named_tags(both.destination) == [["Gegend/North"]] * 3
        assert await both.destination.names("tagsets") == ["Gegend"]
        assert (await both.sync("*")).plan.is_empty


async def test_a_tag_that_is_yet_to_cross_is_waited_for() -> None:
    """Were it left out, the step would stay at home, or run for everybody."""
    async with pair(include=ALL) as both:
        here = await tag_set(both.source, "Region", "North")
        project = await scoped_project(both.source, "Region/North")
        await both.sync("*")
        await both.source.edit(f"tagsets/{here['Id']}", Tags=[*here["Tags"], tag("East")])
        process = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        process["Steps"][0]["Actions"][0]["TenantTags"] = ["Region/East"]
        await both.source.steps(project, *process["Steps"])
        await both.source.variables(project, row("Url", "https://x", {"TenantTag": ["Region/East"]}))

        process_id, variables_id = f"deploymentprocess-{project['Id']}", f"variableset-{project['Id']}"
        outcome = await both.sync(process_id)

        assert outcome.result is Result.BLOCKED
        assert "waits for Region/East" in outcome.plan.blocked[0].decisions[-1].text
        assert (await both.sync(variables_id)).result is Result.BLOCKED
        assert await both.ledger.awaited.by("dev-to-prod", [here["Id"]]) == [process_id, variables_id]
        await both.sync(here["Id"])
        await both.sync(process_id)
        await both.sync(variables_id)
        assert (await named_tags(both.destination))[1:] == [["Region/East"]] * 2


async def test_a_tag_that_the_route_does_not_bring_is_left_out_with_a_clean_up_entry() -> None:
    async with pair(include={"project": ["*"], "account": ["*"]}) as both:
        await tag_set(both.source, "Region", "North", "East")
        await tag_set(both.destination, "Region", "North")
        fields = {"AccountType": "UsernamePassword", "Username": "me", "TenantTags": ["Region/North", "Region/East"]}
        await both.source.post("accounts", {"Name": "Robot", **fields})

        await both.sync("*")

        assert (await both.destination.named("accounts", "Robot"))["TenantTags"] == ["Region/North"]
        assert await tags_of(both.destination, "Region") == ["North"]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("removed", ["keep", "remove-ours"])
async def test_a_tag_that_the_source_dropped_stays_or_goes_as_the_route_says(removed: str) -> None:
    async with pair(include={"tag-set": ["*"]}, rules={"removed": removed}) as both:
        here = await tag_set(both.source, "Region", "North", "South")
        await both.sync("*")
        await both.source.edit(f"tagsets/{here['Id']}", Tags=here["Tags"][:1])

        await both.sync("*")

        stays = removed == "keep"
        assert await tags_of(both.destination, "Region") == (["North", "South"] if stays else ["North"])
        assert await both.reasons() == (["removed-on-source Tags[South]"] if stays else [])
        assert (await both.sync("*")).plan.is_empty


async def test_a_tag_in_use_that_the_server_will_not_give_up_withholds_nothing_else() -> None:
    async with pair(include={"tag-set": ["*"]}, rules={"removed": "remove-ours"}) as both:
        here = await tag_set(both.source, "Region", "North", "South", "West")
        await both.sync("*")
        await both.destination.post(
            "tenants", {"Name": "Acme", "TenantTags": ["Region/South"], "ProjectEnvironments": {}}
        )
        await both.source.edit(f"tagsets/{here['Id']}", Description="Edited", Tags=[*here["Tags"][:1], tag("East")])

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await tags_of(both.destination, "Region") == ["North", "South", "West", "East"]
        assert (await both.destination.named("tagsets", "Region"))["Description"] == "Edited"
        assert await both.reasons() == ["in-use Tags[South]", "in-use Tags[West]"]
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == ["in-use Tags[South]", "in-use Tags[West]"]


async def test_a_tag_that_was_in_use_is_asked_for_again_every_night(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, include={"tag-set": ["*"]}, rules={"removed": "remove-ours"}) as both:
        here = await tag_set(both.source, "Region", "North", "South")
        await both.sync("*")
        fields = {"Name": "Acme", "TenantTags": ["Region/South"], "ProjectEnvironments": {}}
        acme = await both.destination.post("tenants", fields)
        await both.source.edit(f"tagsets/{here['Id']}", Tags=here["Tags"][:1])
        await both.sync("*")
        await both.destination.edit(f"tenants/{acme['Id']}", TenantTags=[])
        assert (await both.sync("*")).plan.is_empty

        state = state_of(fake_redis, ProcessSettings())
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await compare(route, state.queue, state.comparisons)

        assert [one.key.document for one in await state.queue.waiting()] == [here["Id"]]
        await both.sync(here["Id"])
        assert await tags_of(both.destination, "Region") == ["North"]
        assert await both.reasons() == []


async def test_a_tag_goes_once_the_rest_of_the_plan_has_let_go_of_it() -> None:
    async with pair(include=ALL, rules={"preset": "mirror"}, first_contact="adopt") as both:
        here = await tag_set(both.source, "Region", "North", "South")
        project = await scoped_project(both.source, "Region/South")
        await both.sync("*")
        channel = await both.source.named("channels", "Some")
        await both.source.edit(f"channels/{channel['Id']}", TenantTags=["Region/North"])
        await both.source.steps(project, script("Deploy", TenantTags=["Region/North"]))
        await both.source.variables(project, row("Url", "https://x", {"TenantTag": ["Region/North"]}))
        await both.source.edit(f"tagsets/{here['Id']}", Tags=[here["Tags"][0], tag("East")])

        await both.sync("*")

        assert await tags_of(both.destination, "Region") == ["North", "East"]
        assert await named_tags(both.destination) == [["Region/North"]] * 3
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == []


async def test_text_of_a_free_set_crosses_as_it_is() -> None:
    async with pair(include=ALL) as both:
        await tag_set(both.source, "Team", Type="FreeText", Scopes=["Project", "Environment"])
        await both.source.project("OctoFX", ProjectTags=["Team/Blue / 7"])

        await both.sync("*")

        assert (await both.destination.named("projects", "OctoFX"))["ProjectTags"] == ["Team/Blue / 7"]
        assert (await both.destination.named("tagsets", "Team"))["Type"] == "FreeText"
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("version", ["2021.2.1290", "2023.4.8290"])
async def test_servers_that_know_no_types_and_scopes(version: str) -> None:
    settings = [Settings(version=version, first_id=first, seed=first) for first in (1, 5001)]
    include = {"tag-set": ["*"]}
    async with pair(source=settings[0], destination=settings[1], include=include, first_contact="adopt") as both:
        await tag_set(both.source, "Region", "North")
        await tag_set(both.source, "Both", "A")
        await tag_set(both.destination, "Both", "A")

        outcome = await both.sync("*")

        assert [printed(action.path) for action in outcome.plan if action.op is Op.CREATE] == ["tag-set/Region"]
        assert await tags_of(both.destination, "Region") == ["North"]
        assert (await both.sync("*")).plan.is_empty


async def test_sets_that_exchange_their_names_keep_their_users() -> None:
    async with pair(include=ALL) as both:
        await tag_set(both.source, "Region", "North", "South")
        await tag_set(both.source, "Plan", "North", "Gold")
        await scoped_project(both.source, "Region/North", "Plan/Gold")
        await both.sync("*")
        ids = {name: (await both.destination.named("tagsets", name))["Id"] for name in ("Region", "Plan")}
        for name, new in (("Region", "x"), ("Plan", "Region"), ("x", "Plan")):
            found = await both.source.named("tagsets", name)
            await both.source.edit(f"tagsets/{found['Id']}", Name=new)

        await both.sync("*")

        there = {name: (await both.destination.named("tagsets", name))["Id"] for name in ("Region", "Plan")}
        assert there == {"Region": ids["Plan"], "Plan": ids["Region"]}
        assert await tags_of(both.destination, "Region") == ["North", "Gold"]
        assert [sorted(tags) for tags in await named_tags(both.destination)] == [["Plan/North", "Region/Gold"]] * 3
        assert (await both.sync("*")).plan.is_empty
