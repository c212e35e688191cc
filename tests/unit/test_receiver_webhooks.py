"""Webhooks: who may send one, what becomes of it, and that no form of it that a server ever sent is lost."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.settings import Settings
from tests.processes import eventually
from tests.receiver import SECRET, Running, receiver, routes_file, webhook
from worker.publisher import CATCH_UP, LOOK


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_HOOK_0", SECRET)
    monkeypatch.setenv("OCTOSYNC_HOOK_1", "the-next-secret")
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")


@pytest.fixture
async def running(fake_redis: FakeAsyncRedis) -> AsyncIterator[Running]:
    async with receiver(fake_redis) as one:
        await one.state.ledger.directories.put("dev", "Default", "space", {"id": "Spaces-1", "name": "Default"})
        await one.state.ledger.directories.put("dev", "Other", "space", {"id": "Spaces-2", "name": "Other"})
        yield one


class TestWhoMayCall:
    @pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + " x", SECRET[:-1], "\udcff"])
    async def test_a_wrong_secret_is_refused_and_leaves_no_trace(self, running: Running, secret: str | None) -> None:
        assert await running.post(webhook(), secret=secret) == 401
        assert await running.post(b"{", secret=secret) == 401
        assert await running.keys() == []
        assert await running.state.inbox.unparsable() == []

    async def test_an_instance_that_nobody_knows_or_that_has_no_secret(self, running: Running) -> None:
        for path in ("/webhooks/nobody", "/webhooks/prod", "/webhooks/DEV"):
            assert await running.post(webhook(), path=path) == 401

    async def test_the_instance_need_not_be_named_where_only_one_may_call(self, fake_redis: FakeAsyncRedis) -> None:
        async with receiver(fake_redis) as one:
            assert await one.post(webhook(), path="/webhooks") == 202
            assert await one.keys() == ["dev-route|Projects-1", "other-route|Projects-1"]

    async def test_while_a_secret_is_rotated_both_count(self, fake_redis: FakeAsyncRedis) -> None:
        async with receiver(fake_redis, routes_file(secrets=2)) as one:
            assert await one.post(webhook("Events-1")) == 202
            assert await one.post(webhook("Events-2"), secret="the-next-secret") == 202
            assert await one.post(webhook("Events-3"), secret="the-last-secret") == 401

    async def test_a_secret_that_is_missing_takes_none_in_its_place(
        self, fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OCTOSYNC_HOOK_0")
        async with receiver(fake_redis) as one:
            for secret in ("", None, SECRET):
                assert await one.post(webhook(), secret=secret) == 401

    async def test_only_post(self, running: Running) -> None:
        for method in ("GET", "PUT", "DELETE"):
            async with running.client.request(method, "/webhooks/dev") as answer:
                assert answer.status == 405


class TestWhatBecomesOfIt:
    async def test_its_document_is_marked_and_a_worker_told_when_it_is_due(self, running: Running) -> None:
        assert await running.post(webhook("Events-1", "variableset-Projects-3", "Projects-3")) == 202
        assert await running.keys() == ["dev-route|variableset-Projects-3"]
        await eventually(lambda: running.told.messages)
        assert running.told.messages == [(LOOK, ["dev-route|variableset-Projects-3"], "octosync.events")]

    async def test_the_debounce_is_waited_for_and_many_edits_are_one_message(self, fake_redis: FakeAsyncRedis) -> None:
        async with receiver(fake_redis, settings=Settings(debounce_seconds=0.3)) as one:
            for number in range(5):
                assert await one.post(webhook(f"Events-{number}", space="Spaces-1")) == 202
            assert one.told.messages == []
            await eventually(lambda: one.told.messages)
            assert sorted(arguments for _, arguments, _ in one.told.messages) == [
                ["dev-route|Projects-1"],
                ["other-route|Projects-1"],
            ]

    async def test_an_event_counts_once(self, running: Running) -> None:
        for _ in range(3):
            assert await running.post(webhook("Events-7")) == 202
        assert (await running.state.inbox.counters()).recorded == {"webhook": 1}
        assert (await running.state.inbox.counters()).duplicates == {"webhook": 2}

    async def test_many_at_once_are_all_recorded(self, running: Running) -> None:
        answers = await asyncio.gather(*(running.post(webhook(f"Events-{n}", f"Projects-{n}")) for n in range(300)))
        assert set(answers) == {202}
        assert len(await running.keys()) == 300

    async def test_another_space_is_recorded_and_marks_nothing(self, running: Running) -> None:
        assert await running.post(webhook("Events-1", space="Spaces-99")) == 202
        assert await running.post(webhook("Events-2", space="Spaces-2")) == 202
        assert await running.keys() == ["other-route|Projects-1"]

    async def test_a_space_not_known_yet_may_be_any(self, fake_redis: FakeAsyncRedis) -> None:
        async with receiver(fake_redis) as one:
            assert await one.post(webhook(space="Spaces-77")) == 202
            assert await one.keys() == ["dev-route|Projects-1", "other-route|Projects-1"]

    async def test_a_deployment_is_recorded_and_marks_nothing(self, running: Running) -> None:
        body = webhook("Events-1", "Deployments-1", "Projects-1", category="DeploymentSucceeded")
        assert await running.post(body) == 202
        assert await running.keys() == []
        assert (await running.state.inbox.counters()).recorded == {"webhook": 1}

    async def test_a_deletion_has_the_audit_log_read(self, running: Running) -> None:
        assert await running.post(webhook("Events-1", "Projects-3", category="Deleted")) == 202
        assert await running.keys() == ["dev-route|Projects-3/*"]
        await eventually(lambda: len(running.told.messages) == 3)
        assert (CATCH_UP, ["dev", "Default"], "octosync.control") in running.told.messages
        assert not await running.state.ledger.deletions.is_deleted("dev", "Default", "Projects-3")

    async def test_the_place_in_its_batch_is_kept(self, running: Running) -> None:
        await running.post(webhook(payload={"BatchId": "b-1", "TotalEventsInBatch": "3", "EventNumberInBatch": " 2 "}))
        [entry] = await running.state.inbox.journal()
        assert (entry.delivery.batch_id, entry.delivery.number, entry.delivery.total) == ("b-1", 2, 3)


VARIANTS: dict[str, Any] = {
    "byte order mark": codecs.BOM_UTF8 + json.dumps(webhook()).encode(),
    "utf-16": json.dumps(webhook()).encode("utf-16"),
    "in quotes": json.dumps(json.dumps(webhook())).encode(),
    "blanks around": b"\r\n  " + json.dumps(webhook()).encode() + b"\n",
    "half a surrogate pair": webhook(Message="\ud83d"),
    "space as an object": webhook(space={"Value": "Spaces-1"}),
    "no space, but the subscription's": webhook(space=None),
    "subscription null": webhook(payload={"Subscription": None}),
    "subscription a list": webhook(payload={"Subscription": []}),
    "numbers as text": webhook(payload={"TotalEventsInBatch": "3", "EventNumberInBatch": "1"}),
    "numbers as nonsense": webhook(payload={"TotalEventsInBatch": {}, "EventNumberInBatch": "one"}),
    "numbers as fractions": webhook(payload={"TotalEventsInBatch": 1.5, "EventNumberInBatch": 1e400}),
    "no batch": webhook(payload={"BatchId": None, "TotalEventsInBatch": None, "EventNumberInBatch": None}),
    "no change details": webhook(ChangeDetails=None),
    "change details as text": webhook(ChangeDetails="<ul></ul>"),
    "document context as text": webhook(ChangeDetails={"DocumentContext": "x", "Differences": "x"}),
    "odd related ids": webhook(RelatedDocumentIds=["Projects-1", None, 7, "projects-*", {"a": 1}]),
    "subscription of today": webhook(
        payload={
            "Subscription": {
                "Id": "Subscriptions-1",
                "Type": "Event",
                "SpaceId": {"Value": "Spaces-1"},
                "Links": {"Self": "/api/Spaces-1/subscriptions/Subscriptions-1"},
                "EventNotificationSubscription": {
                    "EmailPriority": "Normal",
                    "WebhookHeaderValue": {"IsSensitive": True, "Value": None, "SensitiveValue": {"HasValue": True}},
                    "SlackChannelIds": [],
                },
            }
        }
    ),
    "no envelope but the event": {"Payload": {"Event": {**webhook()["Payload"]["Event"], "SpaceId": None}}},
    "links as text": webhook(Links={"Self": "/api/events/Events-1"}),
    "differences null": webhook(ChangeDetails={"DocumentContext": {"Id": "Projects-1"}, "Differences": None}),
    "differences of another form": webhook(
        ChangeDetails={"Differences": [{"op": 1}, "x", {"op": "add", "path": "/a"}]}
    ),
    "related ids in another order": webhook("Events-1", "ProjectGroups-1", "Projects-1", "Environments-1"),
    "seven digits of a second, and an offset": webhook(Occurred="2026-11-23T11:02:01.1234567+10:00"),
    "sorted keys": json.dumps(webhook(), sort_keys=True).encode(),
    "a key twice": json.dumps(webhook()).replace('"Category"', '"Category": "Deleted", "Category"').encode(),
    "above a megabyte": webhook(ChangeDetails={"DocumentContext": {"Id": "Projects-1", "Text": "x" * 1_500_000}}),
    "unknown keys": {**webhook(), "Payload": {**webhook()["Payload"], "IsPayloadTruncated": True, "Events": []}},
}


@pytest.mark.parametrize(
    ("event", "document"),
    [
        ({"RelatedDocumentIds": None}, None),
        ({"RelatedDocumentIds": []}, None),
        ({"RelatedDocumentIds": {"a": 1}}, None),
        ({"RelatedDocumentIds": ["projects-*", "tenants-*"]}, None),
        ({"RelatedDocumentIds": ["Sprockets-1"]}, None),
        ({"Category": "SomethingNew"}, None),
        ({"Category": "Certificate replaced", "RelatedDocumentIds": ["certificates-1"]}, "certificates-1"),
        ({"RelatedDocumentIds": ["VARIABLESET-Projects-3", "projects-3"]}, "VARIABLESET-Projects-3"),
        ({"RelatedDocumentIds": ["feeds-builtin"], "Category": "Created"}, None),
        ({"RelatedDocumentIds": [], "Category": "Imported"}, "*"),
    ],
)
async def test_what_it_speaks_of_is_placed_or_left_to_the_audit_log(
    running: Running, event: dict[str, Any], document: str | None
) -> None:
    assert await running.post(webhook(**event)) == 202
    assert await running.state.inbox.unparsable() == []
    assert (await running.state.inbox.counters()).recorded == {"webhook": 1}
    assert await running.keys() == ([f"dev-route|{document}"] if document is not None else [])


@pytest.mark.parametrize("name", VARIANTS)
async def test_every_form_is_read_alike(running: Running, name: str) -> None:
    assert await running.post(VARIANTS[name]) == 202
    assert await running.state.inbox.unparsable() == []
    assert await running.keys() in (
        ["dev-route|Projects-1"],
        ["dev-route|Projects-1", "other-route|Projects-1"],  # where the space is not said
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"null",
        b"[]",
        b'"text"',
        b'"',
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"Payload": null}',
        b'{"Payload": {"Event": null}}',
        b'{"Payload": {"Event": []}}',
        json.dumps(webhook("")).encode(),
        json.dumps(webhook(category="")).encode(),
        json.dumps(webhook(Category=None)).encode(),
        json.dumps(webhook(Id=None)).encode(),
        json.dumps(webhook(Id="E" * 1000)).encode(),
        b"9" * 5000,
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_what_cannot_be_read_is_kept_as_a_dead_letter_and_the_audit_log_read(
    running: Running, body: bytes
) -> None:
    assert await running.post(body) == 202
    [kept] = await running.state.inbox.unparsable()
    assert (kept.source, kept.size) == ("dev", len(body))
    assert kept.reason
    assert await running.keys() == []
    await eventually(lambda: len(running.told.messages) == 2)
    assert sorted(arguments for _, arguments, _ in running.told.messages) == [["dev", "Default"], ["dev", "Other"]]


async def test_a_flood_of_what_cannot_be_read_does_not_flood_the_source(running: Running) -> None:
    for _ in range(30):
        assert await running.post(b"{}") == 202
    await eventually(lambda: len(running.told.messages) == 2)
    assert len(running.told.messages) == 2, "one for each space, and none more for some seconds"


async def test_real_webhooks_and_real_malformed_documents(running: Running, samples: Path) -> None:
    for path in sorted([*(samples / "webhooks").glob("*.json"), *(samples / "malformed").glob("*.json")]):
        assert await running.post(path.read_bytes()) == 202, path.name
    counters = await running.state.inbox.counters()
    assert counters.recorded["webhook"] >= 5
    assert counters.unparsable >= 5


async def test_above_the_bound_it_becomes_a_hint(fake_redis: FakeAsyncRedis) -> None:
    async with receiver(fake_redis, settings=Settings(body_limit_mb=1, debounce_seconds=0)) as one:
        big = json.dumps(webhook(Padding="x" * 3_000_000)).encode()
        assert await one.post(big) == 202
        assert await one.post(webhook(Padding="x" * 900_000)) == 202
        await eventually(lambda: len(one.told.messages) >= 3)
        assert {(task, *arguments) for task, arguments, _ in one.told.messages} >= {(CATCH_UP, "dev", "Default")}
        verdicts = (await one.state.inbox.counters()).verdicts
        assert verdicts == {"too large to read: left to catch-up": 1, "placed": 1}


async def test_30_mb_are_read_where_that_is_allowed(running: Running) -> None:
    assert await running.post(webhook(Padding="x" * 30_000_000)) == 202
    assert await running.keys() == ["dev-route|Projects-1"]


class TestRedisGone:
    async def test_503_and_nothing_else_while_nothing_can_be_stored(
        self, running: Running, fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def gone(*_: object, **__: object) -> None:
            raise RedisConnectionError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(FakeAsyncRedis, "execute_command", gone)
            assert await running.post(webhook("Events-1")) == 503
            assert await running.post(b"{") == 503
            assert await running.post(webhook("Events-1"), secret="wrong") == 401
            async with running.client.get("/readyz") as answer:
                assert answer.status == 503
            async with running.client.get("/healthz") as answer:
                assert answer.status == 200
        assert await running.post(webhook("Events-1")) == 202
        assert await running.keys() == ["dev-route|Projects-1"]
        async with running.client.get("/readyz") as answer:
            assert answer.status == 200


async def test_metrics_are_kept_inside_and_count_what_came(running: Running) -> None:
    await running.post(webhook("Events-1"))
    await running.post(webhook("Events-1"))
    await running.post(b"{}")
    await running.post(webhook(), secret="wrong", path="/webhooks/made-up")
    async with running.client.get("/metrics") as answer:
        assert answer.status == 404
    async with running.inside.get("/metrics") as answer:
        text = await answer.text()
    assert 'octosync_webhook_deliveries_total{instance="dev",verdict="recorded"} 1.0' in text
    assert 'octosync_webhook_deliveries_total{instance="dev",verdict="duplicate"} 1.0' in text
    assert 'octosync_webhook_deliveries_total{instance="dev",verdict="unreadable"} 1.0' in text
    assert "made-up" not in text


async def test_nothing_of_a_body_or_a_header_is_logged(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await running.post(webhook(Message="very-private", SecretThing="hunter2"))
    await running.post(b'{"very-private": "hunter2", ')
    await running.post(webhook(Id="x", Category={"very-private": "hunter2"}))
    for word in ("very-private", "hunter2", SECRET):
        assert word not in caplog.text
