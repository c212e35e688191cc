"""The client against small servers that answer as Octopus does, or as it never should."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import shutil
import ssl
import subprocess
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from worker.octopus import errors
from worker.octopus.budget import Priority
from worker.octopus.client import OctopusClient, SpaceClient
from worker.octopus.retry import Backoff
from worker.octopus.transport import STANDSTILL, Exchange

KEY = "API-TESTKEYTESTKEYTESTKEY"
SPACES = [
    {"Id": "Spaces-1", "Name": "Default", "Slug": "default"},
    {"Id": "Spaces-2", "Name": "Öffentlich / Test", "Slug": "offentlich-test"},
]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """One handler for every path; what it was asked is in ``seen``."""

    def __init__(self) -> None:
        self.handler: Handler = self.not_found
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(b"" if request.content_type.startswith("multipart/") else await request.read())
        self.seen.append(request)
        if request.path.casefold().endswith("/api/spaces/all"):
            return web.json_response(SPACES)
        return await self.handler(request)

    async def not_found(self, request: web.Request) -> web.StreamResponse:
        return problem(404, "The resource was not found.")

    def asked(self, method: str) -> list[str]:
        return [request.path_qs for request in self.seen if request.method == method]


def problem(status: int, *lines: str, **headers: str) -> web.Response:
    body = {"ErrorMessage": "There was a problem with your request.", "Errors": list(lines)}
    return web.json_response(body, status=status, headers=headers)


def answers(*responses: web.Response | str) -> Handler:
    """One after the other, the last one for ever. ``reset`` breaks the connection."""
    queue = list(responses)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(response, str):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(body=response.body, status=response.status, headers=response.headers)

    return handler


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with serving(server.handle) as server.url:
        yield server


def client_of(url: str, **settings: Any) -> OctopusClient:
    return OctopusClient(url, KEY, **{"backoff": Backoff(first=0.001, longest=60), **settings})


@pytest.fixture
async def octopus(server: Server) -> AsyncIterator[OctopusClient]:
    async with client_of(server.url) as client:
        yield client


@pytest.fixture
async def space(octopus: OctopusClient) -> SpaceClient:
    return await octopus.space("Default")


class Counted:
    """A budget that writes down what it was asked."""

    def __init__(self) -> None:
        self.taken: list[Priority] = []
        self.penalties: list[float] = []

    async def take(self, priority: Priority) -> None:
        self.taken.append(priority)

    async def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


# What it asks


async def test_a_request_carries_the_key_and_who_we_are(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.json_response({"Id": "Projects-1"}))
    assert await space.get("projects/Projects-1", expand=True) == {"Id": "Projects-1"}
    request = server.seen[-1]
    assert request.path_qs == "/api/Spaces-1/projects/Projects-1?expand=true"
    assert request.headers["X-Octopus-ApiKey"] == KEY
    assert request.headers["User-Agent"].startswith("octosync/")


async def test_documents_cross_whole_in_both_directions(server: Server, space: SpaceClient) -> None:
    document = {"Name": 'a, [b] / "c" 🐙 \u2028 \ud83d', "Description": None, "Version": 2**60, "Empty": []}
    server.handler = answers(web.json_response(document))
    assert await space.put("projects/Projects-1", document) == document
    assert json.loads(server.bodies[-1]) == document
    assert await space.post("projects", document) == document
    assert server.asked("POST") == ["/api/Spaces-1/projects"]


async def test_a_delete_and_a_write_may_answer_nothing(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.Response(body=b"", content_type="text/plain"))
    assert await space.delete("projects/Projects-1") == {}
    assert await space.put("environments/sortorder", ["Environments-1"]) == {}


async def test_a_virtual_directory_is_part_of_every_url(server: Server) -> None:
    server.handler = answers(web.json_response({"Version": "2026.3.15581", "InstallationId": "abc"}))
    async with client_of(server.url + "/deploy/octopus/") as octopus:
        await octopus.server()
        space = await octopus.space("Spaces-1")
        await space.get("projects/Projects-1")
    assert server.asked("GET") == [
        "/deploy/octopus/api",
        "/deploy/octopus/api/spaces/all?take=200",
        "/deploy/octopus/api/Spaces-1/projects/Projects-1",
    ]


async def test_a_list_is_followed_to_its_end(server: Server, space: SpaceClient) -> None:
    ids = [f"Projects-{n}" for n in range(75)]

    async def pages(request: web.Request) -> web.StreamResponse:
        skip, take = int(request.query.get("skip", 0)), int(request.query.get("take", 30))
        items = [{"Id": i} for i in ids[skip : skip + take]]
        return web.json_response({"Items": items, "TotalResults": len(ids), "ItemsPerPage": take})

    server.handler = pages
    assert [p["Id"] for p in await space.list("projects", take=30, partialName="x")] == ids
    assert server.asked("GET")[1:] == [
        "/api/Spaces-1/projects?partialName=x&take=30",
        "/api/Spaces-1/projects?partialName=x&skip=30&take=30",
        "/api/Spaces-1/projects?partialName=x&skip=60&take=30",
    ]
    before = len(server.seen)
    assert len(await space.list("projects")) == 75
    assert len(server.seen) == before + 1, "one page where one is enough"


async def test_many_ids_are_asked_for_in_urls_that_every_proxy_takes(server: Server, space: SpaceClient) -> None:
    async def filtered(request: web.Request) -> web.StreamResponse:
        return web.json_response([{"Id": i} for i in request.query["ids"].split(",") if i != "variableset-Projects-7"])

    server.handler = filtered
    ids = [f"variableset-Projects-{n}" for n in range(300)]
    found = await space.by_ids("variables/all", [*ids, ids[0]])
    assert [v["Id"] for v in found] == [i for i in ids if i != "variableset-Projects-7"]
    urls = [server.url + path for path in server.asked("GET")[1:]]
    assert all(len(url) <= 2000 for url in urls)
    assert len(urls) <= 5
    assert await space.by_ids("variables/all", []) == []


async def test_audit_events_come_with_the_servers_time(server: Server, space: SpaceClient) -> None:
    server.handler = answers(
        web.json_response(
            {"Items": [{"Id": "Events-2"}, {"Id": "Events-1"}], "TotalResults": 2},
            headers={"Date": "Mon, 23 Nov 2026 05:00:00 GMT"},
        )
    )
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    page = await space.events(from_=now - timedelta(minutes=10), to=now, eventGroups=["Document"])
    assert [event["Id"] for event in page.events] == ["Events-2", "Events-1"]
    assert page.server_date == now
    assert page.complete
    assert dict(server.seen[-1].query) == {
        "from": "2026-11-23T04:50:00+00:00",
        "to": "2026-11-23T05:00:00+00:00",
        "excludeDifference": "true",
        "eventGroups": "Document",
        "take": "1000",
    }


async def test_the_newest_events_alone_cost_one_small_request(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.json_response({"Items": [{"Id": "Events-9"}], "TotalResults": 9000}))
    page = await space.events(at_most=1)
    assert (page.events, page.complete) == ([{"Id": "Events-9"}], False)
    assert server.asked("GET")[1:] == ["/api/Spaces-1/events?excludeDifference=true&take=1"]


async def test_no_more_requests_are_under_way_than_allowed(server: Server) -> None:
    under_way, most = 0, 0
    all_arrived = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            all_arrived.set()
        await all_arrived.wait()
        under_way -= 1
        return web.json_response({})

    server.handler = slow
    async with client_of(server.url, concurrency=3) as octopus:
        await asyncio.gather(*(octopus.get("users/me") for _ in range(9)))
    assert most == 3


async def test_a_write_may_carry_a_query(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.json_response({}))
    await space.post("projects", {}, clone="Projects-1")
    assert server.asked("POST") == ["/api/Spaces-1/projects?clone=Projects-1"]


async def test_a_logo_crosses_byte_by_byte(server: Server, space: SpaceClient) -> None:
    logo = bytes(range(256)) * 9
    server.handler = answers(web.Response(body=logo, content_type="image/png"))
    file = await space.get_file("projects/Projects-1/logo")
    assert (file.content, file.content_type) == (logo, "image/png")
    parts = []

    async def upload(request: web.Request) -> web.StreamResponse:
        for name, field in (await request.post()).items():
            assert isinstance(field, web.FileField)
            parts.append((name, field.filename, field.content_type, field.file.read()))
        return web.Response()

    server.handler = upload
    await space.put_file("projects/Projects-1/logo", dataclasses.replace(file, name='a "logo"\r\n🐙.png'))
    assert parts == [("fileToUpload", "a %22logo%22%0D%0A🐙.png", "image/png", logo)]


# Who it talks to


async def test_the_server_says_who_it_is_and_is_asked_once(server: Server, octopus: OctopusClient) -> None:
    server.handler = answers(web.json_response({"Version": "2026.3.15581", "InstallationId": "abc"}))
    info = await octopus.server()
    assert (str(info.version), info.installation_id) == ("2026.3.15581", "abc")
    assert await octopus.server() is info
    assert octopus.requests == len(server.seen) == 1


@pytest.mark.parametrize("body", [{}, [], "x", {"Version": None}, {"Version": "latest"}, {"Version": 7}])
async def test_a_server_of_another_kind_is_not_octopus(server: Server, octopus: OctopusClient, body: Any) -> None:
    server.handler = answers(web.json_response(body))
    with pytest.raises(errors.NotOctopus, match="is this the Octopus base URL"):
        await octopus.server()


@pytest.mark.parametrize(
    "wanted", ["Spaces-2", "spaces-2", "öffentlich / test", " Öffentlich / Test ", "offentlich-test"]
)
async def test_a_space_is_found_by_id_name_or_slug(octopus: OctopusClient, wanted: str) -> None:
    space = await octopus.space(wanted)
    assert (space.space_id, space.space_name) == ("Spaces-2", "Öffentlich / Test")


@pytest.mark.parametrize("wanted", ["Defualt", "Production", ""])
async def test_an_unknown_space_names_the_nearest(octopus: OctopusClient, wanted: str) -> None:
    with pytest.raises(errors.UnknownSpace) as caught:
        await octopus.space(wanted)
    assert "Default" in caught.value.nearest
    assert isinstance(caught.value, errors.NotFound)


# What it does when things go wrong


@pytest.mark.parametrize(
    "trouble", [problem(500), problem(502), problem(503), problem(429, **{"Retry-After": "0"}), "reset"]
)
async def test_a_read_is_tried_again(server: Server, space: SpaceClient, trouble: web.Response | str) -> None:
    server.handler = answers(trouble, trouble, web.json_response({"Id": "Projects-1"}))
    assert await space.get("projects/Projects-1") == {"Id": "Projects-1"}
    assert len(server.asked("GET")) == 1 + 3


@pytest.mark.spacecloner("bug-17")
async def test_it_gives_up_after_so_many_attempts(server: Server) -> None:
    server.handler = answers(problem(500, "Something broke."))
    async with client_of(server.url, attempts=3) as octopus:
        with pytest.raises(errors.ServerFault, match="Something broke"):
            await octopus.get("users/me")
        assert octopus.requests == len(server.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
async def test_a_refusal_is_not_tried_again(server: Server, space: SpaceClient, status: int) -> None:
    server.handler = answers(problem(status, "No."))
    with pytest.raises(errors.Refused, match=r"No\."):
        await space.get("projects/Projects-1")
    assert len(server.asked("GET")) == 1 + 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "trouble", ["reset", problem(500), problem(504), web.Response(text="<html>", content_type="text/html")]
)
async def test_a_write_whose_answer_is_lost_is_not_sent_twice(
    server: Server, space: SpaceClient, method: str, trouble: web.Response | str
) -> None:
    server.handler = answers(web.json_response({}), trouble)
    await space.get("projects/Projects-1")  # The connection is kept, so the write meets it.
    calls = {
        "POST": lambda: space.post("projects", {}),
        "PUT": lambda: space.put("projects/Projects-1", {}),
        "DELETE": lambda: space.delete("projects/Projects-1"),
    }
    with pytest.raises(errors.OctopusError, match="may have been applied") as caught:
        await calls[method]()
    assert caught.value.maybe_applied
    assert len(server.asked(method)) == 1


@pytest.mark.parametrize("trouble", [problem(503), problem(429, **{"Retry-After": "0"})])
async def test_a_write_that_was_turned_away_is_sent_again(
    server: Server, space: SpaceClient, trouble: web.Response
) -> None:
    server.handler = answers(trouble, web.json_response({"Id": "Projects-1"}))
    assert await space.post("projects", {"Name": "a"}) == {"Id": "Projects-1"}
    assert server.bodies[-2:] == [b'{"Name":"a"}'] * 2


async def test_a_stale_version_is_for_the_caller_who_must_read_again(server: Server, space: SpaceClient) -> None:
    server.handler = answers(problem(400, "…because another user has made changes to the variables between…"))
    with pytest.raises(errors.StaleVersion):
        await space.put("variables/variableset-Projects-1", {"Version": 1})
    assert len(server.asked("PUT")) == 1


async def test_a_long_pause_is_left_to_the_caller_and_stops_everybody(server: Server) -> None:
    server.handler = answers(problem(429, **{"Retry-After": "3600"}))
    budget = Counted()
    async with client_of(server.url, budget=budget, priority=Priority.BULK) as octopus:
        with pytest.raises(errors.RateLimited) as caught:
            await octopus.get("users/me")
    assert caught.value.retry_after == 3600
    assert budget.penalties == [3600]
    assert budget.taken == [Priority.BULK]


async def test_every_request_that_is_sent_is_paid_for(server: Server) -> None:
    server.handler = answers(
        problem(429), problem(500), web.Response(status=302, headers={"Location": "/api/me"}), problem(404)
    )
    budget = Counted()
    async with client_of(server.url, budget=budget) as octopus:
        with pytest.raises(errors.NotFound):
            await octopus.get("users/me")
        assert len(budget.taken) == octopus.requests == len(server.seen) == 4
    assert budget.penalties == [STANDSTILL]


async def test_a_server_that_is_not_there_is_unreachable_and_nothing_was_written(unused_tcp_port: int) -> None:
    async with client_of(f"http://127.0.0.1:{unused_tcp_port}", attempts=2) as octopus:
        with pytest.raises(errors.Unreachable, match="cannot connect") as caught:
            await octopus.post("spaces", {})
    assert caught.value.concerns_instance
    assert not caught.value.maybe_applied


async def test_a_host_that_does_not_exist_is_unreachable() -> None:
    async with client_of("http://octopus.invalid", attempts=1) as octopus:
        with pytest.raises(errors.Unreachable, match=r"octopus\.invalid"):
            await octopus.server()


async def test_silence_ends(server: Server) -> None:
    never = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    server.handler = silent
    async with client_of(server.url, timeout=0.05, attempts=2) as octopus:
        with pytest.raises(errors.Unreachable, match="no answer in time") as caught:
            await octopus.get("users/me")
        assert not caught.value.maybe_applied
        with pytest.raises(errors.Unreachable) as caught:
            await octopus.put("users/me", {})
        assert caught.value.maybe_applied
    never.set()
    assert (len(server.asked("GET")), len(server.asked("PUT"))) == (2, 1)


async def test_an_answer_that_breaks_off_is_asked_for_again(server: Server, space: SpaceClient) -> None:
    broken = True

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal broken
        if not broken:
            return web.json_response({"Id": "Projects-1"})
        broken = False
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"Id": ')
        assert request.transport is not None
        request.transport.close()
        return response

    server.handler = handler
    assert await space.get("projects/Projects-1") == {"Id": "Projects-1"}


async def test_what_is_no_http_is_not_octopus() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}") as octopus:
            with pytest.raises(errors.NotOctopus, match="does not speak HTTP") as caught:
                await octopus.server()
    assert_no_key(caught.value)


async def test_a_login_page_is_not_taken_for_an_answer(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.Response(text="<html>Sign in</html>", content_type="text/html"))
    with pytest.raises(errors.NotOctopus, match="login page"):
        await space.get("projects/Projects-1")


async def test_a_byte_order_mark_does_no_harm(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.Response(body=b'\xef\xbb\xbf{"Id": "Projects-1"}', content_type="application/json"))
    assert await space.get("projects/Projects-1") == {"Id": "Projects-1"}


async def test_a_write_that_answers_no_document_is_misunderstood(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.json_response(["Projects-1"]))
    with pytest.raises(errors.Misunderstood) as caught:
        await space.post("projects", {})
    assert caught.value.maybe_applied


async def test_a_document_that_is_no_json_is_not_sent(server: Server, space: SpaceClient) -> None:
    with pytest.raises(ValueError, match="JSON"):
        await space.put("projects/Projects-1", {"Order": float("nan")})
    assert server.asked("PUT") == []


async def test_the_client_says_how_it_is_used(server: Server) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await client_of(server.url).server()


# Where the key goes


async def test_a_redirect_to_another_host_is_refused_and_that_host_hears_nothing(
    server: Server, space: SpaceClient
) -> None:
    other = Server()
    async with serving(other.handle) as other.url:
        for location in (
            f"{other.url}/api?key=secret",
            f"//{other.url.removeprefix('http://')}/x",
            "https://127.0.0.1/",
        ):
            server.handler = answers(web.Response(status=307, headers={"Location": location}))
            with pytest.raises(errors.NotOctopus, match=r"redirects to .* must not go") as caught:
                await space.get("projects/Projects-1")
            assert "secret" not in str(caught.value)
            with pytest.raises(errors.NotOctopus):
                await space.put("projects/Projects-1", {})
    assert other.seen == []


async def test_a_redirect_within_the_server_is_followed_for_a_read_only(server: Server, space: SpaceClient) -> None:
    moved = web.Response(status=302, headers={"Location": "/api/Spaces-1/projects/Projects-2"})
    server.handler = answers(moved, web.json_response({"Id": "Projects-2"}))
    assert await space.get("projects/Projects-1") == {"Id": "Projects-2"}
    server.handler = answers(moved)
    for write in (
        space.put("projects/Projects-1", {}),
        space.post("projects", {}),
        space.delete("projects/Projects-1"),
    ):
        with pytest.raises(errors.NotOctopus, match="redirects a write"):
            await write


@pytest.mark.parametrize("location", ["/api/Spaces-1/projects/Projects-1", "http://[", ""])
async def test_a_redirect_that_leads_nowhere_ends(server: Server, space: SpaceClient, location: str) -> None:
    server.handler = answers(web.Response(status=301, headers={"Location": location}))
    with pytest.raises(errors.NotOctopus, match="redirects"):
        await space.get("projects/Projects-1")
    assert len(server.asked("GET")) <= 1 + 4


async def test_no_cookie_is_kept(server: Server, space: SpaceClient) -> None:
    server.handler = answers(web.json_response({}, headers={"Set-Cookie": "OctopusIdentificationToken=x; Path=/"}))
    await space.get("users/me")
    await space.get("users/me")
    assert "Cookie" not in server.seen[-1].headers


def assert_no_key(error: BaseException) -> None:
    """Not in what it prints, nor in anything that it holds or came from."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown = [str(one), repr(one), repr(one.args), repr(vars(one)), *traceback.format_exception(one)]
        assert KEY not in "".join(shown)
        todo += [one.__cause__, one.__context__]


