"""Routes: what a request is about, and in which space.

Octopus answers each space-scoped route in three forms, `/api/Spaces-1/x`, `/api/spaces/{id or slug}/x` and `/api/x` for
the default space, and matches without regard to case (Octopus API reference, 2026). A route is written once, without
the space: `projects/{id}/channels`.

A handler is a plain function from a `Call` to an `Answer`. It does not await, so each request is a transaction.
"""

from __future__ import annotations

import json
import re
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from sandbox.access import ADMINISTRATOR, Access
from sandbox.errors import bad_request, method_not_allowed, not_found, route_not_found
from sandbox.settings import Settings
from sandbox.store import Actor, Document, Key, Scope, Store
from sandbox.versions import at_least

__all__ = ["Answer", "Call", "Handler", "Match", "Route", "RouteScope", "Router"]

# "space": all three forms. "named-space": the newer routes without a space-less form. "system": never under a space.
# "mixed": the system's own document set at `/api/x`, a space's at `/api/Spaces-1/x`.
RouteScope = Literal["space", "named-space", "system", "mixed"]

_SPACE_ID = re.compile(r"spaces-\d+", re.IGNORECASE)


@dataclass(slots=True)
class Answer:
    """What a handler answers: a JSON value (None: no body), or `raw` bytes of `content_type`."""

    body: Any = None
    status: int = 200
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """A request that found its route. `space_id` is None on system routes. `broken` are ids of documents that a fault
    keeps from being shown."""

    method: str
    store: Store
    settings: Settings
    space_id: str | None
    params: dict[str, str]
    query: Mapping[str, list[str]]
    raw_body: bytes
    actor: Actor
    access: Access = ADMINISTRATOR
    broken: frozenset[str] = frozenset()

    def sees(self, document: Document) -> bool:
        """Whether the caller may see a document. Lists leave the others out in silence."""
        return document["Id"] not in self.store.hidden and self.access.sees(document)

    @property
    def scope(self) -> Scope:
        return self.store.scope(self.space_id)

    def json(self) -> Document:
        """The body as a JSON object. Raises ApiError 400 without one."""
        body = self._parsed()
        if not isinstance(body, dict):
            raise bad_request("The request body must be a JSON object.")
        return body

    def json_list(self) -> list[Any]:
        """The body as a JSON array. Raises ApiError 400 without one."""
        body = self._parsed()
        if not isinstance(body, list):
            raise bad_request("The request body must be a JSON array.")
        return body

    def _parsed(self) -> Any:
        if not self.raw_body.strip():
            raise bad_request("The request body must not be empty.")
        try:
            return json.loads(self.raw_body)
        except ValueError as error:
            raise bad_request(f"The request body is not valid JSON: {error}") from error

    def argument(self, name: str) -> str | None:
        """A query parameter, by its name in any case; the last one, if it is repeated."""
        values = self.query.get(name.lower())
        return values[-1] if values else None

    def arguments(self, name: str) -> list[str]:
        """A list-valued query parameter: comma separated, repeated, or both."""
        return [part for value in self.query.get(name.lower(), []) for part in value.split(",") if part]

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a whole number ≥ 0."""
        value = self.argument(name)
        if value is None or value == "":
            return default
        if not value.isascii() or not value.isdigit():
            raise bad_request(f"The value '{value}' is not valid for {name}.")
        return int(value)

    def link(self, path: str) -> str:
        """The path of a resource as the server writes it into `Links`, in the space of the call."""
        return (
            f"{self.settings.api_root}/{self.space_id}/{path}" if self.space_id else f"{self.settings.api_root}/{path}"
        )

    def lookup(self, collection: str, by: Key, value: Any) -> list[Document]:
        """The documents of the call's scope with this value (`sandbox.indexes`)."""
        return self.store.lookup(self.space_id, collection, by, value)

    def look_up(self, collection: str, document_id: Any) -> Document | None:
        """A document by id in the call's space or, for kinds that live in both, in the system."""
        return self.scope.find(collection, document_id) or self.store.system.find(collection, document_id)

    def find(self, collection: str, document_id: str) -> Document:
        """A document of the call's scope. Raises ApiError 404."""
        document = self.scope.find(collection, document_id)
        if document is None:
            raise not_found(document_id)
        return document


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    handler: Handler
    scope: RouteScope
    since: str

    def match(self, segments: list[str]) -> dict[str, str] | None:
        parts = self.template.split("/") if self.template else []
        if len(parts) != len(segments):
            return None
        params: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                params[part[1:-1]] = segment
            elif part != segment.lower():
                return None
        return params


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    params: dict[str, str]
    space_id: str | None


