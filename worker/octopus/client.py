"""The REST client: one server seen through one credential, and the spaces on it.

    async with OctopusClient("https://octopus.example.com", key) as octopus:
        space = await octopus.space("Default")
        for project in await space.list("projects"):
            process = await space.get(f"projects/{project['Id']}/deploymentprocesses")

Documents are plain dicts, as the API gives them. `OctopusClient` has the routes of the system (``users/me``,
``spaces/all``), `SpaceClient` those of a space (``projects/Projects-1``), by the same verbs. What can go wrong is in
`worker.octopus.errors`.
"""

from __future__ import annotations

import difflib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from types import TracebackType
from typing import Any, Self

from worker.octopus import errors
from worker.octopus.address import base_url, url_of
from worker.octopus.answers import Answer
from worker.octopus.budget import Budget, Priority, Unlimited
from worker.octopus.files import File, multipart
from worker.octopus.paging import LONGEST_URL, PAGE, Document, Documents, ReadPage, chunks, read_all, read_around
from worker.octopus.retry import Backoff, http_date
from worker.octopus.streams import ANYTHING, Expected, Passed, StreamingTransport, relay
from worker.octopus.transport import Body, Check, Exchange, Observer
from worker.octopus.version import ServerInfo, ServerVersion

__all__ = ["EventsPage", "Exchange", "File", "OctopusClient", "Routes", "SpaceClient"]

