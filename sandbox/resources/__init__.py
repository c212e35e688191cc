"""The kinds of documents, one module per subject. Each declares what it is as data (`sandbox.kind.Kind`) and, where
Octopus is odd, a small named function beside it."""

from __future__ import annotations

from sandbox.routing import Router
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Document, Store, Write

__all__ = ["add_routes", "furnish"]


def add_routes(router: Router) -> None:
    """Serve every kind."""


def furnish(store: Store, settings: Settings) -> None:
    """Give a new store what a new server has: a first user and a default space."""
    if store.system.collection("users"):
        return
    user: Document = {
        "Id": store.next_id("Users"),
        "Username": settings.username,
        "DisplayName": "Sandbox Administrator",
        "EmailAddress": None,
        "IsActive": True,
        "IsService": False,
        "IsRequestor": True,
        "CanPasswordBeEdited": True,
        "Identities": [],
        "Created": store.clock().isoformat(timespec="milliseconds"),
    }
    space = {"Id": store.next_id("Spaces"), "Name": "Default", "Slug": "default", "IsDefault": True}
    store.commit(None, [Write("users", None, user, "Users"), Write("spaces", None, space, "Spaces")], SYSTEM)