async def test_the_key_is_in_no_log_no_error_and_no_repr(
    server: Server, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.DEBUG)
    dead = f"http://127.0.0.1:{unused_tcp_port}"
    troubles: list[web.Response | str] = [
        problem(401, f"The API key {KEY} is not known."),
        problem(400, f"Bad header X-Octopus-ApiKey: {KEY}"),
        problem(500, KEY),
        web.Response(text=KEY, status=404, content_type="text/html"),
        web.Response(text=KEY, content_type="text/html"),
        web.Response(text=KEY, content_type="application/json"),
        web.Response(status=307, headers={"Location": f"http://127.0.0.2/?ApiKey={KEY}"}),
        "reset",
    ]
    caught: list[BaseException] = []
    with capture_logs() as lines:
        for url, trouble in [(server.url, trouble) for trouble in troubles] + [(dead, "reset")]:
            server.handler = answers(trouble)
            async with client_of(url, attempts=2) as octopus:
                with pytest.raises(errors.OctopusError) as one:
                    await octopus.put("users/me", {"Password": {"NewValue": "hunter2"}})
                caught.append(one.value)
                with pytest.raises(errors.OctopusError) as one:
                    await octopus.get("users/me")
                caught.append(one.value)
                assert KEY not in repr(octopus) + repr(octopus._transport) + repr(vars(octopus._transport))
    for error in caught:
        assert_no_key(error)
    kinds = {errors.Unauthorized, errors.BadRequest, errors.ServerFault, errors.NotFound, errors.NotOctopus}
    assert {type(error) for error in caught} == kinds | {errors.Misunderstood, errors.Unreachable}
    assert len(lines) > 2 * len(troubles)
    assert KEY not in repr(lines) + caplog.text
    assert "hunter2" not in repr(lines) + caplog.text


