"""A file that goes from one server to another without ever lying in memory as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.octopus_server import KEY, Counted, client_of, problem, serving
from worker.octopus import errors, streams
from worker.octopus.client import OctopusClient, SpaceClient
from worker.octopus.streams import Expected

MEGABYTE = bytes(range(256)) * 4096


@dataclass
class Giver:
    """A server that makes up a file as it is read."""

    megabytes: int
    told: bool = True
    """Whether it says how long the file is."""
    breaks_after: int | None = None
    content_type: str = "application/octet-stream"
    asked: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        assert request.headers["X-Octopus-ApiKey"] == KEY
        response = web.StreamResponse(headers={"Content-Type": self.content_type})
        if self.told:
            response.content_length = self.megabytes * len(MEGABYTE)
        await response.prepare(request)
        for number in range(self.megabytes):
            if number == self.breaks_after:
                self.breaks_after = None
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(MEGABYTE)
        await response.write_eof()
        return response


@dataclass
class Taker:
    """A server that counts what it gets, and keeps none of it."""

    refusals: list[web.Response] = field(default_factory=list)
    taken: list[tuple[str, int, str]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers)
        async for part in await request.multipart():
            digest, size = hashlib.sha1(), 0
            while piece := await part.read_chunk(256 * 1024):
                digest.update(piece)
                size += len(piece)
            if self.refusals:
                return self.refusals.pop(0)
            self.taken.append((part.filename or "", size, digest.hexdigest()))
        return web.json_response({"PackageId": "web", "Query": request.query_string}, status=201)


@dataclass
class Ends:
    giver: Giver
    taker: Taker
    source: SpaceClient
    destination: SpaceClient
    budgets: list[Counted]
    clients: list[OctopusClient]
    urls: list[str]

    async def relay(self, **more: Any) -> Any:
        return await self.source.relay("packages/1/raw", self.destination, "packages/raw", "web.1.0.0.zip", **more)


@pytest.fixture
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    giver, taker = Giver(**getattr(request, "param", {"megabytes": 3})), Taker()
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(serving(one.handle)) for one in (giver, taker)]
        budgets = [Counted(), Counted()]
        clients = [
            await stack.enter_async_context(client_of(url, budget=budget, timeout=2))
            for url, budget in zip(urls, budgets, strict=True)
        ]
        source, destination = (client.space_at("Spaces-1", "Default") for client in clients)
        yield Ends(giver, taker, source, destination, budgets, clients, [f"{url}/" for url in urls])


async def test_the_file_arrives_as_it_was(ends: Ends) -> None:
    so_far: list[int] = []
    answer, passed = await ends.relay(moved=so_far.append, overwriteMode="IgnoreIfExists")
    size = 3 * len(MEGABYTE)
    sha1 = hashlib.sha1(MEGABYTE * 3).hexdigest()
    assert answer == {"PackageId": "web", "Query": "overwriteMode=IgnoreIfExists"}
    assert (passed.size, passed.sha1) == (size, sha1)
    assert ends.taker.taken == [("web.1.0.0.zip", size, sha1)]
    assert so_far == sorted(so_far)
    assert so_far[-1] == size
    # Both servers' budgets were asked, and both requests counted.
    assert [len(budget.taken) for budget in ends.budgets] == [1, 1]
    assert [client.requests for client in ends.clients] == [1, 1]


@pytest.mark.parametrize("ends", [{"megabytes": 2, "told": True}, {"megabytes": 2, "told": False}], indirect=True)
async def test_a_form_whose_length_is_known_is_not_sent_in_chunks(ends: Ends) -> None:
    await ends.relay()
    [headers] = ends.taker.headers
    assert ("Content-Length" in headers) == ends.giver.told
    assert ("Transfer-Encoding" in headers) != ends.giver.told
    assert ends.taker.taken[0][1] == 2 * len(MEGABYTE)


@pytest.mark.parametrize("ends", [{"megabytes": 96}], indirect=True)
async def test_it_never_lies_in_memory(ends: Ends) -> None:
    """Both servers live in this process, so what they hold counts too."""
    tracemalloc.start()
    try:
        await ends.relay()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ends.taker.taken[0][1] == 96 * len(MEGABYTE)
    assert peak < 16 * len(MEGABYTE)


@pytest.mark.parametrize("ends", [{"megabytes": 4, "breaks_after": 2}], indirect=True)
async def test_where_the_source_breaks_off_it_begins_again(ends: Ends) -> None:
    _, passed = await ends.relay()
    assert passed.size == 4 * len(MEGABYTE)
    assert ends.giver.asked == 2
    assert [size for _, size, _ in ends.taker.taken][-1] == 4 * len(MEGABYTE)


class Impatient(asyncio.Protocol):
    """A proxy that has seen enough: it closes without reading on, so that its answer may be lost on the way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()


