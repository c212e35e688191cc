"""Files of any size, which never lie in memory as a whole: read piece by piece from one server, sent so to another.

    relay:  source ──GET──▶ piece ▶ piece ▶ piece ──POST (one part of a form)──▶ destination

A file that passes through cannot be sent twice, so a transfer that failed is begun again from the start. How long it
takes as a whole is not bounded, but that nothing moves is. What comes is compared with what was expected before the
form is closed, so that a file that was cut off, or a page that a proxy put in its place, never becomes a file there.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from worker.octopus import errors
from worker.octopus.address import url_of
from worker.octopus.answers import Answer, error_of, value_of
from worker.octopus.files import form_around
from worker.octopus.masking import masked
from worker.octopus.transport import STANDSTILL, Exchange, Transport, lost

PIECE = 256 * 1024
"""Bytes at once."""

ASKED_EVERY_S = 10.0
"""While a file is being sent, so often whoever may stop it is asked whether it may go on: a lease is for a request, and
this one takes long."""

FAILURES = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Passed:
    """What went through: how many bytes, and their SHA-1 in hexadecimal digits."""

    size: int
    sha1: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file should be; ``None``: nobody knows. ``sha1``: in hexadecimal digits."""

    size: int | None = None
    sha1: str | None = None


ANYTHING = Expected()


