"""Step templates, which must be exact, and their versions, which do not travel."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.settings import Settings
from tests.pair import Document, Server, pair, script
from worker.plan.values import printed
from worker.sync.run import Outcome, Result

ALL = {"project": ["*"], "step-template": ["*"]}
BODY = "Octopus.Action.Script.ScriptBody"
ID, VERSION = "Octopus.Action.Template.Id", "Octopus.Action.Template.Version"


async def template(server: Server, name: str, body: str = "echo 0", **more: Any) -> Document:
    fields = {"ActionType": "Octopus.Script", "Properties": {BODY: body}, **more}
    return await server.post("actiontemplates", {"Name": name, **fields})


async def next_version(server: Server, made: Document, body: str, **more: Any) -> Document:
    return await server.edit(f"actiontemplates/{made['Id']}", Properties={BODY: body}, **more)


def uses(name: str, made: Document, version: int, body: str = "echo") -> Document:
    """A step that was made from a version of a template."""
    return script(name, body, Properties={ID: made["Id"], VERSION: str(version)})


async def properties_of(server: Server, project: str) -> dict[str, Document]:
    found = await server.named("projects", project)
    process = await server.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
    return {step["Name"]: step["Actions"][0]["Properties"] for step in process["Steps"]}


async def bodies(server: Server, name: str) -> dict[int, str]:
    """Version → script."""
    made = await server.named("actiontemplates", name)
    return {
        one["Version"]: one["Properties"][BODY] for one in await server.get(f"actiontemplates/{made['Id']}/versions")
    }


def rules_of(outcome: Outcome, path: str) -> list[str]:
    return [one.rule for action in outcome.plan if printed(action.path) == path for one in action.decisions]


PARAMETERS = [
    {"Name": "Url", "Label": "URL", "DefaultValue": "https://x", "DisplaySettings": {}},
    {
        "Name": "Key",
        "DefaultValue": {"HasValue": True, "NewValue": "s3cret"},
        "DisplaySettings": {"Octopus.ControlType": "Sensitive"},
    },
]


@pytest.mark.parametrize("include", [ALL, {"project": ["*"]}], ids=["included", "by closure"])
@pytest.mark.guide("data-step-templates")
async def test_a_missing_template_is_created_with_what_it_refers_to(include: Document) -> None:
    async with pair(include=include) as both:
        feed = await both.source.post(
            "feeds", {"Name": "Packages", "FeedType": "NuGet", "FeedUri": "https://f.example"}
        )
        account = await both.source.post(
            "accounts", {"Name": "Azure", "AccountType": "Token", "Token": {"HasValue": True, "NewValue": "x"}}
        )
        parameters = [
            *PARAMETERS,
            {
                "Name": "Account",
                "DefaultValue": account["Id"],
                "DisplaySettings": {"Octopus.ControlType": "AzureAccount"},
            },
            {
                "Name": "Package",
                "DefaultValue": f'{{"PackageId":"Acme","FeedId":"{feed["Id"]}"}}',
                "DisplaySettings": {"Octopus.ControlType": "Package"},
            },
        ]
        packages = [{"Name": "", "PackageId": "Acme.Web", "FeedId": feed["Id"]}]
        made = await template(both.source, "Say", Parameters=parameters, Packages=packages, Description="Says it")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Deploy", made, 0))

        await both.sync("*")

        there = await both.destination.named("actiontemplates", "Say")
        feed_there = (await both.destination.named("feeds", "Packages"))["Id"]
        defaults = {one["Name"]: one["DefaultValue"] for one in there["Parameters"]}
        assert defaults["Account"] == (await both.destination.named("accounts", "Azure"))["Id"]
        assert defaults["Package"] == f'{{"PackageId":"Acme","FeedId":"{feed_there}"}}'
        assert [one["FeedId"] for one in there["Packages"]] == [feed_there]
        assert (there["Description"], there["ActionType"]) == ("Says it", "Octopus.Script")
        assert "s3cret" not in repr(both.destination.sandbox.store.state)
        assert "placeholder-secret Parameters[Key]/DefaultValue" in await both.reasons()
        assert (await properties_of(both.destination, "OctoFX"))["Deploy"][ID] == there["Id"]
        assert (await both.sync("*")).plan.is_empty


async def test_a_template_that_is_there_becomes_exactly_the_sources_but_for_secrets() -> None:
    async with pair(include=ALL, first_contact="adopt") as both:
        await template(both.source, "Say", "new", Parameters=PARAMETERS)
        mine = {"HasValue": True, "NewValue": "the-real-one"}
        extra = {"Name": "Mine", "DefaultValue": "x", "DisplaySettings": {}}
        await template(
            both.destination,
            "say",
            "old",
            Parameters=[{**PARAMETERS[1], "DefaultValue": mine}, extra, {**PARAMETERS[0], "DefaultValue": "other"}],
        )
        before = await both.destination.named("actiontemplates", "say")

        await both.sync("*")

        after = await both.destination.named("actiontemplates", "Say")
        assert after["Id"] == before["Id"]
        assert [(one["Name"], one["Label"]) for one in after["Parameters"]] == [("Url", "URL"), ("Key", None)]
        assert after["Properties"][BODY] == "new"
        assert "the-real-one" in repr(both.destination.sandbox.store.state)
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == []


@pytest.mark.guide("exact-step-templates")
async def test_an_edit_of_the_destination_is_put_back_and_reported() -> None:
    async with pair(include=ALL) as both:
        await template(both.source, "Say", Parameters=PARAMETERS)
        await both.sync("*")
        there = await both.destination.named("actiontemplates", "Say")
        extra = {"Name": "Mine", "DefaultValue": "x", "DisplaySettings": {}}
        await next_version(both.destination, there, "mine", Parameters=[*there["Parameters"], extra])

        outcome = await both.sync("*")

        found = await both.destination.named("actiontemplates", "Say")
        assert found["Properties"] == {BODY: "echo 0"}
        assert [one["Name"] for one in found["Parameters"]] == ["Url", "Key"]
        assert rules_of(outcome, "step-template/Say") == ["exact:drift"] * 2
        assert (await both.sync("*")).plan.is_empty


async def test_a_type_that_differs_blocks() -> None:
    async with pair(include=ALL) as both:
        await template(both.source, "Say")
        await template(both.destination, "Say", ActionType="Octopus.Manual", Properties={})

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        text = outcome.plan.blocked[0].decisions[-1].text
        assert text == "step-template 'Say' is Octopus.Manual on the destination and Octopus.Script on the source"


async def test_a_rename_crosses() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        await both.sync("*")
        there = await both.destination.named("actiontemplates", "Say")
        await both.source.edit(f"actiontemplates/{made['Id']}", Name="Tell")

        await both.sync("*")

        assert (await both.destination.named("actiontemplates", "Tell"))["Id"] == there["Id"]
        assert (await both.sync("*")).plan.is_empty


# ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_template_that_is_renamed_changes_no_step_of_its_first_version() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        await both.source.steps(await both.source.project("OctoFX"), uses("Hello", made, 0))
        await both.sync("*")
        await both.source.edit(f"actiontemplates/{made['Id']}", Name="Tell")

        outcome = await both.sync("*")

        assert [printed(action.path) for action in outcome.plan.writes] == ["step-template/Tell"]
        assert (await properties_of(both.destination, "OctoFX"))["Hello"][VERSION] == "0"
        assert (await both.sync("*")).plan.is_empty


async def test_a_new_template_brings_the_versions_that_steps_use_and_each_step_gets_its_own() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        for number in range(1, 6):
            await next_version(both.source, made, f"echo {number}")
        project = await both.source.project("OctoFX")
        await both.source.steps(
            project,
            uses("Newest", made, 5, "echo 5"),
            uses("Old", made, 1, "echo 1"),
            uses("Middle", made, 3, "echo 3"),
        )

        await both.sync("*")

        assert await bodies(both.destination, "Say") == {0: "echo 1", 1: "echo 3", 2: "echo 5"}
        steps = await properties_of(both.destination, "OctoFX")
        assert {name: (one[VERSION], one[BODY]) for name, one in steps.items()} == {
            "Newest": ("2", "echo 5"),
            "Old": ("0", "echo 1"),
            "Middle": ("1", "echo 3"),
        }
        assert await both.reasons() == []
        assert (await both.sync("*")).plan.is_empty


async def test_a_new_version_crosses_and_changes_no_step_and_a_step_that_takes_it_follows() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        project = await both.source.project("OctoFX")
        saved = await both.source.steps(project, uses("One", made, 0, "echo 0"), uses("Two", made, 0, "echo 0"))
        await both.sync("*")
        await next_version(both.source, made, "echo 1")

        outcome = await both.sync("*")

        assert [printed(action.path) for action in outcome.plan.writes] == ["step-template/Say"]
        saved["Steps"][1]["Actions"][0]["Properties"] |= {VERSION: "1", BODY: "echo 1"}
        await both.source.steps(project, *saved["Steps"])
        await both.sync("*")
        steps = await properties_of(both.destination, "OctoFX")
        assert {name: one[VERSION] for name, one in steps.items()} == {"One": "0", "Two": "1"}
        assert (await both.sync("*")).plan.is_empty


async def test_versions_that_we_missed_are_written_as_far_as_steps_use_them() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        project = await both.source.project("OctoFX")
        saved = await both.source.steps(project, uses("One", made, 0, "echo 0"))
        await both.sync("*")
        for number in range(1, 5):
            await next_version(both.source, made, f"echo {number}")
        saved["Steps"][0]["Actions"][0]["Properties"] |= {VERSION: "2", BODY: "echo 2"}
        await both.source.steps(project, *saved["Steps"])

        await both.sync("*")

        assert await bodies(both.destination, "Say") == {0: "echo 0", 1: "echo 2", 2: "echo 4"}
        assert (await properties_of(both.destination, "OctoFX"))["One"][VERSION] == "1"
        assert (await both.sync("*")).plan.is_empty


async def test_what_was_there_before_is_recognised_by_its_content() -> None:
    """Somebody copied the template by hand. Its versions are counted otherwise."""
    async with pair(include={"project": ["*"]}, first_contact="adopt") as both:
        made = await template(both.source, "Say", "echo A")
        await next_version(both.source, made, "echo B")
        there = await template(both.destination, "Say", "draft")
        await next_version(both.destination, there, "echo A")
        await next_version(both.destination, there, "echo B")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Old", made, 0, "echo A"), uses("New", made, 1, "echo B"))

        await both.sync("*")

        steps = await properties_of(both.destination, "OctoFX")
        assert {name: one[VERSION] for name, one in steps.items()} == {"Old": "1", "New": "2"}
        assert await bodies(both.destination, "Say") == {0: "draft", 1: "echo A", 2: "echo B"}
        for server in (both.source, both.destination):
            server.sandbox.requests.clear()
        assert (await both.sync("*")).plan.is_empty
        asked = [one.path for one in (*both.source.sandbox.requests, *both.destination.sandbox.requests)]
        assert not [path for path in asked if path.endswith(("/versions", "/usage"))]  # it was remembered


async def test_a_step_of_a_version_that_the_destination_never_had_keeps_its_script_and_is_told() -> None:
    async with pair(include=ALL, first_contact="adopt") as both:
        made = await template(both.source, "Say", "echo A")
        await next_version(both.source, made, "echo B")
        await template(both.destination, "Say", "echo B")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Old", made, 0, "echo A"))

        await both.sync("*")

        old = (await properties_of(both.destination, "OctoFX"))["Old"]
        assert (old[BODY], old[VERSION]) == ("echo A", "0")
        assert await both.reasons() == [f"template-version Steps[Old]/Actions[Old]/Properties/{VERSION}"]
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == [f"template-version Steps[Old]/Actions[Old]/Properties/{VERSION}"]


async def test_after_drift_was_put_back_the_steps_take_the_version_that_has_the_content() -> None:
    async with pair(include=ALL) as both:
        made = await template(both.source, "Say")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("One", made, 0, "echo 0"))
        await both.sync("*")
        await next_version(both.destination, await both.destination.named("actiontemplates", "Say"), "mine")

        await both.sync("*")

        assert await bodies(both.destination, "Say") == {0: "echo 0", 1: "mine", 2: "echo 0"}
        assert (await properties_of(both.destination, "OctoFX"))["One"][VERSION] == "2"
        assert (await both.sync("*")).plan.is_empty


# ── of the community ──────────────────────────────────────────────────────────────────────────────────────────────────

WRITE = "File - Write text"


async def install(server: Server, name: str = WRITE) -> Document:
    found = (await server.get("communityactiontemplates"))["Items"]
    community = next(one for one in found if one["Name"] == name)
    return await server.post(f"communityactiontemplates/{community['Id']}/installation", {})


def publish(server: Server, body: str, name: str = WRITE) -> None:
    """The makers give out a new version, and the server has fetched it."""
    store = server.sandbox.store
    catalogue = store.system.collection("communityactiontemplates")
    for found in catalogue.values():
        if found["Name"] == name:
            found["Version"] += 1
            found["Properties"] = {**found["Properties"], BODY: body}


async def bring_up_to_date(server: Server, installed: Document) -> None:
    await server.call("PUT", f"communityactiontemplates/{installed['CommunityActionTemplateId']}/installation")


async def test_one_of_the_community_is_installed_not_copied() -> None:
    async with pair(include=ALL) as both:
        made = await install(both.source)
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Write", made, made["Version"], "the step's own"))

        await both.sync("*")

        there = await both.destination.named("actiontemplates", WRITE)
        assert there["CommunityActionTemplateId"] not in (None, made["CommunityActionTemplateId"])
        write = (await properties_of(both.destination, "OctoFX"))["Write"]
        assert (write[ID], write[VERSION]) == (there["Id"], str(there["Version"]))
        assert await both.reasons() == []
        assert (await both.sync("*")).plan.is_empty


async def test_one_that_the_source_brought_up_to_date_is_brought_up_to_date() -> None:
    async with pair(include=ALL) as both:
        made = await install(both.source)
        await both.sync("*")
        for server in (both.source, both.destination):
            publish(server, "echo new")
        await bring_up_to_date(both.source, made)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert (await both.destination.named("actiontemplates", WRITE))["Properties"][BODY] == "echo new"
        assert await both.reasons() == []
        assert (await both.sync("*")).plan.is_empty


async def test_a_catalogue_that_has_another_version_is_told_and_nothing_is_tried_again() -> None:
    async with pair(include=ALL) as both:
        publish(both.source, "echo new")
        made = await install(both.source)
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Write", made, made["Version"], "echo new"))

        await both.sync("*")

        left = ["community-version", f"template-version Steps[Write]/Actions[Write]/Properties/{VERSION}"]
        assert await both.reasons() == left
        assert (await properties_of(both.destination, "OctoFX"))["Write"][BODY] == "echo new"
        both.destination.sandbox.requests.clear()
        assert (await both.sync("*")).plan.is_empty
        assert both.destination.writes == 0
        assert await both.reasons() == left

        publish(both.destination, "echo new")
        await bring_up_to_date(both.destination, await both.destination.named("actiontemplates", WRITE))
        await both.sync("*")
        assert "community-version" not in await both.reasons()


async def test_a_server_whose_catalogue_does_not_know_it_blocks_those_who_need_it() -> None:
    async with pair(include=ALL) as both:
        made = await install(both.source)
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("Write", made, made["Version"]))
        catalogue = both.destination.sandbox.store.system.collection("communityactiontemplates")
        for key in [key for key, one in catalogue.items() if one["Name"] == WRITE]:
            del catalogue[key]

        outcome = await both.sync("*")

        blocked = {printed(action.path): action.decisions[-1].text for action in outcome.plan.blocked}
        assert sorted(blocked) == ["project/OctoFX/deployment-process", f"step-template/{WRITE}"]
        assert "the destination has no community-step-template of this name" in blocked[f"step-template/{WRITE}"]


async def test_a_copy_that_somebody_made_of_one_of_the_community_is_no_match() -> None:
    async with pair(include=ALL) as both:
        await install(both.source)
        await template(both.destination, WRITE)

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert "is Octopus.Script on the destination and community" in outcome.plan.blocked[0].decisions[-1].text


@pytest.mark.parametrize("version", ["2021.2.1290", "2023.4.8290"])
async def test_on_older_servers(version: str) -> None:
    settings = [Settings(version=version, first_id=first, seed=first) for first in (1, 5001)]
    async with pair(source=settings[0], destination=settings[1], include=ALL) as both:
        made = await template(both.source, "Say", Parameters=PARAMETERS)
        await next_version(both.source, made, "echo 1", Parameters=PARAMETERS[:1])
        await install(both.source)
        project = await both.source.project("OctoFX")
        await both.source.steps(project, uses("One", made, 0, "echo 0"))

        await both.sync("*")

        assert await bodies(both.destination, "Say") == {0: "echo 0", 1: "echo 1"}
        assert (await both.sync("*")).plan.is_empty


async def test_templates_that_exchange_their_names_keep_their_versions_and_users() -> None:
    async with pair(include=ALL) as both:
        ids = {}
        project = await both.source.project("OctoFX")
        for name in "AB":
            ids[name] = await template(both.source, name, f"echo {name}0")
            ids[name] = await next_version(both.source, ids[name], f"echo {name}1")
        steps = [uses(f"{name}{number}", ids[name], number) for name in "AB" for number in (0, 1)]
        await both.source.steps(project, *steps)
        await both.sync("*")
        there = {name: (await both.destination.named("actiontemplates", name))["Id"] for name in "AB"}
        before = await properties_of(both.destination, "OctoFX")
        for name, new in (("A", "x"), ("B", "A"), ("A", "B")):
            await both.source.edit(f"actiontemplates/{ids[name]['Id']}", Name=new)

        await both.sync("*")

        after = {name: (await both.destination.named("actiontemplates", name))["Id"] for name in "AB"}
        assert after == {"A": there["B"], "B": there["A"]}
        now = await properties_of(both.destination, "OctoFX")
        for step, said in before.items():
            assert now[step][ID] == said[ID]
            name = "AB"["AB".index(step[0]) - 1]
            assert (await bodies(both.destination, name))[int(now[step][VERSION])] == f"echo {step}"
        assert (await both.sync("*")).plan.is_empty
