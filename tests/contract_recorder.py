"""Notes what a sandbox is asked and what it answers: the log that `contract` checks.

Only exchanges that show something new are noted: a property, or a type of one, that no earlier exchange with the same
method, route and status had. So the log stays small and the suite as fast as it is.

A sandbox in the process of the tests gets the recorder from `contract`; one that is a process of its own gets it from
`contract_process/sitecustomize.py`, so nothing is imported here that the sandbox does not need itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.app import FAULTED, create_app
from sandbox.settings import Settings
from sandbox.store import Store

__all__ = ["ID", "OF_PROCESSES", "Recorder"]

CLIENT = "octosync/"
OF_PROCESSES = "SANDBOX_CONTRACT_LOG"
"""The variable that names the folder to a process that a test starts."""

_PAIRS = re.compile(rb'"(\w+)":\s*([\[{"ntf\d-])')
ID = re.compile(r"(?<=/)(?:[A-Za-z]+-)*[A-Za-z]+-\d+(?=/|$)|(?<=/)[0-9a-f-]{36}(?=/|$)")

Pair = tuple[bytes, bytes, bytes]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Recorder:
    """Notes exchanges that show something new, a JSON line for each, into a file of this process. `whose` it is stands
    before the number of the process in the file's name."""

    def __init__(self, folder: Path, whose: str) -> None:
        self._file = folder / f"{whose}-{os.getpid()}.jsonl"
        self._seen: dict[tuple[Any, ...], set[Pair]] = {}

    def create_app(self, store: Store, settings: Settings) -> web.Application:
        """`sandbox.app.create_app`, with the recorder in front."""
        app = create_app(store, settings)

        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            self._note(request, await request.read() if request.can_read_body else b"", answer, settings)
            return answer

        app.middlewares.append(record)
        return app

    def _note(self, request: web.Request, sent: bytes, answer: web.StreamResponse, settings: Settings) -> None:
        path = request.rel_url.raw_path
        if not path.lower().startswith(settings.api_root.lower()) or "/sandbox/" in path:
            return
        path = path[len(settings.api_root) :]
        client = request.headers.get("User-Agent", "").startswith(CLIENT)
        got = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        if answer.content_type != "application/json" or request.get(FAULTED):
            got = b""  # a file, or what the sandbox was asked to spoil
        where = (request.method, ID.sub("{id}", path).lower(), answer.status, client, settings.version)
        new = (
            {(b"query", name.encode(), b"") for name in request.query}
            | _signature(sent, b"sent")
            | _signature(got, b"got")
        )
        seen = self._seen.get(where)
        if seen is not None and not new - seen:
            return
        self._seen[where] = new | (seen or set())
        line = {
            "method": request.method,
            "path": path,
            "query": sorted(request.query),
            "status": answer.status,
            "client": client,
            "version": settings.version,
            "sent": _parsed(sent) if client else None,
            "got": _parsed(got),
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _signature(body: bytes, which: bytes) -> set[Pair]:
    return {(which, name, b"0" if kind.isdigit() else kind) for name, kind in _PAIRS.findall(body)}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
