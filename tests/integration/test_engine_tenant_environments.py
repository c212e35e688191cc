"""The values of tenants by environment: names that are mapped, and common values with environments of their own."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.pair import Pair, pair
from tests.tenancy import COMMON, INCLUDE, reasons, settled, template, tenancy, values, with_rules


async def test_the_first_of_two_environments_with_one_name_counts() -> None:
    maps = {"environment": {"Test": "Staging", "Development": "Staging"}}
    async with pair(include=INCLUDE, maps=maps) as both:
        world = await tenancy(both.source, template("Url"))
        await both.destination.environments("Staging")
        await world.say(Development={"Url": "dev"}, Test={"Url": "test"})
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Staging[Url]": "test"}
        assert ("tenant/Internal/variables", "OctoFX/Staging[Url]", "many-to-one") in await reasons(both)
        await settled(both)


async def test_one_environment_may_be_two_there() -> None:
    async with pair(include=INCLUDE, maps={"environment": {"Test": ["Staging", "Production"]}}) as both:
        world = await tenancy(both.source, template("Url"))
        await both.destination.environments("Staging", "Production")
        await world.say(Test={"Url": "test"})
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Staging[Url]": "test", "OctoFX/Production[Url]": "test"}


# ── the new form ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def scoped(both: Pair, *rows: tuple[str, Any, tuple[str, ...]]) -> Any:
    """Common values with environments, on the source: template, value, environments."""
    world = await tenancy(both.source, common=COMMON)
    ids = {one["Name"]: one["Id"] for one in world.library["Templates"]}
    body = [
        {
            "OwnerId": world.library["Id"],
            "TemplateId": ids[name],
            "Value": value,
            "Scope": {"EnvironmentIds": [world.environments[one] for one in where]},
        }
        for name, value, where in rows
    ]
    await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": body})
    await both.destination.environments("Staging", "Production")
    return world


async def test_common_values_keep_their_environments() -> None:
    async with pair(include=INCLUDE) as both:
        await scoped(
            both, ("Region", "away", ("Development",)), ("Region", "eu", ("Test", "Staging")), ("Region", "us", ())
        )
        await both.sync("*")
        assert await values(both.destination) == {"Shared/Staging[Region]": "eu", "Shared[Region]": "us"}
        await settled(both)


@pytest.mark.guide("tenants-values", "clean-up-existing")
async def test_a_scoped_placeholder_hides_no_secret_that_works_everywhere() -> None:
    async with pair(include=INCLUDE) as both:
        world = await scoped(both, ("Token", "t", ()))
        await both.sync("*")
        copy = await both.destination.named("tenants", "Internal")
        found = await both.destination.get(f"tenants/{copy['Id']}/commonvariables")
        row = {"OwnerId": found["Variables"][0]["LibraryVariableSetId"], **found["Variables"][0]}
        filled = {**row, "Value": {"HasValue": True, "NewValue": "real"}}
        await both.destination.call("PUT", f"tenants/{copy['Id']}/commonvariables", {"Variables": [filled]})
        here = await both.source.get(f"tenants/{world.tenant['Id']}/commonvariables")
        narrower = {
            "OwnerId": world.library["Id"],
            "TemplateId": here["Variables"][0]["TemplateId"],
            "Value": {"HasValue": True, "NewValue": "of staging"},
            "Scope": {"EnvironmentIds": [world.environments["Staging"]]},
        }
        kept = {**here["Variables"][0], "OwnerId": world.library["Id"]}
        await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": [kept, narrower]})
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Token]": ("secret", "real")}
        assert ("tenant/Internal/variables", "Shared/Staging[Token]", "secret-not-added") in await reasons(both)
        await settled(both)


async def test_where_the_destination_knows_no_environments_for_common_values_they_stay_at_home() -> None:
    """A feature toggle switches the new form of the API on, in the releases before 2026."""
    async with pair(include=INCLUDE) as both:
        world = await tenancy(both.source, common=COMMON)
        await both.destination.environments("Staging")
        await both.sync("*")
        both.destination.sandbox.faults.add(Fault("status", path="commonvariables", status=404, count=0))
        region = next(one["Id"] for one in world.library["Templates"] if one["Name"] == "Region")
        body = [
            {"OwnerId": world.library["Id"], "TemplateId": region, "Value": value, "Scope": {"EnvironmentIds": where}}
            for value, where in (("eu", [world.environments["Staging"]]), ("us", []))
        ]
        await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": body})
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Region]": "us"}
        assert ("tenant/Internal/variables", "Shared/Staging[Region]", "not-supported") in await reasons(both)
        await settled(both)
        both.destination.sandbox.faults.clear()
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Region]": "us", "Shared/Staging[Region]": "eu"}


async def test_a_row_of_several_environments_is_split_only_where_it_must_be() -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow")) as both:
        world = await tenancy(both.source, template("Url"), template("Key", "Sensitive"))
        await both.destination.environments("Staging", "Production")
        await world.say(Staging={"Url": "same", "Key": "k"}, Production={"Url": "same", "Key": "k"})
        await both.sync("*")
        copy = await both.destination.named("tenants", "Internal")
        route = f"tenants/{copy['Id']}/projectvariables"
        found = await both.destination.get(route)
        assert len(found["Variables"]) == 2
        filled = [
            {**row, "OwnerId": row["ProjectId"], "Value": {"HasValue": True, "NewValue": "real"}}
            if isinstance(row["Value"], dict)
            else {**row, "OwnerId": row["ProjectId"]}
            for row in found["Variables"]
        ]
        await both.destination.call("PUT", route, {"Variables": filled})
        await world.say(Staging={"Url": "same", "Key": "k"}, Production={"Url": "other", "Key": "k"})
        await both.sync("*")
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "same",
            "OctoFX/Production[Url]": "other",
            "OctoFX/Staging[Key]": ("secret", "real"),
            "OctoFX/Production[Key]": ("secret", "real"),
        }
        await settled(both)
