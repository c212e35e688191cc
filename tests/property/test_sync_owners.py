"""Invariants of what is the destination's own: secrets, values, and all that only it has."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.pair import Server, pair
from tests.property.building import build, secret_value
from tests.property.edits import Edit, Editor, additions, edits
from tests.property.engine import CAREFUL, DELETING, MIRROR, sync, told, tries
from tests.property.owned import elements, secrets, values
from tests.property.spaces import spaces
from tests.property.values import Space, secretive

WITH_SECRETS = ("feeds", "accounts", "projects", "libraryvariablesets", "deploymentprocesses", "runbookProcesses")


routes = st.sampled_from([CAREFUL, MIRROR, DELETING])


async def fill_in_secrets(server: Server) -> None:
    """A person enters the real secrets of the destination, and values of its own."""
    for kind in ("feeds", "accounts", "projects", "libraryvariablesets"):
        for document in await server.get(f"{kind}/all"):
            await save(server, f"{kind}/{document['Id']}", document)
    for kind in ("deploymentprocesses", "runbookProcesses"):
        for document in (await server.get(f"{kind}?take=1000"))["Items"]:
            await save(server, f"{kind}/{document['Id']}", document)
    for owner in [*await server.get("projects/all"), *await server.get("libraryvariablesets/all")]:
        found = await server.get(f"variables/variableset-{owner['Id']}")
        for number, row in enumerate(found["Variables"]):
            if row["Type"] == "Sensitive" or (row["Type"] == "String" and number % 2):
                row["Value"] = f"entered for {row['Id']}"
        await server.call("PUT", f"variables/{found['Id']}", found)


async def save(server: Server, route: str, document: dict[str, Any]) -> None:
    filled = entered(document, route)
    if filled != document:
        await server.call("PUT", route, filled)


def entered(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        if value.get("HasValue"):
            return secret_value(f"entered at {where}")
        return {key: entered(item, f"{where}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [entered(item, f"{where}/{number}") for number, item in enumerate(value)]
    return value


@tries(20)
@given(spaces().map(secretive), routes, edits("delete channel", most=2), edits(least=1, most=6))
async def test_no_secret_is_lost_and_no_value_overwritten(
    space: Space, route: dict[str, Any], there: list[Edit], here: list[Edit]
) -> None:
    async with pair(**route) as both:
        await build(both.source, space)
        await sync(both)
        await fill_in_secrets(both.destination)
        await Editor(both.destination, "!").make(there)
        kept, valued = secrets(both.destination.sandbox), values(both.destination.sandbox)

        await Editor(both.source).make(here)
        outcome = await sync(both)

        now, listed = secrets(both.destination.sandbox), told(outcome)
        for place, value in kept.items():
            assert now.get(place, "gone") == value, f"{place}\n{listed}"
        rows = values(both.destination.sandbox)
        for row, value in valued.items():
            secret = next((found for (_, place), found in now.items() if place == f"Variables/{row}"), None)
            went = route is DELETING and row not in rows and not str(value).startswith("entered for")
            assert route is MIRROR or went or value in (rows.get(row, "gone"), secret), f"{row} {value!r}\n{listed}"


@tries(15)
@given(spaces(), routes, additions(), edits(least=1))
async def test_what_only_the_destination_has_survives(
    space: Space, route: dict[str, Any], there: list[Edit], here: list[Edit]
) -> None:
    async with pair(**route) as both:
        await build(both.source, space)
        await sync(both)
        ours = elements(both.destination.sandbox)
        await Editor(both.destination, "!").make(there)
        before = elements(both.destination.sandbox)
        own = {key: found for key, found in before.items() if key not in ours}

        await Editor(both.source).make(here)
        outcome = await sync(both)

        after = elements(both.destination.sandbox)
        assert {key: after.get(key) for key in own} == own, told(outcome)
        slugs = {key: after[key][1] for key in before if key in after}
        assert slugs == {key: before[key][1] for key in slugs}, told(outcome)
        if route is CAREFUL:
            assert before.keys() <= after.keys(), told(outcome)
