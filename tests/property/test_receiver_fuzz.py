"""Whatever is sent: every authentic webhook is accepted, nothing stops, and no secret is logged or stored."""

from __future__ import annotations

import asyncio
import codecs
import copy
import gzip
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from fakeredis import FakeAsyncRedis
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from config import logging as logs
from config.settings import LogLevel, Settings
from tests.property.engine import tries
from tests.receiver import HEADER, SECRET, Running, receiver, webhook
from webhook_receiver.openapi import describe
from webhook_receiver.payload import Webhook, read

PLANTED = "planted-in-a-value"
QUICK = msgspec.json.Decoder(Webhook)
ANSWER = Draft202012Validator(describe()["components"]["schemas"]["Answer"])

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["Projects-1", "projects-*", "Deleted", "Modified", "Imported", "", "0", "3", "-1", "1e400", "\ud83d"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
    max_leaves=8,
)


def paths(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [at, *(path for key, value in inner for path in paths(value, (*at, key)))]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A webhook of which some parts were replaced or left out."""
    document: Any = webhook(
        f"Events-{draw(st.integers(0, 50))}",
        *draw(st.lists(st.sampled_from(["Projects-1", "variableset-Projects-1", "Releases-1"]), max_size=3)),
        category=draw(st.sampled_from(["Created", "Modified", "Deleted", "DeploymentQueued"])),
        Message=PLANTED,
        Comments=PLANTED,
        ChangeDetails={
            "DocumentContext": {"Id": "Projects-1", "Name": PLANTED},
            "Differences": [{"op": "replace", "path": "/Name", "value": PLANTED}],
        },
        payload={"BatchId": "b", "TotalEventsInBatch": 3, "EventNumberInBatch": draw(st.integers(0, 4))},
    )
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(paths(document)))
        if not path:
            document = draw(values)
            continue
        *way, last = path
        parent = document
        for step in way:
            parent = parent[step]
        if draw(st.booleans()):
            parent[last] = draw(values)
        else:
            del parent[last]
    return document


def _as(encoding: str) -> Callable[[str], bytes]:
    return lambda text: text.encode(encoding, "surrogatepass")


WRAPPINGS: list[Callable[[str], bytes]] = [
    _as("utf-8"),
    lambda text: codecs.BOM_UTF8 + _as("utf-8")(text),
    _as("utf-16"),
    _as("utf-32-le"),
    lambda text: text.encode("latin-1", "replace"),
    lambda text: _as("utf-8")(json.dumps(text)),
]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    body = draw(st.sampled_from(WRAPPINGS))(json.dumps(draw(documents()), ensure_ascii=draw(st.booleans())))
    if draw(st.integers(0, 3)) == 0:  # something was lost on the way, or came to it
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=5)) + body[at + draw(st.integers(0, 20)) :]
    return body


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """All that would be logged, debug included; and the secrets are known to nobody who could mask them."""
    monkeypatch.setenv("OCTOSYNC_HOOK_0", SECRET)
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")
    text = io.StringIO()
    logs.configure("receiver", stream=text, level=LogLevel.DEBUG)
    return text


@pytest.fixture
async def running(fake_redis: FakeAsyncRedis, logged: io.StringIO) -> AsyncIterator[Running]:
    async with receiver(fake_redis, settings=Settings(body_limit_mb=1, debounce_seconds=0)) as one:
        yield one


def clean(logged: io.StringIO) -> None:
    text = logged.getvalue()
    assert SECRET not in text
    assert PLANTED not in text
    assert '"webhook.bug"' not in text
    logged.seek(0)
    logged.truncate()


@tries(300)
@given(
    bodies(), st.sampled_from(["/webhooks/dev", "/webhooks"]), st.sampled_from([None, "gzip", "identity", "deflate"])
)
async def test_every_body_of_an_authentic_webhook_is_accepted(
    running: Running, fake_redis: FakeAsyncRedis, logged: io.StringIO, body: bytes, path: str, encoding: str | None
) -> None:
    data = gzip.compress(body) if encoding == "gzip" else body
    headers = {HEADER: SECRET, **({"Content-Encoding": encoding} if encoding else {})}
    async with running.client.post(path, data=io.BytesIO(data), headers=headers) as answer:
        said = await answer.json()
    assert answer.status == 202, said
    ANSWER.validate(said)
    for name in await fake_redis.keys("*inbox*"):
        assert PLANTED.encode() not in (await fake_redis.dump(name) or b"")
    clean(logged)


@tries(300)
@given(documents())
def test_the_quick_way_and_the_long_way_read_alike(document: Any) -> None:
    body = json.dumps(document).encode()
    try:
        quick = QUICK.decode(body)
    except msgspec.DecodeError:
        return
    long = read(json.dumps(body.decode()).encode())  # in quotes, which only the long way reads
    assert long.payload.subject == quick.payload.subject
    assert (long.payload.event.id, long.payload.batch_id) == (quick.payload.event.id, quick.payload.batch_id)


tokens = st.sampled_from(
    [
        SECRET.encode(),
        b"wrong",
        b"",
        SECRET.encode() + b"\x00",
        b"\xff" + SECRET.encode(),
        SECRET.encode() + b" \t",
        b"\x01",
    ]
)
lines = st.one_of(
    st.tuples(st.just(HEADER.encode()), tokens),
    st.tuples(
        st.just(b"Content-Length"),
        st.sampled_from([b"0", b"10", b"-1", b"1e3", b"9" * 20, b"x", b"5, 5"]),
    ),
    st.tuples(st.just(b"Transfer-Encoding"), st.sampled_from([b"chunked", b"gzip", b"chunked, chunked", b"identity"])),
    st.tuples(st.just(b"Content-Encoding"), st.sampled_from([b"gzip", b"br", b"zstd", b"nonsense"])),
    st.tuples(st.just(b"Expect"), st.sampled_from([b"100-continue", b"nonsense"])),
    st.tuples(st.just(b"X-Forwarded-For"), st.sampled_from([b"1.1.1.1", b"::", b"x" * 9000, b"\xff", b",,,"])),
    st.tuples(st.just(b"Connection"), st.sampled_from([b"close", b"Upgrade", b"keep-alive"])),
    st.tuples(st.binary(min_size=1, max_size=10), st.binary(max_size=30)),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from([b"POST", b"GET", b"PUT", b"HEAD", b"OPTIONS", b"POST\x00", b"X" * 40, b""]))
    path = draw(
        st.sampled_from(
            [
                b"/webhooks/dev",
                b"/webhooks",
                b"/webhooks/%00",
                b"/webhooks/\xff",
                b"/webhooks/dev?x=1#y",
                b"//",
                b"*",
                b"/readyz",
            ]
        )
    )
    head = b"%b %b HTTP/%b\r\n" % (method, path, draw(st.sampled_from([b"1.1", b"1.0", b"2", b"9.9"])))
    given_lines = draw(st.lists(lines, max_size=5))
    head += b"Host: x\r\n" + b"".join(b"%b: %b\r\n" % line for line in given_lines)
    return head + b"\r\n" + draw(st.one_of(st.binary(max_size=60), st.just(b'5\r\n{"a":\r\n0\r\n\r\n')))


@tries(300)
@given(requests())
async def test_what_is_hardly_http_harms_nobody(running: Running, logged: io.StringIO, request_: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
    writer.write(request_)
    writer.write_eof()
    try:
        answer = await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        answer = b""
    writer.close()
    if answer:
        status = answer.split(b" ", 2)[1]
        assert status < b"500", answer
    assert await running.post(copy.deepcopy(webhook("Events-alive"))) == 202
    clean(logged)
