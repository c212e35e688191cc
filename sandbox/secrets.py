"""Secrets go in and never come out.

A secret in a body is a SensitiveValue, `{HasValue, NewValue, Hint}`, wherever it stands: a password, an action
property, the default of a template, the value of a webhook's header. `separate` takes all of them out of a document.
What is stored and shown has `NewValue: null`. Sent again: a new value replaces the secret, `HasValue: true` without one
keeps it, `HasValue: false` clears it (Octopus API reference, 2026; OctopusClients' SensitiveValue).

The place of a secret is the path to it, from the innermost list element that has an id: `Password`, `Details.Password`,
`Actions/<action id>/Properties.Octopus.Action.X`, `Templates/<template id>/DefaultValue`. So it is found again when
steps are moved. A sensitive variable is none of these and has its own place (`sandbox.resources.variables`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import bad_request
from sandbox.store import Document

__all__ = ["EMPTY", "is_filled", "is_sensitive_value", "separate"]

EMPTY: Document = {"HasValue": False, "NewValue": None, "Hint": None}
_KEYS = {"hasvalue", "newvalue", "hint"}


def is_sensitive_value(value: Any) -> bool:
    """Whether a JSON value is a SensitiveValue, its properties in any case."""
    if not isinstance(value, dict) or not value:
        return False
    keys = {str(key).lower() for key in value}
    return keys <= _KEYS and ("hasvalue" in keys or "newvalue" in keys)


def is_filled(value: Any) -> bool:
    """Whether a SensitiveValue brings a secret, or says that there is one."""
    given = {str(key).lower(): item for key, item in value.items()}
    return bool(given.get("newvalue") or given.get("hasvalue"))


def separate(document: Document, kept: Mapping[str, str]) -> tuple[Document, dict[str, str]]:
    """A document without its secrets, and the secrets by place. `kept` are those stored until now.

    Raises ApiError 400 for a SensitiveValue that is no string.
    """
    secrets: dict[str, str] = {}
    clean = _walk(document, "", "", kept, secrets)
    assert isinstance(clean, dict)
    return clean, secrets


def _walk(value: Any, place: str, name: str, kept: Mapping[str, str], secrets: dict[str, str]) -> Any:
    if is_sensitive_value(value):
        return _take(value, place, kept, secrets)
    if isinstance(value, dict):
        separator = "" if not place or place.endswith("/") else "."
        return {key: _walk(item, f"{place}{separator}{key}", str(key), kept, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [
            _walk(item, _element_place(item, index, place, name), name, kept, secrets)
            for index, item in enumerate(value)
        ]
    return value


def _element_place(element: Any, index: int, place: str, name: str) -> str:
    if isinstance(element, dict) and isinstance(element.get("Id"), str) and element["Id"]:
        return f"{name}/{element['Id']}/"
    return f"{place}/{index}/"


def _take(value: Document, place: str, kept: Mapping[str, str], secrets: dict[str, str]) -> Document:
    given = {str(key).lower(): item for key, item in value.items()}
    new_value = given.get("newvalue")
    if new_value is not None:
        if not isinstance(new_value, str):
            raise bad_request(f"The new value of the sensitive value '{place}' must be a string.")
        secrets[place] = new_value
        return {**EMPTY, "HasValue": True}
    if given.get("hasvalue") and place in kept:
        secrets[place] = kept[place]
        return {**EMPTY, "HasValue": True}
    return dict(EMPTY)