EVENTS_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Audit events, newest first, each once.

    ``server_date`` is the server's clock when it was asked first (whole seconds; ``None`` if it does not tell): up to
    then the events are complete, but for late commits of other nodes, so overlap. ``complete`` is False where
    ``at_most`` cut the older ones off.
    """

    events: Documents
    server_date: datetime | None
    complete: bool = True


class Routes:
    """The verbs under one prefix. Routes are relative to it, without a slash in front."""

    def __init__(self, transport: StreamingTransport, prefix: str) -> None:
        self._transport = transport
        self._prefix = prefix

    async def get(self, route: str, **query: object) -> Any:
        """A document, or whatever else the route answers: a dict or a list."""
        return (await self._read(route, query))[0]

    async def list(self, route: str, *, take: int = PAGE, **query: object) -> list[Document]:
        """All items of a collection, page by page, or of a bare array (``…/all``). ``take``: the size of a page."""
        return (await read_all(self._reader(route, query), take)).items

    async def list_around(self, route: str, *, take: int = PAGE, **query: object) -> tuple[Documents, int]:
        """A collection that is paged and answers 404 because of documents in it: the others, and how many it hides."""
        return await read_around(self._reader(route, query), take)

    async def by_ids(self, route: str, ids: Sequence[str], **query: object) -> Documents:
        """The documents of ``ids`` from a list that filters by them, in the server's order, without the missing ones.

        As many requests as it takes to keep the URLs short. A server that ignores the filter gives everything.
        """
        frame = url_of(
            self._transport.base, f"{self._prefix}/{route}", {**query, "ids": "", "skip": PAGE, "take": PAGE}
        )
        found: Documents = []
        for chunk in chunks(ids, LONGEST_URL - len(str(frame))):
            found += (await read_all(self._reader(route, {**query, "ids": chunk}), PAGE)).items
        return found

    async def post(self, route: str, document: Any = None, **query: object) -> Document:
        """The answer, mostly the created document with its id; ``{}`` if the server answers nothing."""
        return await self._write("POST", route, document, query)

    async def put(self, route: str, document: Any, **query: object) -> Document:
        """The answer, mostly the document as it now is; ``{}`` if the server answers nothing."""
        return await self._write("PUT", route, document, query)

    async def delete(self, route: str) -> Document:
        """``{}``; servers before 2021 answer with a Task (``ServerTasks-…``) for what they delete in the background."""
        return await self._write("DELETE", route, None, {})

    async def get_file(self, route: str) -> File:
        """What is not JSON: a logo."""
        answer = await self._transport.send_raw("GET", f"{self._prefix}/{route}")
        return File(route.rsplit("/", 1)[-1], answer.body, answer.content_type)

    async def put_file(self, route: str, file: File) -> None:
        """Uploads a logo."""
        content, content_type = multipart(file)
        await self._transport.send_raw("PUT", f"{self._prefix}/{route}", None, Body(content, content_type))

    async def relay(
        self,
        route: str,
        destination: Routes,
        to_route: str,
        name: str,
        moved: Callable[[int], None] = lambda _: None,
        expected: Expected = ANYTHING,
        **query: object,
    ) -> tuple[Document, Passed]:
        """Sends the file at ``route`` on to another server, piece by piece, as a file called ``name``; also twice, if
        it fails. The answer, and what went through. ``moved``: told of the bytes so far. Raises `FileDiffers` for one
        that is not the ``expected`` file."""
        to = destination
        return await relay(
            self._transport,
            f"{self._prefix}/{route}",
            to._transport,
            f"{to._prefix}/{to_route}",
            name,
            query,
            moved,
            expected,
        )

    def check_writes(self, check: Check) -> None:
        """Has ``check`` asked right before each request that writes is sent to this server, repetitions too: between
        the decision to write and the request, there may be pauses that the server or the budget asks for. What it
        raises keeps the request back."""
        self._transport.before_write = check

    async def server(self) -> ServerInfo:
        """Which server this is; asked once. Raises `NotOctopus` if it does not say so."""
        if self._transport.server is None:
            try:
                root, answer = await self._transport.send("GET", "api")
            except errors.NotFound as error:
                raise errors.NotOctopus(
                    f"no API here; is this the Octopus base URL, with its virtual directory? {error.server_words}",
                    url_path=error.url_path,
                    status=error.status,
                    server=error.server,
                ) from None
            try:
                version = ServerVersion.parse(root["Version"])
                self._transport.server = ServerInfo(version, root.get("InstallationId") or "")
            except (TypeError, KeyError, AttributeError, ValueError):
                raise errors.NotOctopus(
                    "does not answer as an Octopus Server does; is this the Octopus base URL?",
                    url_path=answer.url_path,
                    status=answer.status,
                    server=str(self._transport.base),
                ) from None
        return self._transport.server

    async def _read(self, route: str, query: dict[str, object]) -> tuple[Any, Answer]:
        return await self._transport.send("GET", f"{self._prefix}/{route}", query)

    def _reader(self, route: str, query: dict[str, object]) -> ReadPage:
        async def read_page(skip: int, take: int) -> tuple[Any, Answer]:
            return await self._read(route, {**query, "skip": skip or None, "take": take})

        return read_page

    async def _write(self, method: str, route: str, document: Any, query: dict[str, object]) -> Document:
        value, answer = await self._transport.send(method, f"{self._prefix}/{route}", query, document)
        if not isinstance(value, dict):
            raise errors.Misunderstood(
                f"a write answered a {type(value).__name__} instead of a document",
                method=method,
                url_path=answer.url_path,
                status=answer.status,
                maybe_applied=True,
            )
        return value


class OctopusClient(Routes):
    """One server seen through one credential; its own verbs are for the routes of the system. Use ``async with``.

    ``timeout`` is how many seconds the server may be silent. ``attempts`` bounds how often one request is sent in all.
    ``concurrency`` bounds the requests under way at once. ``ca_file`` is trusted besides the system's CAs.
    Raises ValueError for a URL or a ``ca_file`` that cannot be.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        budget: Budget | None = None,
        priority: Priority = Priority.EVENT,
        timeout: float = 30,
        attempts: int = 4,
        concurrency: int = 8,
        ca_file: str | None = None,
        verify_tls: bool = True,
        user_agent: str | None = None,
        observer: Observer | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        transport = StreamingTransport(
            base_url(url),
            api_key,
            budget=budget or Unlimited(),
            priority=priority,
            timeout=timeout,
            attempts=attempts,
            concurrency=concurrency,
            tls=_tls(ca_file) if verify_tls else False,
            user_agent=user_agent or f"octosync/{version_of('octosync')}",
            observer=observer,
            backoff=backoff or Backoff(),
        )
        super().__init__(transport, "api")
        self._spaces: Documents | None = None

    async def __aenter__(self) -> Self:
        self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    def __repr__(self) -> str:
        return f"<OctopusClient {self.url}>"

    @property
    def url(self) -> str:
        return str(self._transport.base)

    @property
    def requests(self) -> int:
        """Requests sent so far, repetitions and redirects included."""
        return self._transport.requests

    def believe(self, server: ServerInfo) -> None:
        """Somebody has asked the server already: :meth:`server` need not."""
        self._transport.server = server

    async def space(self, name_or_id: str) -> SpaceClient:
        """A space by id, name or slug, in this order, whatever the case. The list of spaces is read once.

        Raises `UnknownSpace`, which names those that look like it.
        """
        if self._spaces is None:
            self._spaces = await self.list("spaces/all")
        wanted = name_or_id.strip().casefold()
        for field in ("Id", "Name", "Slug"):
            for space in self._spaces:
                if str(space.get(field) or "").strip().casefold() == wanted != "":
                    return SpaceClient(self._transport, space["Id"], space["Name"])
        names = {str(space.get("Name")).casefold(): str(space.get("Name")) for space in self._spaces}
        nearest = [names[key] for key in difflib.get_close_matches(wanted, names, n=3)] or sorted(names.values())[:5]
        self._spaces = None  # It may be created while we run.
        base = self._transport.base
        raise errors.UnknownSpace(name_or_id, nearest, url_path=f"{base.raw_path}api/spaces", server=str(base))

    def space_at(self, space_id: str, name: str) -> SpaceClient:
        """A space of which the id is known already. Asks nothing."""
        return SpaceClient(self._transport, space_id, name)


