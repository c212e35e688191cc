"""What a key's user must be allowed, to have a kind looked at, made, or changed. From the declarations.

How permissions are called is the server's own list (``GET /permissions/all``; API reference 2026, 3.14). Which one
guards which route Octopus writes down nowhere in one place; what stands in :data:`_GUARDS` is by their names and
descriptions, and is asked of nothing but advice: a permission that is missing after all shows in the server's own words
("Missing permission: …") at the first request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from config.route import Mode as RouteMode
from config.route import Route
from worker.kinds import infrastructure, registry
from worker.kinds.kind import Kind, Mode, Place

_GUARDS: dict[str, tuple[str, ...]] = {
    "environment": ("Environment",),
    "account": ("Account",),
    "worker-pool": ("Worker",),
    "machine-policy": ("MachinePolicy",),
    "certificate": ("Certificate",),
    "machine": ("Machine",),
    "team": ("Team",),
    "feed": ("Feed",),
    "lifecycle": ("Lifecycle",),
    "project-group": ("ProjectGroup",),
    "library-variable-set": ("LibraryVariableSet",),
    "script-module": ("LibraryVariableSet", "Variable"),
    "git-credential": ("GitCredential",),
    "tag-set": ("TagSet",),
    "step-template": ("ActionTemplate",),
    "step-template-version": ("ActionTemplate",),
    "step-template-history": ("ActionTemplate",),
    "community-step-template": ("ActionTemplate",),
    "project": ("Project",),
    "channel": ("Process",),
    "deployment-settings": ("Project",),
    "runbook": ("Runbook",),
    "deployment-process": ("Process",),
    "runbook-process": ("Runbook",),
    "variable-set": ("Variable",),
    "trigger": ("Trigger",),
    "tenant": ("Tenant",),
    "tenant-variables": ("Tenant", "Variable"),
    "logo": ("Project",),
    "user-role": ("UserRole",),
    "scoped-user-role": ("Team",),
    "published-snapshot": ("Runbook",),
    "package": ("Feed",),
    "package-versions": ("Feed",),
}
"""Kind → the nouns of the permissions that guard it."""

_EDIT_MAKES = frozenset({"Feed", "GitCredential", "Process", "Runbook", "UserRole", "Variable", "Worker"})
"""To edit is to create, too."""
_SEEN_BY_ALL = frozenset({"TagSet"})
"""There is no permission to view them."""
_UNSCOPED = frozenset({"Variable"})
"""What has no scope is guarded by a permission of its own (``VariableViewUnscoped``)."""

_WRITTEN_BY: dict[str, list[str]] = {"package": ["BuiltInFeedPush"]}
"""What is written by another permission than its nouns': a package is pushed, and its feed stays as it is."""

LOG = "EventView"
"""The audit log: the truth on a source, and on a destination what keeps the directories fresh."""
SUBSCRIBE = ("SubscriptionView", "SubscriptionCreate", "SubscriptionEdit")
"""For ``octosync subscribe``, on the source. Syncing needs none of them."""


class Need(IntEnum):
    """What is done with a kind on the destination."""

    LOOK = 1
    MAKE = 2
    CHANGE = 3


@dataclass(frozen=True, slots=True)
class Needed:
    """By permission, the kinds for which it is needed."""

    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __or__(self, other: Needed) -> Needed:
        names = dict.fromkeys([*self.permissions, *other.permissions])
        return Needed(
            {
                name: tuple(dict.fromkeys([*self.permissions.get(name, ()), *other.permissions.get(name, ())]))
                for name in names
            }
        )


def of_source(route: Route) -> Needed:
    """To read all that may cross. Nothing is ever written there."""
    found = Needed({LOG: ("the audit log",)})
    for kind in needs(route):
        found |= Needed(dict.fromkeys(_views(kind), (kind,)))
    return found


def of_destination(route: Route) -> Needed:
    """To write what the route includes, and what that may require."""
    found = Needed({LOG: ("the audit log",)})
    read_only = route.mode is RouteMode.READ_ONLY
    for kind, need in needs(route).items():
        wanted = list(_views(kind))
        if need >= Need.MAKE and not read_only:
            wanted += _writes(kind, need)
        found |= Needed(dict.fromkeys(wanted, (kind,)))
    return found


def needs(route: Route) -> dict[str, Need]:
    """Kinds that the route may meet, with what is done to them: what it includes, their parts, and what these may name.

    As closure has it: what something requires is created with it, but for environments and tenants, what is only looked
    up, and what cannot be made with a placeholder.
    """
    found: dict[str, Need] = {}
    pending = [
        (kind, _own(route, kind))
        for kind in registry.ALL
        if kind.name in route.include.kinds and route.include.selectors(kind.name) and not kind.owner_kinds
    ]
    while pending:
        kind, need = pending.pop()
        if found.get(kind.name, 0) >= need:
            continue
        found[kind.name] = need
        if need is Need.LOOK:
            continue
        pending += [(part, _own(route, part)) for part in registry.parts_of(kind) if _crosses(route, part)]
        pending += [(other, _named(route, other, closure)) for other, closure in _names(kind)]
    return found


def _crosses(route: Route, part: Kind) -> bool:
    """A part crosses with its owner, unless the route lists its kind and nothing of it."""
    return part.name not in route.include.kinds or bool(route.include.selectors(part.name))


def _own(route: Route, kind: Kind) -> Need:
    if kind.mode is Mode.LOOKUP:
        return Need.LOOK
    if kind.mode is Mode.SHARED_NAME and kind.name not in route.rules.update:
        return Need.LOOK if kind.never_created else Need.MAKE
    return Need.CHANGE


def _named(route: Route, kind: Kind, closure: bool) -> Need:
    may_be_made = closure and kind.created_by_closure and not kind.owner_kinds
    no_accounts = kind.name == "account" and route.rules.accounts == "none"
    return _own(route, kind) if may_be_made and not no_accounts else Need.LOOK


def _names(kind: Kind) -> Iterator[tuple[Kind, bool]]:
    """What a document of the kind may name, and whether that may be created for its sake."""
    for ref in kind.referenced().values():
        for other in registry.meant(ref.kind):
            yield other, ref.closure
    if kind.name == "variable-set":  # its values name accounts and their like, and its scopes the rest
        for other in infrastructure.KINDS:
            yield other, True
        yield registry.BY_NAME["machine"], False


def _views(kind: str) -> list[str]:
    nouns = [noun for noun in _GUARDS[kind] if noun not in _SEEN_BY_ALL]
    return [f"{noun}View" for noun in nouns] + [f"{noun}ViewUnscoped" for noun in nouns if noun in _UNSCOPED]


def _writes(kind: str, need: Need) -> list[str]:
    if kind in _WRITTEN_BY:
        return _WRITTEN_BY[kind]
    made_by_the_server = registry.BY_NAME[kind].place is Place.WITH_OWNER
    wanted = []
    for noun in _GUARDS[kind]:
        if not made_by_the_server and noun not in _EDIT_MAKES:
            wanted.append(f"{noun}Create")
        if need is Need.CHANGE or noun in _EDIT_MAKES:
            wanted.append(f"{noun}Edit")
        if noun in _UNSCOPED:
            wanted.append(f"{noun}EditUnscoped")
    return wanted
