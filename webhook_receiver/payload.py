"""The webhook's body, as far as we read it. One POST carries one event; everything else in it is skipped.

Servers since 3.5 have sent several forms of the same thing: numbers as text, a space id as an object
(OctopusDeploy/Issues#7013), ``null`` where an object was, a byte order mark, a body in quotes. All are read alike: as
the form that is declared here, which nearly every webhook has and which is quick; and if it has not, field by field.
What cannot be read even so is no reason to refuse: any answer but 2xx makes Octopus drop the rest of the batch
(OctopusDeploy/Issues#7216).

What is read is also what is kept of a body, for people and for replaying. So the types below list what may be stored:
ids, the category, times, and *where* a document changed. Never a value, a name, a message or an address; never the rest
of the subscription, which holds the secret. Who adds a field stores it: mind what it can hold.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from worker.queue.deliveries import LONGEST
from worker.queue.subjects import Subject, subject_of

MOST_IDS = 200
MOST_DIFFERENCES = 50
_MOST_IN_A_BATCH = 1_000_000

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ID = re.compile(r"[A-Za-z]+-[A-Za-z0-9*-]+")
"""Related ids may be ``projects-*``, for "all of them"."""

Short = Annotated[str, Meta(max_length=LONGEST)]
Count = Annotated[int, Meta(ge=0, le=_MOST_IN_A_BATCH)]
Word = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class UnreadableError(ValueError):
    """Not a webhook of Octopus. ``str`` says why, in words of ours: never what the body holds."""


class DocumentContext(Struct, rename="pascal", frozen=True, omit_defaults=True):
    """The document before the change; of it, which, and if it is the value of a tenant, of which."""

    id: Short | None = None
    tenant_id: Short | None = None


class Difference(Struct, frozen=True):
    """JSON Patch, without the value."""

    op: Short
    path: Short


class ChangeDetails(Struct, rename="pascal", frozen=True, omit_defaults=True):
    document_context: DocumentContext | None = None
    differences: Annotated[list[Difference], Meta(max_length=MOST_DIFFERENCES)] | None = None


class Event(Struct, rename="pascal", frozen=True, omit_defaults=True):
    id: Word
    category: Word
    related_document_ids: Annotated[list[Short], Meta(max_length=MOST_IDS)] = []
    space_id: Short | None = None
    user_id: Short | None = None
    occurred: Short | None = None
    change_details: ChangeDetails | None = None


class Subscription(Struct, rename="pascal", frozen=True, omit_defaults=True):
    id: Short | None = None
    space_id: Short | None = None


class Payload(Struct, rename="pascal", frozen=True, omit_defaults=True):
    event: Event
    subscription: Subscription | None = None
    batch_id: Short | None = None
    total_events_in_batch: Count | None = None
    event_number_in_batch: Count | None = None

    @property
    def subject(self) -> Subject:
        """What the event speaks of."""
        event = self.event
        context = event.change_details.document_context if event.change_details is not None else None
        return subject_of(
            event.category,
            event.related_document_ids,
            context=context.id if context is not None else None,
            tenant=context.tenant_id if context is not None else None,
            space=event.space_id,
            subscription_space=self.subscription.space_id if self.subscription is not None else None,
        )


class Webhook(Struct, rename="pascal", frozen=True):
    payload: Payload


_decode = msgspec.json.Decoder(Webhook).decode
_encode = msgspec.json.Encoder().encode


def read(body: bytes) -> Webhook:
    """Raises :class:`UnreadableError`."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _loosely(body)


def kept(webhook: Webhook) -> bytes:
    """What is stored of a body: all that was read, as JSON, which :func:`read` reads again."""
    return _encode(webhook)


def _loosely(body: bytes) -> Webhook:
    try:
        for mark, encoding in _MARKS:
            if body.startswith(mark):
                body = body[len(mark) :].decode(encoding).encode()
                break
        value = json.loads(body)
        if isinstance(value, str):  # the whole in quotes, and escaped
            value = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {type(error).__name__}") from None
    payload = _object(_object(value).get("Payload"))
    event = _object(payload.get("Event"))
    event_id, category = event.get("Id"), _text(event.get("Category"))
    if not isinstance(event_id, str) or not 0 < len(event_id) <= LONGEST or _text(event_id) != event_id or not category:
        raise UnreadableError(_why(value, payload, event))
    context = _object(_object(event.get("ChangeDetails")).get("DocumentContext"))
    details, subscription = _object(event.get("ChangeDetails")), _object(payload.get("Subscription"))
    return Webhook(
        Payload(
            Event(
                event_id,
                category,
                _ids(event.get("RelatedDocumentIds")),
                _id(event.get("SpaceId")),
                _id(event.get("UserId")),
                _text(event.get("Occurred")),
                ChangeDetails(
                    DocumentContext(_id(context.get("Id")), _id(context.get("TenantId"))),
                    _differences(details.get("Differences")),
                ),
            ),
            Subscription(_id(subscription.get("Id")), _id(subscription.get("SpaceId"))),
            _text(payload.get("BatchId")),
            _number(payload.get("TotalEventsInBatch")),
            _number(payload.get("EventNumberInBatch")),
        )
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """Half a surrogate pair, which JSON can hold and UTF-8 cannot, becomes a question mark."""
    return value[:LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:9])
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST_IN_A_BATCH
    return value if good else None


def _id(value: Any) -> str | None:
    value = value.get("Value") if isinstance(value, dict) else value
    return value if isinstance(value, str) and len(value) <= LONGEST and _ID.fullmatch(value) else None


def _ids(value: Any) -> list[str]:
    return [one for one in map(_id, value) if one is not None][:MOST_IDS] if isinstance(value, list) else []


def _differences(value: Any) -> list[Difference] | None:
    found = []
    for one in map(_object, value if isinstance(value, list) else []):
        op, path = _text(one.get("op")), _text(one.get("path"))
        if op is not None and path is not None:
            found.append(Difference(op, path))
    return found[:MOST_DIFFERENCES] or None


def _why(value: Any, payload: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """What is missing, by its name. Without the input, which may hold what people typed."""
    if not isinstance(value, dict):
        return "not an object"
    if not event:
        return f"{'Payload.Event' if payload else 'Payload'}: not an object, or empty"
    return "Payload.Event.Id or Category: not a text, empty, or too long"
