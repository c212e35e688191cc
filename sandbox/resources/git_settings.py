"""How a project is kept: in the database, or in a Git repository (`PersistenceSettings`).

The sandbox has no repository behind it. A version-controlled project has branches in memory, each a collection with the
process, the settings and, once migrated, the variables as they are on it.
"""

from __future__ import annotations

from typing import Any

from sandbox import secrets, texts
from sandbox.errors import bad_request, not_found
from sandbox.routing import Call
from sandbox.shapes import filled
from sandbox.store import Document

__all__ = [
    "branch_collection",
    "branches_of",
    "canonical",
    "in_database",
    "is_in_git",
    "kept_settings",
    "persistence",
    "process_in_git",
]

_CREDENTIALS = ("Anonymous", "UsernamePassword", "Reference", "GitHub")
_HEADS = "refs/heads/"


def is_in_git(project: Document) -> bool:
    return bool(project.get("PersistenceSettings", {}).get("Type") == "VersionControlled")


def in_database(project: Document, what: str = "Project") -> Document:
    """The project, if what a route without a branch is about is in the database: the "Project", or its "Runbooks".

    Raises ApiError 400 else (Issues#9292).
    """
    state = project.get("PersistenceSettings", {}).get("ConversionState") or {}
    if is_in_git(project) and (what == "Project" or state.get(f"{what}AreInGit")):
        raise bad_request(
            "Received a request for a version-controlled resource on a non-version control route. To access this "
            "resource, include a Git ref in the route."
        )
    return project


def canonical(ref: str) -> str:
    """`main` → `refs/heads/main`."""
    return ref if ref.startswith("refs/") else _HEADS + ref


def branch_collection(project_id: str, ref: str) -> str:
    """The collection that holds what is on a branch."""
    return f"git/{project_id}/{canonical(ref)}"


def branches_of(call: Call, project: Document) -> list[str]:
    """The canonical names of a project's branches."""
    prefix = f"git/{project['Id']}/"
    return sorted(name.removeprefix(prefix) for name in call.scope.collections if name.startswith(prefix))


def process_in_git(call: Call, project: Document) -> Document | None:
    """The deployment process on the default branch."""
    collection = branch_collection(project["Id"], project["PersistenceSettings"]["DefaultBranch"])
    return call.scope.find(collection, f"deploymentprocess-{project['Id']}")


def persistence(call: Call, given: Any, before: Document | None = None) -> Document:
    """The settings of a version-controlled project. Raises ApiError 400 for what is missing, 404 for a credential."""
    if not isinstance(given, dict):
        raise bad_request(texts.required("VersionControlSettings"))
    settings = filled(
        given,
        {
            "Type": "VersionControlled",
            "Url": None,
            "DefaultBranch": None,
            "BasePath": None,
            "ProtectedDefaultBranch": False,
            "ProtectedBranchNamePatterns": [],
            "Credentials": {"Type": "Anonymous"},
        },
    )
    for name in ("Url", "DefaultBranch", "BasePath"):
        if not settings[name]:
            raise bad_request(texts.required(name))
    settings["Type"] = "VersionControlled"
    settings["Credentials"] = _credentials(call, settings["Credentials"])
    if before:
        _check_password(settings, before)
    state = before["ConversionState"] if before else {"VariablesAreInGit": False, "RunbooksAreInGit": False}
    return {**settings, "ConversionState": state}


def _credentials(call: Call, given: Document) -> Document:
    kind = next((one for one in _CREDENTIALS if one.lower() == str(given.get("Type")).lower()), None)
    if kind is None:
        raise bad_request(texts.wrong_choice(given.get("Type"), "Credentials.Type"))
    if kind == "UsernamePassword":
        taken = filled(given, {"Username": "", "Password": {}})
        if not taken["Username"] or not secrets.is_sensitive_value(taken["Password"]):
            raise bad_request(texts.required("Credentials.Username and Credentials.Password"))
        return {"Type": kind, **taken}
    if kind == "Reference" and call.scope.find("git-credentials", given.get("Id")) is None:
        raise not_found(given.get("Id"))
    return {"Type": kind, "Id": given.get("Id")} if kind != "Anonymous" else {"Type": kind}


def _check_password(settings: Document, before: Document) -> None:
    """A password is not sent to another repository, or for another user, without being given again."""
    now, then = settings["Credentials"], before["Credentials"]
    if now["Type"] != "UsernamePassword" or then["Type"] != "UsernamePassword":
        return
    given = {key.lower(): value for key, value in now["Password"].items()}
    moved = (settings["Url"], now["Username"]) != (before["Url"], then["Username"])
    if moved and given.get("newvalue") is None:
        raise bad_request("Please re-enter the password when changing the repository URL or username.")


def kept_settings(call: Call, body: Document, before: Document | None) -> Document:
    """What a save of a project leaves: its kind never changes so, the rest of a version-controlled one does."""
    if before is None or not is_in_git(before):
        return {"Type": "Database"}
    given = next((value for key, value in body.items() if key.lower() == "persistencesettings"), None)
    stored: Document = before["PersistenceSettings"]
    return stored if given is None else persistence(call, given, stored)
