"""What the client asks, whom, and what it tells of it, against a small server that answers as Octopus does."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.octopus_server import KEY, Server, answers, client_of, problem
from worker.octopus import errors
from worker.octopus.client import OctopusClient, SpaceClient
from worker.octopus.transport import Exchange

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
    assert caught.value.server == octopus.url


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
