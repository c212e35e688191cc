"""What a client meets when a server misbehaves: every fault, as it looks from outside."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import aiohttp
import pytest
from sandbox_http import Http, action, http

from sandbox.access import Access
from sandbox.faults import FaultKind
from sandbox.server import serve
from sandbox.settings import Settings
from sandbox.store import Store


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http(Settings(keys=(Access("API-READER", "reader", read_only=True),))) as client:
        yield client


async def fault(octopus: Http, kind: str, **more: Any) -> None:
    await octopus.post("sandbox/faults", {"Kind": kind, **more})


async def test_a_write_is_refused_at_the_last_moment(octopus: Http) -> None:
    project = await octopus.project()
    await fault(octopus, "out-of-date", Method="PUT", Path="/projects/", Count=2)
    # What is wrong with the body is said first, so the fault is still there for the next one: it counts requests.
    assert "Name" in await octopus.refused("PUT", f"projects/{project['Id']}", {**project, "Name": ""})
    words = await octopus.refused("PUT", f"projects/{project['Id']}", {**project, "Description": "new"})
    assert words.endswith(
        f"Modification failed for 'Project' document with '{project['Id']}' Id because submitted data was out of date. "
        "Refresh the document and try again."
    )
    assert not (await octopus.get(f"projects/{project['Id']}"))["Description"]
    assert (await octopus.put(f"projects/{project['Id']}", {**project, "Description": "new"}))["Description"] == "new"


async def test_a_truncated_answer_breaks_off(octopus: Http) -> None:
    await fault(octopus, "truncated", Method="POST", Path="environments")
    with pytest.raises(aiohttp.ClientPayloadError):
        await octopus.raw("POST", "environments", {"Name": "Dev"})
    assert [one["Name"] for one in await octopus.get("environments/all")] == ["Dev"]


async def test_a_slow_body_arrives_whole(octopus: Http) -> None:
    await fault(octopus, "slow-body", Path="users/me", Seconds=0.2)
    started = time.monotonic()
    assert (await octopus.get("users/me"))["Username"] == "sandbox-admin"
    assert time.monotonic() - started > 0.1
    await fault(octopus, "slow-body", Path="users/me", Seconds=60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await octopus.get("users/me")


async def test_a_page_of_html_instead_of_the_answer(octopus: Http) -> None:
    await fault(octopus, "wrong-content-type", Path="users/me")
    async with octopus.session.get(f"{octopus.sandbox.url}/api/users/me") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert "Sign in" in await answer.text()


async def test_one_broken_project_breaks_every_list_that_it_is_in(octopus: Http) -> None:
    good, broken = await octopus.project("Good"), await octopus.project("Broken")
    await fault(octopus, "broken", Document=broken["Id"], Count=0)
    for path in ("projects/all", "projects", f"projects/{broken['Id']}"):
        await octopus.refused("GET", path, status=404)
    assert (await octopus.get(f"projects/all?ids={good['Id']}"))[0]["Name"] == "Good"
    await octopus.delete("sandbox/faults")
    assert len(await octopus.get("projects/all")) == 2


async def test_a_project_whose_donor_step_was_deleted_is_broken_by_itself(octopus: Http) -> None:
    project = await octopus.project()
    beta = await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    await octopus.save_steps(project, [action("Deploy", Channels=[beta["Id"]])])
    settings = await octopus.get(f"projects/{project['Id']}/deploymentsettings")
    donor = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}}
    await octopus.put(f"projects/{project['Id']}/deploymentsettings", {**settings, "VersioningStrategy": donor})
    await octopus.delete(f"channels/{beta['Id']}")  # takes the step along, OctopusDeploy/Issues#7521
    assert "The resource 'Deploy' was not found." in await octopus.refused("GET", "projects/all", status=404)


async def test_a_document_vanishes_between_two_reads(octopus: Http) -> None:
    environment = await octopus.environment("Dev")
    await fault(octopus, "vanish", Path="environments/all", Document=environment["Id"])
    assert len(await octopus.get("environments/all")) == 1
    await octopus.refused("GET", f"environments/{environment['Id']}", status=404)
    newest = (await octopus.get("events"))["Items"][0]
    assert (newest["Category"], newest["RelatedDocumentIds"]) == ("Deleted", [environment["Id"]])


async def test_what_cannot_be_deleted_goes_out_of_sight(octopus: Http) -> None:
    project = await octopus.project()
    await fault(octopus, "vanish", Path="lifecycles/all", Document=project["LifecycleId"])
    assert len(await octopus.get("lifecycles/all")) == 1
    assert await octopus.get("lifecycles/all") == []


async def test_a_document_is_renamed_between_two_reads(octopus: Http) -> None:
    environment = await octopus.environment("Dev")
    await fault(octopus, "rename", Path="environments$", Document=environment["Id"], Name="Development")
    assert (await octopus.get("environments"))["Items"][0]["Name"] == "Dev"
    assert (await octopus.get("environments"))["Items"][0]["Name"] == "Development"
    assert (await octopus.get("events"))["Items"][0]["Category"] == "Modified"


async def test_a_burst_of_server_errors_ends(octopus: Http) -> None:
    await fault(octopus, "status", Status=502, Count=3)
    for _ in range(3):
        await octopus.refused("GET", "users/me", status=502)
    assert await octopus.get("users/me")


async def test_too_many_requests_with_and_without_a_time(octopus: Http) -> None:
    for headers in ({"Retry-After": "7"}, {}):
        await fault(octopus, "status", Status=429, Headers=headers)
        async with octopus.session.get(f"{octopus.sandbox.url}/api/users/me") as answer:
            assert answer.status == 429
            assert answer.headers.get("Retry-After") == headers.get("Retry-After")


async def test_maintenance_keeps_all_but_administrators_out(octopus: Http) -> None:
    assert await octopus.put("maintenanceconfiguration", {"IsInMaintenanceMode": True})
    reader = {"X-Octopus-ApiKey": "API-READER"}
    async with aiohttp.ClientSession(octopus.sandbox.url, headers=reader) as session:
        async with session.get("/api/users/me") as answer:
            assert answer.status == 503
        assert await octopus.get("users/me")
        await octopus.refused("PUT", "maintenanceconfiguration", {"IsInMaintenanceMode": "off"})
        await octopus.put("maintenanceconfiguration", {"IsInMaintenanceMode": False})
        assert (await octopus.get("maintenanceconfiguration"))["IsInMaintenanceMode"] is False
        async with session.get("/api/users/me") as answer:
            assert answer.status == 200


async def test_the_fault_of_maintenance_keeps_everybody_out(octopus: Http) -> None:
    await fault(octopus, "maintenance", Count=0)
    assert "maintenance" in await octopus.refused("GET", "users/me", status=503)
    await octopus.delete("sandbox/faults")
    assert await octopus.get("users/me")


async def test_every_user_has_a_bucket_of_their_own() -> None:
    now = [datetime(2026, 11, 23, tzinfo=UTC)]
    reader = Access("API-READER", "reader", read_only=True)
    settings = Settings(requests_per_minute=60, burst_limit=2, retry_after=False, keys=(reader,))
    async with (
        serve(settings, store=Store(clock=lambda: now[0])) as sandbox,
        aiohttp.ClientSession(sandbox.url) as session,
    ):

        async def status(key: str) -> int:
            async with session.get("/api/users/me", headers={"X-Octopus-ApiKey": key}) as answer:
                assert "Retry-After" not in answer.headers
                return answer.status

        assert [await status(sandbox.api_key) for _ in range(3)] == [200, 200, 429]
        assert await status("API-READER") == 200
        now[0] += timedelta(seconds=1)
        assert [await status(sandbox.api_key) for _ in range(2)] == [200, 429]


async def test_the_rate_limit_can_be_set_while_it_runs() -> None:
    async with http(Settings(version="2026.3.100")) as octopus:
        await octopus.put("sandbox/ratelimit", {"RequestsPerMinute": 1, "BurstLimit": 1})
        policies = (await octopus.get("ratelimitingpolicies"))["Items"]
        scopes = ["Unauthenticated", "AuthenticatedHuman", "AuthenticatedAgent"]
        assert [one["ScopeType"] for one in policies] == scopes
        policy = policies[1]
        assert (policy["IsEnabled"], policy["RequestsPerMinute"]) == (True, 1)
        await octopus.refused("GET", "users/me", status=429)
        await octopus.put("sandbox/ratelimit", {"RequestsPerMinute": 0})
        assert await octopus.put(f"ratelimitingpolicies/{policy['Id']}", {**policy, "AuditMode": True})
        for _ in range(3):
            await octopus.get("users/me")  # counted, and let through
        for body in ({"RequestsPerMinute": -1}, {"RequestsPerMinute": True}, {"Colour": 1}, {"RetryAfter": 1}):
            await octopus.refused("PUT", "sandbox/ratelimit", body)
    async with http() as octopus:
        await octopus.refused("GET", "ratelimitingpolicies", status=404)


async def test_strangers_and_agents_have_limits_of_their_own() -> None:
    agent = Access(api_key="API-AGENT", username="agent", agent=True)
    async with http(Settings(version="2026.3.100", keys=(agent,))) as octopus:
        strangers, _, agents = (await octopus.get("ratelimitingpolicies"))["Items"]
        assert (strangers["IsEnabled"], agents["IsEnabled"]) == (False, True)
        for policy in (strangers, agents):
            limits = {"IsEnabled": True, "RequestsPerMinute": 1, "BurstLimit": 2}
            await octopus.put(f"ratelimitingpolicies/{policy['Id']}", {**policy, **limits})

        async def status(key: str) -> int:
            headers = {"X-Octopus-ApiKey": key}
            async with octopus.session.get(f"{octopus.sandbox.url}/api/users/me", headers=headers) as answer:
                return answer.status

        assert [await status("API-NOBODY") for _ in range(3)] == [401, 401, 429]
        assert [await status("API-AGENT") for _ in range(3)] == [200, 200, 429]
        assert await status(octopus.sandbox.api_key) == 200


async def test_a_rejection_is_in_the_audit_log_once_in_a_quarter_of_an_hour() -> None:
    now = [datetime(2026, 11, 23, tzinfo=UTC)]
    settings = Settings(version="2026.3.100", requests_per_minute=1)
    async with http(settings, store=Store(clock=lambda: now[0])) as octopus:

        async def told() -> list[str]:
            events = octopus.sandbox.audit.newest_first()
            return [event.actor.username for event in events if event.entry.category == "RateLimitExceeded"]

        await octopus.get("users/me")
        for _ in range(3):
            await octopus.refused("GET", "users/me", status=429)
        assert await told() == ["sandbox-admin"]
        now[0] += timedelta(minutes=16)
        await octopus.get("users/me")
        await octopus.refused("GET", "users/me", status=429)
        assert len(await told()) == 2

        now[0] += timedelta(minutes=16)
        policy = (await octopus.get("ratelimitingpolicies"))["Items"][1]
        octopus.sandbox.store.clock = lambda: now[0] + timedelta(minutes=1)
        limits = {"RequestsPerMinute": 1, "BurstLimit": 1, "AuditMode": True}
        await octopus.put(f"ratelimitingpolicies/{policy['Id']}", {**policy, **limits})
        for _ in range(3):
            await octopus.get("users/me")
        assert len(await told()) == 3


@pytest.mark.parametrize("kind", ["vanish", "rename", "broken"])
async def test_a_fault_about_a_document_names_it(octopus: Http, kind: str) -> None:
    assert kind in get_args(FaultKind)
    await octopus.refused("POST", "sandbox/faults", {"Kind": kind})


async def test_a_fault_answers_once_and_does_nothing() -> None:
    async with http() as octopus:
        fault = {
            "Kind": "status",
            "Method": "POST",
            "Path": "/environments",
            "Status": 429,
            "Headers": {"Retry-After": "1"},
        }
        await octopus.post("sandbox/faults", fault)
        await octopus.get("environments/all")
        await octopus.refused("POST", "environments", {"Name": "Test"}, status=429)
        assert await octopus.get("sandbox/faults") == []
        await octopus.environment("Test")
        await octopus.refused("POST", "sandbox/faults", {"Kind": "nonsense"})
        await octopus.refused("POST", "sandbox/faults", {"Kind": "status", "Colour": "red"})
        await octopus.refused("POST", "sandbox/faults", {"Kind": "status", "Path": "("})
        await octopus.refused("POST", "sandbox/faults", {"Kind": "status", "Count": "often"})


async def test_a_dropped_connection_leaves_the_write_undone_or_done() -> None:
    async with http() as octopus:
        for kind, expected in (("reset-before", []), ("reset-after", ["Second"])):
            await octopus.post("sandbox/faults", {"Kind": kind, "Method": "POST", "Path": "environments$"})
            with pytest.raises(aiohttp.ClientError):
                await octopus.raw("POST", "environments", {"Name": "First" if kind == "reset-before" else "Second"})
            assert [one["Name"] for one in await octopus.get("environments/all")] == expected


async def test_latency_waits_and_then_answers() -> None:
    async with http() as octopus:
        await octopus.post("sandbox/faults", {"Kind": "latency", "Seconds": 30, "Path": "users/me"})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await octopus.get("users/me")
        assert (await octopus.get("users/me"))["Username"] == "sandbox-admin"


# Which test exercises a kind of fault alone.
ALONE: dict[str, Any] = {
    "status": test_a_burst_of_server_errors_ends,
    "maintenance": test_the_fault_of_maintenance_keeps_everybody_out,
    "latency": test_latency_waits_and_then_answers,
    "reset-before": test_a_dropped_connection_leaves_the_write_undone_or_done,
    "reset-after": test_a_dropped_connection_leaves_the_write_undone_or_done,
    "out-of-date": test_a_write_is_refused_at_the_last_moment,
    "truncated": test_a_truncated_answer_breaks_off,
    "slow-body": test_a_slow_body_arrives_whole,
    "wrong-content-type": test_a_page_of_html_instead_of_the_answer,
    "broken": test_one_broken_project_breaks_every_list_that_it_is_in,
    "vanish": test_a_document_vanishes_between_two_reads,
    "rename": test_a_document_is_renamed_between_two_reads,
}


def test_every_kind_of_fault_has_a_test() -> None:
    assert set(ALONE) == set(get_args(FaultKind))
    for kind, test in ALONE.items():
        assert f'"{kind}"' in inspect.getsource(test), kind
