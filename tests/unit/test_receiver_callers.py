"""Who may call: by path or header, with which secret, from which address."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from aiohttp.test_utils import make_mocked_request
from fakeredis import FakeAsyncRedis
from multidict import CIMultiDict

from config.addresses import Network
from config.settings import Settings
from tests.processes import eventually
from tests.receiver import SECRET, receiver, routes_file, webhook
from webhook_receiver.addresses import caller_of

OTHER = "tr0ub4dor-and-three"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_HOOK_0", SECRET)
    monkeypatch.setenv("OCTOSYNC_HOOK_1", "the-next-secret")
    monkeypatch.setenv("OCTOSYNC_OTHER", OTHER)
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")


class TestSeveralSources:
    async def test_by_path(self, fake_redis: FakeAsyncRedis) -> None:
        routes = routes_file(["dev", "test"], test={"webhook_secrets": [{"env": "OCTOSYNC_OTHER"}]})
        async with receiver(fake_redis, routes) as one:
            assert await one.post(webhook("Events-1"), path="/webhooks/test") == 401, "the secret of another"
            assert await one.post(webhook("Events-1"), path="/webhooks/test", secret=OTHER) == 202
            assert await one.keys() == ["test-route|Projects-1"]

    async def test_by_a_header_each(self, fake_redis: FakeAsyncRedis) -> None:
        routes = routes_file(["dev", "test"], dev={"webhook_header": "X-Dev"}, test={"webhook_header": "X-Test"})
        async with receiver(fake_redis, routes) as one:
            assert await one.post(webhook("Events-1"), path="/webhooks", header="X-Test") == 202
            assert await one.keys() == ["test-route|Projects-1"]
            assert await one.post(webhook("Events-1"), path="/webhooks", header="X-Dev") == 202
            assert "dev-route|Projects-1" in await one.keys(), "ids of events are unique within one instance only"
            assert await one.post(webhook("Events-1"), path="/webhooks", header="X-Else") == 401

    async def test_by_the_secret_alone(self, fake_redis: FakeAsyncRedis) -> None:
        routes = routes_file(["dev", "test"], test={"webhook_secrets": [{"env": "OCTOSYNC_OTHER"}]})
        async with receiver(fake_redis, routes) as one:
            assert await one.post(webhook(), path="/webhooks", secret=OTHER) == 202
            assert await one.keys() == ["test-route|Projects-1"]

    async def test_with_one_secret_for_two_the_audit_logs_of_both_are_read(self, fake_redis: FakeAsyncRedis) -> None:
        async with receiver(fake_redis, routes_file(["dev", "test"])) as one:
            assert await one.post(webhook(), path="/webhooks") == 202
            assert await one.keys() == [], "nobody can tell what it speaks of"
            await eventually(lambda: len(one.caught_up()) == 3)
            assert one.caught_up() == [["dev", "Default"], ["dev", "Other"], ["test", "Default"]]
            assert await one.post(webhook(), path="/webhooks/test") == 202
            assert await one.keys() == ["test-route|Projects-1"]


async def test_which_secret_was_used_is_counted(fake_redis: FakeAsyncRedis) -> None:
    async with receiver(fake_redis, routes_file(secrets=2)) as one:
        await one.post(webhook("Events-1"))
        await one.post(webhook("Events-2"), secret="the-next-secret")
        await one.post(webhook("Events-3"), secret="the-next-secret")
        await one.post(webhook("Events-4"), secret="wrong")
        async with one.inside.get("/metrics") as answer:
            text = await answer.text()
    assert 'octosync_webhook_secret_used_total{instance="dev",secret="0"} 1.0' in text
    assert 'octosync_webhook_secret_used_total{instance="dev",secret="1"} 2.0' in text


class TestAddresses:
    """The test's own address is 127.0.0.1."""

    async def test_only_those_that_are_listed(self, fake_redis: FakeAsyncRedis) -> None:
        for listed, status in ((["10.0.0.0/8"], 403), (["10.0.0.0/8", "127.0.0.1"], 202), (["::1"], 403)):
            async with receiver(fake_redis, routes_file(dev={"webhook_from": listed})) as one:
                assert await one.post(webhook()) == status
                assert await one.post(webhook(), path="/webhooks") == status

    async def test_another_instance_may_be_called_for_from_anywhere(self, fake_redis: FakeAsyncRedis) -> None:
        routes = routes_file(["dev", "test"], dev={"webhook_from": ["10.0.0.0/8"]})
        async with receiver(fake_redis, routes) as one:
            assert await one.post(webhook(), path="/webhooks/dev") == 403
            assert await one.post(webhook(), path="/webhooks/test") == 202

    async def test_what_a_caller_says_of_itself_counts_only_behind_a_trusted_proxy(
        self, fake_redis: FakeAsyncRedis
    ) -> None:
        routes = routes_file(dev={"webhook_from": ["203.0.113.7"]})
        async with receiver(fake_redis, routes) as one:
            assert await one.post(webhook(), X_Forwarded_For="203.0.113.7") == 403
        async with receiver(fake_redis, routes, Settings(trusted_proxies="127.0.0.0/8, ::1")) as one:
            assert await one.post(webhook(), X_Forwarded_For="203.0.113.7") == 202
            assert await one.post(webhook(), X_Forwarded_For="203.0.113.7, 198.51.100.1") == 403
            assert await one.post(webhook()) == 403


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", ["203.0.113.7"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.7", " 10.9.9.9 ,"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, unknown"], None),
        ("10.0.0.1", ["203.0.113.7, <script>"], None),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        (None, ["203.0.113.7"], "203.0.113.7"),
        (None, [], None),
    ],
)
def test_the_caller_behind_proxies(peer: str | None, forwarded: list[str], caller: str | None) -> None:
    request = make_mocked_request(
        "POST", "/webhooks", headers=CIMultiDict(("X-Forwarded-For", one) for one in forwarded)
    ).clone(remote=peer or "")
    trusted: tuple[Network, ...] = Settings(trusted_proxies="10.0.0.0/8").trusted_proxies
    assert caller_of(request, trusted) == (ip_address(caller) if caller is not None else None)
