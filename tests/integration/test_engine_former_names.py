"""Renamed on the source while nothing was remembered: the ledger was lost, and an item has another name since."""

from __future__ import annotations

import fakeredis

from tests.pair import Pair, pair, row, script
from worker.ledger.ledger import Ledger
from worker.sync.run import Result


async def forgetful(both: Pair) -> Pair:
    """The same servers, and a ledger that knows nothing."""
    return Pair(both.source, both.destination, both.routes, Ledger(fakeredis.FakeAsyncRedis()))


async def test_what_was_renamed_is_taken_over_and_not_made_twice() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.variables(project, row("Url", "https://x"))
        await both.source.runbook(project, "Restart", script("Restart"))
        await both.sync("*")
        ids = [one["Id"] for one in await both.destination.get("projects/all")]

        await both.source.edit(f"projects/{project['Id']}", Name="Rates")
        runbook = await both.source.named("runbooks", "Restart")
        await both.source.edit(f"runbooks/{runbook['Id']}", Name="Start again")
        lost = await forgetful(both)
        outcome = await lost.sync("*")
        assert outcome.result is Result.HELD
        assert "project/Rates" in outcome.message
        renames = {
            (change.before, change.after)
            for action in outcome.plan
            for change in action.changes
            if change.where == "Name"
        }
        assert renames == {("OctoFX", "Rates"), ("Restart", "Start again")}

        assert (await lost.sync("*", approved_hash=outcome.plan.hash)).result is Result.CHANGED
        assert [one["Id"] for one in await both.destination.get("projects/all")] == ids
        assert await both.destination.names("projects") == ["Rates"]
        assert await both.destination.names("runbooks") == ["Start again"]
        assert (await lost.plan("*")).plan.is_empty


async def test_what_is_new_is_made_beside_what_only_the_destination_has() -> None:
    async with pair() as both:
        await both.destination.project("Theirs")
        project = await both.source.project("Draft")
        await both.source.edit(f"projects/{project['Id']}", Name="Ours")
        assert (await both.sync("*")).result is Result.CHANGED
        assert sorted(await both.destination.names("projects")) == ["Ours", "Theirs"]


async def test_nobody_asks_where_nothing_is_left_to_match() -> None:
    async with pair() as both:
        await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.project("New")
        await both.sync("*")
        assert [one.path for one in both.source.sandbox.requests if "regarding=" in one.path] == []
