"""Finding the action that something names. Channel rules, donors and release creation name it by name, id or slug."""

from __future__ import annotations

from sandbox.routing import Call
from sandbox.store import Document

__all__ = ["find_action"]


def find_action(call: Call, project_id: str, named: object) -> Document | None:
    """The action of a project's deployment process by its name (in any case), id or slug."""
    process = call.scope.find("deploymentprocesses", f"deploymentprocess-{project_id}")
    if process is None or not isinstance(named, str):
        return None
    wanted = named.casefold()
    for step in process["Steps"]:
        for action in step["Actions"]:
            if wanted in (action["Name"].casefold(), action["Id"].casefold(), action["Slug"].casefold()):
                found: Document = action
                return found
    return None
