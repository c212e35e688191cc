"""What is odd about feeds, git credentials and lifecycles."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import Document, pair, script
from worker.octopus import errors
from worker.plan.values import printed
from worker.sync.run import Result

NEWEST = "2026.3.15581"
SECRET = {"HasValue": True, "NewValue": "of the source"}
URI = {"FeedUri": "https://f.example", "Username": "u", "Password": SECRET}
FEEDS: dict[str, Document] = {
    "NuGet": {**URI, "EnhancedMode": True, "DownloadAttempts": 3},
    "Docker": {**URI, "ApiVersion": "v2", "RegistryPath": "p"},
    "Maven": URI,
    "GitHub": URI,
    "Npm": URI,
    "PyPi": URI,
    "Helm": URI,
    "OciRegistry": URI,
    "AwsElasticContainerRegistry": {"Region": "r", "AccessKey": "k", "SecretKey": SECRET},
    "AzureContainerRegistry": {**URI, "OidcAuthentication": {"ClientId": "c", "TenantId": "Tenants-1"}},
    "GoogleContainerRegistry": {**URI, "OidcAuthentication": {"Audience": "a", "SubjectKeys": ["space"]}},
    "S3": {"UseMachineCredentials": True, "Region": "r"},
    "GcsStorage": {"UseServiceAccountKey": True, "ServiceAccountJsonKey": SECRET, "Project": "p"},
    "ArtifactoryGeneric": {**URI, "Repository": "r", "LayoutRegex": ".*"},
}


def of(version: str) -> dict[str, Settings]:
    return {
        "source": Settings(version=version, first_id=1, seed=1),
        "destination": Settings(version=version, first_id=5001, seed=7),
    }


def package(feed_id: str) -> Document:
    return {"Name": "", "PackageId": "Acme.Web", "FeedId": feed_id}


# ── feeds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.guide("secret-feeds")
async def test_every_type_of_feed_crosses_with_placeholders(kind: str) -> None:
    fields = FEEDS[kind]
    async with pair(**of(NEWEST), include={"feed": ["Mine"]}) as both:
        await both.source.post("feeds", {"Name": "Mine", "FeedType": kind, **fields})

        await both.sync("*")

        there = await both.destination.named("feeds", "Mine")
        assert there["FeedType"] == kind
        for name, value in fields.items():
            if value is not SECRET:
                assert there[name] == value
        assert await both.reasons() == [f"placeholder-secret {n}" for n, value in fields.items() if value is SECRET]
        assert (await both.sync("*")).plan.is_empty


async def test_built_in_feeds_are_known_by_their_type_whatever_they_are_called_and_none_is_made() -> None:
    async with pair(include={"feed": ["*"], "project": ["*"]}) as both:
        built_in = {one["FeedType"]: one for one in await both.source.get("feeds/all")}
        await both.source.edit(f"feeds/{built_in['BuiltIn']['Id']}", Name="Ours")
        child, project = await both.source.project("Child"), await both.source.project("OctoFX")
        deploys = {
            "ActionType": "Octopus.DeployRelease",
            "Packages": [{"Name": "", "PackageId": child["Id"], "FeedId": built_in["OctopusProject"]["Id"]}],
        }
        await both.source.steps(
            project, script("Deploy", Packages=[package(built_in["BuiltIn"]["Id"])]), script("Child", **deploys)
        )

        await both.sync("*")

        there = {one["FeedType"]: one["Id"] for one in await both.destination.get("feeds/all")}
        assert len(there) == 2
        found = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
        used = [step["Actions"][0]["Packages"][0]["FeedId"] for step in process["Steps"]]
        assert used == [there["BuiltIn"], there["OctopusProject"]]
        assert (await both.sync("*")).plan.is_empty


async def test_a_feed_that_the_server_will_not_have_blocks_those_who_use_it_and_nobody_else() -> None:
    """Some are looked at before they are taken: the placeholder is no password."""
    async with pair(include={"project": ["*"]}) as both:
        feed = await both.source.post("feeds", {"Name": "Private", "FeedType": "NuGet", **URI})
        for name, packages in (("Uses it", [package(feed["Id"])]), ("Does not", [])):
            await both.source.steps(await both.source.project(name), script("Deploy", Packages=packages))
        refusal = Fault("status", "POST", "/feeds", count=0, status=400, message="The feed could not be reached.")
        both.destination.sandbox.faults.add(refusal)

        with pytest.raises(errors.BadRequest, match="could not be reached"):
            await both.sync("*")

        assert await both.destination.step_names("Does not") == ["Deploy"]
        assert await both.destination.step_names("Uses it") == []
        both.destination.sandbox.faults.clear()
        assert (await both.sync("*")).result is Result.CHANGED
        assert await both.destination.step_names("Uses it") == ["Deploy"]


# ── git credentials ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_servers_from_before_git_credentials_have_none_and_nobody_minds() -> None:
    async with pair(**of("2021.2.1290"), include={"git-credential": ["*"], "project": ["*"]}) as both:
        await both.source.project("OctoFX")

        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.sync("*")).plan.is_empty


# ── lifecycles ────────────────────────────────────────────────────────────────────────────────────────────────────────

OLD = {"Unit": "Days", "QuantityToKeep": 3}
FOREVER = {"Unit": "Items", "QuantityToKeep": 0}


def phase(name: str, *environments: str, **more: object) -> Document:
    return {"Name": name, "OptionalDeploymentTargets": list(environments), **more}


@pytest.mark.parametrize("version", ["2021.2.1290", "2023.4.8290", "2026.1.9674"])
async def test_a_new_lifecycle_keeps_releases_as_long_as_the_sources(version: str) -> None:
    strategies = {"Strategy": "Count"} if version.startswith("2026") else {}
    async with pair(**of(version), include={"lifecycle": ["Mine"]}) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Test", "Production")
        phases = [
            phase("One", here["Test"], ReleaseRetentionPolicy={**OLD, **strategies}),
            phase("Two", here["Production"], IsOptionalPhase=True),
        ]
        await both.source.post(
            "lifecycles",
            {
                "Name": "Mine",
                "Phases": phases,
                "ReleaseRetentionPolicy": FOREVER | ({"Strategy": "Forever"} if strategies else {}),
                "TentacleRetentionPolicy": {**OLD, **strategies},
            },
        )

        await both.sync("*")

        mine = await both.destination.named("lifecycles", "Mine")
        source = await both.source.named("lifecycles", "Mine")
        for name in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy"):
            assert mine[name] == source[name]
        assert [one["ReleaseRetentionPolicy"] for one in mine["Phases"]] == [
            one["ReleaseRetentionPolicy"] for one in source["Phases"]
        ]
        assert [one["OptionalDeploymentTargets"] for one in mine["Phases"]] == [
            [there["Test"]],
            [there["Production"]],
        ]
        assert (await both.sync("*")).plan.is_empty


async def test_a_lifecycle_without_phases_means_all_environments_and_crosses_so() -> None:
    async with pair(include={"lifecycle": ["Mine"]}) as both:
        await both.source.post("lifecycles", {"Name": "Mine"})

        await both.sync("*")

        assert (await both.destination.named("lifecycles", "Mine"))["Phases"] == []


@pytest.mark.guide("environments-lifecycles")
async def test_of_the_phases_those_cross_that_have_an_environment_there_and_a_lifecycle_without_any_does_not() -> None:
    async with pair(include={"lifecycle": ["Mine", "Dev"]}) as both:
        here = await both.source.environments("Dev", "Test", "Production")
        there = await both.destination.environments("Production")
        both_of = phase("Later", here["Test"], here["Production"])
        await both.source.post("lifecycles", {"Name": "Mine", "Phases": [phase("Dev", here["Dev"]), both_of]})
        await both.source.post("lifecycles", {"Name": "Dev", "Phases": [phase("Dev", here["Dev"])]})

        outcome = await both.sync("*")

        mine = await both.destination.named("lifecycles", "Mine")
        assert [(one["Name"], one["OptionalDeploymentTargets"]) for one in mine["Phases"]] == [
            ("Later", [there["Production"]])
        ]
        assert "Dev" not in await both.destination.names("lifecycles")
        text = {printed(action.path): action.decisions[-1].text for action in outcome.plan}
        assert "none of its phases crosses" in text["lifecycle/Dev"]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide("details-lifecycles")
@pytest.mark.spacecloner("bug-19")
async def test_where_the_route_says_so_phases_follow_and_what_the_destination_added_stays() -> None:
    rules = {"update": ["lifecycle"], "removed": "remove-ours"}
    async with pair(include={"lifecycle": ["Mine"]}, rules=rules) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Test", "Production", "Extra")
        item = await both.source.post("lifecycles", {"Name": "Mine", "Phases": [phase("Test", here["Test"])]})
        await both.sync("*")
        mine = await both.destination.named("lifecycles", "Mine")
        await both.destination.edit(
            f"lifecycles/{mine['Id']}", Phases=[*mine["Phases"], phase("Extra", there["Extra"])]
        )

        await both.source.edit(f"lifecycles/{item['Id']}", Phases=[phase("Production", here["Production"])])
        await both.sync("*")

        mine = await both.destination.named("lifecycles", "Mine")
        assert [one["Name"] for one in mine["Phases"]] == ["Production", "Extra"]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide("details-lifecycles")
@pytest.mark.spacecloner("bug-19")
async def test_an_environment_that_each_side_put_into_a_phase_of_its_own_is_left_to_a_person() -> None:
    """The server takes an environment in one phase only."""
    async with pair(include={"lifecycle": ["Mine"]}, rules={"update": ["lifecycle"]}) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Test", "Production")
        item = await both.source.post("lifecycles", {"Name": "Mine", "Phases": [phase("Test", here["Test"])]})
        await both.sync("*")
        mine = await both.destination.named("lifecycles", "Mine")
        route = f"lifecycles/{mine['Id']}"
        await both.destination.edit(route, Phases=[*mine["Phases"], phase("Theirs", there["Production"])])
        ours = [*item["Phases"], phase("Ours", here["Production"])]
        await both.source.edit(f"lifecycles/{item['Id']}", Phases=ours)

        outcome = await both.sync("*")

        assert outcome.plan.is_empty
        assert [one["Name"] for one in (await both.destination.get(route))["Phases"]] == ["Test", "Theirs"]
        assert await both.reasons() == ["environment-twice Phases[Ours]"]
        [entry] = await both.clean_ups()
        assert "'Production' would be in two phases, 'Theirs' and 'Ours'" in entry.entry.text

        await both.destination.edit(route, Phases=mine["Phases"])
        await both.sync("*")

        assert [one["Name"] for one in (await both.destination.get(route))["Phases"]] == ["Test", "Ours"]
        assert await both.reasons() == []
