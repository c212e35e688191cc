"""Schemathesis reads the receiver's own description, and asks it for everything that the description allows, and for
what it does not: no 5xx, no answer that the description does not know, and no secret in the log."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.test_processes import text_of
from tests.house import HEADER, SECRET, house
from tests.processes import eventually, free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

EXAMPLES = 20
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def test_whatever_the_description_allows_is_answered_as_it_says(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with house(redis_url, tmp_path, receiver_port=str(port), status_port="0", log_level="debug") as one:
        one.processes.start("receiver", "-m", "webhook_receiver")
        url = f"http://127.0.0.1:{port}"
        (tmp_path / "schemathesis.toml").write_text('[parameters]\ninstance = "dev"\n')
        await eventually(lambda: text_of(one.session, f"{url}/readyz"))
        arguments = ("--max-examples", str(EXAMPLES), "--seed", "1", "--checks", CHECKS, "--no-color")
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"),
            *("--header", f"{HEADER}: {SECRET}", *arguments),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        print("\n" + said.decode()[-1500:])
        assert process.returncode == 0, said.decode()
        assert await text_of(one.session, f"{url}/readyz"), "it lives"
        log = one.processes.log("receiver").read_text()
        assert SECRET not in log
        verdicts = Counter(json.loads(line)["event"] for line in log.splitlines() if line.startswith("{"))
        print(f"log lines of the receiver: {dict(verdicts)}")
        assert verdicts["webhook.bug"] == 0
