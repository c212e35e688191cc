"""From an edit on the source to the write on the destination: receiver, Redis, worker and beat, all real."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import House, house
from tests.pair import row, script
from tests.processes import eventually

pytestmark = pytest.mark.timeout(180)


async def value_there(one: House, project: str, name: str) -> str | None:
    copy = await one.arrived("projects", project)
    if copy is None:
        return None
    rows = (await one.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
    return next((found["Value"] for found in rows if found["Name"] == name), None)


async def steps_there(one: House, project: str) -> list[str]:
    copy = await one.arrived("projects", project)
    if copy is None:
        return []
    process = await one.destination.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")
    return [step["Name"] for step in process["Steps"]]


async def test_an_edit_arrives_by_webhook_and_a_second_look_writes_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()

        project = await one.source.project("OctoFX")
        await one.source.steps(project, script("Deploy"))
        await one.source.variables(project, row("Url", "https://x"))
        await eventually(lambda: steps_there(one, "OctoFX"), 40)
        await eventually(lambda: value_there(one, "OctoFX", "Url"), 40)
        await one.settled()

        await one.source.steps(project, script("Deploy"), script("Smoke test"))
        await eventually(lambda: steps_are(one, ["Deploy", "Smoke test"]), 40)
        await one.settled()

        journal = await one.state.inbox.journal()
        assert journal
        assert {entry.delivery.via for entry in journal} == {"webhook"}
        writes = one.destination.writes
        await one.look_again(f"{project['Id']}/*")
        assert one.destination.writes == writes


async def steps_are(one: House, names: list[str]) -> bool:
    return await steps_there(one, "OctoFX") == names


async def test_with_the_webhooks_off_an_edit_arrives_by_catch_up(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, catch_up_seconds="1") as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()

        project = await one.source.project("OctoFX")
        await one.source.steps(project, script("Deploy"))
        await eventually(lambda: steps_there(one, "OctoFX"), 40)
        await one.settled()
        assert (await one.state.inbox.counters()).recorded.keys() == {"catch-up"}
