"""Finding the action that something names. Channel rules, donors and release creation name it by name, id or slug."""

from __future__ import annotations

from sandbox.resources.git_settings import is_in_git, process_in_git
from sandbox.routing import Call
from sandbox.store import Document

__all__ = ["deployment_process", "find_action"]


def deployment_process(call: Call, project_id: str) -> Document | None:
    """The deployment process of a project: in the database or, version controlled, on its default branch."""
    process = call.scope.find("deploymentprocesses", f"deploymentprocess-{project_id}")
    project = call.scope.find("projects", project_id) if process is None else None
    if project and is_in_git(project):
        return process_in_git(call, project)
    return process


def find_action(call: Call, project_id: str, named: object) -> Document | None:
    """The action of a project's deployment process by its name (in any case), id or slug."""
    process = deployment_process(call, project_id)
    if process is None or not isinstance(named, str):
        return None
    wanted = named.casefold()
    for step in process["Steps"]:
        for action in step["Actions"]:
            if wanted in (action["Name"].casefold(), action["Id"].casefold(), action["Slug"].casefold()):
                found: Document = action
                return found
    return None
