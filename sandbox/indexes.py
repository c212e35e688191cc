"""What documents are looked up by, besides their id (`Store.lookup`)."""

from __future__ import annotations

from sandbox.store import Document

__all__ = ["by_name", "by_project", "by_slug"]


def by_name(document: Document) -> str:
    """The name without regard to case."""
    return str(document.get("Name")).casefold()


def by_slug(document: Document) -> str:
    return str(document.get("Slug")).casefold()


def by_project(document: Document) -> str | None:
    """The id of the project that owns the document."""
    return document.get("ProjectId")
