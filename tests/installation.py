"""Receiver, workers and beat of one installation, as processes that may be killed, and the commands a person gives it.

It knows no Octopus: between which servers it stands, the routes file says. See :mod:`tests.estate` for two sandboxes,
and tests/real_octopus for a licensed server.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from config.settings import Settings
from tests.processes import Processes, eventually
from worker.ledger.connect import UNAVAILABLE
from worker.state import State

QUICK = {
    "DEBOUNCE_SECONDS": "0.2",
    "DEBOUNCE_MAX_SECONDS": "2",
    "SWEEP_SECONDS": "0.5",
    "CATCH_UP_SECONDS": "1",
    "LEASE_SECONDS": "5",
    "RETRY_SECONDS": "0.3",
    "BLOCKED_SECONDS": "2",
    "METRICS_PORT": "0",
    "STATUS_PORT": "0",
}
"""Time limits of the processes, so short that a scene need not wait for them."""


@dataclass
class Installation:
    folder: Path
    settings: Settings
    state: State
    processes: Processes
    session: aiohttp.ClientSession

    def start_worker(self, name: str = "worker-1", *arguments: str, **more: str) -> None:
        self.processes.start(name, "-m", "worker", *arguments, **more)

    def start_beat(self, **more: str) -> None:
        self.processes.start("beat", "-m", "worker", "--beat", **more)

    def start_receiver(self, name: str = "receiver") -> None:
        self.processes.start(name, "-m", "webhook_receiver")

    async def receiver_ready(self) -> None:
        url = f"http://127.0.0.1:{self.settings.receiver_port}/readyz"

        async def ready() -> bool:
            try:
                async with self.session.get(url) as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(ready, 40, "the receiver never became ready")

    def logged(self, name: str, event: str) -> list[dict[str, Any]]:
        """The log lines of a process that tell of an event."""
        lines = self.processes.log(name).read_text("utf-8", "replace").splitlines()
        wanted = (line for line in lines if f'"event": "{event}"' in line)
        return [json.loads(line) for line in wanted if line.startswith("{") and line.endswith("}")]

    async def octosync(self, *arguments: str) -> tuple[int, str, str]:
        """A command, as a person gives it: exit status, what it said, and what it complained of."""
        program = str(Path(sys.executable).with_name("octosync"))
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            cwd=self.folder,
            env=self.processes.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        return process.returncode or 0, said.decode(), complained.decode()

    async def depth(self) -> dict[str, Any] | None:
        """What waits, runs or is buried; ``None`` while Redis does not answer."""
        try:
            return dict(await self.state.queue.depth())
        except UNAVAILABLE:
            return None
