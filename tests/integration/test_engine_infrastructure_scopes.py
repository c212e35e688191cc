"""Where accounts and certificates may be used: each option of the rules, for environments and for tenants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pair import Pair, pair
from worker.sync.run import Result

BOTH, HALF, NOWHERE = "Both", "Half", "Nowhere"
DIMENSIONS = {"environment": "EnvironmentIds", "tenant": "TenantIds"}
PARTICIPATES = {"TenantedDeploymentParticipation": "TenantedOrUntenanted"}
OF_TYPE = {"AccountType": "UsernamePassword", "Username": "u", **PARTICIPATES}

KEPT = ["One", "Two"]
"""The two that both sides have; a third one only the source has."""


async def three_accounts(both: Pair, field: str) -> dict[str, str]:
    """One for two things that the destination has, one for one of them, one for none. Returns the source's ids."""
    for server, names in ((both.source, [*KEPT, "Gone"]), (both.destination, KEPT)):
        await server.environments(*names)
        for name in names:
            await server.post("tenants", {"Name": name})
    here = await named(both, "source", field)
    for name, of in ((BOTH, KEPT), (HALF, ["One", "Gone"]), (NOWHERE, ["Gone"])):
        await both.source.post("accounts", {"Name": name, **OF_TYPE, field: [here[one] for one in of]})
    return here


async def named(both: Pair, side: str, field: str) -> dict[str, str]:
    collection = "environments" if field == "EnvironmentIds" else "tenants"
    return {one["Name"]: one["Id"] for one in await getattr(both, side).get(f"{collection}/all")}


async def accounts(both: Pair, field: str) -> dict[str, list[str]]:
    """Name → for what the destination's account is."""
    names = {one_id: name for name, one_id in (await named(both, "destination", field)).items()}
    found = await both.destination.get("accounts/all")
    return {one["Name"]: sorted(names[one_id] for one_id in one[field]) for one in found}


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize(
    ("option", "expected", "to_do"),
    [
        ("skip-unless-exact", {BOTH: KEPT}, []),
        ("skip-unless-partial", {BOTH: KEPT, HALF: ["One"]}, []),
        ("ignore-mismatch", {BOTH: KEPT, HALF: ["One"], NOWHERE: []}, ["scope-widened"]),
        ("ignore-mismatch-on-new", {BOTH: KEPT, HALF: ["One"], NOWHERE: []}, ["scope-widened"]),
        ("error-unless-exact", {BOTH: KEPT}, ["blocked", "blocked"]),
        ("error-unless-partial", {BOTH: KEPT, HALF: ["One"]}, ["blocked"]),
    ],
)
@pytest.mark.guide("environments-accounts")
async def test_an_option_decides_about_an_account_that_does_not_fit(
    dimension: str, option: str, expected: dict[str, list[str]], to_do: list[str]
) -> None:
    field = DIMENSIONS[dimension]
    rules = {"infrastructure": {dimension: option}}
    async with pair(include={"account": ["*"]}, rules=rules) as both:
        await three_accounts(both, field)

        outcome = await both.sync("*")

        assert (outcome.result is Result.BLOCKED) == option.startswith("error")
        assert await accounts(both, field) == expected
        # Another clean-up entry of a new account is its secret.
        reasons = [one.entry.reason for one in await both.clean_ups()]
        assert sorted(one for one in reasons if one != "placeholder-secret") == to_do
        assert not (await both.sync("*")).plan.writes


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize(
    ("option", "after"),
    [
        # It lost all that it was for, so nothing of the edit crosses: it would be for everything.
        ("skip-unless-partial", {BOTH: KEPT, HALF: ["One"]}),
        ("ignore-mismatch-on-new", {BOTH: KEPT, HALF: ["One"]}),
        ("ignore-mismatch", {BOTH: [], HALF: ["One"]}),
    ],
)
async def test_an_account_whose_scope_left_the_destination(
    dimension: str, option: str, after: dict[str, list[str]]
) -> None:
    """With details that follow."""
    field = DIMENSIONS[dimension]
    rules: dict[str, Any] = {"infrastructure": {dimension: option}, "update": ["account"]}
    async with pair(include={"account": [BOTH, HALF]}, rules=rules) as both:
        here = await three_accounts(both, field)
        await both.sync("*")
        mine = await both.source.named("accounts", BOTH)
        await both.source.edit(f"accounts/{mine['Id']}", **{field: [here["Gone"]]})

        await both.sync("*")

        assert await accounts(both, field) == after
        widened = [one.entry.item[1] for one in await both.clean_ups() if one.entry.reason == "scope-widened"]
        assert widened == ([BOTH] if option == "ignore-mismatch" else [])
        assert not (await both.sync("*")).plan.writes


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("skip-unless-exact", None),
        ("skip-unless-partial", ["Region/North"]),
        ("ignore-mismatch", ["Region/North"]),
    ],
)
async def test_tenant_tags_of_an_account_are_for_whom_it_is(option: str, expected: list[str] | None) -> None:
    """Tenants and tags say so together: what fits of either counts."""
    async with pair(
        include={"account": ["*"]}, exclude={"tag-set": ["*"]}, rules={"infrastructure": {"tenant": option}}
    ) as both:
        tags = [{"Name": name, "Color": "#333333"} for name in ("North", "East")]
        await both.source.post("tagsets", {"Name": "Region", "Tags": tags})
        await both.destination.post("tagsets", {"Name": "Region", "Tags": tags[:1]})
        gone = await both.source.post("tenants", {"Name": "Gone"})
        scope = {"TenantIds": [gone["Id"]], "TenantTags": ["Region/North", "Region/East"]}
        await both.source.post("accounts", {"Name": "Robot", **OF_TYPE, **scope})

        await both.sync("*")

        found = await both.destination.get("accounts/all")
        assert [(one["TenantTags"], one["TenantIds"]) for one in found] == ([(expected, [])] if expected else [])
