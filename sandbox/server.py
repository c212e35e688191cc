"""Start a sandbox: in the caller's loop (`serve`), in a thread of its own (`serve_in_thread`), or as a process
(`python -m sandbox`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.app import FAULTS, REQUESTS, create_app
from sandbox.audit import AuditLog
from sandbox.delivery import Deliveries
from sandbox.faults import Faults
from sandbox.requestlog import RequestLog
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.subscriptions import AUDIT, DELIVERIES

__all__ = ["Sandbox", "open_store", "serve", "serve_in_thread"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs. `url` is its base, with the virtual directory and without `/api`."""

    url: str
    settings: Settings
    store: Store
    faults: Faults
    requests: RequestLog
    audit: AuditLog
    deliveries: Deliveries

    @property
    def api_key(self) -> str:
        return self.settings.api_key

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request."""
        return {"X-Octopus-ApiKey": self.api_key}


def open_store(settings: Settings) -> Store:
    """The store of the settings' state file, if there is one; else a new one."""
    if settings.state_path and Path(settings.state_path).exists():
        return Store.load(settings.state_path)
    return Store(first_id=settings.first_id, seed=settings.seed)


@asynccontextmanager
async def serve(
    settings: Settings | None = None, port: int = 0, *, host: str = "127.0.0.1", store: Store | None = None
) -> AsyncIterator[Sandbox]:
    """Serve in the running loop until the block is left. Port 0 takes a free one.

    The state is saved at the end if the settings name a file. Raises OSError if the port is taken.
    """
    settings = settings or Settings()
    store = store or open_store(settings)
    app = create_app(store, settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_port = runner.addresses[0][1]
        directory = settings.virtual_directory.strip("/")
        url = f"http://{host}:{bound_port}" + (f"/{directory}" if directory else "")
        yield Sandbox(url, settings, store, app[FAULTS], app[REQUESTS], app[AUDIT], app[DELIVERIES])
    finally:
        await runner.cleanup()
        if settings.state_path:
            store.save(settings.state_path)


@contextmanager
def serve_in_thread(
    settings: Settings | None = None, port: int = 0, *, host: str = "127.0.0.1", store: Store | None = None
) -> Iterator[Sandbox]:
    """Serve in a thread with a loop of its own, for callers that have none. The store may be looked at between
    requests; it is not locked."""
    started = threading.Event()
    running: list[Sandbox] = []
    failure: list[BaseException] = []
    stopping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        stopping.append((asyncio.get_running_loop(), stop))
        async with serve(settings, port, host=host, store=store) as sandbox:
            running.append(sandbox)
            started.set()
            await stop.wait()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # whatever it is, the caller's thread must hear of it
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main, name="sandbox", daemon=True)
    thread.start()
    started.wait()
    try:
        if failure:
            raise failure[0]
        yield running[0]
    finally:
        if stopping and thread.is_alive():
            loop, stop = stopping[0]
            loop.call_soon_threadsafe(stop.set)
        thread.join()
    if failure:
        raise failure[0]
