"""What is kept of a webhook: enough to see what came and to replay it, and nothing that anybody typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from tests.receiver import Running, webhook
from webhook_receiver.payload import kept, read
from worker.queue.deliveries import Delivery
from worker.queue.inbox import Inbox

PLANTED = "hunter2"


pytestmark = pytest.mark.usefixtures("receiver_secrets")


def full() -> dict[str, Any]:
    """A webhook with everything that section 1 of what is known of them names, and a secret wherever one can be."""
    body = webhook(
        "Events-7",
        "variableset-Projects-3",
        "Projects-3",
        UserId="Users-21",
        Username=f"{PLANTED}@example.com",
        UserAgent=PLANTED,
        IdentityEstablishedWith=PLANTED,
        Message=f"Variables were changed: {PLANTED}",
        MessageHtml=f"<b>{PLANTED}</b>",
        MessageReferences=[{"ReferencedDocumentId": PLANTED, "StartIndex": 0, "Length": 1}],
        Comments=PLANTED,
        Details=f"<ul>{PLANTED}</ul>",
        IpAddress="192.0.2.99",
        ApiKeyId=PLANTED,
        ApiKeyHint=PLANTED,
        Links={"Self": f"/api/events/{PLANTED}"},
        ChangeDetails={
            "DocumentContext": {
                "Id": "variableset-Projects-3",
                "OwnerId": PLANTED,
                "Variables": [{"Name": PLANTED, "Value": PLANTED, "Scope": {"Environment": [PLANTED]}}],
            },
            "Differences": [
                {"op": "replace", "path": "/Variables/0/Value", "value": PLANTED, "from": PLANTED},
                {"op": "add", "path": "/Variables/1", "value": {"Name": PLANTED, "Value": [PLANTED]}},
            ],
        },
        **{PLANTED: PLANTED},
    )
    payload = body["Payload"]
    payload["ServerUri"] = f"https://{PLANTED}"
    payload["ServerAuditUri"] = f"https://{PLANTED}"
    payload["Subscription"] |= {
        "Name": PLANTED,
        "EventNotificationSubscription": {
            "WebhookURI": f"https://{PLANTED}",
            "WebhookHeaderKey": PLANTED,
            "WebhookHeaderValue": PLANTED,
            "Filter": {"Users": [PLANTED]},
        },
    }
    return body


async def everything(redis: FakeAsyncRedis) -> str:
    """All that is in Redis, as text."""
    found = []
    async for name in redis.scan_iter():
        found.append(repr((name, await redis.dump(name))))
        if await redis.type(name) == b"stream":
            found.append(repr(await redis.xrange(name)))
    return "\n".join(found)


async def test_no_value_is_kept_anywhere(
    running: Running, fake_redis: FakeAsyncRedis, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    assert await running.post(full()) == 202
    assert await running.post(json.dumps(json.dumps(full())).encode()) == 202  # the long way round
    odd = full()
    odd["Payload"]["Event"]["RelatedDocumentIds"] = [PLANTED, {PLANTED: PLANTED}, "Projects-3"]
    odd["Payload"]["Event"]["Id"] = "Events-8"
    odd["Payload"]["Event"]["SpaceId"] = {"Value": PLANTED, PLANTED: PLANTED}
    odd["Payload"]["Event"]["ChangeDetails"]["DocumentContext"]["Id"] = [PLANTED]
    assert await running.post(odd) == 202
    for broken in (
        b'{"hunter2": "hunter2"',
        b'["hunter2"]',
        b'{"Payload": {"hunter2": 1, "Event": {"Id": "hunter2"}}}',
    ):
        assert await running.post(broken) == 202
    stored = await everything(fake_redis)
    assert "Events-8" in stored
    assert "variableset-Projects-3" in stored
    assert PLANTED not in stored
    assert PLANTED not in caplog.text + "".join(capsys.readouterr())


async def test_where_a_document_changed_is_kept_and_what_it_says_can_be_read_again(running: Running) -> None:
    assert await running.post(full()) == 202
    [entry] = await running.state.inbox.journal()
    assert json.loads(entry.delivery.body) == {
        "Payload": {
            "Event": {
                "Id": "Events-7",
                "Category": "Modified",
                "RelatedDocumentIds": ["variableset-Projects-3", "Projects-3"],
                "SpaceId": "Spaces-1",
                "UserId": "Users-21",
                "Occurred": "2026-11-23T01:02:01.000+00:00",
                "ChangeDetails": {
                    "DocumentContext": {"Id": "variableset-Projects-3"},
                    "Differences": [
                        {"op": "replace", "path": "/Variables/0/Value"},
                        {"op": "add", "path": "/Variables/1"},
                    ],
                },
            },
            "Subscription": {"Id": "Subscriptions-1", "SpaceId": "Spaces-1"},
            "BatchId": "b",
            "TotalEventsInBatch": 1,
            "EventNumberInBatch": 1,
        }
    }
    again = read(entry.delivery.body)
    assert again.payload.subject == read(json.dumps(full()).encode()).payload.subject
    assert kept(again) == entry.delivery.body


async def test_long_lists_and_long_words_are_cut(running: Running) -> None:
    differences = [{"op": "replace", "path": f"/Variables/{n}", "value": n} for n in range(5_000)]
    many = [f"Projects-{n}" for n in range(5_000)]
    body = webhook("Events-1", *many, Occurred="x" * 10_000, ChangeDetails={"Differences": differences})
    assert await running.post(body) == 202
    assert await running.post(webhook("Events-2", category="C" * 10_000)) == 202
    for entry in await running.state.inbox.journal():
        assert len(entry.delivery.body) < 10_000
        assert len(entry.delivery.category) <= 200


async def test_by_age_and_by_number(fake_redis: FakeAsyncRedis) -> None:
    inbox = Inbox(fake_redis, journal_s=3600, journal_bound=1_000)
    await inbox.record([Delivery("dev", f"Events-{n}") for n in range(5)])
    seconds, _ = await fake_redis.time()
    await fake_redis.delete("{octosync}:inbox:journal")
    for hours in (3, 2, 0.5):
        entry = {"h": Delivery("dev", f"Events-{hours}").head(()), "b": b""}
        await fake_redis.xadd("{octosync}:inbox:journal", entry, id=f"{int(seconds - hours * 3600) * 1000}-0")
    await fake_redis.xadd("{octosync}:inbox:unparsable", {"r": b"{}"}, id=f"{(seconds - 7200) * 1000}-0")
    await inbox.tidy()
    assert [entry.delivery.event_id for entry in await inbox.journal()] == ["Events-0.5"]
    assert await inbox.unparsable() == []
