"""`octosync subscribe` against a source that calls a real receiver, over a real Redis."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house import SECRET, House, house

pytestmark = pytest.mark.timeout(120)


async def octosync(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """As a person types it. Exit status, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from worker.cli.main import main; main()", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def base(one: House) -> str:
    return one.hooks.removesuffix("/webhooks/dev")


async def subscriptions(one: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await one.source.get("Spaces-1/subscriptions/all")
    return found


async def test_it_is_made_proven_left_alone_and_repaired(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        status, _, err = await octosync("subscribe", "--url", base(one), "--dry-run")
        assert status == 2, err
        assert "would create" in err
        assert await subscriptions(one) == [], "a dry run changes nothing"

        status, _, err = await octosync("subscribe", "--url", base(one), "--wait", "30")
        assert status == 0, err
        assert "proven" in err
        assert SECRET not in err
        (made,) = await subscriptions(one)
        fields = made["EventNotificationSubscription"]
        assert fields["WebhookURI"] == one.hooks
        assert fields["Filter"]["EventGroups"] == ["Document"]
        assert [name for name, values in fields["Filter"].items() if values] == ["EventGroups"]
        assert one.destination.writes == 0

        writes = one.source.writes
        status, out, _ = await octosync("subscribe", "--json")
        assert status == 0
        (told,) = json.loads(out)
        assert (told["changes"], told["proof"], told["created"]) == ([], "earlier", False)
        assert one.source.writes == writes, "and a second time, nothing is written"

        await one.source.edit(
            f"Spaces-1/subscriptions/{made['Id']}",
            IsDisabled=True,
            EventNotificationSubscription=fields
            | {"Filter": {"Projects": ["Projects-1"]}, "WebhookHeaderValue": "old"},
        )
        status, out, _ = await octosync("subscribe", "--wait", "30", "--json")
        assert status == 0
        (told,) = json.loads(out)
        assert told["proof"] == "delivered"
        assert len(told["changes"]) == 3
        assert SECRET not in out
        (again,) = await subscriptions(one)
        assert again["Id"] == made["Id"]

        status, _, err = await octosync("subscribe", "--prove", "--wait", "30")
        assert status == 0, err
        assert "as it should be" in err
        assert "proven" in err


async def test_what_does_not_arrive_is_said_with_where_to_look(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        status, _, err = await octosync("subscribe")
        assert status == 1
        assert "--url https://" in err, "nobody has said yet where the receiver is"

        status, _, err = await octosync("subscribe", "--url", "http://127.0.0.1:9", "--wait", "1")
        assert status == 1
        assert "not proven" in err
        assert "Subscription logs" in err

        status, _, err = await octosync("subscribe", "--url", "nonsense")
        assert status == 1
        assert "--url: starts with https://" in err

        routes = json.loads((tmp_path / "octosync.yaml").read_text())
        del routes["instances"][0]["webhook_secrets"]
        (tmp_path / "octosync.yaml").write_text(json.dumps(routes))
        status, _, err = await octosync("subscribe", "--url", base(one))
        assert status == 1
        assert "openssl rand" in err