class Incoming:
    """A good answer to a GET, whose body is yet to be read. ``length``: of the body, where the server told it."""

    def __init__(self, response: aiohttp.ClientResponse, url: URL, server: str) -> None:
        self._response = response
        self._url = url
        self._server = server
        encoded = "Content-Encoding" in response.headers
        self.length = None if encoded else response.content_length

    @property
    def url_path(self) -> str:
        return self._url.raw_path

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises :class:`worker.octopus.errors.Unreachable` where the connection breaks."""
        while True:
            piece = await self._piece()
            if isinstance(piece, errors.OctopusError):
                raise piece
            if not piece:
                return
            yield piece

    async def _piece(self) -> bytes | errors.OctopusError:
        """A failure is returned, not raised: aiohttp's errors hold the request's headers, and so the key."""
        try:
            return await self._response.content.read(PIECE)
        except FAILURES as error:
            failure = lost(error, "GET", self._url)
            failure.server = self._server
            return failure


class StreamingTransport(Transport):
    """Requests whose bodies are streams. Each is sent once."""

    @property
    def patience(self) -> float:
        """For how many seconds nothing may move: a server takes its time over a large file that has just arrived."""
        return self._timeout.total or 300.0

    async def again(self, attempt: int, error: errors.TryAgain) -> bool:
        """Whether to begin once more what came to nothing; the pause before it is over then."""
        delay = self._backoff.delay(attempt, error.retry_after)
        lasting = isinstance(error, errors.Unreachable) and error.lasting
        if delay is None or attempt >= self._attempts or lasting:
            return False
        await asyncio.sleep(delay)
        return True

    @asynccontextmanager
    async def incoming(self, route: str) -> AsyncIterator[Incoming]:
        """The good answer to a GET, its body unread. Raises the errors of `worker.octopus.errors`."""
        url = url_of(self.base, route, None)
        async with self._slots:
            await self._budget.take(self._priority)
            with self._named():
                response = await self._asked(url)
            try:
                yield Incoming(response, url, str(self.base))
            finally:
                response.close()

    async def _asked(self, url: URL) -> aiohttp.ClientResponse:
        started = time.monotonic()
        response = await self._open("GET", url, None, {"Accept-Encoding": "identity"})
        if isinstance(response, errors.OctopusError):
            self._told("GET", url, response, started)
            raise response
        self._told("GET", url, response.status, started)
        if response.status < 300 and response.content_type != "text/html":
            return response
        try:
            if response.status >= 300:
                raise await self._refusal("GET", url, response)
            text = "answered a page instead of a file; is there a login page or a proxy in front of it?"
            raise errors.FileDiffers(text, url_path=url.raw_path, status=response.status)
        finally:
            response.close()

    async def outgoing(
        self, route: str, query: dict[str, object], pieces: AsyncIterator[bytes], headers: dict[str, str]
    ) -> Answer:
        """Posts a stream. Raises the errors of `worker.octopus.errors`; what ``pieces`` raises is lost."""
        with self._named():
            return await self._posted(url_of(self.base, route, query), pieces, headers)

    async def _posted(self, url: URL, pieces: AsyncIterator[bytes], headers: dict[str, str]) -> Answer:
        async with self._slots:
            await self._budget.take(self._priority)
            if self.before_write is not None:
                await self.before_write()
            started = time.monotonic()
            response = await self._open("POST", url, pieces, headers)
            if isinstance(response, errors.OctopusError):
                self._told("POST", url, response, started)
                raise response
            try:
                self._told("POST", url, response.status, started)
                if response.status >= 300:
                    raise await self._refusal("POST", url, response)
                body = await self._read(response, "POST", url)
                if isinstance(body, errors.OctopusError):
                    raise body
                return Answer("POST", url.raw_path, response.status, response.headers.copy(), body)
            finally:
                response.close()

    async def _open(
        self, method: str, url: URL, data: AsyncIterator[bytes] | None, headers: dict[str, str]
    ) -> aiohttp.ClientResponse | errors.OctopusError:
        if self._session is None:
            raise RuntimeError("the client is not open; use it as `async with OctopusClient(...)`")
        self.requests += 1
        known = {"X-Octopus-ApiKey": self._api_key.get_secret_value(), "Accept": "*/*", **headers}
        # That something moves is looked after by who passes the pieces on.
        patience = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout.sock_connect)
        try:
            return await self._session.request(
                method, url, data=data, headers=known, allow_redirects=False, timeout=patience
            )
        except FAILURES as error:
            return lost(error, method, url)

    async def _read(self, response: aiohttp.ClientResponse, method: str, url: URL) -> bytes | errors.OctopusError:
        try:
            return await response.read()
        except FAILURES as error:
            return lost(error, method, url)

    async def _refusal(self, method: str, url: URL, response: aiohttp.ClientResponse) -> errors.OctopusError:
        body = await self._read(response, method, url)
        if isinstance(body, errors.OctopusError):
            return body
        answer = Answer(method, url.raw_path, response.status, response.headers.copy(), body)
        if response.status < 400:
            # The server answers well otherwise, so this is about its files and not about the server.
            text = "redirects a file, which is not followed: the API key is for this server only"
            return errors.Refused(text, method=method, url_path=url.raw_path, status=response.status)
        error = error_of(answer)
        error.server_words = masked(error.server_words, self._api_key.get_secret_value(), None)
        error.args = (error.server_words,)
        if isinstance(error, errors.RateLimited):
            await self._budget.penalise(STANDSTILL if error.retry_after is None else error.retry_after)
        return error

    def _told(self, method: str, url: URL, result: int | errors.OctopusError, started: float) -> None:
        failed = isinstance(result, errors.OctopusError)
        status = result.status if isinstance(result, errors.OctopusError) else result
        seconds = time.monotonic() - started
        exchange = Exchange(str(self.base), method, url.raw_path, status, seconds, 0, 1)
        self._tell(exchange, result if failed else None)


async def relay(
    source: StreamingTransport,
    from_route: str,
    destination: StreamingTransport,
    to_route: str,
    name: str,
    query: dict[str, object],
    moved: Callable[[int], None],
    expected: Expected = ANYTHING,
) -> tuple[dict[str, Any], Passed]:
    """Sends what ``from_route`` gives on to ``to_route``, as a file called ``name``: again, if it fails, so it must be
    such as may be sent twice. Returns the answer, and what went through.

    ``moved``: told of the bytes so far. Raises the errors of `worker.octopus.errors`, of them `FileDiffers` for what is
    not the ``expected`` file, which then does not come to be there; and what the destination's ``before_write`` does.
    """
    attempt = 0
    while True:
        attempt += 1
        passing = _Passing(moved, expected)
        try:
            return await _once(source, from_route, destination, to_route, name, query, passing)
        except errors.TryAgain as error:
            if await destination.again(attempt, error):
                continue
            if isinstance(error, errors.Unreachable) and passing.passed.size:
                raise _broken_off(error, passing.passed.size) from None
            raise


def _broken_off(error: errors.Unreachable, size: int) -> errors.BrokenOff:
    text = f"{error.server_words}, after {size:,} bytes of a file: is it larger than a proxy lets through, or damaged?"
    return errors.BrokenOff(
        text, method=error.method, url_path=error.url_path, maybe_applied=error.maybe_applied, server=error.server
    )


async def _once(
    source: StreamingTransport,
    from_route: str,
    destination: StreamingTransport,
    to_route: str,
    name: str,
    query: dict[str, object],
    passing: _Passing,
) -> tuple[dict[str, Any], Passed]:
    patience = destination.patience
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience) as limit, source.incoming(from_route) as incoming:
            passing.begins(incoming)
            head, tail, headers = form_around(name, uuid.uuid4().hex, incoming.length)

            async def form() -> AsyncIterator[bytes]:
                yield head
                asked = loop.time()
                async for piece in passing.through(incoming.pieces()):
                    limit.reschedule(loop.time() + patience)
                    if destination.before_write is not None and loop.time() - asked >= ASKED_EVERY_S:
                        asked = loop.time()
                        with passing.keeping():
                            await destination.before_write()
                    yield piece
                yield tail

            try:
                answer = await destination.outgoing(to_route, query, form(), headers)
            except errors.OctopusError:
                if passing.failed is not None:  # aiohttp makes of it that the connection to the other server broke
                    raise passing.failed from None
                raise
    except TimeoutError:
        raise errors.Unreachable(f"nothing moved for {patience:.0f} seconds", url_path=from_route) from None
    value = value_of(answer)
    return (value if isinstance(value, dict) else {}), passing.passed


class _Passing:
    """Looks at what passes."""

    def __init__(self, moved: Callable[[int], None], expected: Expected) -> None:
        self._moved = moved
        self._expected = expected
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._size = 0
        self._where = ""
        self.failed: Exception | None = None

    def begins(self, incoming: Incoming) -> None:
        """Raises `FileDiffers` where it is already told that another file comes."""
        self._where = incoming.url_path
        if incoming.length is not None and self._expected.size not in (None, incoming.length):
            raise self._differs(f"{incoming.length} bytes")

    async def through(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        with self.keeping():
            async for piece in pieces:
                self._digest.update(piece)
                self._size += len(piece)
                if self._expected.size is not None and self._size > self._expected.size:
                    raise self._differs(f"more than {self._expected.size} bytes")
                self._moved(self._size)
                yield piece
            if self._expected.size not in (None, self._size):
                raise self._differs(f"{self._size} bytes")
            if self._expected.sha1 not in (None, self._digest.hexdigest()):
                raise self._differs(f"{self._size} bytes ({self._digest.hexdigest()})")

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Of what goes wrong while a form is written nobody hears otherwise."""
        try:
            yield
        except Exception as error:
            self.failed = error
            raise

    def _differs(self, found: str) -> errors.FileDiffers:
        expected = f"{self._expected.size} bytes" if self._expected.size is not None else "a file"
        sha1 = f" ({self._expected.sha1})" if self._expected.sha1 is not None else ""
        text = f"it is another file than the server's own list says: {found}, not {expected}{sha1}; nothing was sent on"
        return errors.FileDiffers(text, url_path=self._where)

    @property
    def passed(self) -> Passed:
        return Passed(self._size, self._digest.hexdigest())
