"""The first hour's commands against two servers, a real receiver and a real Redis."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.house import HEADER, SECRET, House, house
from tests.integration.test_subscribe import octosync

pytestmark = pytest.mark.timeout(120)


def by_check(out: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(out)["findings"]:
        found.setdefault(one["check"], []).append(one)
    return found


def levels(found: dict[str, list[dict[str, Any]]], check: str) -> list[str]:
    return [one["level"] for one in found[check]]


async def limited_key(one: House) -> str:
    key = "API-READONLY0000000000000000000"
    await one.destination.post("sandbox/keys", {"ApiKey": key, "Username": "reader", "ReadOnly": True})
    return key


async def test_doctor_says_what_is_missing_and_what_to_do(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await one.state.ledger.links.add("gone-route", "Projects-1", "Projects-2")
        status, out, err = await octosync("doctor", "--json")
        assert status == 2, out + err
        found = by_check(out)
        for check in ("redis", "redis-durability", "reach", "space", "permissions", "clock", "versions"):
            assert set(levels(found, check)) == {"ok"}, found[check]
        for check in ("too-much", "workers", "subscription", "deliveries", "ledger", "cursor"):
            assert levels(found, check)[0] == "warning", found[check]
        assert "octosync subscribe" in found["subscription"][0]["next"]
        assert found["ledger"][0]["about"] == "gone-route"
        assert all(each["next"] for some in found.values() for each in some if each["level"] != "ok")
        assert one.source.writes == one.destination.writes == 0

        status, out, err = await octosync("doctor", "--quiet", OCTOSYNC_PROD_KEY=await limited_key(one))
        assert status == 1
        assert "ProjectCreate (for project" in out
        assert "next: add them to a role" in out

        status, out, _ = await octosync("doctor", "--json", OCTOSYNC_PROD_KEY="API-WRONG")
        assert status == 1
        assert levels(by_check(out), "key").count("failure") == 1

        status, out, _ = await octosync("doctor", "--json", "--redis", "redis://127.0.0.1:9/0")
        assert status == 1
        found = by_check(out)
        assert levels(found, "redis") == ["failure"]
        assert levels(found, "reach") == ["ok", "ok"], "what does not hang on Redis is looked at all the same"


async def test_doctor_is_content_with_a_subscription_that_delivers(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await one.subscribe()
        status, out, err = await octosync("simulate", "--url", one.hooks, "--json")
        assert status == 0, err
        assert json.loads(out)["verdict"] == "ignored: a kind that does not cross"
        status, out, _ = await octosync("doctor", "--json", "--warnings-pass")
        assert status == 0
        found = by_check(out)
        assert levels(found, "subscription") == ["ok"]
        assert levels(found, "deliveries") == ["ok"]

        status, _, err = await octosync("simulate", "--url", one.hooks, OCTOSYNC_DEV_HOOK="another")
        assert status == 1
        assert "answered 401" in err
        assert SECRET not in err
        assert HEADER not in err


async def test_a_routes_memory_goes_into_a_file_and_back(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        file = tmp_path / "memory.json"
        assert (await octosync("ledger", "export", "dev-to-prod"))[0] == 1, "there is nothing yet"
        await one.state.ledger.links.add("dev-to-prod", "Projects-1", "Projects-21")
        assert (await octosync("ledger", "export", "dev-to-prod", "-o", str(file)))[0] == 0
        assert oct(os.stat(file).st_mode & 0o777) == "0o600"
        status, _, err = await octosync("ledger", "import", str(file))
        assert status == 1
        assert "remembers" in err
        assert (await octosync("ledger", "import", str(file), "--as", "renamed"))[0] == 0
        assert await one.state.ledger.links.all("renamed") == {"Projects-1": "Projects-21"}


async def test_init_asks_nobody_who_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    status, _, err = await octosync("init", "--config", str(file), "--source-url", "https://a.example.com")
    assert (status, file.exists()) == (1, False)
    assert "--destination-url" in err
    urls = ("--source-url", "https://a.example.com", "--destination-url", "https://b.example.com")
    assert (await octosync("init", "--config", str(file), *urls))[0] == 0
    assert (await octosync("config", "check", str(file)))[0] == 0
    status, _, err = await octosync("init", "--config", str(file), *urls)
    assert status == 1
    assert "--force" in err
    wrong = ("--source-url", "https://a.example.com/app#/projects", "--destination-url", "https://b.example.com")
    status, _, err = await octosync("init", "--config", str(tmp_path / "x.yaml"), *wrong)
    assert status == 1
    assert "nothing was written" in err