@pytest.mark.parametrize("ends", [{"megabytes": 4}], indirect=True)
async def test_a_connection_that_breaks_over_one_file_says_nothing_of_the_server_as_a_whole(ends: Ends) -> None:
    proxy = await asyncio.get_running_loop().create_server(Impatient, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    async with proxy, client_of(f"http://127.0.0.1:{port}", attempts=2) as client:
        with pytest.raises(errors.BrokenOff, match="larger than a proxy lets through") as caught:
            await ends.source.relay("packages/1/raw", client.space_at("Spaces-1", "Default"), "packages/raw", "x.zip")
    assert ends.giver.asked == 2
    assert caught.value.maybe_applied
    assert not caught.value.concerns_instance
    assert caught.value.server == f"http://127.0.0.1:{port}/"


async def test_a_file_that_is_too_large_is_refused_with_the_servers_words(ends: Ends) -> None:
    ends.taker.refusals = [problem(413, "It is too large.")]
    with pytest.raises(errors.Refused, match=r"It is too large\."):
        await ends.relay()
    assert ends.giver.asked == 1


async def test_a_redirect_of_a_file_is_not_followed(ends: Ends) -> None:
    async def elsewhere(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://elsewhere.example/file"})

    async with serving(elsewhere) as url, client_of(url) as client:
        with pytest.raises(errors.Refused, match="redirects a file"):
            await client.space_at("Spaces-1", "Default").relay("packages/1/raw", ends.destination, "packages/raw", "x")
    assert ends.taker.headers == []


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (problem(400, "The file is not a package."), errors.BadRequest),
        (problem(403, "Missing permission: BuiltInFeedPush"), errors.Forbidden),
    ],
)
async def test_what_is_refused_is_not_sent_again(ends: Ends, refusal: web.Response, error: type[Exception]) -> None:
    ends.taker.refusals = [refusal]
    with pytest.raises(error) as caught:
        await ends.relay()
    assert ends.giver.asked == 1
    assert KEY not in repr(caught.value) + str(caught.value.__context__) + str(caught.value.__cause__)


async def test_a_server_that_is_busy_is_asked_again(ends: Ends) -> None:
    ends.taker.refusals = [problem(503, "Maintenance"), problem(429, "Slow down", **{"Retry-After": "0"})]
    await ends.relay()
    assert len(ends.taker.taken) == 1
    assert ends.budgets[1].penalties == [0.0]


async def test_the_sources_refusal_is_told_as_the_sources(ends: Ends) -> None:
    async def missing(_: web.Request) -> web.StreamResponse:
        return problem(404, "The resource was not found.")

    async with serving(missing) as url, client_of(url) as client:
        with pytest.raises(errors.NotFound):
            await client.space_at("Spaces-1", "Default").relay("packages/1/raw", ends.destination, "packages/raw", "x")
    assert ends.taker.headers == []


TWO = 2 * len(MEGABYTE)
SHA1 = hashlib.sha1(MEGABYTE * 2).hexdigest()


@pytest.mark.parametrize("ends", [{"megabytes": 2, "told": True}, {"megabytes": 2, "told": False}], indirect=True)
@pytest.mark.parametrize("expected", [Expected(TWO, SHA1), Expected(None, SHA1), Expected(TWO, None), Expected()])
async def test_a_file_that_is_what_was_expected_arrives(ends: Ends, expected: Expected) -> None:
    await ends.relay(expected=expected)
    assert ends.taker.taken == [("web.1.0.0.zip", TWO, SHA1)]


@pytest.mark.parametrize("ends", [{"megabytes": 2, "told": True}, {"megabytes": 2, "told": False}], indirect=True)
@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(TWO + 1, None), f"{TWO} bytes, not {TWO + 1} bytes"),  # cut off, and nobody says so
        (Expected(TWO - 1, None), f"bytes, not {TWO - 1} bytes"),
        (Expected(TWO, "0" * 40), f"{TWO} bytes ({SHA1}), not {TWO} bytes ({'0' * 40})"),
        (Expected(None, "0" * 40), f"({SHA1}), not a file ({'0' * 40})"),
    ],
)
async def test_another_file_than_was_expected_never_comes_to_be_there(
    ends: Ends, expected: Expected, words: str
) -> None:
    with pytest.raises(errors.FileDiffers, match=re.escape(words)) as caught:
        await ends.relay(expected=expected)
    assert ends.taker.taken == []
    assert ends.giver.asked == 1
    assert not caught.value.maybe_applied


@pytest.mark.parametrize("ends", [{"megabytes": 1, "content_type": "text/html; charset=utf-8"}], indirect=True)
async def test_a_page_in_the_place_of_a_file_is_not_sent_on(ends: Ends) -> None:
    with pytest.raises(errors.FileDiffers, match="a page instead of a file") as caught:
        await ends.relay()
    assert ends.taker.headers == []
    assert caught.value.server == ends.urls[0]


async def test_errors_say_which_of_the_two_servers_it_was(ends: Ends) -> None:
    ends.taker.refusals = [problem(400, "The file is not a package.")]
    with pytest.raises(errors.BadRequest) as caught:
        await ends.relay()
    assert caught.value.server == ends.urls[1]


class LeaseLostError(Exception):
    """As whoever holds a lease would say."""


async def test_while_a_file_is_sent_it_is_asked_whether_it_may_go_on(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease is for a request, and this one takes as long as the file is large."""
    monkeypatch.setattr(streams, "ASKED_EVERY_S", 0.0)
    asked = 0

    async def may_write() -> None:
        nonlocal asked
        asked += 1
        if asked == limit:
            raise LeaseLostError

    limit = 0
    ends.destination.check_writes(may_write)
    await ends.relay()
    assert asked > 3  # more than once for each megabyte

    asked, limit = 0, 3
    with pytest.raises(LeaseLostError):
        await ends.relay()
    assert len(ends.taker.taken) == 1


async def test_where_nothing_moves_it_is_given_up() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"a beginning")
        await asyncio.sleep(30)
        return response

    taker = Taker()
    async with (
        serving(silent) as one,
        serving(taker.handle) as two,
        client_of(one) as source,
        client_of(two, timeout=0.03, attempts=1) as destination,
    ):
        spaces = [client.space_at("Spaces-1", "Default") for client in (source, destination)]
        with pytest.raises(errors.BrokenOff, match="nothing moved"):
            await spaces[0].relay("packages/1/raw", spaces[1], "packages/raw", "x.zip")
