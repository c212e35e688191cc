"""Requests to one server with one credential: sent, counted, repeated, logged. Knows HTTP and no resource.

    send ──▶ follow (GET only, same origin) ──▶ repeat (retry.py) ──▶ once: slot, budget, exchange, log
                                                                             │
                                                                   a value, or an error of the tree

The API key leaves this module only in the header of a request to the configured origin.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from aiohttp.client_middlewares import ClientHandlerType
from pydantic import SecretStr
from yarl import URL

from worker.octopus import errors
from worker.octopus.address import url_of
from worker.octopus.answers import Answer, error_of, value_of
from worker.octopus.budget import Budget, Priority
from worker.octopus.masking import masked
from worker.octopus.retry import Backoff, may_repeat
from worker.octopus.version import ServerInfo

log = structlog.get_logger(__name__)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
STANDSTILL = 5.0
"""Seconds to stand still after a 429 that names no time."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it went over the wire, for metrics. ``path`` is without the query, which may hold names."""

    instance: str
    method: str
    path: str
    status: int | None
    """``None`` where no answer came."""
    seconds: float
    received: int
    """Bytes of the body, decompressed."""
    attempt: int


@dataclass(frozen=True, slots=True)
class Body:
    content: bytes
    content_type: str
    document: Any = None
    """What the content says, if it is JSON: its secrets are masked in what the server answers."""


Observer = Callable[[Exchange], None]
Check = Callable[[], Awaitable[None]]