def _literal_first(route: Route) -> list[bool]:
    return [part.startswith("{") for part in route.template.split("/")]


class Router:
    """The routes of the server; iterating gives all of them, of every release. Literal templates go before those with
    parameters, whatever the order of `add`."""

    def __init__(self) -> None:
        self._routes: dict[int, list[Route]] = {}
        """Number of segments → routes, in order."""
        self._by_word: dict[tuple[int, str], list[Route]] = {}
        """Of those, the ones that a path with this first segment may lead to. Made when asked for."""

    def __iter__(self) -> Iterator[Route]:
        return (route for routes in self._routes.values() for route in routes)

    def add(
        self, method: str, template: str, handler: Handler, *, scope: RouteScope = "space", since: str = ""
    ) -> None:
        """Serve `template` (lower case, `{name}` for a parameter) below `/api` or a space of it.

        `since` is the first version whose server has the route; older ones answer 404.
        """
        routes = self._routes.setdefault(template.count("/") + 1 if template else 0, [])
        insort(routes, Route(method, template, handler, scope, since), key=_literal_first)
        self._by_word.clear()

    def _that_begin_with(self, segments: list[str]) -> list[Route]:
        word = segments[0].lower() if segments else ""
        found = self._by_word.get((len(segments), word))
        if found is None:
            found = [
                route
                for route in self._routes.get(len(segments), [])
                if route.template.partition("/")[0] == word or route.template.startswith("{")
            ]
            if found:  # what strangers ask for is not remembered
                self._by_word[len(segments), word] = found
        return found

    def match(self, method: str, path: str, store: Store, settings: Settings) -> Match:
        """The route of a path below `/api` (still percent-encoded). Raises ApiError 404 or 405."""
        segments = [unquote(segment) for segment in path.strip("/").split("/")] if path.strip("/") else []
        if "" in segments:
            raise method_not_allowed(method)
        tried: list[Match] = []
        for scopes, rest, space_id in self._readings(segments, store, settings.version):
            for route in self._that_begin_with(rest):
                if route.scope not in scopes:
                    continue
                params = route.match(rest)
                if params is not None and at_least(settings.version, route.since):
                    tried.append(Match(route, params, space_id))
        found = next((match for match in tried if match.route.method == method), None)
        if found:
            return found
        raise method_not_allowed(method) if tried else route_not_found()

    @staticmethod
    def _readings(
        segments: list[str], store: Store, version: str
    ) -> list[tuple[tuple[RouteScope, ...], list[str], str | None]]:
        """The ways to read a path: which kinds of route may answer, what is left of the path, in which space.

        `spaces/{id or slug}/…` is in the Swagger of 2023.4, and not in that of 2021.2.
        """
        if segments and _SPACE_ID.fullmatch(segments[0]):
            space = store.find_space(segments[0])
            rest = segments[1:]
            return [(("space", "named-space", "mixed"), rest, space["Id"])] if space else []
        readings: list[tuple[tuple[RouteScope, ...], list[str], str | None]] = [(("system", "mixed"), segments, None)]
        if len(segments) > 2 and segments[0].lower() == "spaces" and at_least(version, "2023.4"):
            space = store.find_space(segments[1])
            if space:
                readings.append((("space", "named-space", "mixed"), segments[2:], space["Id"]))
        default = store.default_space()
        if default:
            readings.append((("space",), segments, default["Id"]))
        return readings
