"""Two servers of different releases: whether they sync at all, and what a person is told."""

from __future__ import annotations

import pytest

from config.versions import Verdict
from sandbox.settings import Settings
from tests.pair import ROUTE, pair
from worker.looking.failures import Class, failure_of
from worker.plan.values import printed
from worker.sync.run import Outcome, Result, open_route
from worker.sync.servers.versions import VersionsRefused


def of(source: str, destination: str) -> dict[str, Settings]:
    return {
        "source": Settings(first_id=1, version=source),
        "destination": Settings(first_id=5001, seed=7, version=destination),
    }


@pytest.mark.guide("version-far")
@pytest.mark.spacecloner("feature-27")
async def test_too_far_apart_nothing_is_read_and_nothing_is_written() -> None:
    async with pair(**of("2023.1.1", "2023.4.8290")) as both:
        await both.source.project("OctoFX")
        asked = both.destination.sandbox.requests.counts.total()

        with pytest.raises(
            VersionsRefused, match=r"route dev-to-prod: Octopus 2023\.1 → 2023\.4: 3 releases apart"
        ) as error:
            await both.sync("*")

        assert both.destination.writes == 0
        assert both.destination.sandbox.requests.counts.total() - asked == 1  # which release it is
        failure = failure_of(error.value)
        assert failure.sort is Class.SETTING  # it costs no item an attempt
        assert "versions: same-year" in failure.reason


@pytest.mark.guide("version-far")
@pytest.mark.spacecloner("feature-27")
async def test_an_override_is_told_with_every_plan_and_never_covers_another_year() -> None:
    async with pair(**of("2023.1.1", "2023.4.8290"), versions="same-year") as both:
        await both.source.project("OctoFX")

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert "`versions: same-year` of the route overrides it" in outcome.plan.notes[0]
        await both.destination.upgrade("2024.1.1")
        await both.ledger.servers.doubt("prod")
        with pytest.raises(VersionsRefused, match="of different years"):
            await both.sync("*")


@pytest.mark.guide("version-near")
async def test_one_release_apart_is_told() -> None:
    async with pair(**of("2026.1.9674", "2026.2.1")) as both:
        await both.source.project("OctoFX")

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert outcome.plan.notes == (
            "Octopus 2026.1 → 2026.2: one release apart; what only the newer one knows does not cross",
        )


async def test_of_one_release_there_is_nothing_to_tell() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")

        assert (await both.sync("*")).plan.notes == ()
        assert (await both.plan(project["Id"])).plan.notes == ()


async def test_a_release_is_asked_once_in_a_while_and_when_a_server_was_away() -> None:
    async with pair() as both:
        await both.source.project("OctoFX")
        await both.sync("*")
        await both.sync("*")
        counts = both.source.sandbox.requests.counts
        assert counts["GET "] + counts["GET /api"] == 1, counts

        await both.destination.upgrade("2026.2.1")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            assert route.versions is not None
            assert route.versions.verdict is Verdict.FINE  # nobody has asked since
        await both.ledger.servers.doubt("prod")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            assert route.versions is not None
            assert route.versions.verdict is Verdict.WARNING
        known = await both.ledger.servers.known("prod")
        assert known is not None
        assert known.upgraded_from == "2026.1.9674"


@pytest.mark.guide("version-near")
async def test_what_is_kept_for_ever_is_kept_for_ever_by_a_server_that_knows_strategies() -> None:
    """Without a strategy it would follow the space there, and be deleted."""
    async with pair(**of("2025.2.1", "2025.3.14000"), include={"lifecycle": ["*"]}) as both:
        here = await both.source.environments("Production")
        await both.destination.environments("Production")
        for_ever, some = {"Unit": "Items", "QuantityToKeep": 0}, {"Unit": "Days", "QuantityToKeep": 30}
        phase = {"Name": "Last", "OptionalDeploymentTargets": list(here.values()), "ReleaseRetentionPolicy": for_ever}
        policies = {"ReleaseRetentionPolicy": for_ever, "TentacleRetentionPolicy": some}
        await both.source.post("lifecycles", {"Name": "Keep", "Phases": [phase], **policies})

        outcome = await both.sync("*")

        there = await both.destination.named("lifecycles", "Keep")
        assert there["ReleaseRetentionPolicy"]["Strategy"] == "Forever"
        assert there["TentacleRetentionPolicy"]["Strategy"] == "Count"
        assert there["Phases"][0]["ReleaseRetentionPolicy"]["Strategy"] == "Forever"
        assert there["Phases"][0]["TentacleRetentionPolicy"] is None  # as the lifecycle says
        assert sorted(told(outcome, "lifecycle/Keep")) == [
            ("Phases[Last]/ReleaseRetentionPolicy/Strategy", "Octopus 2025.3 asks for it: added as 'Forever'"),
            ("ReleaseRetentionPolicy/Strategy", "Octopus 2025.3 asks for it: added as 'Forever'"),
            ("TentacleRetentionPolicy/Strategy", "Octopus 2025.3 asks for it: added as 'Count'"),
        ]
        assert (await both.sync("*")).plan.is_empty


async def test_what_follows_its_space_is_told_where_the_destination_knows_no_such_thing() -> None:
    async with pair(**of("2025.3.14000", "2025.2.1"), include={"lifecycle": ["*"]}) as both:
        policies = {"ReleaseRetentionPolicy": {"Unit": "Items", "QuantityToKeep": 0, "Strategy": "Default"}}
        await both.source.post("lifecycles", {"Name": "Short", **policies})

        outcome = await both.sync("*")

        there = await both.destination.named("lifecycles", "Short")
        assert there["ReleaseRetentionPolicy"] == {"Unit": "Items", "QuantityToKeep": 0, "ShouldKeepForever": True}
        text = "follows its space on the source, which Octopus 2025.2 does not know: kept are all, for ever"
        assert ("ReleaseRetentionPolicy/Strategy", text) in told(outcome, "lifecycle/Short")
        assert (await both.sync("*")).plan.is_empty


def told(outcome: Outcome, item: str) -> list[tuple[str, str]]:
    """Place and text of what the plan says of releases."""
    return [
        (one.where, one.text)
        for action in outcome.plan
        for one in action.decisions
        if printed(action.path) == item and one.rule == "release"
    ]
