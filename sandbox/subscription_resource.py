"""A subscription as JSON: what a client may send, what it reads, and what a webhook carries of it.

Stored as `{Id, Name, IsDisabled, SpaceId, EventNotificationSubscription: {...}}` without the two fields that say
how far delivery has come; those are the delivery's own and are added to each answer.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import bad_request
from sandbox.event_dialect import has
from sandbox.event_resource import date
from sandbox.store import Document

__all__ = ["HEADER_PLACE", "Progress", "parse_time_span", "subscription_from_body", "subscription_resource"]

# Where the header's value lies among the secrets of a subscription.
HEADER_PLACE = "EventNotificationSubscription.WebhookHeaderValue"

_FILTER = (
    "Users",
    "Projects",
    "ProjectGroups",
    "Environments",
    "EventGroups",
    "EventCategories",
    "EventAgents",
    "Tenants",
    "Tags",
    "DocumentTypes",
)
_PRIORITIES = ("Normal", "Low", "High")
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")

# How far delivery has come: (WebhookLastProcessed, WebhookLastProcessedEventAutoId), both None before the first run.
Progress = tuple[datetime | None, int | None]


def parse_time_span(text: str) -> timedelta:
    """A .NET TimeSpan, `[d.]hh:mm:ss[.fffffff]`. Raises ValueError."""
    match = _TIME_SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is not a duration of the form [d.]hh:mm:ss")
    days, hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "").ljust(7, "0")[:6] or 0),
    )


def subscription_from_body(
    body: Document, subscription_id: str, space_id: str, secret: str | None
) -> tuple[Document, str | None]:
    """The document to store, and the value of the webhook's header.

    A PUT replaces everything, so what is absent gets its default; read-only and unknown properties are ignored. The
    header's value may be a string or a SensitiveValue; `{HasValue: true, NewValue: null}` keeps `secret`. Raises
    ApiError 400 with one sentence per broken rule.
    """
    given = body.get("EventNotificationSubscription")
    errors = []
    if not str(body.get("Name") or "").strip():
        errors.append("Please provide a value for Name.")
    if not isinstance(given, dict):
        raise bad_request(*errors, "Please provide a value for EventNotificationSubscription.")
    filters = {} if given.get("Filter") is None else given["Filter"]
    if not isinstance(filters, dict):
        raise bad_request(*errors, "Filter must be an object.")
    timeout = given.get("WebhookTimeout") or "00:00:10"
    for name, value in (("WebhookTimeout", timeout), ("EmailFrequencyPeriod", given.get("EmailFrequencyPeriod"))):
        try:
            parse_time_span(value or "01:00:00")
        except (ValueError, TypeError):
            errors.append(f"{name} must be a duration of the form hh:mm:ss.")
    uri = given.get("WebhookURI")
    if uri and urlsplit(str(uri)).scheme not in ("http", "https"):
        errors.append("WebhookURI must be an absolute http or https URL.")
    for name in _FILTER:
        values = filters.get(name)
        if values is not None and not (isinstance(values, list) and all(isinstance(value, str) for value in values)):
            errors.append(f"Filter.{name} must be a list of strings.")
    if errors:
        raise bad_request(*errors)
    header, kind = _header_value(given.get("WebhookHeaderValue"), secret)
    document: Document = {
        "Id": subscription_id,
        "Name": str(body["Name"]).strip(),
        "IsDisabled": bool(body.get("IsDisabled")),
        "SpaceId": space_id,
        "EventNotificationSubscription": {
            "Filter": {name: list(dict.fromkeys(filters.get(name) or [])) for name in _FILTER},
            "EmailTeams": list(given.get("EmailTeams") or []),
            "EmailFrequencyPeriod": given.get("EmailFrequencyPeriod") or "01:00:00",
            "EmailPriority": _priority(given.get("EmailPriority")),
            "EmailShowDatesInTimeZoneId": given.get("EmailShowDatesInTimeZoneId") or "UTC",
            "WebhookURI": uri or None,
            "WebhookTeams": list(given.get("WebhookTeams") or []),
            "WebhookTimeout": timeout,
            "WebhookHeaderKey": given.get("WebhookHeaderKey") or None,
            "WebhookHeaderValue": kind,
        },
    }
    return document, header


def _header_value(value: Any, secret: str | None) -> tuple[str | None, str | None]:
    """The header's value, and how it was given: "text", "sensitive" or None."""
    if isinstance(value, dict):
        new = value.get("NewValue")
        kept = secret if value.get("HasValue") else None
        header = str(new) if new is not None else kept
        return header, "sensitive" if header is not None else None
    return (str(value), "text") if value is not None and value != "" else (None, None)


