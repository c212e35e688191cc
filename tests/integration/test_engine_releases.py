"""Every kind between servers of different releases, with a destination that refuses what it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.settings import Settings
from tests.furnished import EVERY_KIND, furnish, kinds_of
from tests.pair import ROUTE, Document, Pair, pair, script
from tests.property.engine import sync, told
from worker.plan.values import Op
from worker.sync.run import Outcome, Result

PAIRS = [
    ("2021.2.1290", "2021.2.1290"),
    ("2021.2.1290", "2021.3.8330"),
    ("2021.3.8330", "2021.2.1290"),
    ("2023.4.8290", "2023.4.8290"),
    ("2023.3.13026", "2023.4.8290"),
    ("2023.4.8290", "2023.3.13026"),
    ("2025.2.1", "2025.3.14000"),
    ("2025.3.14000", "2025.2.1"),
    ("2026.1.9674", "2026.1.9674"),
    ("2026.1.9674", "2026.2.1"),
    ("2026.2.1", "2026.1.9674"),
]
COLLECTIONS = (
    "environments", "lifecycles", "projectgroups", "feeds", "accounts", "workerpools", "tagsets", "tenants",
    "libraryvariablesets", "projects", "channels", "runbooks", "machinepolicies", "actiontemplates", "Spaces-1/teams",
)  # fmt: skip


def of(source: str, destination: str) -> dict[str, Settings]:
    return {
        "source": Settings(first_id=1, version=source),
        "destination": Settings(first_id=5001, seed=7, version=destination, strict=True),
    }


async def names(both: Pair) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    here = {kind: sorted(await both.source.names(kind)) for kind in COLLECTIONS}
    there = {kind: kind.replace("Spaces-1/", "Spaces-5001/") for kind in COLLECTIONS}
    return here, {kind: sorted(await both.destination.names(there[kind])) for kind in COLLECTIONS}


def release_decisions(outcome: Outcome) -> set[tuple[str, str]]:
    return {(action.kind, one.where) for action in outcome.plan for one in action.decisions if one.rule == "release"}


@pytest.mark.guide("version-fields")
@pytest.mark.spacecloner("feature-27")
@pytest.mark.parametrize(("source", "destination"), PAIRS)
async def test_every_kind_crosses_to_a_strict_server(source: str, destination: str) -> None:
    async with pair(
        **of(source, destination), include=kinds_of(min(source, destination)), first_contact="adopt"
    ) as both:
        await furnish(both.source)

        outcome = await sync(both)

        assert outcome.result is Result.CHANGED, told(outcome)
        assert not [action for action in outcome.plan if action.op is Op.BLOCK], told(outcome)
        here, there = await names(both)
        assert there == here
        again = await both.sync("*")
        assert again.result is Result.UNCHANGED, told(again)


# ── upgrades ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def upgrade(both: Pair, source: str, destination: str) -> None:
    await both.source.upgrade(source)
    await both.destination.upgrade(destination)
    for instance in ("dev", "prod"):
        await both.ledger.servers.doubt(instance)


async def process_of(both: Pair, project: str = "OctoFX") -> Document:
    found = await both.destination.named("projects", project)
    process: Document = await both.destination.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
    return process


async def edit_the_destination(both: Pair) -> dict[str, Any]:
    """As somebody does who works there. Returns what must stay."""
    project = await both.destination.named("projects", "OctoFX")
    await both.destination.edit(f"projects/{project['Id']}", Description="ours")
    steps = (await process_of(both))["Steps"]
    steps[0]["Actions"][0]["Notes"] = "ours"
    steps[3]["Actions"][0]["IsDisabled"] = False
    await both.destination.steps(project, *steps)
    runbook = await both.destination.named("runbooks", "Restart")
    await both.destination.edit(f"runbooks/{runbook['Id']}", Description="ours")
    return await edited(both)


async def edited(both: Pair) -> dict[str, Any]:
    steps = (await process_of(both))["Steps"]
    return {
        "project": (await both.destination.named("projects", "OctoFX"))["Description"],
        "notes": steps[0]["Actions"][0]["Notes"],
        "disabled": steps[3]["Actions"][0]["IsDisabled"],
        "runbook": (await both.destination.named("runbooks", "Restart"))["Description"],
    }


@pytest.mark.guide("maintenance")
async def test_an_upgrade_of_both_changes_nothing_by_itself() -> None:
    async with pair(
        source=Settings(first_id=1, version="2021.2.1290"),
        destination=Settings(first_id=5001, seed=7, version="2021.2.1290"),
        include=EVERY_KIND,
        first_contact="adopt",
    ) as both:
        project = await furnish(both.source)
        await sync(both)
        ours = await edit_the_destination(both)
        assert (await both.sync("*")).result is Result.UNCHANGED
        for version in ("2023.4.8290", "2026.1.9674"):
            await upgrade(both, version, version)

            outcome = await both.sync("*")

            assert outcome.result is Result.UNCHANGED, told(outcome)
            assert await edited(both) == ours
            assert [one.entry.reason for one in await both.clean_ups() if one.entry.reason == "conflict"] == []
        await both.source.edit(f"projects/{project['Id']}", ReleaseNotesTemplate="#{Notes}")
        outcome = await both.sync("*")
        assert await edited(both) == ours
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.parametrize("first", ["source", "destination"])
async def test_one_side_is_upgraded_before_the_other(first: str) -> None:
    async with pair(include=EVERY_KIND, first_contact="adopt") as both:
        await furnish(both.source)
        await sync(both)
        ours = await edit_the_destination(both)
        versions = {"source": "2026.1.9674", "destination": "2026.1.9674", first: "2026.2.1"}
        for pair_of in (versions, {"source": "2026.2.1", "destination": "2026.2.1"}):
            await upgrade(both, pair_of["source"], pair_of["destination"])

            outcome = await both.sync("*")

            assert outcome.result is Result.UNCHANGED, told(outcome)
            assert await edited(both) == ours


async def test_what_the_destination_came_to_know_crosses_then() -> None:
    async with pair(**of("2023.4.8290", "2023.3.13026")) as both:
        project = await both.source.project("OctoFX")
        dependency = {"Name": "charts", "RepositoryUri": "https://git.example/c", "GitCredentialType": "Anonymous"}
        await both.source.steps(project, script("Charts", GitDependencies=[dependency]))
        outcome = await both.sync("*")
        place = "Steps[].Actions[].GitDependencies"
        assert release_decisions(outcome) == {("deployment-process", place)}
        left_out = [one.entry for one in await both.clean_ups() if one.entry.reason == "left-out-for-release"]
        assert [entry.where for entry in left_out] == [place]

        await upgrade(both, "2023.4.8290", "2023.4.8290")
        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert release_decisions(outcome) == set()
        (found,) = (await process_of(both))["Steps"][0]["Actions"][0]["GitDependencies"]
        assert found["RepositoryUri"] == "https://git.example/c"
        assert [one for one in await both.clean_ups() if one.entry.reason == "left-out-for-release"] == []
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.guide("maintenance")
async def test_a_field_that_an_upgrade_brought_is_the_destinations_to_set() -> None:
    """And what the source sets of it crosses, until somebody has set it there."""
    async with pair(
        source=Settings(first_id=1, version="2023.4.8290"),
        destination=Settings(first_id=5001, seed=7, version="2023.4.8290"),
    ) as both:
        ours, theirs = await both.source.project("Ours"), await both.source.project("Theirs")
        await both.sync("*")
        await upgrade(both, "2026.1.9674", "2026.1.9674")
        there = await both.destination.named("projects", "Ours")
        await both.destination.edit(f"projects/{there['Id']}", AllowIgnoreChannelRules=False)
        await both.source.edit(f"projects/{theirs['Id']}", AllowIgnoreChannelRules=False)

        outcome = await both.sync("*")

        assert outcome.writes == 1, told(outcome)
        assert (await both.destination.named("projects", "Theirs"))["AllowIgnoreChannelRules"] is False
        assert (await both.destination.named("projects", "Ours"))["AllowIgnoreChannelRules"] is False
        assert (await both.source.named("projects", "Ours"))["AllowIgnoreChannelRules"] is True
        assert [one.entry.reason for one in await both.clean_ups()] == []
        await both.source.edit(f"projects/{ours['Id']}", Description="new")
        await both.sync("*")
        found = await both.destination.named("projects", "Ours")
        assert (found["Description"], found["AllowIgnoreChannelRules"]) == ("new", False)


@pytest.mark.guide("maintenance")
@pytest.mark.parametrize("remembered", [True, False], ids=["of a known release", "of an unknown one"])
async def test_what_is_ours_is_still_ours_after_an_upgrade(remembered: bool) -> None:
    async with pair(
        source=Settings(first_id=1, version="2021.2.1290"),
        destination=Settings(first_id=5001, seed=7, version="2021.2.1290"),
        rules={"removed": "remove-ours"},
    ) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Keep"), script("Drop"))
        await both.sync("*")
        if not remembered:  # as baselines were before they held versions
            known = await both.ledger.baselines.get_all(ROUTE, await both.ledger.baselines.ids(ROUTE))
            old = {one: {**baseline, "schema": 1, "versions": None} for one, baseline in known.items()}
            await both.ledger.baselines.put_all(ROUTE, old)
        await upgrade(both, "2026.1.9674", "2026.1.9674")
        saved = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        await both.source.steps(project, saved["Steps"][0])

        await both.sync("*")

        assert await both.destination.step_names("OctoFX") == ["Keep"]


@pytest.mark.guide("maintenance")
async def test_baselines_from_before_they_held_versions() -> None:
    async with pair(
        source=Settings(first_id=1, version="2023.4.8290"),
        destination=Settings(first_id=5001, seed=7, version="2023.4.8290"),
        include=EVERY_KIND,
        first_contact="adopt",
    ) as both:
        await furnish(both.source)
        await sync(both)
        ours = await edit_the_destination(both)
        known = await both.ledger.baselines.get_all(ROUTE, await both.ledger.baselines.ids(ROUTE))
        assert {tuple(one["versions"] or ()) for one in known.values() if not one["fresh"]} == {
            ("2023.4.8290", "2023.4.8290")
        }
        old = {one: {**baseline, "schema": 1} for one, baseline in known.items()}
        for baseline in old.values():
            del baseline["versions"]
        await both.ledger.baselines.put_all(ROUTE, old)

        assert (await both.sync("*")).result is Result.UNCHANGED
        await both.ledger.baselines.put_all(ROUTE, old)
        await upgrade(both, "2026.1.9674", "2026.1.9674")

        outcome = await both.sync("*")

        assert outcome.result is Result.UNCHANGED, told(outcome)
        assert await edited(both) == ours
        after = await both.ledger.baselines.get_all(ROUTE, known)
        merged = [one for source_id, one in after.items() if source_id.partition("-")[0] in ("Projects", "Runbooks")]
        assert [one["versions"] for one in merged] == [["2026.1.9674", "2026.1.9674"]] * 2


async def test_a_new_project_tells_at_once_that_it_makes_no_releases_by_itself() -> None:
    """The package that would make them is of a step that does not cross."""
    async with pair() as both:
        here = await both.source.environments("Test")
        feeds = await both.source.get("feeds/all")
        built_in = next(one["Id"] for one in feeds if one["FeedType"] == "BuiltIn")
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "OctoFX.Web", "FeedId": built_in}
        step = script("Load test", Environments=[here["Test"]], Packages=[package])
        await both.source.steps(project, script("Deploy"), step)
        channel = (await both.source.get(f"projects/{project['Id']}/channels"))["Items"][0]["Id"]
        by = {"DeploymentAction": "Load test", "PackageReference": ""}
        strategy = {"ChannelId": channel, "ReleaseCreationPackage": by}
        await both.source.edit(f"projects/{project['Id']}", AutoCreateRelease=True, ReleaseCreationStrategy=strategy)

        await both.sync("*")

        assert await both.reasons() == ["left-out ReleaseCreationStrategy"]
        there = await both.destination.named("projects", "OctoFX")
        assert not there["AutoCreateRelease"]
        assert (await both.sync("*")).plan.is_empty
        assert await both.reasons() == ["left-out ReleaseCreationStrategy"]
