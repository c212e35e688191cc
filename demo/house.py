"""The demo's house: an embedded Redis, two sandboxes, receiver, worker and beat, as real processes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from demo.api import Api
from demo.processes import Process, free_port, python, until_answers
from worker.ledger import embedded

__all__ = ["House", "open_house"]

ROUTE = "dev-to-prod"
SANDBOX_POLL_SECONDS = "0.5"
"""How often the source looks for events to send. A real server takes thirty seconds."""


@dataclass
class House:
    folder: Path
    redis_url: str
    source_url: str
    destination_url: str
    receiver_url: str
    key: str
    webhook_secret: str
    environment: dict[str, str]
    processes: dict[str, Process]

    @property
    def routes_file(self) -> Path:
        return self.folder / "octosync.yaml"

    def api(self, side: str, session: aiohttp.ClientSession) -> Api:
        return Api(self.source_url if side == "source" else self.destination_url, self.key, session)

    def check(self) -> None:
        """Raises :class:`demo.processes.ProcessDiedError` if one of the processes has ended."""
        for process in self.processes.values():
            process.check()

    async def start_servers(self, session: aiohttp.ClientSession) -> None:
        for name, url in (("source", self.source_url), ("destination", self.destination_url)):
            self.processes[name].start()
            await until_answers(session, f"{url}/api", self.processes[name])

    async def start_octosync(self, session: aiohttp.ClientSession) -> None:
        for name in ("worker", "beat"):
            self.processes[name].start()
        await self.start_receiver(session)

    async def start_receiver(self, session: aiohttp.ClientSession) -> None:
        self.processes["receiver"].start()
        await until_answers(session, f"{self.receiver_url}/readyz", self.processes["receiver"])


@contextmanager
def open_house(folder: Path, *, sizes: str | None = None) -> Iterator[House]:
    """Everything at its address, nothing started but Redis. Whatever was started is stopped at the end. `sizes` is what
    the source has besides the demo's own content, as `sandbox.generator` makes it."""
    with ExitStack() as stack:
        redis = stack.enter_context(embedded.start(folder / "redis"))
        source, destination, receiver, status = free_port(), free_port(), free_port(), free_port()
        key = "API-" + secrets.token_hex(13).upper()
        secret = secrets.token_urlsafe(24)
        environment = {
            "OCTOSYNC_ROUTES": str(folder / "octosync.yaml"),
            "OCTOSYNC_REDIS_URL": redis.url,
            "OCTOSYNC_DEBOUNCE_SECONDS": "0.4",
            "OCTOSYNC_DEBOUNCE_MAX_SECONDS": "2",
            "OCTOSYNC_SWEEP_SECONDS": "1",
            "OCTOSYNC_CATCH_UP_SECONDS": "10",
            "OCTOSYNC_RECEIVER_HOST": "127.0.0.1",
            "OCTOSYNC_RECEIVER_PORT": str(receiver),
            "OCTOSYNC_STATUS_PORT": str(status),
            "OCTOSYNC_STATUS_TOKEN": secrets.token_urlsafe(18),
            "OCTOSYNC_METRICS_PORT": "0",
            "DEMO_API_KEY": key,
            "DEMO_WEBHOOK_SECRET": secret,
        }
        commands = {
            "source": _sandbox(source, key, "1", "0", *(["--generate", sizes] if sizes else [])),
            "destination": _sandbox(destination, key, "5001", "7"),
            "receiver": python("webhook_receiver"),
            "worker": python("worker"),
            "beat": python("worker", "--beat"),
        }
        processes = {name: Process(name, command, folder, environment) for name, command in commands.items()}
        for process in processes.values():
            stack.callback(process.stop)
        house = House(
            folder,
            redis.url,
            f"http://127.0.0.1:{source}",
            f"http://127.0.0.1:{destination}",
            f"http://127.0.0.1:{receiver}",
            key,
            secret,
            environment,
            processes,
        )
        house.routes_file.write_text(routes_file(house))
        yield house


def _sandbox(port: int, key: str, first_id: str, seed: str, *more: str) -> list[str]:
    return python(
        "sandbox",
        "--port",
        str(port),
        "--api-key",
        key,
        "--first-id",
        first_id,
        "--seed",
        seed,
        "--poll-seconds",
        SANDBOX_POLL_SECONDS,
        *more,
    )


def routes_file(house: House) -> str:
    """What a person would write for these two servers."""
    return f"""\
instances:
  - name: dev
    url: {json.dumps(house.source_url)}
    api_key: {{ env: DEMO_API_KEY }}
    webhook_secrets: [{{ env: DEMO_WEBHOOK_SECRET }}]
    requests_per_minute: 6000   # the sandbox has no limit
  - name: prod
    url: {json.dumps(house.destination_url)}
    api_key: {{ env: DEMO_API_KEY }}
    requests_per_minute: 6000

routes:
  - name: {ROUTE}
    source: {{ instance: dev, space: Default }}
    destination: {{ instance: prod, space: Default }}
    include:
      project: ["*"]
      library-variable-set: ["*"]
"""