def _priority(value: Any) -> str:
    if isinstance(value, int) and 0 <= value < len(_PRIORITIES):
        return _PRIORITIES[value]
    if value is None:
        return "Normal"
    for priority in _PRIORITIES:
        if str(value).casefold() == priority.casefold():
            return priority
    raise bad_request(f"Error converting value \"{value}\" to type 'EmailPriority'.")


def subscription_resource(
    document: Document,
    progress: Progress,
    header: str | None,
    version: str,
    *,
    api_root: str = "/api",
    in_webhook: bool = False,
) -> Document:
    """The subscription as this release gives it.

    `header` is shown in clear if it was given as text; and always in a webhook, which is the assumption that is unsafe
    to be wrong about (?): old servers stored it as text and carried the whole resource in the payload.
    """
    stored = document["EventNotificationSubscription"]
    named = has(version, "enums as names")
    last, auto_id = progress
    filters = dict(stored["Filter"])
    if not has(version, "project group filter"):
        filters.pop("ProjectGroups")
    if not has(version, "spaces"):
        filters.pop("EventAgents")
    notification: Document = {
        "Filter": filters,
        "EmailTeams": stored["EmailTeams"],
        "EmailFrequencyPeriod": stored["EmailFrequencyPeriod"],
        "EmailPriority": stored["EmailPriority"] if named else _PRIORITIES.index(stored["EmailPriority"]),
        "EmailDigestLastProcessed": None,
        "EmailDigestLastProcessedEventAutoId": None,
        "EmailShowDatesInTimeZoneId": stored["EmailShowDatesInTimeZoneId"],
        "WebhookURI": stored["WebhookURI"],
        "WebhookTeams": stored["WebhookTeams"],
        "WebhookTimeout": stored["WebhookTimeout"],
    }
    if has(version, "webhook header"):
        notification["WebhookHeaderKey"] = stored["WebhookHeaderKey"]
        sensitive = stored["WebhookHeaderValue"] == "sensitive" and not in_webhook
        notification["WebhookHeaderValue"] = (
            {"HasValue": header is not None, "NewValue": None, "Hint": None} if sensitive else header
        )
    notification["WebhookLastProcessed"] = None if last is None else date(last, version)
    notification["WebhookLastProcessedEventAutoId"] = auto_id
    if has(version, "slack"):
        notification |= {
            "SlackChannelIds": [],
            "SlackChannelNames": [],
            "SlackFrequencyPeriod": "01:00:00",
            "SlackDigestLastProcessed": None,
            "SlackDigestLastProcessedEventAutoId": None,
        }
    resource: Document = {
        "Id": document["Id"],
        "Name": document["Name"],
        "Type": "Event" if named else 0,
        "IsDisabled": document["IsDisabled"],
        "EventNotificationSubscription": notification,
    }
    if has(version, "spaces"):
        space_id = document["SpaceId"]
        resource["SpaceId"] = {"Value": space_id} if has(version, "space id as object") else space_id
    self_link = f"{api_root}/{document['SpaceId']}/subscriptions/{document['Id']}"
    resource["Links"] = {"Self": self_link if has(version, "self links") else {}}
    return resource
