"""Renames and moves: what has another name or another place on the source is the same thing, on the destination too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.faults import Fault
from tests.pair import Document, Pair, Server, pair, row, script
from worker.octopus.errors import OctopusError
from worker.plan.values import BothSides, Op, printed
from worker.sync.run import Outcome, Result


@dataclass
class From(Fault):
    """Hits from the write of that number on."""

    at: int = 0
    seen: int = 0

    def fits(self, method: str, path: str) -> bool:
        if not super().fits(method, path):
            return False
        self.seen += 1
        return self.seen > self.at


SHARED = [
    "environment", "lifecycle", "project-group", "feed", "worker-pool", "account", "machine-policy",
]  # fmt: skip
ALL = {kind: ["*"] for kind in (*SHARED, "library-variable-set", "project", "tag-set", "step-template")}
FOLLOWED: dict[str, Any] = {"include": ALL, "first_contact": "adopt", "rules": {"update": SHARED}}
NEW: dict[str, Document] = {
    "environments": {},
    "lifecycles": {},
    "projectgroups": {},
    "libraryvariablesets": {},
    "workerpools": {"WorkerPoolType": "StaticWorkerPool"},
    "feeds": {"FeedType": "NuGet", "FeedUri": "https://feed.example"},
    "accounts": {"AccountType": "UsernamePassword", "Username": "u"},
    "machinepolicies": {},
    "tagsets": {"Tags": [{"Name": "Tag", "Color": "#227647"}]},
    "actiontemplates": {"ActionType": "Octopus.Script", "Properties": {"Octopus.Action.Script.ScriptBody": "echo"}},
}


async def three(server: Server, collection: str) -> dict[str, str]:
    """Items called A, B and C. Name → id."""
    if collection == "projects":
        return {name: (await server.project(name))["Id"] for name in "ABC"}
    if collection in {"channels", "runbooks"}:
        project = (await server.project("Owner"))["Id"]
        more = {"RunRetentionPolicy": {"QuantityToKeep": 1, "ShouldKeepForever": False}}
        fields = {"ProjectId": project, **(more if collection == "runbooks" else {})}
    else:
        fields = NEW[collection]
    return {name: (await server.post(collection, {"Name": name, **fields}))["Id"] for name in "ABC"}


async def by_id(server: Server, collection: str) -> dict[str, str]:
    return {one["Id"]: one["Name"] for one in await server.get(f"{collection}/all")}


async def rename(server: Server, collection: str, names: dict[str, str]) -> None:
    """Id → new name. By way of names that are free, as a person would."""
    for number, item in enumerate(names):
        await server.edit(f"{collection}/{item}", Name=f"on the way {number}")
    for item, name in names.items():
        await server.edit(f"{collection}/{item}", Name=name)


def renames(outcome: Outcome) -> list[tuple[str, str]]:
    """From which name to which, in order."""
    return [
        (change.before, change.after)
        for action in outcome.plan
        for change in action.changes
        if change.where == "Name" and action.op is Op.UPDATE
    ]


KINDS = [*NEW, "projects", "channels", "runbooks"]


@pytest.mark.parametrize("collection", KINDS)
async def test_a_chain_of_renames_takes_each_name_when_it_is_free(collection: str) -> None:
    async with pair(**FOLLOWED) as both:
        ids = await three(both.source, collection)
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, collection)).items()}
        await rename(both.source, collection, {ids["A"]: "B", ids["B"]: "C", ids["C"]: "D"})

        outcome = await both.sync("*")

        assert renames(outcome) == [("C", "D"), ("B", "C"), ("A", "B")]
        now = await by_id(both.destination, collection)
        assert {name: now[there[name]] for name in "ABC"} == {"A": "B", "B": "C", "C": "D"}
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("collection", KINDS)
async def test_two_items_exchange_their_names_by_way_of_a_third(collection: str) -> None:
    async with pair(**FOLLOWED) as both:
        ids = await three(both.source, collection)
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, collection)).items()}
        await rename(both.source, collection, {ids["A"]: "B", ids["B"]: "A"})

        outcome = await both.sync("*")

        (one, temporary), *others = renames(outcome)
        other = "B" if one == "A" else "A"
        assert temporary.startswith(f"{other} (being renamed, ")
        assert others == [(other, one), (temporary, other)]
        rules = [one.rule for action in outcome.plan for one in action.decisions if one.rule.startswith("rename")]
        assert rules == ["rename:temporary", "rename", "rename"]
        now = await by_id(both.destination, collection)
        assert {name: now[there[name]] for name in "ABC"} == {"A": "B", "B": "A", "C": "C"}
        assert (await both.sync("*")).plan.is_empty


async def test_three_go_round_with_other_changes_and_a_new_one_takes_no_part() -> None:
    async with pair() as both:
        ids = await three(both.source, "projects")
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, "projects")).items()}
        await rename(both.source, "projects", {ids["A"]: "B", ids["B"]: "C", ids["C"]: "A"})
        await both.source.edit(f"projects/{ids['B']}", Description="was B")
        await both.source.project("D")

        outcome = await both.sync("*")

        assert len([one for one in renames(outcome) if "being renamed" in one[1]]) == 1
        now = await by_id(both.destination, "projects")
        assert {name: now.pop(there[name]) for name in "ABC"} == {"A": "B", "B": "C", "C": "A"}
        assert list(now.values()) == ["D"]
        assert (await both.destination.get(f"projects/{there['B']}"))["Description"] == "was B"


@pytest.mark.parametrize("target", ["A", "B"])
async def test_an_exchange_is_one_change_whichever_of_the_two_is_looked_at(target: str) -> None:
    async with pair() as both:
        ids = await three(both.source, "projects")
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, "projects")).items()}
        await rename(both.source, "projects", {ids["A"]: "B", ids["B"]: "A"})
        await both.source.edit(f"projects/{ids['A']}", Description="was A")
        await both.source.edit(f"projects/{ids['B']}", Description="was B")

        await both.sync(ids[target])

        now = await by_id(both.destination, "projects")
        assert (now[there["A"]], now[there["B"]]) == ("B", "A")
        described = {name: (await both.destination.get(f"projects/{there[name]}"))["Description"] for name in "AB"}
        other = "B" if target == "A" else "A"
        assert described[target] == f"was {target}"
        assert not described[other], "of the other, nothing but its name was touched"
        await both.sync(ids[other])
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_an_exchange_that_was_stopped_goes_on(at: int, kind: str) -> None:
    async with pair() as both:
        ids = await three(both.source, "projects")
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, "projects")).items()}
        await rename(both.source, "projects", {ids["A"]: "B", ids["B"]: "A"})

        both.destination.sandbox.faults.add(From(kind, method="PUT", count=50, at=at))
        with pytest.raises(OctopusError):
            await both.sync(ids["A"])
        both.destination.sandbox.faults.clear()
        await both.sync(ids["A"])

        now = await by_id(both.destination, "projects")
        assert {name: now[there[name]] for name in "ABC"} == {"A": "B", "B": "A", "C": "C"}
        assert await both.clean_ups() == []
        assert (await both.sync("*")).plan.is_empty


async def test_a_name_that_only_the_destination_has_is_a_conflict_until_it_is_free() -> None:
    async with pair() as both:
        ids = await three(both.source, "projects")
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, "projects")).items()}
        own = await both.destination.project("Z")
        await both.source.edit(f"projects/{ids['A']}", Name="Z", Description="crosses all the same")

        for _ in range(2):
            await both.sync("*")
            (entry,) = (one.entry for one in await both.clean_ups())
            assert (entry.where, entry.reason) == ("Name", "name-taken")
            assert entry.both == BothSides("A", "Z", "A", "A")
            assert "'Z'" in entry.text
            assert "only the destination has it" in entry.text
        copy = await both.destination.get(f"projects/{there['A']}")
        assert (copy["Name"], copy["Description"]) == ("A", "crosses all the same")

        await both.destination.edit(f"projects/{own['Id']}", Name="Y")
        await both.sync("*")

        assert (await both.destination.get(f"projects/{there['A']}"))["Name"] == "Z"
        assert await both.clean_ups() == []


async def test_a_chain_stops_before_a_name_that_stays() -> None:
    """A → B, and B was renamed on both sides: there it stays what the destination calls it."""
    async with pair() as both:
        ids = await three(both.source, "projects")
        await both.sync("*")
        there = {name: one for one, name in (await by_id(both.destination, "projects")).items()}
        await both.destination.edit(f"projects/{there['B']}", Name="Ours")
        await both.destination.edit(f"projects/{there['C']}", Name="B")
        await rename(both.source, "projects", {ids["B"]: "E", ids["A"]: "B"})

        await both.sync("*")

        now = await by_id(both.destination, "projects")
        assert {name: now[there[name]] for name in "ABC"} == {"A": "A", "B": "E", "C": "B"}
        reasons = {one.entry.reason: one.entry for one in await both.clean_ups()}
        assert reasons.keys() == {"conflict", "name-taken"}, "B was renamed on both sides; its new name is free"
        assert reasons["name-taken"].item == ("project", "B")
        assert "the counterpart of 'C'" in reasons["name-taken"].text
        assert (await both.sync("*")).plan.is_empty


async def test_a_new_item_gets_the_name_that_another_gives_up() -> None:
    """The run is the new item's own: the other is renamed in it, for else it would wait for the other's run."""
    async with pair() as both:
        old = await both.source.project("Web")
        await both.sync("*")
        copy = await both.destination.named("projects", "Web")
        await both.source.edit(f"projects/{old['Id']}", Name="Web (old)")
        new = await both.source.project("Web")

        outcome = await both.sync(f"{new['Id']}/*")

        assert outcome.result is Result.CHANGED
        assert sorted(await both.destination.names("projects")) == ["Web", "Web (old)"]
        assert (await both.destination.get(f"projects/{copy['Id']}"))["Name"] == "Web (old)"


async def test_the_names_of_shared_names_do_not_follow_unless_the_route_says_so() -> None:
    async with pair(include={"lifecycle": ["*"], "project": ["*"]}) as both:
        ids = await three(both.source, "lifecycles")
        await both.sync("*")
        await rename(both.source, "lifecycles", {ids["A"]: "B", ids["B"]: "A"})

        outcome = await both.sync("*")

        assert outcome.plan.is_empty
        assert await both.clean_ups() == []


async def test_a_shared_name_gives_its_name_up_to_no_new_item_unless_the_route_says_so() -> None:
    for update in ([], ["lifecycle"]):
        async with pair(include={"lifecycle": ["Mine*"]}, rules={"update": update}) as both:
            old = await both.source.post("lifecycles", {"Name": "Mine"})
            await both.sync("*")
            there = await both.destination.named("lifecycles", "Mine")
            await both.source.edit(f"lifecycles/{old['Id']}", Name="Mine (old)")
            new = await both.source.post("lifecycles", {"Name": "Mine"})

            outcome = await both.sync(new["Id"])

            assert outcome.result is (Result.CHANGED if update else Result.BLOCKED)
            found = {one["Id"]: one["Name"] for one in await both.destination.get("lifecycles/all")}
            assert found[there["Id"]] == ("Mine (old)" if update else "Mine")
            assert list(found.values()).count("Mine") == 1


@pytest.mark.spacecloner("feature-18")
async def test_rules_releases_and_versions_name_a_step_as_the_destination_calls_it() -> None:
    """Somebody has given it another name there."""
    async with pair() as both:
        project, _ = await furnished(both)
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        (step,) = await both.destination.process("OctoFX")
        step["Name"] = step["Actions"][0]["Name"] = "Web (production)"
        await both.destination.steps(copy, step)
        channel = next(one for one in await both.source.get("channels/all") if one["IsDefault"])
        package = {"DeploymentAction": "Web", "PackageReference": ""}
        rule = {"VersionRange": "[9.0,10.0)", "ActionPackages": [package]}
        await both.source.edit(f"channels/{channel['Id']}", Rules=[rule])
        strategy = {"ChannelId": channel["Id"], "ReleaseCreationPackage": package}
        await both.source.edit(f"projects/{project['Id']}", AutoCreateRelease=True, ReleaseCreationStrategy=strategy)
        donor = {"Template": None, "DonorPackage": package}
        await both.source.edit(f"projects/{project['Id']}/deploymentsettings", VersioningStrategy=donor)

        await both.sync("*")

        there = await both.destination.named("projects", "OctoFX")
        settings = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        found = next(one for one in await both.destination.get("channels/all") if one["IsDefault"])
        rules = [one["ActionPackages"] for one in found["Rules"] if one["VersionRange"] == "[9.0,10.0)"]
        named = {"DeploymentAction": "Web (production)", "PackageReference": ""}
        assert rules == [[named]]
        assert there["ReleaseCreationStrategy"]["ReleaseCreationPackage"] == named
        assert settings["VersioningStrategy"]["DonorPackage"] == named
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_a_project_moves_to_another_group() -> None:
    async with pair() as both:
        groups = {name: (await both.source.post("projectgroups", {"Name": name}))["Id"] for name in ("Old", "New")}
        project = await both.source.project("OctoFX", ProjectGroupId=groups["Old"])
        await both.sync("*")
        await both.source.edit(f"projects/{project['Id']}", ProjectGroupId=groups["New"])

        await both.sync(project["Id"])

        copy = await both.destination.named("projects", "OctoFX")
        group = await both.destination.get(f"projectgroups/{copy['ProjectGroupId']}")
        assert group["Name"] == "New"


@pytest.mark.spacecloner("feature-3", "feature-4")
async def test_channels_runbooks_steps_variables_and_templates_keep_who_they_are() -> None:
    async with pair() as both:
        project, process = await furnished(both)
        await both.sync("*")
        before = await ids_there(both)

        await both.source.edit(f"projects/{project['Id']}", Templates=[{**project["Templates"][0], "Name": "Theme 2"}])
        for kind in ("channels", "runbooks"):
            item = (await both.source.get(f"{kind}/all"))[0]
            await both.source.edit(f"{kind}/{item['Id']}", Name=f"{item['Name']} 2")
        step = process["Steps"][0]
        step["Name"] = step["Actions"][0]["Name"] = "Web 2"
        await both.source.steps(project, *process["Steps"])
        found = await both.source.get(f"variables/variableset-{project['Id']}")
        found["Variables"][0]["Name"] = "Url 2"
        await both.source.variables(project, *found["Variables"])
        await both.sync("*")

        after = await ids_there(both)
        assert after == {f"{name} 2": item for name, item in before.items()}


async def furnished(both: Pair) -> tuple[Document, Document]:
    template = {"Name": "Theme", "DefaultValue": "dark", "DisplaySettings": {}}
    project = await both.source.project("OctoFX", Templates=[template])
    await both.source.runbook(project, "Restart", script("Restart it"))
    process = await both.source.steps(project, script("Web", Packages=[{"Name": "", "PackageId": "Web"}]))
    await both.source.variables(project, row("Url", "https://x"))
    return project, process


async def ids_there(both: Pair) -> dict[str, str]:
    copy = (await both.destination.get("projects/all"))[0]
    process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")
    rows = await both.destination.get(f"variables/variableset-{copy['Id']}")
    channel, runbook = [(await both.destination.get(f"{kind}/all"))[0] for kind in ("channels", "runbooks")]
    found = [*copy["Templates"], *process["Steps"], *rows["Variables"], channel, runbook]
    return {one["Name"]: one["Id"] for one in found}


async def test_what_versions_by_a_renamed_step_follows_it_also_when_only_the_process_is_looked_at() -> None:
    async with pair() as both:
        project, process = await furnished(both)
        donor = {"Template": None, "DonorPackage": {"DeploymentAction": "Web", "PackageReference": ""}}
        await both.source.edit(f"projects/{project['Id']}/deploymentsettings", VersioningStrategy=donor)
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        step = process["Steps"][0]
        step["Name"] = step["Actions"][0]["Name"] = "Web 2"
        step.pop("Slug")
        step["Actions"][0].pop("Slug")
        await both.source.steps(project, step)

        outcome = await both.sync(f"deploymentprocess-{project['Id']}")

        assert outcome.result is Result.CHANGED, outcome.message
        settings = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        assert settings["VersioningStrategy"]["DonorPackage"]["DeploymentAction"] == "Web 2"
        assert await both.destination.names("projects") == ["OctoFX"], "a donor that is gone would break every list"


async def test_a_rule_of_a_channel_follows_the_step_that_it_names_and_the_plan_says_so() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        names = ("The web", "The api")
        steps = (script(name, Packages=[{"Name": "", "PackageId": "X"}]) for name in names)
        process = await both.source.steps(project, *steps)
        packages = [{"DeploymentAction": name, "PackageReference": ""} for name in names]
        rule = {"VersionRange": "[1.0,2.0)", "ActionPackages": packages}
        await both.source.post("channels", {"Name": "Old", "ProjectId": project["Id"], "Rules": [rule]})
        await both.sync("*")
        for step, name in zip(process["Steps"], ("The api", "The site"), strict=True):
            step["Name"] = step["Actions"][0]["Name"] = name
            step.pop("Slug")
            step["Actions"][0].pop("Slug")
        await both.source.steps(project, *process["Steps"])
        planned = (await both.plan("*")).plan

        outcome = await both.sync("*")

        channels = [one for one in planned if one.path[-1] == "Old"]
        assert [printed(one.path) for one in channels] == ["project/OctoFX/channel/Old"], "it is planned once"
        assert [(one.where.rpartition("/")[2], one.before, one.after) for one in channels[0].changes] == [
            ("DeploymentAction", "The web", "The api"),
            ("DeploymentAction", "The api", "The site"),
        ]
        assert not planned.clean_ups
        assert outcome.plan.hash == planned.hash
        copy = await both.destination.named("channels", "Old")
        assert [one["DeploymentAction"] for one in copy["Rules"][0]["ActionPackages"]] == ["The api", "The site"]
        assert not await both.clean_ups()
        assert (await both.sync("*")).plan.is_empty


async def test_texts_that_name_a_step_as_it_was_called_are_left_and_told_of() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        report = script("Report", "echo #{Octopus.Action[Web].Output.Url} #{octopus.action[web].Output.X}")
        process = await both.source.steps(project, script("Web"), report)
        await both.source.variables(
            project,
            row("Kept", "see #{Octopus.Action[Web].Output.Url}"),
            row("Other", "#{Octopus.Action[Web site].Output.Url}"),
        )
        await both.sync("*")
        step = process["Steps"][0]
        step["Name"] = step["Actions"][0]["Name"] = "Web 2"
        await both.source.steps(project, *process["Steps"])
        found = await both.source.get(f"variables/variableset-{project['Id']}")
        found["Variables"][0]["Value"] = "see #{Octopus.Action[Web 2].Output.Url}"
        await both.source.variables(project, *found["Variables"])

        outcome = await both.sync("*")

        entries = {one.entry.where: one.entry for one in await both.clean_ups()}
        body = "Steps[Report]/Actions[Report]/Properties/Octopus.Action.Script.ScriptBody=Web"
        assert entries.keys() == {body, "Variables[Kept]=Web"}, "its value is kept, and so is what it says"
        assert {entry.reason for entry in entries.values()} == {"old-step-name"}
        assert "which is called 'Web 2' now" in entries[body].text
        assert entries["Variables[Kept]=Web"].item == ("project", "OctoFX", "variables")
        assert [one.rule for action in outcome.plan for one in action.decisions].count("old-step-name") == 2
        assert (await both.sync("*")).plan.is_empty
        assert len(await both.clean_ups()) == 2, "until a person closes them"
