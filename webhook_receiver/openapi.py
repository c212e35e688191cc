"""What the receiver takes and answers, as OpenAPI: served at ``/openapi.json``, and held against its routes by a test.

The webhook's schema is that of the types it is read by (:mod:`webhook_receiver.payload`). It says what is looked at:
Octopus sends much more, and whatever else comes is taken, too.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from webhook_receiver.answers import Outcome
from webhook_receiver.payload import Webhook

VERSION = "3.1.1"


def describe() -> dict[str, Any]:
    """The document. Names, ports and headers that a person has chosen are not in it: anybody may read it."""
    (_,), schemas = msgspec.json.schema_components([Webhook], ref_template="#/components/schemas/{name}")
    return {
        "openapi": VERSION,
        "info": {
            "title": "Octosync: webhook receiver",
            "version": version("octosync"),
            "description": "Takes the webhooks of Octopus Deploy's subscriptions. 2xx means durable, whatever the "
            "body: every other answer makes Octopus drop the rest of its batch.",
        },
        "paths": {
            "/webhooks": {"post": _webhook("The secret tells which instance calls.")},
            "/webhooks/{instance}": {
                "parameters": [
                    {
                        "name": "instance",
                        "in": "path",
                        "required": True,
                        "description": "Its name in the routes file.",
                        "schema": {"type": "string"},
                    }
                ],
                "post": _webhook("The path tells which instance calls."),
            },
            "/healthz": {"get": _asked("Is it alive?", {"200": "It is."}, {"alive": {"type": "boolean"}})},
            "/readyz": {
                "get": _asked(
                    "Can it store what comes?",
                    {"200": "It can.", "503": "It cannot, or it is about to stop."},
                    {"redis": {"type": "string"}, "receiver": {"type": "string"}},
                )
            },
            "/openapi.json": {"get": _asked("This document.", {"200": "The document."}, {})},
        },
        "components": {
            "schemas": {**schemas, "Answer": _ANSWER},
            "securitySchemes": {
                "secret": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Octosync-Token",
                    "description": "One of the instance's secrets, in the header that the routes file names. "
                    "This is its default.",
                }
            },
        },
    }


_ANSWER = {
    "type": "object",
    "required": ["outcome"],
    "properties": {"outcome": {"type": "string", "enum": [one.value for one in Outcome]}},
}


def _webhook(how: str) -> dict[str, Any]:
    return {
        "summary": "One webhook of a subscription: one event",
        "description": how,
        "security": [{"secret": []}],
        "requestBody": {
            "description": "What cannot be read is recorded as such, and the audit log is read instead.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Webhook"}}},
        },
        "responses": {
            str(status): {
                "description": "; ".join(f"`{one.value}`: {one.meaning}" for one in Outcome if one.status == status),
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
                **({"headers": {"Retry-After": {"schema": {"type": "integer"}}}} if status == 503 else {}),
            }
            for status in sorted({one.status for one in Outcome})
        },
    }


def _asked(what: str, answers: dict[str, str], properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", **({"properties": properties} if properties else {})}
    return {
        "summary": what,
        "responses": {
            status: {"description": said, "content": {"application/json": {"schema": schema}}}
            for status, said in answers.items()
        },
    }