class Transport:
    def __init__(
        self,
        base: URL,
        api_key: str,
        *,
        budget: Budget,
        priority: Priority,
        timeout: float,
        attempts: int,
        concurrency: int,
        tls: ssl.SSLContext | bool,
        user_agent: str,
        observer: Observer | None,
        backoff: Backoff,
    ) -> None:
        self.base = base
        self.requests = 0
        self.server: ServerInfo | None = None
        """Which server this is, once it was asked."""
        self.before_write: Check | None = None
        """Asked right before each request that writes is sent, repetitions included. What it raises keeps it back."""
        self._api_key = SecretStr(api_key)
        self._budget = budget
        self._priority = priority
        # A large list may take long as a whole, so silence is bounded tightly and the whole loosely.
        self._timeout = aiohttp.ClientTimeout(
            total=timeout * 10, sock_connect=min(timeout, 10), sock_read=timeout, ceil_threshold=3600
        )
        self._attempts = attempts
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._tls = tls
        self._user_agent = user_agent
        self._observer = observer
        self._backoff = backoff
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"<Transport {self.base}>"

    def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),  # The key is the credential; a session cookie would be a second one.
            timeout=self._timeout,
            headers={"Accept": "application/json", "User-Agent": self._user_agent},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self, method: str, route: str, query: dict[str, object] | None = None, document: Any = None
    ) -> tuple[Any, Answer]:
        """The answer's JSON and the answer. Raises the errors of `worker.octopus.errors`, and ValueError for a document
        that JSON cannot hold."""
        body = None
        if document is not None:
            content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
            body = Body(content, "application/json; charset=utf-8", document)
        with self._named():
            answer = await self.send_raw(method, route, query, body)
            return value_of(answer), answer

    async def send_raw(
        self, method: str, route: str, query: dict[str, object] | None = None, body: Body | None = None
    ) -> Answer:
        """The good answer to a request, whatever it holds. Raises the errors of `worker.octopus.errors`."""
        url = url_of(self.base, route, query)
        with self._named():
            for _ in range(MOST_REDIRECTS + 1):
                answer = await self._repeat(method, url, body)
                if answer.status not in REDIRECTS:
                    return answer
                url = self._target(answer, url)
            raise errors.NotOctopus(
                f"redirects in a circle (more than {MOST_REDIRECTS})",
                method=method,
                url_path=url.raw_path,
                status=answer.status,
            )

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors say which server it was: who talks with two would not know."""
        try:
            yield
        except errors.OctopusError as error:
            error.server = str(self.base)
            raise

    async def _repeat(self, method: str, url: URL, body: Body | None) -> Answer:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._once(method, url, body, attempt)
            except errors.TryAgain as error:
                delay = self._backoff.delay(attempt, error.retry_after)
                if delay is None or attempt >= self._attempts or not may_repeat(method, error):
                    raise
            await asyncio.sleep(delay)

    async def _once(self, method: str, url: URL, body: Body | None, attempt: int) -> Answer:
        async with self._slots:
            await self._budget.take(self._priority)
            if method != "GET" and self.before_write is not None:
                await self.before_write()
            answer = await self._exchange(method, url, body, attempt)
        if isinstance(answer, Answer):
            if answer.status < 400:
                return answer
            error = error_of(answer)
        else:
            error = answer
        error.server_words = masked(error.server_words, self._api_key.get_secret_value(), body and body.document)
        error.args = (error.server_words,)
        if isinstance(error, errors.RateLimited):
            await self._budget.penalise(STANDSTILL if error.retry_after is None else error.retry_after)
        raise error

    async def _exchange(self, method: str, url: URL, body: Body | None, attempt: int) -> Answer | errors.OctopusError:
        """One request. A failure is returned, not raised: aiohttp's errors hold the request's headers, and an error
        raised from one would carry the key along as its context."""
        if self._session is None:
            raise RuntimeError("the client is not open; use it as `async with OctopusClient(...)`")
        assert url.origin() == self.base.origin(), "the API key goes to the configured origin only"
        headers = {"X-Octopus-ApiKey": self._api_key.get_secret_value()}
        if body is not None:
            headers["Content-Type"] = body.content_type
        self.requests += 1
        started = time.monotonic()
        result: Answer | errors.OctopusError
        try:
            async with self._session.request(
                method, url, data=body and body.content, headers=headers, allow_redirects=False, middlewares=(_Once(),)
            ) as response:
                content = await response.read()
                result = Answer(method, url.raw_path, response.status, response.headers.copy(), content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            result = lost(error, method, url)
        exchange = Exchange(
            instance=str(self.base),
            method=method,
            path=url.raw_path,
            status=result.status,
            seconds=time.monotonic() - started,
            received=len(result.body) if isinstance(result, Answer) else 0,
            attempt=attempt,
        )
        self._tell(exchange, result)
        return result

    def _tell(self, exchange: Exchange, result: object) -> None:
        log.info(
            "octopus request",
            instance=exchange.instance,
            method=exchange.method,
            path=exchange.path,
            status=exchange.status,
            ms=round(exchange.seconds * 1000, 1),
            bytes=exchange.received,
            attempt=exchange.attempt,
            **({"error": type(result).__name__} if isinstance(result, errors.OctopusError) else {}),
        )
        if self._observer is not None:
            self._observer(exchange)

    def _target(self, answer: Answer, url: URL) -> URL:
        """Where a redirect leads, if it may be followed: a read, within the origin that the key is for."""
        where: dict[str, Any] = {"method": answer.method, "url_path": answer.url_path, "status": answer.status}
        try:
            target = url.join(URL(answer.headers.get("Location", "")))
            origin = target.origin()
        except ValueError:
            raise errors.NotOctopus("redirects to what is not a URL", **where) from None
        if origin != self.base.origin():
            raise errors.NotOctopus(
                f"redirects to {origin}, where the API key must not go; if that is the server, make it the base URL",
                **where,
            )
        if answer.method != "GET":
            raise errors.NotOctopus("redirects a write, which is not followed; is this the Octopus base URL?", **where)
        return target


class _Once:
    """Sends a request once, for one call. aiohttp by itself repeats GET, PUT and DELETE when a kept connection turns
    out to be closed; but that PUT may have been applied, and a repetition belongs to the budget and the log."""

    def __init__(self) -> None:
        self._failure: aiohttp.ClientConnectionError | None = None

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        if self._failure is not None:
            raise self._failure
        try:
            return await handler(request)
        except aiohttp.ClientConnectionError as failure:
            self._failure = failure
            raise


def lost(error: Exception, method: str, url: URL) -> errors.OctopusError:
    """The error that stands for an exchange without an answer. Says whether the request can have reached the server."""
    where: dict[str, Any] = {"method": method, "url_path": url.raw_path}
    sent = method != "GET"
    host = f"{url.host}:{url.port}"
    match error:
        case aiohttp.ClientConnectorCertificateError():
            words = f"the certificate of {host} is not trusted ({error.certificate_error}); set ca_file to its CA"
            return errors.Unreachable(words, lasting=True, **where)
        case aiohttp.ClientSSLError():
            return errors.Unreachable(f"no TLS with {host}; is it https? ({error.os_error})", lasting=True, **where)
        case aiohttp.ClientConnectorError():
            return errors.Unreachable(f"cannot connect to {host}: {error.os_error}", **where)
        case aiohttp.ConnectionTimeoutError():
            return errors.Unreachable(f"cannot connect to {host} in time", **where)
        case aiohttp.ClientResponseError():
            return errors.NotOctopus(f"{host} does not speak HTTP here; is it https?", maybe_applied=sent, **where)
        case TimeoutError():
            return errors.Unreachable("no answer in time", maybe_applied=sent, **where)
    return errors.Unreachable(f"the connection broke ({type(error).__name__})", maybe_applied=sent, **where)
