"""What closure would create for something that then does not cross is not created."""

from __future__ import annotations

from fakeredis import FakeAsyncRedis

from config.settings import Settings as ProcessSettings
from tests.pair import ROUTE, Document, Pair, Server, pair, script
from worker.plan.values import Op, printed
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import Result, open_route


async def project_for_test_only(server: Server, **fields: object) -> Document:
    """A project in a group of its own, whose lifecycle has no phase but that of an environment of the source."""
    test = (await server.environments("Test"))["Test"]
    phases = [{"Name": "Test", "OptionalDeploymentTargets": [test]}]
    lifecycle = await server.post("lifecycles", {"Name": "Only Test", "Phases": phases})
    group = await server.post("projectgroups", {"Name": "Mine"})
    return await server.project("OctoFX", LifecycleId=lifecycle["Id"], ProjectGroupId=group["Id"], **fields)


async def other_project(both: Pair) -> Document:
    lifecycle = (await both.source.get("lifecycles/all"))[0]["Id"]
    return await both.source.project("Other", LifecycleId=lifecycle)


async def test_nothing_is_created_for_a_project_that_stays_at_home(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, first_contact="adopt") as both:
        tags = {"Name": "Region", "Tags": [{"Name": "North", "Color": "#227647"}], "Scopes": ["Project"]}
        await both.source.post("tagsets", tags)
        await project_for_test_only(both.source, ProjectTags=["Region/North"])

        outcome = await both.sync("*")

        assert outcome.result is Result.UNCHANGED
        told = {printed(action.path): action.op for action in outcome.plan}
        assert told["project/OctoFX"] is Op.SKIP
        assert "Mine" not in await both.destination.names("projectgroups")
        assert await both.destination.names("tagsets") == []

        state = state_of(fake_redis, ProcessSettings())
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            assert (await compare(route, state.queue, state.comparisons)).differing == []
        assert await state.queue.waiting() == []


async def test_what_another_project_needs_too_is_created() -> None:
    async with pair(first_contact="adopt") as both:
        stays = await project_for_test_only(both.source)
        crosses = await other_project(both)
        await both.source.edit(f"projects/{crosses['Id']}", ProjectGroupId=stays["ProjectGroupId"])

        await both.sync("*")

        assert (await both.destination.named("projects", "Other"))["ProjectGroupId"] == (
            await both.destination.named("projectgroups", "Mine")
        )["Id"]
        assert (await both.sync("*")).plan.is_empty


async def test_what_is_needed_of_a_project_that_closure_creates_comes_with_it() -> None:
    """A chain: the process of a project that crosses deploys another, which brings its group and its library set."""
    async with pair(include={"project": ["Other"]}, first_contact="adopt") as both:
        group = await both.source.post("projectgroups", {"Name": "Mine"})
        one = await both.source.post("libraryvariablesets", {"Name": "Common"})
        fields = {"ProjectGroupId": group["Id"], "IncludedLibraryVariableSetIds": [one["Id"]]}
        deployed = await both.source.project("Deployed", **fields)
        other = await other_project(both)
        feed = next(one for one in await both.source.get("feeds/all") if one["FeedType"] == "OctopusProject")["Id"]
        package = {"Name": "", "PackageId": deployed["Id"], "FeedId": feed}
        step = script("Deploy", Properties={"Octopus.Action.DeployRelease.ProjectId": deployed["Id"]})
        step["Actions"][0] |= {"ActionType": "Octopus.DeployRelease", "Packages": [package]}
        await both.source.steps(other, step)

        await both.sync("*")

        assert sorted(await both.destination.names("projects")) == ["Deployed", "Other"]
        assert await both.destination.names("libraryvariablesets") == ["Common"]
        assert "Mine" in await both.destination.names("projectgroups")
        assert (await both.sync("*")).plan.is_empty
