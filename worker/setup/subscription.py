"""The subscription that a source should have: which one is ours, what of it is not as it should be.

Filters are as few as can be. A filter of projects, environments or document types drops most events without a word,
since "the majority of events don't include information about projects or environments" (Octopus' documentation, "Best
practices" of subscriptions), and groups together with document types never fired in 2022.3–2023.2
(OctopusDeploy/Issues#8246). So ours has the one group of document events, or none where the server has no such group;
a subscription that somebody gave no filter at all tells more than we need, and is left so. What is not of interest,
the receiver drops.

Everything here is pure. How the header's value is shown rests on what others saw of it, and is known to
:func:`_header_value` alone: older servers give it as they got it; newer ones hide it in an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NAME = "Octosync"
GROUP = "Document"
TIMEOUT, OTHER_TIMEOUT = "00:00:30", "00:00:31"
SHORTEST_S = 10
_FIELD = "EventNotificationSubscription"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+)(?:\.\d+)?")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``url``: where webhooks go. ``groups``: what the server calls its groups of events, by id."""

    url: str
    header: str
    secret: str
    groups: frozenset[str] = frozenset({GROUP})

    @property
    def filter(self) -> dict[str, list[str]]:
        return {"EventGroups": [GROUP]} if GROUP in self.groups else {}


@dataclass(frozen=True, slots=True)
class Repair:
    """``document``: what to send; ``changes``: in words, what is different; never what a secret is."""

    document: Document
    changes: tuple[str, ...]


def webhook_url(base: str, instance: str) -> str:
    """``https://octosync.example.com`` → ``https://octosync.example.com/webhooks/dev``; a URL that already is one
    of a receiver stays. Raises ValueError, which says what is wrong with it."""
    parts = urlsplit(base.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("starts with https:// or http:// and names a host")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("holds no credentials, no ? and no #: Octopus shows it to whoever may see subscriptions")
    path = parts.path.rstrip("/")
    if not path.endswith("/webhooks") and "/webhooks/" not in path:
        path += f"/webhooks/{instance}"
    return f"{parts.scheme}://{parts.netloc}{path}"


def url_of(document: Mapping[str, Any]) -> str:
    return str(_notification(document).get("WebhookURI") or "")


def ours(documents: Iterable[Mapping[str, Any]], url: str | None) -> list[Mapping[str, Any]]:
    """Those that call ``url``, enabled ones first; else the one that has our name."""
    calling = [one for one in documents if url is not None and url_of(one).rstrip("/") == url.rstrip("/")]
    if calling:
        return sorted(calling, key=lambda one: bool(one.get("IsDisabled")))
    return [one for one in documents if str(one.get("Name") or "").strip().casefold() == NAME.casefold()]


def created(wanted: Wanted) -> Repair:
    """A new subscription."""
    document = {
        "Name": NAME,
        "Type": "Event",
        "IsDisabled": False,
        _FIELD: {
            "Filter": wanted.filter,
            "EmailTeams": [],
            "WebhookURI": wanted.url,
            "WebhookTeams": [],
            "WebhookTimeout": TIMEOUT,
            "WebhookHeaderKey": wanted.header,
            "WebhookHeaderValue": wanted.secret,
        },
    }
    return Repair(document, (f"create subscription {NAME!r}, which calls {wanted.url}", _filter_words(wanted.filter)))


def repaired(document: Mapping[str, Any], wanted: Wanted) -> Repair:
    """What of a subscription must change. Without changes, it is as it should be."""
    is_now = _notification(document)
    changes, fields = [], dict(is_now)
    if document.get("IsDisabled"):
        changes.append("enable it")
    if url_of(document).rstrip("/") != wanted.url.rstrip("/"):
        changes.append(f"call {wanted.url} instead of {url_of(document) or 'nobody'}")
        fields["WebhookURI"] = wanted.url
    narrow = {name: values for name, values in (is_now.get("Filter") or {}).items() if values}
    if narrow and narrow != wanted.filter:
        changes.append(f"{_filter_words(wanted.filter)}, instead of the filter by {', '.join(sorted(narrow))}")
        fields["Filter"] = {name: [] for name in is_now.get("Filter") or {}} | wanted.filter
    if is_now.get("WebhookTeams"):
        changes.append("tell of all events, not only of those that some teams may see")
        fields["WebhookTeams"] = []
    if _seconds(is_now.get("WebhookTimeout")) < SHORTEST_S:
        changes.append(f"wait {TIMEOUT} for an answer")
        fields["WebhookTimeout"] = TIMEOUT
    if str(is_now.get("WebhookHeaderKey") or "").casefold() != wanted.header.casefold():
        changes.append(f"send the header {wanted.header}")
        fields["WebhookHeaderKey"] = wanted.header
    shown, sent = _header_value(is_now.get("WebhookHeaderValue"), wanted.secret)
    if shown is None:
        changes.append("send the secret once more (Octopus does not show which one it has)")
    elif shown != wanted.secret:
        changes.append("send the secret that the routes file names last")
    fields["WebhookHeaderValue"] = sent
    return Repair({**document, "IsDisabled": False, _FIELD: fields}, tuple(changes))


def touched(document: Mapping[str, Any]) -> Document:
    """The same with a timeout that is one second another: a change that harms nothing, and that Octopus tells of."""
    fields = dict(_notification(document))
    fields["WebhookTimeout"] = OTHER_TIMEOUT if fields.get("WebhookTimeout") == TIMEOUT else TIMEOUT
    return {**document, _FIELD: fields}


def flaws(document: Mapping[str, Any], header: str, secrets: Sequence[str]) -> list[str]:
    """What is amiss with a subscription as it is read, whoever made it. For somebody who may not change it."""
    is_now = _notification(document)
    found = []
    if document.get("IsDisabled"):
        found.append("it is disabled")
    narrow = sorted(name for name, values in (is_now.get("Filter") or {}).items() if values and name != "EventGroups")
    if narrow:
        found.append(f"its filter by {', '.join(narrow)} drops events without a word")
    if is_now.get("WebhookTeams"):
        found.append("it tells only what some teams may see")
    if str(is_now.get("WebhookHeaderKey") or "").casefold() != header.casefold():
        found.append(f"it does not send the header {header}")
    shown, _ = _header_value(is_now.get("WebhookHeaderValue"), "")
    if shown is not None and shown not in secrets:
        found.append("it sends a secret that the routes file does not know")
    return found


def _notification(document: Mapping[str, Any]) -> Mapping[str, Any]:
    value = document.get(_FIELD)
    return value if isinstance(value, Mapping) else {}


def _header_value(value: Any, secret: str) -> tuple[str | None, Any]:
    """The value as it is shown (``None``: hidden), and what to send for ``secret`` in the form in which it came."""
    match value:
        case {"SensitiveValue": _}:
            hidden = {"HasValue": True, "NewValue": secret}
            return None, {"IsSensitive": True, "Value": None, "SensitiveValue": hidden}
        case {"HasValue": _}:
            return None, {**value, "HasValue": True, "NewValue": secret}
        case {"Value": str() as shown}:
            return shown, {**value, "Value": secret}
        case str():
            return value, secret
        case _:
            return None, secret


def _filter_words(filters: Mapping[str, Sequence[str]]) -> str:
    groups = filters.get("EventGroups")
    return f"filter: the event group {groups[0]} and nothing else" if groups else "no filter"


def _seconds(span: Any) -> int:
    """Of a .NET time span, ``[d.]hh:mm:ss[.fffffff]``; one that cannot be read is taken for long enough."""
    match = _TIME_SPAN.fullmatch(str(span))
    if match is None:
        return SHORTEST_S
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
