"""Where the client's key and other secrets go: to this server, and into no log, no error and no other host."""

from __future__ import annotations

import logging

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.octopus_server import KEY, Server, answers, assert_no_key, client_of, problem, serving
from worker.octopus import errors
from worker.octopus.client import SpaceClient


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
