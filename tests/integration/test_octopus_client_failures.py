"""What the client does when things go wrong: what it tries again, what it gives up, and what may have been applied."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.octopus_server import Counted, Server, answers, assert_no_key, client_of, problem
from worker.octopus import errors
from worker.octopus.budget import Priority
from worker.octopus.client import SpaceClient
from worker.octopus.transport import STANDSTILL


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


@pytest.mark.spacecloner("feature-8")
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


async def test_an_error_says_which_server_it_was(server: Server, space: SpaceClient) -> None:
    for trouble in (problem(401), problem(403), problem(404), web.Response(text="<html>", content_type="text/html")):
        server.handler = answers(trouble)
        with pytest.raises(errors.OctopusError) as caught:
            await space.get("projects/Projects-1")
        assert caught.value.server.rstrip("/") == server.url.rstrip("/")
