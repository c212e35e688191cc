"""Beat as Kubernetes sees it: alive while Redis is away, ready once its ticks arrive."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Processes, eventually, free_port
from tests.shipping import ROOT
from worker.ledger.embedded import EmbeddedRedis

pytestmark = pytest.mark.timeout(120)


async def test_waiting_for_redis_is_no_death_and_ticks_that_arrive_make_it_ready(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "beat"
    environment = {
        "OCTOSYNC_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "OCTOSYNC_SWEEP_SECONDS": "0.5",
        "OCTOSYNC_BEAT_FILE": str(file),
    }

    async def probe(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "worker.heartbeat", str(file), *arguments]
        done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    async def ready() -> bool:
        return (await probe("--sends"))[0] == 0

    assert (await probe())[0] == 1, "it has not begun"
    with Processes(tmp_path, environment) as processes:
        processes.start("beat", "-m", "worker", "--beat")
        await eventually(file.exists, 60, "it never went round")
        assert (await probe())[0] == 0
        assert await probe("--sends") == (1, "not well: none of its ticks has reached Redis yet\n")
        server = await asyncio.to_thread(EmbeddedRedis, tmp_path / "redis", port=port)
        try:
            await eventually(ready, 60, "its ticks never arrived")
            assert (await probe())[0] == 0
        finally:
            server.stop()
        assert await asyncio.to_thread(processes.terminate, "beat") == 0
