"""Slugs: the readable half of an identity. Made from the name when a body brings none, unique among their kind."""

from __future__ import annotations

import re
from collections.abc import Container

from sandbox.errors import bad_request

__all__ = ["check_slug", "make_slug"]

_RESERVED = "all"


def make_slug(name: str, taken: Container[str]) -> str:
    """A slug for a name that is not among `taken`: `My App` → `my-app`, `my-app-2`."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "item"
    slug, number = base, 1
    while slug in taken or slug == _RESERVED:
        number += 1
        slug = f"{base}-{number}"
    return slug


def check_slug(slug: str, taken: Container[str], what: str) -> None:
    """Refuse a slug that somebody sent: `all` is a route (OctopusDeploy/Issues#9673); others may be taken."""
    if slug.lower() == _RESERVED:
        raise bad_request("slug must not be called 'all'.")
    if slug.lower() in taken:
        raise bad_request(f"The slug '{slug}' is already used by another {what}. Slugs must be unique.")
