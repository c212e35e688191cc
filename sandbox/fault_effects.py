"""How each fault acts: before the handler, around it, after it, and on the way of the answer to the client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

from aiohttp import web

from sandbox import crud, maintenance, texts
from sandbox.errors import ApiError, bad_request
from sandbox.faults import Fault
from sandbox.kind import KINDS
from sandbox.routing import Call
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Document, Store, Write

__all__ = ["afterwards", "broken", "deliver", "drop", "during", "has", "instead"]

PIECES = 8
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


def has(faults: Sequence[Fault], kind: str) -> bool:
    return any(fault.kind == kind for fault in faults)


def instead(faults: Sequence[Fault]) -> None:
    """What is answered instead of doing anything. Raises ApiError."""
    for fault in faults:
        if fault.kind == "status":
            raise ApiError(fault.status, fault.message, list(fault.errors), headers=dict(fault.headers))
        if fault.kind == "maintenance":
            raise maintenance.refusal()


def broken(faults: Sequence[Fault]) -> frozenset[str]:
    """The ids of documents that cannot be shown."""
    return frozenset(fault.document for fault in faults if fault.kind == "broken")


@contextlib.contextmanager
def during(faults: Sequence[Fault], store: Store) -> Iterator[None]:
    """While the handler runs: the store refuses what it would write."""
    if not has(faults, "out-of-date"):
        yield
        return
    store.before_commit.append(_refuse)
    try:
        yield
    finally:
        store.before_commit.remove(_refuse)


def _refuse(_space_id: str | None, writes: Sequence[Write]) -> None:
    kind = KINDS.get(writes[0].collection)
    raise bad_request(texts.out_of_date(kind.name if kind else writes[0].collection, writes[0].id))


def afterwards(faults: Sequence[Fault], store: Store, settings: Settings) -> None:
    """What somebody else does once the request is answered."""
    for fault in faults:
        if fault.kind not in ("vanish", "rename"):
            continue
        for space_id in (None, *(space["Id"] for space in store.spaces())):
            for collection in list(store.scope(space_id).collections):
                document = store.scope(space_id).find(collection, fault.document)
                if document is not None:
                    _change(fault, Call("", store, settings, space_id, {}, {}, b"", SYSTEM), collection, document)


def _change(fault: Fault, call: Call, collection: str, document: Document) -> None:
    if fault.kind == "rename":
        after = {**document, "Name": fault.name or f"{document['Name']} (renamed)"}
        call.store.commit(call.space_id, [Write(collection, document, after)], SYSTEM)
        return
    try:
        crud.delete(call, KINDS[collection], document)
    except (ApiError, KeyError):
        call.store.hidden.add(document["Id"])


def drop(request: web.Request) -> web.Response:
    """Drops the connection; the answer goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def deliver(faults: Sequence[Fault], request: web.Request, answer: web.Response) -> web.StreamResponse:
    """The answer on its way."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    for fault in faults:
        if fault.kind == "wrong-content-type":
            return web.Response(body=_PAGE, content_type="text/html", charset="utf-8")
        if fault.kind in ("truncated", "slow-body"):
            return await _in_pieces(fault, request, answer, body)
    return answer


async def _in_pieces(fault: Fault, request: web.Request, answer: web.Response, body: bytes) -> web.StreamResponse:
    slow = web.StreamResponse(status=answer.status, headers=answer.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    if fault.kind == "truncated":
        await slow.write(body[: len(body) // 2])
        await asyncio.sleep(0)  # let what was written leave before the connection goes
        return drop(request)
    size = -(-len(body) // PIECES) or 1
    for start in range(0, len(body), size):
        await asyncio.sleep(fault.seconds / PIECES)
        await slow.write(body[start : start + size])
    await slow.write_eof()
    return slow
