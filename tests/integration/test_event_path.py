"""From an edit on the source to the write on the destination: receiver, Redis, worker and beat, all real."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from tests.house import SECRET, House, house
from tests.pair import row, script
from tests.processes import eventually
from tests.receiver import webhook

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


@pytest.mark.guide("scenario-periodic")
@pytest.mark.spacecloner("feature-1")
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
        # From the webhook to the last write every line bears the same id.
        lines = [json.loads(line) for line in one.processes.log("worker").read_text().splitlines() if line[:1] == "{"]
        sent = [line for line in lines if line["event"] == "octopus request" and line["method"] in {"POST", "PUT"}]
        assert sent
        assert {line["correlation_id"] for line in sent} <= {entry.delivery.correlation_id for entry in journal}
        assert {line["correlation_id"] for line in sent} == {
            line["correlation_id"] for line in lines if line["event"] == "write"
        }
        assert {entry.delivery.via for entry in journal} == {"webhook"}
        writes = one.destination.writes
        await one.look_again(f"{project['Id']}/*")
        assert one.destination.writes == writes


async def steps_are(one: House, names: list[str]) -> bool:
    return await steps_there(one, "OctoFX") == names


async def test_bad_input_is_survived_and_costs_nothing_that_was_good(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()
        good = json.dumps(webhook("Events-9000", "Projects-77")).encode()
        bad: list[tuple[bytes, str | None, int]] = [
            (good, None, 401),
            (good, "wrong", 401),
            (b"{", SECRET, 202),
            (b"{}", SECRET, 202),
            (b"null", SECRET, 202),
            (b"", SECRET, 202),
            (b"\xff" * 1000, SECRET, 202),
            (codecs.BOM_UTF8 + good, SECRET, 202),
            (json.dumps(webhook("Events-9001", Padding="x" * 30_000_000)).encode(), SECRET, 202),
            (b"[" + b"9," * 15_000_000, SECRET, 202),
        ]
        for body, secret, status in bad:
            assert await one.hook(body, secret) == status, body[:20]
        project = await one.source.project("OctoFX")
        await one.source.variables(project, row("Url", "https://x"))
        await eventually(lambda: value_there(one, "OctoFX", "Url"), 80)
        await one.settled()
        counters = await one.state.inbox.counters()
        assert counters.unparsable == 6
        # The two good ones of these; what the source itself sent may have been found in its audit log before.
        assert counters.recorded["webhook"] >= 2


async def test_what_could_not_be_read_is_found_in_the_audit_log_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.source.variables(await one.source.project("OctoFX"), row("Url", "https://x"))
        assert await one.hook(b"not what we know") == 202, "and the next regular catch-up is an hour away"
        await eventually(lambda: value_there(one, "OctoFX", "Url"), 40)


async def test_lost_failed_doubled_and_disordered_webhooks(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, catch_up_seconds="1") as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()
        faults = one.source.sandbox.deliveries.faults
        faults.reorder, faults.lose, faults.fail, faults.double = True, 3, 2, 4
        for number in range(4):
            project = await one.source.project(f"Project {number}")
            await one.source.steps(project, script("Deploy"))
            await one.source.variables(project, row("Number", str(number)))
        for number in range(4):
            await eventually(lambda number=number: value_there(one, f"Project {number}", "Number"), 60)
            await eventually(lambda number=number: steps_there(one, f"Project {number}"), 60)
        await one.settled()


@pytest.mark.spacecloner("feature-1")
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
