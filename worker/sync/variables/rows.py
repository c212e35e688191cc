"""Rows of a variable set: what two of them are compared by, and how one is named to a person.

A row is one object of ``Variables`` (Octopus API reference 2026, section "Variables"):

    {"Id": "…", "Name": "Port", "Value": "80", "Type": "String", "IsSensitive": false, "Description": "…",
     "Scope": {"Environment": ["Environments-1"], "Role": ["web"]}, "Prompt": null}

Several rows share one name; what tells them apart is their scope. A row is therefore known by its name
(:func:`config.names.name_key`), its type class, its scope and its value, never by where it stands.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from config.names import name_key
from worker.plan.values import Document
from worker.sync.world.naming import verbatim

STRING = "String"
SENSITIVE = "Sensitive"

Scope = frozenset[tuple[str, frozenset[str]]]
"""A scope as it is compared: neither the order of dimensions nor that of their ids means anything."""

UNSCOPED: Scope = frozenset()

REMEMBERED = ("Name", "Type", "IsSensitive", "Value", "Scope", "Description", "Prompt")
"""The fields of a row that are merged. All others are the server's own, and are sent back as they came."""


def type_class(row: Document) -> str:
    """``String``, ``Sensitive`` or the name of a reference type (``AzureAccount``, ``WorkerPool``…)."""
    if row.get("IsSensitive") or row.get("Type") == SENSITIVE:
        return SENSITIVE
    return str(row.get("Type") or STRING)


def is_sensitive(row: Document) -> bool:
    return type_class(row) == SENSITIVE


def is_reference(row: Document) -> bool:
    """Whether the value is the id of an account, a certificate or a worker pool."""
    return type_class(row) not in {STRING, SENSITIVE}


def name_of(row: Document) -> str:
    """The key under which a row belongs together with its namesakes."""
    return name_key(str(row.get("Name") or ""))


def scope_of(row: Document) -> Scope:
    """The row's scope. A dimension with an empty list restricts nothing, and is the same as none."""
    return frozenset((dimension, frozenset(ids)) for dimension, ids in (row.get("Scope") or {}).items() if ids)


def scope_document(scope: Scope) -> dict[str, list[str]]:
    return {dimension: sorted(ids) for dimension, ids in sorted(scope, key=lambda entry: entry[0])}


def value_of(row: Document) -> str:
    """The value, compared exactly: case and blanks matter. No value is the same as an empty one."""
    value = row.get("Value")
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def readable_value(row: Document) -> str | None:
    """The value where it can tell rows apart: ``None`` when it is a secret, or empty."""
    return None if is_sensitive(row) else value_of(row) or None


def plain(value: Any) -> Any:
    """Text or prompt as it is compared: what one server leaves out, another writes as null or as an empty string."""
    if isinstance(value, dict):
        return {key: plain(below) for key, below in value.items() if plain(below) is not None} or None
    return None if value == "" else value


def same_field(field: str, one: Document, other: Document) -> bool:
    """Whether a field of :data:`REMEMBERED` is the same in both rows."""
    match field:
        case "Scope":
            return scope_of(one) == scope_of(other)
        case "Value":
            return value_of(one) == value_of(other)
        case "Type" | "IsSensitive":
            return type_class(one) == type_class(other)
        case "Name":
            return bool(one.get("Name") == other.get("Name"))
        case _:
            return bool(plain(one.get(field)) == plain(other.get(field)))


def identity(row: Document) -> tuple[str, str, Scope, str]:
    """Name, class, scope and value. Rows with the same identity are interchangeable. Secrets count as equal."""
    return name_of(row), type_class(row), scope_of(row), "" if is_sensitive(row) else value_of(row)


def fingerprint(row: Document) -> str:
    """Stands for the row's :func:`identity`, in every process the same. Twenty hexadecimal digits."""
    name, kind, scope, value = identity(row)
    canonical = json.dumps([name, kind, scope_document(scope), value])
    return hashlib.blake2b(canonical.encode(), digest_size=10).hexdigest()


def label(row: Document) -> str:
    """``Variables[Port · Environment: Environments-1; Role: web]``. For display, and as a clean-up entry's place."""
    scope = "; ".join(f"{dimension}: {', '.join(ids)}" for dimension, ids in scope_document(scope_of(row)).items())
    name = verbatim(str(row.get("Name") or ""))
    return f"Variables[{name} · {scope}]" if scope else f"Variables[{name}]"
