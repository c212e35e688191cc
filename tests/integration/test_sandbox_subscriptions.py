"""Subscriptions and webhooks of the sandbox: over real HTTP, to a real receiver."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest
from webhook_target import Receiver, eventually, receiving

from sandbox.delivery import Deliveries, DeliveryFaults
from sandbox.event_noise import deployment, package_pushed, release_created
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings

SPACE = "Spaces-1"
SUBSCRIPTIONS = f"/api/{SPACE}/subscriptions"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    # So long that only `look_now` makes a poll: tests decide what is one batch.
    async with serve(Settings(poll_seconds=3600)) as running:
        yield running


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as session:
        yield session


def subscription(url: str, name: str = "octosync", **fields: Any) -> dict[str, Any]:
    notification = {
        "Filter": {},
        "WebhookURI": url,
        "WebhookTimeout": "00:00:10",
        "WebhookHeaderKey": "X-Secret",
        "WebhookHeaderValue": "s3cret",
        **fields,
    }
    return {"Name": name, "EventNotificationSubscription": notification}


async def subscribe(api: aiohttp.ClientSession, url: str, name: str = "octosync", **fields: Any) -> str:
    async with api.post(SUBSCRIPTIONS, json=subscription(url, name, **fields)) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["Id"])


async def get(api: aiohttp.ClientSession, path: str, status: int = 200) -> Any:
    async with api.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def batch_done(sandbox: Sandbox, size: int) -> list[str]:
    """Lets the sandbox look; the outcomes of the batch, when all of it is in the log."""
    before = len(sandbox.deliveries)
    sandbox.deliveries.look_now()
    await eventually(lambda: len(sandbox.deliveries) >= before + size)
    return [delivery.outcome for delivery in list(sandbox.deliveries)[before:]]


def push(sandbox: Sandbox, count: int) -> list[str]:
    return [sandbox.audit.add(package_pushed(SPACE)).id for _ in range(count)]


async def test_each_event_is_a_post_of_its_own_in_the_order_of_the_log(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    await subscribe(api, receiver.url)
    ids = push(sandbox, 3)
    assert await batch_done(sandbox, 3) == ["delivered"] * 3
    assert receiver.events == ids
    payloads = [body["Payload"] for body in receiver.bodies]
    assert [payload["EventNumberInBatch"] for payload in payloads] == [1, 2, 3]
    assert {payload["TotalEventsInBatch"] for payload in payloads} == {3}
    assert len({payload["BatchId"] for payload in payloads}) == 1
    assert {body["EventType"] for body in receiver.bodies} == {"SubscriptionPayload"}
    assert all(headers["X-Secret"] == "s3cret" for headers in receiver.headers)
    assert receiver.headers[0]["Content-Type"] == "application/json"


async def test_after_one_failed_call_the_rest_is_lost_for_good(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    await subscribe(api, receiver.url)
    receiver.answers = [200, 500]
    ids = push(sandbox, 4)
    assert await batch_done(sandbox, 4) == ["delivered", "failed", "not sent", "not sent"]
    assert receiver.events == ids[:2]
    [later] = push(sandbox, 1)
    assert await batch_done(sandbox, 1) == ["delivered"]
    assert receiver.events == [*ids[:2], later]


async def test_nobody_listening_counts_as_failed(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    await subscribe(api, "http://127.0.0.1:9/hook")
    push(sandbox, 2)
    assert await batch_done(sandbox, 2) == ["failed", "not sent"]


async def test_a_receiver_slower_than_the_timeout_ends_the_batch(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    await subscribe(api, receiver.url, WebhookTimeout="00:00:00.2")
    receiver.hold = asyncio.Event()
    push(sandbox, 2)
    assert await batch_done(sandbox, 2) == ["timed out", "not sent"]
    receiver.hold.set()
    assert len(receiver.bodies) == 1


async def test_the_cursor_shows_where_delivery_stood_before_the_batch(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    subscription_id = await subscribe(api, receiver.url)
    fresh = (await get(api, f"{SUBSCRIPTIONS}/{subscription_id}"))["EventNotificationSubscription"]
    assert (fresh["WebhookLastProcessed"], fresh["WebhookLastProcessedEventAutoId"]) == (None, None)
    push(sandbox, 1)
    await batch_done(sandbox, 1)
    first = sandbox.audit.last_auto_id
    push(sandbox, 1)
    await batch_done(sandbox, 1)
    sent = receiver.bodies[-1]["Payload"]["Subscription"]["EventNotificationSubscription"]
    assert sent["WebhookLastProcessedEventAutoId"] == first
    now = (await get(api, f"{SUBSCRIPTIONS}/{subscription_id}"))["EventNotificationSubscription"]
    assert now["WebhookLastProcessedEventAutoId"] == sandbox.audit.last_auto_id > first
    assert datetime.fromisoformat(now["WebhookLastProcessed"]) > datetime.fromisoformat(sent["WebhookLastProcessed"])


async def test_an_event_that_commits_late_is_never_sent_but_is_in_the_log(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    await subscribe(api, receiver.url)
    push(sandbox, 1)
    await batch_done(sandbox, 1)
    async with api.post("/api/sandbox/events", json={"Noise": "task", "Late": True}) as answer:
        late = await answer.json()
    [sent] = push(sandbox, 1)
    await batch_done(sandbox, 1)
    assert receiver.events[-1] == sent
    assert late["Id"] not in receiver.events
    assert (await get(api, f"/api/events?ids={late['Id']}"))["TotalResults"] == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"EventGroups": ["Document"]}, {"release"}),
        ({"EventGroups": ["Deployment"]}, {"deployment"}),
        ({"EventCategories": ["Created", "DeploymentStarted"]}, {"release", "deployment"}),
        ({"Projects": ["Projects-7"]}, {"release", "deployment"}),
        ({"Projects": ["Projects-7", "Projects-8"], "Environments": ["Environments-3"]}, {"deployment"}),
        ({"DocumentTypes": ["feeds"]}, {"package"}),
        ({"DocumentTypes": ["PROJECTS"]}, {"release", "deployment"}),
        ({"EventGroups": ["Document"], "DocumentTypes": ["Feeds"]}, set()),
        ({"Users": ["Users-99"]}, set()),
    ],
)
async def test_filters_are_and_between_fields_and_or_inside(
    sandbox: Sandbox,
    api: aiohttp.ClientSession,
    receiver: Receiver,
    filters: dict[str, Any],
    expected: set[str],
) -> None:
    await subscribe(api, receiver.url, Filter=filters)
    async with receiving() as everything:
        last = await subscribe(api, everything.url, name="everything")
        ids = {
            sandbox.audit.add(entry).id: name
            for name, entry in {
                "release": release_created(SPACE, "Projects-7"),
                "deployment": deployment(SPACE, "Projects-7", "Environments-3"),
                "package": package_pushed(SPACE, "2026.1.9674"),
            }.items()
        }
        sandbox.deliveries.look_now()
        await eventually(lambda: sum(one.subscription_id == last for one in sandbox.deliveries) >= 3)
    assert {ids[event] for event in receiver.events if event in ids} == expected


async def test_teams_limit_what_is_sent_to_what_they_may_see(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    async def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with api.post(f"/api/{path}", json=body) as answer:
            assert answer.status == 201, await answer.text()
            document: dict[str, Any] = await answer.json()
            return document

    async with api.get("/api/Spaces-1/lifecycles/all") as answer:
        lifecycle = (await answer.json())[0]["Id"]
    async with api.get("/api/Spaces-1/projectgroups/all") as answer:
        group = (await answer.json())[0]["Id"]
    seen, other = [
        (await made("Spaces-1/projects", {"Name": name, "LifecycleId": lifecycle, "ProjectGroupId": group}))["Id"]
        for name in ("Seen", "Other")
    ]
    role = await made("userroles", {"Name": "Auditor", "GrantedSpacePermissions": ["EventView"]})
    blind = await made("userroles", {"Name": "Blind", "GrantedSpacePermissions": ["ProjectView"]})
    team = await made("Spaces-1/teams", {"Name": "Auditors", "MemberUserIds": [], "ExternalSecurityGroups": []})
    for given, projects in ((role, [seen]), (blind, [])):
        await made(
            "Spaces-1/scopeduserroles", {"UserRoleId": given["Id"], "TeamId": team["Id"], "ProjectIds": projects}
        )
    await subscribe(api, receiver.url, WebhookTeams=[team["Id"]])
    async with receiving() as everything:
        last = await subscribe(api, everything.url, name="everything")
        ids = [sandbox.audit.add(release_created(SPACE, project)).id for project in (seen, other)]
        sandbox.deliveries.look_now()
        await eventually(lambda: sum(one.subscription_id == last for one in sandbox.deliveries) >= 2)
    assert ids[0] in receiver.events
    assert ids[1] not in receiver.events


async def test_two_subscriptions_hear_the_same_and_a_disabled_one_nothing(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    await subscribe(api, receiver.url, name="one")
    await subscribe(api, receiver.url, name="two")
    body = subscription(receiver.url, name="off") | {"IsDisabled": True}
    async with api.post(SUBSCRIPTIONS, json=body) as answer:
        assert answer.status == 201
    sandbox.deliveries.look_now()
    await eventually(lambda: all(sandbox.deliveries.progress(f"Subscriptions-{n}")[0] for n in (1, 2)))
    [event] = push(sandbox, 1)
    sandbox.deliveries.look_now()
    await eventually(lambda: receiver.events.count(event) == 2)
    heard = [body["Payload"] for body in receiver.bodies]
    assert {one["Subscription"]["Name"] for one in heard if one["Event"]["Id"] == event} == {"one", "two"}
    assert {one["Subscription"]["Name"] for one in heard} == {"one", "two"}


async def test_names_are_unique_in_a_space(api: aiohttp.ClientSession, receiver: Receiver) -> None:
    first = await subscribe(api, receiver.url)
    async with api.post(SUBSCRIPTIONS, json=subscription(receiver.url, name="OctoSync")) as answer:
        assert answer.status == 400
    async with api.put(f"{SUBSCRIPTIONS}/{first}", json=subscription(receiver.url)) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Name": "x"},
        {"Name": " ", "EventNotificationSubscription": {}},
        {"Name": "x", "EventNotificationSubscription": {"WebhookURI": "ftp://x"}},
        {"Name": "x", "EventNotificationSubscription": {"WebhookTimeout": "10"}},
        {"Name": "x", "EventNotificationSubscription": {"EmailPriority": "Loud"}},
        {"Name": "x", "EventNotificationSubscription": {"Filter": {"Projects": "Projects-1"}}},
        {"Name": "x", "EventNotificationSubscription": {"Filter": []}},
    ],
)
async def test_a_bad_subscription_is_refused(api: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    async with api.post(SUBSCRIPTIONS, json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["ErrorMessage"]
    assert (await get(api, SUBSCRIPTIONS))["TotalResults"] == 0


async def test_a_put_replaces_and_keeps_the_cursor(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    subscription_id = await subscribe(api, receiver.url, Filter={"EventGroups": ["Document"]})
    push(sandbox, 1)
    sandbox.deliveries.look_now()
    await eventually(lambda: sandbox.deliveries.progress(subscription_id)[0])
    async with api.put(f"{SUBSCRIPTIONS}/{subscription_id}", json=subscription(receiver.url)) as answer:
        after = (await answer.json())["EventNotificationSubscription"]
    assert after["Filter"]["EventGroups"] == []
    assert after["WebhookLastProcessed"] is not None


async def test_a_header_given_as_a_secret_is_shown_to_the_receiver_alone(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    value = {"HasValue": True, "NewValue": "hidden", "Hint": None}
    subscription_id = await subscribe(api, receiver.url, WebhookHeaderValue=value)
    shown = await get(api, f"{SUBSCRIPTIONS}/{subscription_id}")
    masked = {"HasValue": True, "NewValue": None, "Hint": None}
    assert shown["EventNotificationSubscription"]["WebhookHeaderValue"] == masked
    async with api.put(f"{SUBSCRIPTIONS}/{subscription_id}", json=shown) as answer:
        assert answer.status == 200
    push(sandbox, 1)
    await batch_done(sandbox, 1)
    assert receiver.headers[-1]["X-Secret"] == "hidden"
    sent = receiver.bodies[-1]["Payload"]["Subscription"]["EventNotificationSubscription"]
    assert sent["WebhookHeaderValue"] == "hidden"
    log = await get(api, f"/api/{SPACE}/events")
    assert "hidden" not in str(log)


async def test_a_deleted_subscription_is_silent_and_gone(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver
) -> None:
    gone = await subscribe(api, receiver.url, name="gone")
    async with receiving() as other:
        await subscribe(api, other.url, name="stays")
        async with api.delete(f"{SUBSCRIPTIONS}/{gone}") as answer:
            assert answer.status == 200
        await get(api, f"{SUBSCRIPTIONS}/{gone}", status=404)
        push(sandbox, 1)
        sandbox.deliveries.look_now()
        await eventually(lambda: other.bodies)
    assert receiver.bodies == []


# Fault, the outcomes that the sender notes for three events, and which of them the receiver got, in which order.
DELIVERY_FAULTS: dict[str, tuple[Any, list[str], list[int]]] = {
    "Fail": (1, ["failed", "not sent", "not sent"], []),
    "Hang": (1, ["timed out", "not sent", "not sent"], [0]),
    "Lose": (1, ["lost", "delivered", "delivered"], [1, 2]),
    "Double": (1, ["delivered", "delivered", "delivered"], [0, 0, 1, 2]),
    "Reorder": (True, ["delivered", "delivered", "delivered"], [2, 1, 0]),
    "Quote": (True, ["delivered", "delivered", "delivered"], [0, 1, 2]),
}


@pytest.mark.parametrize("name", [field.name.capitalize() for field in dataclasses.fields(DeliveryFaults)])
async def test_each_fault_of_delivery_alone(
    sandbox: Sandbox, api: aiohttp.ClientSession, receiver: Receiver, name: str
) -> None:
    value, outcomes, received = DELIVERY_FAULTS[name]
    await subscribe(api, receiver.url)
    push(sandbox, 1)
    await batch_done(sandbox, 1)
    receiver.bodies.clear()
    async with api.put("/api/sandbox/deliveries/faults", json={name: value}) as answer:
        assert answer.status == 200
    ids = push(sandbox, 3)
    assert await batch_done(sandbox, 3) == outcomes
    assert receiver.events == [ids[place] for place in received]
    if isinstance(value, bool):
        numbers = {type(body["Payload"]["EventNumberInBatch"]) for body in receiver.bodies}
        assert numbers == {str if name == "Quote" else int}
        return
    # Counted down, it is over: what was dropped stays dropped, what follows arrives.
    after = push(sandbox, 2)
    assert await batch_done(sandbox, 2) == ["delivered", "delivered"]
    assert receiver.events[len(received) :] == after


@pytest.mark.parametrize("faults", [{"Fail": -1}, {"Explode": 1}, {"Reorder": 1}, {"Hang": True}, {"Quote": 2}])
async def test_a_fault_that_is_none_is_refused(api: aiohttp.ClientSession, faults: dict[str, Any]) -> None:
    async with api.put("/api/sandbox/deliveries/faults", json=faults) as answer:
        assert answer.status == 400


async def test_the_scheduler_looks_by_itself(receiver: Receiver) -> None:
    async with (
        serve(Settings(poll_seconds=0.05)) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
    ):
        await subscribe(api, receiver.url)
        [event] = push(sandbox, 1)
        await eventually(lambda: event in receiver.events)
        log = await get(api, "/api/sandbox/deliveries")
        assert [row["Outcome"] for row in log if row["EventId"] == event] == ["delivered"]


async def test_the_batch_is_dated_in_the_time_of_the_server(receiver: Receiver) -> None:
    async with (
        serve(Settings(poll_seconds=3600, public_url="https://octopus.example")) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
    ):
        await subscribe(api, receiver.url)
        push(sandbox, 1)
        east = Deliveries(sandbox.store, sandbox.audit, sandbox.settings, zone=timezone(timedelta(hours=10)))
        async with aiohttp.ClientSession() as session:
            await east.poll(session)
    body = receiver.bodies[-1]
    assert body["Payload"]["BatchProcessingDate"].endswith("+10:00")
    assert body["Timestamp"].endswith("+00:00")
    assert body["Payload"]["ServerUri"] == "https://octopus.example"
    assert body["Payload"]["ServerAuditUri"].startswith("https://octopus.example/app#/Spaces-1/configuration/audit?")


async def test_cursors_survive_a_restart(receiver: Receiver, tmp_path: Any) -> None:
    settings = Settings(poll_seconds=3600, state_path=str(tmp_path / "state.json"))
    async with serve(settings) as sandbox, aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api:
        await subscribe(api, receiver.url)
        push(sandbox, 1)
        await batch_done(sandbox, 1)
    receiver.bodies.clear()
    async with serve(settings) as sandbox:
        [event] = push(sandbox, 1)
        await batch_done(sandbox, 1)
    assert receiver.events == [event]
