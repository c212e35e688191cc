"""Which events are meant: the parameters of `/events`, which are the filter of a subscription, too.

Between fields it is AND, inside a field OR (`regarding` alone is AND inside). A field without values does not
restrict. `documentTypes` compares the prefix of *every* related id, not that of "the document that changed"
(OctopusDeploy/Issues#3566); ids, categories and types are compared without case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.audit import AuditEvent
from sandbox.errors import bad_request
from sandbox.event_catalogue import agent_of, categories_of
from sandbox.event_dialect import has
from sandbox.routing import Call
from sandbox.store import Store

__all__ = ["EventQuery", "Names"]

Names = frozenset[str]
_NONE: Names = frozenset()
_NOTHING: Names = frozenset({""})  # the id of no event


def names(values: Iterable[str]) -> Names:
    return frozenset(value.casefold() for value in values)


def tenants_with(store: Store, tags: list[str]) -> Names:
    """The tenants, in any space, that carry one of these tags, by name or id (?). If nobody does, nobody's id."""
    if not tags:
        return _NONE
    wanted = names(tags)
    found: set[str] = set()
    for space in store.spaces():
        scope = store.space(space["Id"])
        ids = {
            tag["Id"]
            for tag_set in scope.collection("tagsets").values()
            for tag in tag_set["Tags"]
            if names([tag["Id"], f"{tag_set['Name']}/{tag['Name']}"]) & wanted
        }
        found |= {one["Id"] for one in scope.collection("tenants").values() if ids & set(one["TenantTags"])}
    return names(found) or _NOTHING


