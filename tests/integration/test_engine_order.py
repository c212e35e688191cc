"""The order of writing: one run suffices, whatever mentions what."""

from __future__ import annotations

import pytest

from tests.pair import pair, row, script
from worker.sync.run import Result


@pytest.mark.spacecloner("feature-26")
async def test_a_rule_crosses_together_with_the_step_that_it_names() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.steps(project, script("Web", Packages=[{"Name": "", "PackageId": "Web"}]))
        channel = (await both.source.get("channels/all"))[0]
        package = {"DeploymentAction": "Web", "PackageReference": ""}
        await both.source.edit(
            f"channels/{channel['Id']}", Rules=[{"VersionRange": "[1.0,2.0)", "ActionPackages": [package]}]
        )

        assert (await both.sync("*")).result is Result.CHANGED

        rules = (await both.destination.get("channels/all"))[0]["Rules"]
        assert [(rule["VersionRange"], rule["ActionPackages"]) for rule in rules] == [("[1.0,2.0)", [package])]


@pytest.mark.guide("data-settings")
@pytest.mark.spacecloner("feature-22")
async def test_releases_are_created_from_a_step_that_crosses_in_the_same_run() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.steps(project, script("Web", Packages=[{"Name": "", "PackageId": "Web"}]))
        strategy = {
            "ChannelId": (await both.source.get("channels/all"))[0]["Id"],
            "ReleaseCreationPackage": {"DeploymentAction": "Web", "PackageReference": ""},
        }
        await both.source.edit(f"projects/{project['Id']}", AutoCreateRelease=True, ReleaseCreationStrategy=strategy)

        assert (await both.sync("*")).result is Result.CHANGED

        copy = await both.destination.named("projects", "OctoFX")
        assert copy["AutoCreateRelease"]
        assert copy["ReleaseCreationStrategy"]["ReleaseCreationPackage"]["DeploymentAction"] == "Web"


async def test_the_variable_of_a_removed_step_does_not_keep_its_neighbours_from_being_written() -> None:
    """A secret is never removed, so it stays behind scoped to a step that is gone."""
    async with pair(rules={"preset": "mirror"}, first_contact="adopt") as both:
        project = await both.source.project("OctoFX")
        process = await both.source.steps(project, script("Deploy"))
        step = process["Steps"][0]["Actions"][0]["Id"]
        secret = row("Password", "secret", {"Action": [step]}, Type="Sensitive")
        await both.source.variables(project, row("Port", "80"), secret)
        await both.sync("*")
        await both.source.steps(project)
        await both.sync("*")

        found = await both.source.get(f"variables/variableset-{project['Id']}")
        await both.source.variables(project, *found["Variables"], row("Url", "https://x"))
        await both.sync("*")

        copy = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        assert sorted(one["Name"] for one in rows) == ["Password", "Port", "Url"]
        assert await both.clean_ups()
