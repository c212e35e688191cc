"""The Redis user that the chart's README tells of: it may touch what is Octosync's, and that is enough."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.exceptions import NoPermissionError

from tests.chart import CHART
from tests.house import house
from tests.processes import eventually
from worker.ledger.connect import open_redis

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

USER, PASSWORD = "octosync", "a-password-of-its-own"


def rules(namespace: str) -> list[str]:
    (line,) = re.findall(r"^ACL SETUSER octosync (.*)$", (CHART / "README.md").read_text(), re.MULTILINE)
    # Once before a key or channel, once in the hash tag; not in the name of a channel's end.
    return str(line).replace(">PASSWORD", f">{PASSWORD}").replace("octosync", namespace).split()


async def test_the_whole_path_works_for_a_user_with_these_rights(redis_url: str, tmp_path: Path) -> None:
    admin = open_redis(redis_url)
    limited = f"redis://{USER}:{PASSWORD}@{urlsplit(redis_url).netloc}/0"
    try:
        await admin.execute_command("ACL", "SETUSER", USER, "reset", "on", f">{PASSWORD}", "~*", "+@all")
        async with house(limited, tmp_path) as one:
            await admin.execute_command("ACL", "LOG", "RESET")
            await admin.execute_command("ACL", "SETUSER", USER, "reset", *rules(one.settings.namespace))
            one.start_worker()
            one.start_beat()
            await one.settled_after_first_comparison()
            await one.subscribe()
            await one.source.project("OctoFX")
            await eventually(lambda: one.arrived("projects", "OctoFX"))
            await one.settled()
            assert await admin.execute_command("ACL", "LOG") == []
            user = open_redis(limited)
            with pytest.raises(NoPermissionError):
                await user.get("somebody-elses")
            await user.aclose()
            # The house tidies up after itself, with rights that a process does not need.
            await admin.execute_command("ACL", "SETUSER", USER, "allkeys", "+@all")
    finally:
        await admin.execute_command("ACL", "DELUSER", USER)
        await admin.aclose()