class SpaceClient(Routes):
    """One space. Lives as long as the `OctopusClient` that gave it."""

    def __init__(self, transport: StreamingTransport, space_id: str, space_name: str) -> None:
        super().__init__(transport, f"api/{space_id}")
        self.system = Routes(transport, "api")
        """Routes that belong to the server rather than to a space, by the same credential."""
        self.space_id = space_id
        self.space_name = space_name

    @property
    def release(self) -> ServerVersion | None:
        """Of the server; ``None`` where nobody has asked it (:meth:`OctopusClient.server`)."""
        return self._transport.server.version if self._transport.server is not None else None

    def __repr__(self) -> str:
        return f"<SpaceClient {self.space_name!r} ({self.space_id}) on {self._transport.base}>"

    async def events(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        take: int = EVENTS_PAGE,
        at_most: int | None = None,
        with_system: bool = False,
        **filters: object,
    ) -> EventsPage:
        """The audit log from ``from_`` (inclusive) to ``to`` (exclusive), without the differences, to its end.

        ``with_system``: also of what belongs to no space, as far as the key may see it: user roles, users, spaces.
        ``filters`` are the API's own: ``eventCategories``, ``eventGroups``, ``documentTypes``, ``regardingAny``…
        The log is given newest first: an event that arrives while we read pushes others to the next page, where they
        are recognised; it is not seen itself if it came after the first page.
        """
        query: dict[str, object] = {"from": from_, "to": to, "excludeDifference": True, **filters}
        take = take if at_most is None else min(take, at_most)
        reader = self._reader("events", query)
        if with_system:
            reader = self.system._reader("events", {**query, "spaces": self.space_id, "includeSystem": True})
        log = await read_all(reader, take, at_most=at_most)
        return EventsPage(log.items, http_date(log.first.headers.get("Date")), log.complete)


def _tls(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # ssl.SSLError is one.
        raise ValueError(f"ca_file {ca_file} cannot be read as certificates in PEM form: {error}") from error
    return context
