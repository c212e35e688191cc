"""The webhook's body, as far as we read it. One POST carries one event; everything else in it is ignored.

Servers since 3.5 have sent several forms of the same thing: numbers as text, a space id as an object
(OctopusDeploy/Issues#7013), ``null`` where an object was, a byte order mark, a body in quotes. All are read alike. What
cannot be read even so is no reason to refuse: any answer but 2xx makes Octopus drop the rest of the batch
(OctopusDeploy/Issues#7216).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, Strict, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import CoreSchema, core_schema

from worker.queue.subjects import Subject, subject

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UnreadableError(ValueError):
    """Not a webhook of Octopus. ``str`` says why, in words of ours: never what the body holds."""


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: Any) -> Any:
    return _text(value.get("Value") if isinstance(value, dict) else value)


def _texts(value: Any) -> Any:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _nothing(_: Any) -> None:
    """Not an object: every field of one is read in some way, so that none is refused."""


@dataclass(frozen=True, slots=True)
class Else:
    """What does not have the form that is declared is read by a function, which gets it as Python objects. What has it,
    as nearly always, never becomes any: that is half the cost of reading a webhook."""

    read: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.union_schema(
            [handler(source), core_schema.no_info_plain_validator_function(self.read)], mode="left_to_right"
        )


Text = Annotated[str | None, Else(_text)]
Number = Annotated[Annotated[int, Strict()] | None, Else(_number)]
Id = Annotated[str | None, Else(_id)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_pascal)


class DocumentContext(_Read):
    id: Text = None


class ChangeDetails(_Read):
    document_context: Annotated[DocumentContext | None, Else(_nothing)] = None


class Event(_Read):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    category: Annotated[str, Field(min_length=1)]
    related_document_ids: Annotated[list[str], Else(_texts)] = []
    space_id: Id = None
    occurred: Text = None
    change_details: Annotated[ChangeDetails | None, Else(_nothing)] = None


class Subscription(_Read):
    space_id: Id = None


class Payload(_Read):
    event: Event
    subscription: Annotated[Subscription | None, Else(_nothing)] = None
    batch_id: Text = None
    total_events_in_batch: Number = None
    event_number_in_batch: Number = None

    @property
    def subject(self) -> Subject | None:
        """What the event speaks of."""
        space = self.subscription.space_id if self.subscription is not None else None
        event = self.event
        details = event.change_details
        context = details.document_context if details is not None else None
        return subject(
            {
                "Category": event.category,
                "RelatedDocumentIds": event.related_document_ids,
                "SpaceId": event.space_id,
                "ChangeDetails": {"DocumentContext": {"Id": context.id}} if context is not None else None,
            },
            space,
        )


class Webhook(_Read):
    payload: Payload


def read(body: bytes) -> Payload:
    """Raises :class:`UnreadableError`."""
    try:
        return Webhook.model_validate_json(body).payload
    except ValidationError as error:
        first = error
    try:
        return Webhook.model_validate(_loosely(body)).payload
    except ValidationError as error:
        raise UnreadableError(_why(error)) from None
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {type(error).__name__}, {_why(first)}") from None


def _loosely(body: bytes) -> Any:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            body = body[len(mark) :].decode(encoding).encode()
            break
    value = json.loads(body)
    if isinstance(value, str):  # the whole in quotes, and escaped
        value = json.loads(value)
    return value


def _why(error: ValidationError) -> str:
    """Which fields, and what kind of mistake. Without the input, which may hold what people typed."""
    problems = [
        f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['type']}" for one in error.errors(include_input=False)
    ]
    return "; ".join(problems[:3])
