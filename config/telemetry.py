"""Error reports to Sentry, scrubbed. Off without a DSN.

A report says which code failed on which item. It never holds a secret, a request body or a local variable: Octopus
documents are full of what must not leave the house, and a stack frame holds whole documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sentry_sdk.types import Event, Hint

from config import scrub

_HARMLESS_HEADERS = frozenset({"accept", "content-length", "content-type", "host", "user-agent"})
"""Only these are reported. A webhook's secret comes in a header whose name the person chose."""

_SAID_ALREADY = frozenset({"event", "exc_info", "level", "logger", "component", "timestamp"})
"""Of a log line: Sentry has these in places of its own."""


def init_sentry(
    dsn: str | None, component: str, *, environment: str = "production", watch_requests: bool = True
) -> bool:
    """Report errors of this process from now on. ``False``, and nothing happens, without a ``dsn``.

    ``component``: ``worker``, ``receiver`` or ``cli``; a tag of every report. ``watch_requests``: follow each HTTP
    request that is served, which takes longer than to take a webhook; without, an error that ends one is reported all
    the same, by the line that is logged of it. Raises
    :class:`sentry_sdk.utils.BadDsn` for a DSN that is none.
    """
    if not dsn:
        return False
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=_release(),
        # Personal data are off by default. Saying so (`send_default_pii`) is deprecated, and its successor
        # `data_collection` would switch the scrubber of the SDK off, which is one net more.
        include_local_variables=False,
        include_source_context=True,
        max_request_body_size="never",
        disabled_integrations=[] if watch_requests else [AioHttpIntegration()],
        before_send=_before_send,
        before_send_transaction=_before_send,
        before_breadcrumb=_before_breadcrumb,
    )
    sentry_sdk.set_tag("component", component)
    return True


def clean(event: dict[str, Any]) -> dict[str, Any]:
    """The report without anything secret. Pure, but that it reads the watched secrets anew."""
    scrub.refresh()
    request = event.get("request")
    if isinstance(request, dict):
        headers = request.get("headers") or {}
        kept = {name: value for name, value in dict(headers).items() if name.lower() in _HARMLESS_HEADERS}
        event = event | {"request": {"url": request.get("url"), "method": request.get("method"), "headers": kept}}
    found = _without_variables(scrub.anything(event))
    if "extra" in found:
        found["extra"] = scrub.fields(found["extra"])
    if "contexts" in found:
        found["contexts"] = {
            name: scrub.fields(inner) if isinstance(inner, dict) else inner for name, inner in found["contexts"].items()
        }
    return cast("dict[str, Any]", found)


def _without_variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_variables(inner) for key, inner in value.items() if key != "vars"}
    if isinstance(value, list | tuple):
        return type(value)(_without_variables(inner) for inner in value)
    return value


def _before_send(event: Event, hint: Hint) -> Event:
    known = cast("dict[str, Any]", event)
    if (line := _line(hint)) is not None:
        what, told = line
        known = known | {"logentry": {"message": what}, "extra": {**(known.get("extra") or {}), **told}}
    return cast("Event", clean(known))


def _before_breadcrumb(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    if (line := _line(hint)) is not None:
        crumb = crumb | {"message": line[0], "data": line[1]}
    found = cast("dict[str, Any]", scrub.anything(crumb))
    return found | ({"data": scrub.fields(found["data"])} if isinstance(found.get("data"), dict) else {})


def _line(hint: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What one of our log lines says, and the fields beside it. The SDK would take all of it for one text, in which no
    field is known by its name. ``None`` for anything else, lines of libraries too."""
    said = getattr(hint.get("log_record"), "msg", None)
    if not isinstance(said, dict):
        return None
    return str(said.get("event", "")), {name: inner for name, inner in said.items() if name not in _SAID_ALREADY}


def _release() -> str | None:
    try:
        return f"octosync@{version('octosync')}"
    except PackageNotFoundError:  # run from a source tree that was never installed
        return None