async def test_a_secret_that_the_server_repeats_is_masked(server: Server, space: SpaceClient) -> None:
    server.handler = answers(problem(400, 'Error converting value "hunter2" to type Guid.'))
    with pytest.raises(errors.BadRequest) as caught:
        await space.put("accounts/Accounts-1", {"SubscriptionNumber": {"HasValue": True, "NewValue": "hunter2"}})
    assert "hunter2" not in str(caught.value)
    assert "to type Guid" in str(caught.value)


# What it tells


async def test_every_exchange_is_one_line_and_one_call(server: Server) -> None:
    server.handler = answers(problem(500), web.json_response({"Name": "secret name"}))
    told: list[Exchange] = []
    async with client_of(server.url, observer=told.append) as octopus:
        with capture_logs() as lines:
            await octopus.get("projects", partialName="secret name")
    assert [(e.method, e.path, e.status, e.attempt) for e in told] == [
        ("GET", "/api/projects", 500, 1),
        ("GET", "/api/projects", 200, 2),
    ]
    assert told[1].received == len('{"Name": "secret name"}')
    assert [(line["log_level"], line["status"], line["path"]) for line in lines] == [
        ("info", 500, "/api/projects"),
        ("info", 200, "/api/projects"),
    ]
    assert "secret name" not in repr(lines) + repr(told)


