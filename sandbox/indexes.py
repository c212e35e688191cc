"""What documents are looked up by, besides their id (`Store.lookup`)."""

from __future__ import annotations

from sandbox.store import Document

__all__ = ["by_name", "by_owner", "by_project", "by_slug", "by_tenant"]


def by_name(document: Document) -> str:
    """The name without regard to case."""
    return str(document.get("Name")).casefold()


def by_slug(document: Document) -> str:
    return str(document.get("Slug")).casefold()


def by_project(document: Document) -> str | None:
    """The id of the project that owns the document."""
    return document.get("ProjectId")


def by_owner(document: Document) -> str | None:
    """The id of the project or library set for which a tenant's value is."""
    return document.get("OwnerId")


def by_tenant(document: Document) -> str | None:
    """The id of the tenant that a value is of."""
    return document.get("TenantId")
