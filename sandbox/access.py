"""Who may do what: API keys besides the first one, each of a user of its own.

The first key is an administrator's. Another one may be read-only, have some permissions only, or see
some spaces, projects or environments only.
What a key may not see is left out of lists in silence; asked for by id it is not found or, if the key says so,
forbidden: which of the two Octopus answers depends on the kind, and nobody has written down how (?). A variable that is
scoped to environments of which the key sees none is left out of its set (VariableView is given per environment); a save
by such a key keeps it (?).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sandbox.errors import ApiError, forbidden, not_found
from sandbox.permissions import PERMISSIONS, SPACE_LEVEL, SYSTEM_LEVEL, permissions_of
from sandbox.store import Document

__all__ = ["ADMINISTRATOR", "Access", "Keys", "permission_for", "permission_set"]

# What a permission calls a collection. For those in _EDIT_ONLY, creating and deleting is editing.
_NOUNS = {
    "actiontemplates": "ActionTemplate",
    "accounts": "Account",
    "certificates": "Certificate",
    "channels": "Process",
    "deploymentprocesses": "Process",
    "deploymentsettings": "Project",
    "environments": "Environment",
    "events": "Event",
    "feeds": "Feed",
    "git-credentials": "GitCredential",
    "libraryvariablesets": "LibraryVariableSet",
    "lifecycles": "Lifecycle",
    "machinepolicies": "MachinePolicy",
    "machines": "Machine",
    "projectgroups": "ProjectGroup",
    "projects": "Project",
    "projecttriggers": "Trigger",
    "proxies": "Proxy",
    "releases": "Release",
    "runbookprocesses": "Runbook",
    "runbooks": "Runbook",
    "runbooksnapshots": "Runbook",
    "scopeduserroles": "Team",
    "spaces": "Space",
    "subscriptions": "Subscription",
    "tagsets": "TagSet",
    "teams": "Team",
    "tenants": "Tenant",
    "tenantvariables": "Tenant",
    "userroles": "UserRole",
    "users": "User",
    "variables": "Variable",
    "workerpools": "Worker",
    "workers": "Worker",
}
_EDIT_ONLY = {"Feed", "GitCredential", "Process", "Runbook", "UserRole", "Variable", "Worker"}
# `deploymentprocess-Projects-1` is about Projects-1.
_OWNER = re.compile(r"(Projects|Environments)-\d+$")
_VERBS = {"POST": "Create", "PUT": "Edit", "DELETE": "Delete"}


def permission_for(method: str, template: str) -> str:
    """The permission that a write needs, by its route: `PUT projects/{id}` → `ProjectEdit`.

    A route below a document is about what stands last in it: `projects/{id}/triggers` → `TriggerCreate`.
    """
    words = [part for part in template.split("/") if not part.startswith("{")]
    aliases = {"triggers": "projecttriggers", "runbooksnapshots": "runbooks", "sortorder": words[0] if words else ""}
    named = (aliases.get(word.lower(), word.lower()) for word in reversed(words))
    noun = next((_NOUNS[word] for word in named if word in _NOUNS), None)
    if noun is None:
        return "AdministerSystem"
    return noun + ("Edit" if noun in _EDIT_ONLY else _VERBS.get(method, "View"))


@dataclass(frozen=True, slots=True)
class Access:
    """What one API key may do. None means all: `spaces`, `projects` and `environments` hold the ids that it sees,
    `permissions` the names of those that its user has. A write without the one that guards it is refused; whoever may
    not view a kind sees it here all the same.

    `forbidden_status` is what asking for a document out of sight answers, 404 or 403. `agent` marks the key of an AI
    agent, which has a rate limit of its own.
    """

    api_key: str = ""
    username: str = ""
    read_only: bool = False
    spaces: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    environments: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    forbidden_status: int = 404
    agent: bool = False

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Access:
        """From `{"ApiKey": ..., "Username": ..., "ReadOnly": true, "Projects": ["Projects-1"]}`. Raises ValueError."""
        known = {"".join(word.capitalize() for word in field.name.split("_")): field.name for field in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in body.items():
            if name not in known:
                raise ValueError(f"a key has no {name}; it has {', '.join(known)}")
            if name in ("Spaces", "Projects", "Environments", "Permissions"):
                if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
                    raise ValueError(f"{name} is a list of texts, or null for all")
                if name == "Permissions" and (unknown := set(value or ()) - PERMISSIONS):
                    raise ValueError(f"there is no permission {', '.join(sorted(unknown))}")
                value = None if value is None else frozenset(value)
            elif name in ("ApiKey", "Username") and not (isinstance(value, str) and value):
                raise ValueError(f"{name} is a text")
            elif name in ("ReadOnly", "Agent") and not isinstance(value, bool):
                raise ValueError(f"{name} is true or false")
            elif name == "ForbiddenStatus" and value not in (403, 404):
                raise ValueError("ForbiddenStatus is 403 or 404")
            given[known[name]] = value
        if not (given.get("api_key") and given.get("username")):
            raise ValueError("a key has an ApiKey and a Username")
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """The answer of the admin route, without the key itself."""
        return {
            "Username": self.username,
            "ReadOnly": self.read_only,
            "Spaces": None if self.spaces is None else sorted(self.spaces),
            "Projects": None if self.projects is None else sorted(self.projects),
            "Environments": None if self.environments is None else sorted(self.environments),
            "Permissions": None if self.permissions is None else sorted(self.permissions),
            "ForbiddenStatus": self.forbidden_status,
            "Agent": self.agent,
        }

    @property
    def sees_all(self) -> bool:
        return self.spaces is None and self.projects is None and self.environments is None

    @property
    def is_administrator(self) -> bool:
        return not self.read_only and self.sees_all and self.permissions is None

    def has(self, permission: str) -> bool:
        return (self.permissions is None or permission in self.permissions) and (
            not self.read_only or permission.endswith(("View", "ViewUnscoped"))
        )

    def check(self, method: str, template: str) -> None:
        """Raises ApiError 403 for a write that the key may not make."""
        if method in ("GET", "HEAD"):
            return
        needed = permission_for(method, template)
        if self.read_only or not self.has(needed):
            raise forbidden(needed)

    def sees(self, document: Document) -> bool:
        """Whether the key may see a document; also one that belongs to a project."""
        if self.sees_all:
            return True
        document_id = str(document.get("Id"))
        project = document_id if document_id.startswith("Projects-") else document.get("ProjectId")
        owner = document.get("OwnerId")
        if project is None and isinstance(owner, str) and owner.startswith("Projects-"):
            project = owner
        return (
            (self.projects is None or project is None or project in self.projects)
            and (self.environments is None or _not_of(document_id, "Environments-", self.environments))
            and (self.spaces is None or _not_of(document_id, "Spaces-", self.spaces))
        )

    def sees_event(self, related: Iterable[str], space_id: str | None) -> bool:
        """Whether the key may see an event: one that names a document out of sight it does not."""
        if self.sees_all:
            return True
        if self.spaces is not None and space_id is not None and space_id not in self.spaces:
            return False
        owners = [found.group() for one in related if (found := _OWNER.search(one))]
        return all(
            (self.projects is None or _not_of(one, "Projects-", self.projects))
            and (self.environments is None or _not_of(one, "Environments-", self.environments))
            for one in owners
        )

    def sees_variable(self, variable: Document) -> bool:
        """Whether the key may see a variable: one of its environments must be in sight, if it has any."""
        scoped = variable["Scope"].get("Environment")
        return self.environments is None or not scoped or bool(self.environments.intersection(scoped))

    def refusal(self, what: object) -> ApiError:
        """The answer for a document out of sight that was asked for by its id."""
        return not_found(what) if self.forbidden_status == 404 else forbidden("ProjectView")


def _not_of(document_id: str, prefix: str, seen: frozenset[str]) -> bool:
    return not document_id.startswith(prefix) or document_id in seen


ADMINISTRATOR = Access()


class Keys:
    """The keys of a server: the administrator's, which cannot be taken away, and others. Iterating gives all."""

    def __init__(self, administrator: Access, others: Iterable[Access] = ()) -> None:
        self._keys = [administrator, *others]

    def __iter__(self) -> Iterator[Access]:
        return iter(self._keys)

    def find(self, api_key: str) -> Access | None:
        """The access of a key. Every key is compared, so that the time tells nothing."""
        found = [one for one in self._keys if hmac.compare_digest(api_key.encode(), one.api_key.encode())]
        return found[0] if found else None

    def of_user(self, username: str) -> Access | None:
        return next((one for one in self._keys if one.username == username), None)

    def add(self, access: Access) -> None:
        """Raises ValueError for a key or user that there is already."""
        if self.find(access.api_key) or self.of_user(access.username):
            raise ValueError("there is a key of this value or user already")
        self._keys.append(access)

    def remove(self, username: str) -> bool:
        kept = [one for one in self._keys if one.username != username or one is self._keys[0]]
        removed = len(kept) < len(self._keys)
        self._keys = kept
        return removed


def permission_set(access: Access, space_ids: Iterable[str], teams: list[Document], version: str) -> Document:
    """What `/users/{id}/permissions` answers: each permission with the spaces and the restrictions that it holds in."""
    known = sorted(permissions_of(version) - {"AdministerSystem"})
    granted = [name for name in known if access.has(name)]
    restrictions = [
        {
            "SpaceId": space_id,
            "RestrictedToProjectIds": sorted(access.projects or ()),
            "RestrictedToEnvironmentIds": sorted(access.environments or ()),
            "RestrictedToTenantIds": [],
            "RestrictedToProjectGroupIds": [],
        }
        for space_id in space_ids
        if access.spaces is None or space_id in access.spaces
    ]
    system = [name for name in granted if name in SYSTEM_LEVEL]
    return {
        "SpacePermissions": {name: restrictions for name in granted if name in SPACE_LEVEL},
        "SystemPermissions": (["AdministerSystem", *system] if access.is_administrator else system),
        "Teams": [{"Id": team["Id"], "Name": team["Name"]} for team in teams],
        "IsTeamsComplete": True,
        "IsPermissionsComplete": True,
    }
