"""What the audit log forgets, what its lists hold, and what delivery was like on older releases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sandbox_http import http
from webhook_target import eventually, receiving

from sandbox.event_catalogue import CATEGORIES
from sandbox.event_noise import deployment, package_pushed
from sandbox.server import serve
from sandbox.settings import Settings

SPACE = "Spaces-1"
NOW = datetime.now(UTC)


async def test_events_older_than_the_retention_are_in_the_archives_only() -> None:
    async with http(Settings(event_retention_days=30)) as octopus:
        audit = octopus.sandbox.audit
        for days in (70, 70, 35, 29):
            audit.add(package_pushed(SPACE), occurred=NOW - timedelta(days=days))
        old, kept = audit.older()[0].id, audit.newest_first(NOW - timedelta(days=29, minutes=1))[-1].id
        shown = {event["Id"] for event in (await octopus.get("events?take=1000"))["Items"]}
        assert kept in shown
        assert old not in shown
        asked = (NOW - timedelta(days=300)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert {one["Id"] for one in (await octopus.get(f"events?take=1000&from={asked}"))["Items"]} == shown
        await octopus.refused("GET", f"events/{old}", status=404)

        files = (await octopus.get("events/archives"))["Items"]
        assert [one["Name"] for one in files] == sorted((one["Name"] for one in files), reverse=True)
        assert len(files) == 2
        async with octopus.session.get(octopus.sandbox.url + files[1]["Links"]["Self"]) as answer:
            lines = (await answer.read()).splitlines()
        assert [json.loads(line)["RelatedDocumentIds"] for line in lines] == [["feeds-builtin"]] * 2
        assert len(b"\n".join(lines)) + 1 == files[1]["FileBytes"]
        assert "30 days" in await octopus.refused("DELETE", f"events/archives/{files[0]['Name']}")
        await octopus.delete(f"events/archives/{files[1]['Name']}")
        assert len((await octopus.get("events/archives"))["Items"]) == 1
        newest = (await octopus.get("events?take=1"))["Items"][0]
        assert (newest["Category"], newest["Message"]) == (
            "Deleted",
            f"Archived event file {files[1]['Name']} was deleted",
        )
        await octopus.refused("GET", f"events/archives/{files[1]['Name']}", status=404)


async def test_the_log_can_be_had_as_a_table() -> None:
    async with http() as octopus:
        await octopus.environment("Dev, the first")
        url = f"{octopus.sandbox.url}/api/events?asCsv=true&eventCategories=Created"
        async with octopus.session.get(url) as answer:
            assert answer.content_type == "text/csv"
            lines = (await answer.text()).splitlines()
        assert lines[0].startswith("Id,Occurred,Category")
        assert '"Environment Dev, the first was created"' in lines[1]


@pytest.mark.parametrize(("version", "known"), [("2023.4.8290", False), ("2026.1.9674", True)])
async def test_categories_and_groups_come_with_their_release(version: str, known: bool) -> None:
    async with http(Settings(version=version)) as octopus:
        categories = {one["Id"] for one in await octopus.get("events/categories")}
        groups = {one["Id"] for one in await octopus.get("events/groups")}
    assert ("PackageAddedToBuiltInFeed" in categories) is known
    assert ("LicenseUsage" in groups) is known
    assert {"Created", "CertificateReplaced", "RunbookSnapshotPublished"} <= categories <= set(CATEGORIES)


async def bodies(version: str, filters: dict[str, Any], **faults: bool) -> list[dict[str, Any]]:
    """What a subscription receives of three events on a release; a second one without a filter shows the end."""
    async with (
        receiving() as receiver,
        receiving() as everything,
        serve(Settings(version=version, poll_seconds=3600)) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
    ):
        for name, url, chosen in (("one", receiver.url, filters), ("last", everything.url, {})):
            notification = {"WebhookURI": url, "Filter": chosen}
            body = {"Name": name, "EventNotificationSubscription": notification}
            async with api.post("/api/Spaces-1/subscriptions", json=body) as answer:
                assert answer.status == 201, await answer.text()
        async with api.put("/api/sandbox/deliveries/faults", json=faults) as answer:
            assert answer.status == 200
        seen = len(everything.bodies)
        for number in range(3):
            sandbox.audit.add(deployment(SPACE, f"Projects-{number}", "Environments-1", version=version))
        sandbox.deliveries.look_now()
        await eventually(lambda: len(everything.bodies) >= seen + 3)
        return [one["Payload"] for one in receiver.bodies]


@pytest.mark.parametrize(("version", "newest_first"), [("2018.10.0", True), ("2019.1.0", False)])
async def test_batches_once_went_newest_first(version: str, newest_first: bool) -> None:
    payloads = await bodies(version, {"EventGroups": ["Deployment"]})
    occurred = [one["Event"]["Occurred"] for one in payloads]
    assert len(occurred) == 3
    projects = [next(i for i in one["Event"]["RelatedDocumentIds"] if i.startswith("Projects-")) for one in payloads]
    assert projects == sorted(projects, reverse=newest_first)


@pytest.mark.parametrize(
    ("version", "filters", "count"),
    [
        ("2022.4.100", {"EventGroups": ["Deployment"], "DocumentTypes": ["Projects"]}, 0),
        ("2022.4.100", {"EventGroups": ["Deployment"]}, 3),
        ("2023.4.8290", {"EventGroups": ["Deployment"], "DocumentTypes": ["Projects"]}, 3),
        ("2023.4.8290", {"ProjectGroups": ["ProjectGroups-1"]}, 0),
        ("2026.1.9674", {"ProjectGroups": ["ProjectGroups-1"]}, 3),
    ],
)
async def test_filters_that_did_not_work(version: str, filters: dict[str, Any], count: int) -> None:
    assert len(await bodies(version, filters)) == count


async def test_numbers_can_come_as_text() -> None:
    payloads = await bodies("2026.1.9674", {}, Quote=True)
    numbers = [one[name] for one in payloads for name in ("EventNumberInBatch", "TotalEventsInBatch")]
    assert numbers
    assert all(isinstance(number, str) for number in numbers)
