"""Where requests go: the base URL that a person wrote, and the URLs built on it.

A server may live in a virtual directory (``https://host/octopus``), so all is relative to the base. Routes are written
as the API reference writes them, ``projects/Projects-1/channels``; what is not a plain id goes through `segment` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote

from yarl import URL

ROUTE_SAFE = "/%:@!$&'()*+,;=~"


def base_url(text: str) -> URL:
    """The base URL in its one form: no ``/api`` or ``/app`` at the end, no fragment.

    Raises ValueError for what is not the URL of a server, and for one that carries a user or a query: a URL is printed
    and logged, so it must not hold a secret. The message does not repeat the URL.
    """
    try:
        url = URL(text.strip())
        origin = url.origin()
    except ValueError as error:
        raise ValueError("not an Octopus base URL: expected something like https://octopus.example.com") from error
    if url.scheme not in ("http", "https"):
        raise ValueError(f"not an Octopus base URL: the scheme is {url.scheme}, expected http or https")
    if url.user is not None or url.password is not None or url.raw_query_string:
        raise ValueError("an Octopus base URL carries no user and no query; the API key has a setting of its own")
    directory = url.raw_path.rstrip("/")
    for tail in ("/api", "/app"):
        directory = directory.removesuffix(tail)
    return origin.join(URL(directory + "/", encoded=True))


def segment(text: str) -> str:
    """A name or a git reference as one segment of a route: ``refs/heads/main`` becomes ``refs%2Fheads%2Fmain``."""
    return quote(text, safe="")


def url_of(base: URL, route: str, query: Mapping[str, object] | None = None) -> URL:
    """``base`` + ``route`` + ``query``. Of the query, ``None`` is left out, lists are joined by commas, dates are ISO.

    Raises ValueError for a route with an empty or a dotted segment: an id that is missing must not turn one route into
    another (Octopus answers 405, or the whole list; OctopusDeploy/Issues#8060).
    """
    if any(part in ("", ".", "..") for part in route.split("/")):
        raise ValueError(f"not a route: {route!r} has an empty or a dotted segment")
    pairs = [f"{quote(name)}={quote(text, safe=',:')}" for name, text in _texts(query or {})]
    path = str(base) + quote(route, safe=ROUTE_SAFE)
    return URL(path + ("?" + "&".join(pairs) if pairs else ""), encoded=True)


def _texts(query: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for name, value in query.items():
        if value is None:
            continue
        match value:
            case bool():
                yield name, "true" if value else "false"
            case datetime():
                if value.tzinfo is None:
                    raise ValueError(f"{name}: a date without a time zone means another moment to the server")
                yield name, value.isoformat()
            case list() | tuple() | set() | frozenset():
                yield name, ",".join(str(item) for item in value)
            case _:
                yield name, str(value)
