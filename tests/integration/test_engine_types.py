"""Feeds, accounts, triggers are of types: what one type came to have, and types that an older server does not have."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import versions as sandbox_versions
from sandbox.settings import Settings
from tests.pair import Document, Pair, pair, script
from worker.plan.values import Op, printed
from worker.sync.run import Outcome, Result

SECRET = {"HasValue": True, "NewValue": "s3cret"}
FEEDS = {"feed": ["*"]}
UPDATING = {"update": ["feed"]}


def of(source: str, destination: str, *, strict: bool = True) -> dict[str, Settings]:
    return {
        "source": Settings(first_id=1, version=source),
        "destination": Settings(first_id=5001, seed=7, version=destination, strict=strict),
    }


async def docker(both: Pair, name: str = "Hub", **more: Any) -> Document:
    feed = {"Name": name, "FeedType": "Docker", "FeedUri": "https://hub.example", "Password": SECRET, **more}
    return await both.source.post("feeds", feed)


def release_decisions(outcome: Outcome) -> set[tuple[str, str]]:
    return {(printed(one.path), each.where) for one in outcome.plan for each in one.decisions if each.rule == "release"}


async def upgrade_the_destination(both: Pair, release: str) -> None:
    await both.destination.upgrade(release)
    await both.ledger.servers.doubt("prod")


@pytest.mark.guide("version-fields")
async def test_what_a_type_has_only_since_a_release_is_left_out_and_told() -> None:
    async with pair(**of("2025.4.1", "2025.3.14000"), include=FEEDS, rules=UPDATING, first_contact="adopt") as both:
        await docker(both, DownloadAttempts=9)
        nuget = {"Name": "NuGet", "FeedType": "NuGet", "FeedUri": "https://nuget.example", "DownloadAttempts": 9}
        await both.source.post("feeds", nuget)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.plan.blocked
        assert release_decisions(outcome) == {
            ("feed/Hub", "DownloadAttempts"),
            ("feed/Hub", "DownloadRetryBackoffSeconds"),
        }
        assert (await both.destination.named("feeds", "NuGet"))["DownloadAttempts"] == 9
        assert "DownloadAttempts" not in await both.destination.named("feeds", "Hub")
        assert (await both.sync("*")).result is Result.UNCHANGED

        await upgrade_the_destination(both, "2025.4.1")
        outcome = await both.sync("*")

        assert release_decisions(outcome) == set()
        assert (await both.destination.named("feeds", "Hub"))["DownloadAttempts"] == 9
        assert "value-conflict" not in await both.reasons(), "nobody has edited anything there"
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_news_of_a_type_is_told_once_the_destination_has_one_of_that_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of what no description of a release knows: here a feed is opened in a way that the older server cannot."""
    since = ("feeds", "FeedType", ("AwsElasticContainerRegistry",), "UseMachineCredentials", "2026.2")
    monkeypatch.setattr(sandbox_versions, "_SINCE_OF_TYPE", [*sandbox_versions._SINCE_OF_TYPE, since])
    registry = {
        "FeedType": "AwsElasticContainerRegistry",
        "Region": "eu-west-1",
        "AccessKey": "AKIA",
        "SecretKey": SECRET,
    }
    async with pair(**of("2026.2.1", "2026.1.9674"), include=FEEDS) as both:
        await both.destination.post("feeds", {**registry, "Name": "Their own"})
        await both.source.post("feeds", {**registry, "Name": "Ours", "UseMachineCredentials": True})

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.plan.blocked
        assert release_decisions(outcome) == {("feed/Ours", "UseMachineCredentials")}


@pytest.mark.guide("version-fields")
async def test_what_is_of_a_type_that_the_destination_does_not_have_waits_for_its_upgrade() -> None:
    async with pair(**of("2026.2.1", "2026.1.9674"), include={**FEEDS, "project": ["*"]}) as both:
        await docker(both)
        python = await both.source.post("feeds", {"Name": "Python", "FeedType": "PyPi", "FeedUri": "https://p.example"})
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": python["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        await both.source.project("Other")

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        blocked = {printed(one.path): one.decisions[-1].text for one in outcome.plan if one.op is Op.BLOCK}
        assert blocked["feed/Python"] == "Octopus 2026.1 does not have PyPi: upgrade it, or exclude this"
        assert "project/OctoFX/deployment-process" in blocked
        assert {"OctoFX", "Other"} <= set(await both.destination.names("projects")), "what does not need it crosses"
        assert "Python" not in await both.destination.names("feeds")

        await upgrade_the_destination(both, "2026.2.1")
        outcome = await both.sync("*")

        assert not [one for one in outcome.plan if one.op is Op.BLOCK], outcome.plan.blocked
        assert await both.destination.step_names("OctoFX") == ["Deploy"]
        assert "blocked" not in await both.reasons()


async def test_a_trigger_of_a_type_that_the_destination_does_not_have_holds_up_no_other() -> None:
    async with pair(**of("2026.2.1", "2026.1.9674"), include={"project": ["*"]}) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        for name, filter in {
            "Called": {"FilterType": "WebhookFilter"},
            "Nightly": {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * *"},
        }.items():
            trigger = {
                "Name": name,
                "ProjectId": project["Id"],
                "Filter": filter,
                "Action": {"ActionType": "AutoDeploy"},
            }
            await both.source.post("projecttriggers", trigger)

        outcome = await both.sync("*")

        blocked = {printed(one.path): one.decisions[-1].where for one in outcome.plan if one.op is Op.BLOCK}
        assert blocked == {"project/OctoFX/trigger/Called": "Filter.FilterType"}
        triggers = (await both.destination.get("projecttriggers"))["Items"]
        assert [one["Name"] for one in triggers] == ["Nightly"]


async def test_what_the_destination_silently_drops_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the older server does not know a field of which every release is taken to know it."""
    since = ("feeds", "FeedType", ("Docker",), "RegistryPath", "2026.2")
    monkeypatch.setattr(sandbox_versions, "_SINCE_OF_TYPE", [*sandbox_versions._SINCE_OF_TYPE, since])
    async with pair(**of("2026.2.1", "2026.1.9674", strict=False), include=FEEDS) as both:
        await docker(both, RegistryPath="library")
        await docker(both, "Plain")

        await both.sync("*")

        lost = [one.entry for one in await both.clean_ups() if one.entry.reason == "not-kept"]
        assert [(printed(one.item), one.where) for one in lost] == [("feed/Hub", "RegistryPath")]
        assert "Octopus 2026.1 did not keep it" in lost[0].text
        assert (await both.sync("*")).result is Result.UNCHANGED
