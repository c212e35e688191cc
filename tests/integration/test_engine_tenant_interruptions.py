"""The values of tenants while others write, and after a run that was stopped."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault
from tests.pair import pair
from tests.tenancy import INCLUDE, VERSIONS, reasons, say, servers, settled, spoken, values, with_rules


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_entered_in_the_same_moment_is_not_lost(version: str) -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow"), **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        await world.say(common={"Region": "us"}, Staging={"Url": "changed", "Key": "k"})
        entered = False

        async def guard() -> None:
            nonlocal entered
            if not entered:
                entered = True
                theirs = {"Staging": {"Url": "theirs", "Key": "their own"}, "Production": {"Url": "also theirs"}}
                await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu"}, theirs)

        await both.sync("*", guard=guard)
        found = await values(both.destination)
        assert found["OctoFX/Staging[Url]"] == "theirs"
        assert found["OctoFX/Staging[Key]"] == ("secret", "their own")
        assert found["OctoFX/Production[Url]"] == "also theirs"
        assert found["Shared[Region]"] == "us"
        await settled(both)


async def test_stopped_between_the_two_halves_it_goes_on_and_knows_what_is_its_own() -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow")) as both:
        world = await spoken(both)
        await both.sync("*")
        await world.say(common={"Region": "us", "Token": "t0ken"}, Staging={"Url": "changed", "Key": "k"})
        both.destination.sandbox.faults.add(Fault("status", path="commonvariables", method="PUT", status=503, count=9))
        with pytest.raises(Exception, match="503"):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "changed"
        await both.sync("*")
        assert (await values(both.destination))["Shared[Region]"] == "us"
        await settled(both)
        await world.say(common={"Region": "us", "Token": "t0ken"}, Staging={"Url": "again", "Key": "k"})
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "again"
        assert {one for one in await reasons(both) if one[2] == "value-conflict"} == set()