async def test_an_exchange_without_an_answer_is_told_too(server: Server) -> None:
    server.handler = answers("reset")
    told: list[Exchange] = []
    async with client_of(server.url, observer=told.append, attempts=2) as octopus:
        with pytest.raises(errors.Unreachable):
            await octopus.get("users/me")
    assert [exchange.status for exchange in told] == [None, None]


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=octopus", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


async def test_a_certificate_is_trusted_only_if_we_were_told(server: Server, certificate: tuple[Path, Path]) -> None:
    server.handler = answers(web.json_response({"Version": "2026.3.15581"}))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    async with serving(server.handle, tls) as url:
        async with client_of(url) as octopus:
            with pytest.raises(errors.Unreachable, match="set ca_file") as caught:
                await octopus.server()
            assert octopus.requests == 1, "trying again at once cannot help"
        assert_no_key(caught.value)
        assert server.seen == []
        for settings in ({"ca_file": str(certificate[0])}, {"verify_tls": False}):
            async with client_of(url, **settings) as octopus:
                assert str((await octopus.server()).version) == "2026.3.15581"


async def test_https_where_http_is_spoken_says_so(server: Server) -> None:
    async with client_of(server.url.replace("http:", "https:")) as octopus:
        with pytest.raises(errors.Unreachable, match="is it https"):
            await octopus.server()


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_ca_file_that_is_none_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=r"ca\.pem"):
        client_of("https://octopus.example.com", ca_file=str(file))