@dataclass(frozen=True, kw_only=True)
class EventQuery:
    """A filter. Times: `since` inclusive, `until` exclusive. AutoIds: both bounds exclusive (?)."""

    since: datetime | None = None
    until: datetime | None = None
    after_auto_id: int | None = None
    before_auto_id: int | None = None
    ids: Names = _NONE
    categories: Names = _NONE
    groups: Names = _NONE
    agents: Names = _NONE
    document_types: Names = _NONE
    regarding: Names = _NONE
    regarding_any: Names = _NONE
    users: Names = _NONE
    # projects, project groups, environments, tenants, tenants with the tags: each must meet one of the related ids
    related: tuple[Names, ...] = ()
    include_internal: bool = True
    # None: every space
    spaces: Names | None = None
    include_system: bool = True
    _group_categories: Names = field(init=False, default=_NONE)
    _names: bool = field(init=False, default=True)
    _regards: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_group_categories", categories_of(self.groups))
        regards = bool(self.document_types or self.regarding or self.regarding_any or any(self.related))
        object.__setattr__(self, "_regards", regards)
        named = bool(self.ids or self.categories or self.groups or self.agents or self.users)
        object.__setattr__(self, "_names", regards or named or not self.include_internal)

    @classmethod
    def from_call(cls, call: Call) -> EventQuery:
        """The query of a request. Raises ApiError 400 for a date or number that is none.

        A space's route shows that space's events and none of the system (?); the system's route shows all, unless
        `spaces` and `includeSystem` say otherwise (?).
        """
        spaces = names(call.arguments("spaces"))
        everywhere = not spaces or "all" in spaces
        include_system = _flag(call, "includeSystem", default=not spaces)
        if call.space_id is not None:
            spaces, everywhere, include_system = names([call.space_id]), False, False
        return cls(
            since=_moment(call, "from"),
            until=_moment(call, "to"),
            after_auto_id=_number(call, "fromAutoId"),
            before_auto_id=_number(call, "toAutoId"),
            ids=names(call.arguments("ids")),
            categories=names(call.arguments("eventCategories")),
            groups=names(call.arguments("eventGroups")),
            agents=names(call.arguments("eventAgents")),
            document_types=names(call.arguments("documentTypes")),
            regarding=names(call.arguments("regarding")),
            regarding_any=names(call.arguments("regardingAny")),
            users=names(call.arguments("users") + call.arguments("user")),
            related=(
                *(names(call.arguments(field)) for field in ("projects", "projectGroups", "environments", "tenants")),
                tenants_with(call.store, call.arguments("tags")),
            ),
            include_internal=_flag(call, "includeInternalEvents", default=_flag(call, "internal", default=True)),
            spaces=None if everywhere else spaces,
            include_system=include_system,
        )

    @classmethod
    def from_filter(
        cls, filters: Mapping[str, Any], space_id: str, version: str = "0.0.0-local", store: Store | None = None
    ) -> EventQuery:
        """The filter of a subscription: `{"EventGroups": ["Document"], ...}`, with the faults that releases had.

        Events of the system pass as well: captured subscriptions of a space have received them.
        """

        def values(name: str) -> Names:
            return names(filters.get(name) or [])

        by_category = bool(filters.get("EventGroups") or filters.get("EventCategories"))
        deaf = by_category and bool(filters.get("DocumentTypes")) and has(version, "types with groups are deaf")
        deaf = deaf or (bool(filters.get("ProjectGroups")) and not has(version, "project groups are heard"))
        return cls(
            ids=_NOTHING if deaf else _NONE,
            categories=values("EventCategories"),
            groups=values("EventGroups"),
            agents=values("EventAgents"),
            document_types=values("DocumentTypes"),
            users=values("Users"),
            related=(
                *(values(name) for name in ("Projects", "ProjectGroups", "Environments", "Tenants")),
                tenants_with(store, filters.get("Tags") or []) if store else _NONE,
            ),
            spaces=names([space_id]),
            include_system=True,
        )

    def of(self, events: list[AuditEvent]) -> list[AuditEvent]:
        """Those that pass, in their order. A list without filters is not to look at each field of each event."""
        if self.spaces is not None or not self.include_system:
            spaces = self.spaces
            events = [
                one
                for one in events
                if (self.include_system if one.space is None else spaces is None or one.space in spaces)
            ]
        bounds = (self.since, self.until, self.after_auto_id, self.before_auto_id)
        if not self._names and all(bound is None for bound in bounds):
            return events
        return [one for one in events if self._in_bounds(one) and (not self._names or self._named(one))]

    def matches(self, event: AuditEvent) -> bool:
        """Whether the event passes every field."""
        return self._in_spaces(event) and self._in_bounds(event) and (not self._names or self._named(event))

    def _in_bounds(self, event: AuditEvent) -> bool:
        return (
            (self.since is None or event.occurred >= self.since)
            and (self.until is None or event.occurred < self.until)
            and (self.after_auto_id is None or event.auto_id > self.after_auto_id)
            and (self.before_auto_id is None or event.auto_id < self.before_auto_id)
        )

    def _in_spaces(self, event: AuditEvent) -> bool:
        if event.space is None:
            return self.include_system
        return self.spaces is None or event.space in self.spaces

    def _named(self, event: AuditEvent) -> bool:
        entry = event.entry
        category = entry.category.casefold()
        return (
            (not self.ids or event.id.casefold() in self.ids)
            and (not self.categories or category in self.categories)
            and (not self.groups or category in self._group_categories)
            and (self.include_internal or not entry.internal)
            and (not self.agents or (agent_of(event.actor.user_agent) or "").casefold() in self.agents)
            and (not self.users or event.actor.user_id.casefold() in self.users)
            and (not self._regards or self._regarded(event.related))
        )

    def _regarded(self, related: Names) -> bool:
        return (
            (not self.document_types or any(i.split("-", 1)[0] in self.document_types for i in related))
            and self.regarding <= related
            and (not self.regarding_any or bool(self.regarding_any & related))
            and all(not wanted or wanted & related for wanted in self.related)
        )


def _flag(call: Call, name: str, *, default: bool) -> bool:
    value = call.argument(name)
    return default if value is None or value == "" else value.casefold() == "true"


def _number(call: Call, name: str) -> int | None:
    return call.number(name, 0) if call.argument(name) else None


def _moment(call: Call, name: str) -> datetime | None:
    value = call.argument(name)
    if not value:
        return None
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
    except ValueError as error:
        raise bad_request(f"The value '{value}' is not valid for {name}.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=call.store.clock().tzinfo)
