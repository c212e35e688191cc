"""The routes of the audit log, and the two by which a test writes into it.

| route | answers |
|---|---|
| `GET events` | newest first, 30 a page; parameters in `sandbox.event_query`, and `excludeDifference` |
| `GET events/{id}` | one event |
| `GET events/categories`, `/groups`, `/documenttypes`, `/agents` | what there is; the first two take `appliesTo` |
| `GET sandbox/events` | `[{Id, AutoId, Occurred}]`, oldest first: the numbers that Octopus does not show |
| `POST sandbox/events` | adds an event that no write caused; 201 and the same three numbers |

`POST sandbox/events` takes `{"Noise": "release-created", "SpaceId", "ProjectId", "EnvironmentId", "Late": false}`
for one of `sandbox.event_noise`, or `{"Category", "RelatedDocumentIds", "Message", "SpaceId", "Late": false}` for
any other. `Late` puts it below the newest event, where a reader that kept only a cursor never looks again.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from sandbox.audit import AuditEvent, AuditLog
from sandbox.errors import bad_request, not_found
from sandbox.event_catalogue import (
    AGENTS,
    CATEGORIES,
    DOCUMENT_TYPES,
    GROUPS,
    category_applies_to,
    group_applies_to,
    known,
)
from sandbox.event_entry import Entry, Part
from sandbox.event_noise import NOISE
from sandbox.event_query import EventQuery
from sandbox.event_resource import event_resource
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["add_routes"]


def add_routes(router: Router, audit: AuditLog) -> None:
    def list_events(call: Call) -> Answer:
        query = EventQuery.from_call(call)
        since = max(query.since, audit.retained_since) if query.since else audit.retained_since
        found = query.of(audit.newest_first(since))
        if not call.access.sees_all:
            found = [one for one in found if _visible(call, one)]
        if (call.argument("asCsv") or "").casefold() == "true":
            return _csv(call, found)
        return page(call, "Event", "events", found, show=lambda event: _resource(call, audit, event))

    def get_event(call: Call) -> Answer:
        event = audit.get(call.params["id"])
        elsewhere = event is not None and call.space_id is not None and event.entry.space_id != call.space_id
        if event is None or elsewhere or event.occurred < audit.retained_since or not _visible(call, event):
            raise not_found(call.params["id"])
        return Answer(_resource(call, audit, event))

    def list_numbers(_: Call) -> Answer:
        return Answer([_numbers(event) for event in audit.after(0)])

    def add_event(call: Call) -> Answer:
        body = call.json()
        try:
            event = audit.add(_entry(body, call), late=bool(body.get("Late")))
        except ValueError as error:
            raise bad_request(str(error)) from error
        return Answer(_numbers(event), status=201)

    router.add("GET", "events", list_events, scope="mixed")
    router.add("GET", "events/{id}", get_event, scope="mixed")
    router.add("GET", "events/categories", _categories, scope="mixed")
    router.add("GET", "events/groups", _groups, scope="mixed")
    router.add("GET", "events/documenttypes", _document_types, scope="mixed")
    router.add("GET", "events/agents", _agents, scope="mixed")
    router.add("GET", "sandbox/events", list_numbers, scope="system")
    router.add("POST", "sandbox/events", add_event, scope="system")


def _visible(call: Call, event: AuditEvent) -> bool:
    return call.access.sees_event(event.entry.related, event.entry.space_id)


def _resource(call: Call, audit: AuditLog, event: AuditEvent) -> Document:
    exclude = (call.argument("excludeDifference") or "").casefold() == "true"
    return event_resource(event, audit.version, api_root=call.settings.api_root, difference=not exclude)


def _numbers(event: AuditEvent) -> dict[str, Any]:
    return {"Id": event.id, "AutoId": event.auto_id, "Occurred": event.occurred.isoformat(timespec="milliseconds")}


def _entry(body: Document, call: Call) -> Entry:
    default = call.store.default_space()
    space_id = body.get("SpaceId", default["Id"] if default else None)
    if "Noise" in body:
        make = NOISE.get(str(body["Noise"]))
        if make is None:
            raise ValueError(f"Noise must be one of {', '.join(NOISE)}")
        project, environment = body.get("ProjectId", "Projects-1"), body.get("EnvironmentId", "Environments-1")
        return make(str(space_id), str(project), str(environment), call.settings.version)
    related = body.get("RelatedDocumentIds", [])
    if not isinstance(related, list) or not all(isinstance(one, str) for one in related):
        raise ValueError("RelatedDocumentIds must be a list of strings")
    if not body.get("Category"):
        raise ValueError("an event has a Noise or a Category")
    return Entry(
        str(body["Category"]), tuple(related), (Part(str(body.get("Message", "Something happened"))),), space_id
    )


def _csv(call: Call, events: list[AuditEvent]) -> Answer:
    """All events that match, unpaged. (?) The columns: no public source shows the file."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["Id", "Occurred", "Category", "Username", "Message", "RelatedDocumentIds"])
    for event in events:
        entry = event.entry
        occurred = event.occurred.isoformat(timespec="milliseconds")
        related = " ".join(entry.related)
        rows.writerow([event.id, occurred, entry.category, event.actor.username, entry.message, related])
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return Answer(raw=text.getvalue().encode(), content_type="text/csv", headers=headers)


def _categories(call: Call) -> Answer:
    wanted = call.argument("appliesTo")
    return Answer(
        [
            {"Id": id_, "Name": CATEGORIES[id_], "Links": {}}
            for id_ in known(CATEGORIES, call.settings.version)
            if category_applies_to(id_, wanted)
        ]
    )


def _groups(call: Call) -> Answer:
    wanted = call.argument("appliesTo")
    return Answer(
        [
            {
                "Id": id_,
                "Name": GROUPS[id_][0],
                "EventCategories": known(GROUPS[id_][1], call.settings.version),
                "Links": {},
            }
            for id_ in known(GROUPS, call.settings.version)
            if group_applies_to(id_, wanted)
        ]
    )


def _document_types(_: Call) -> Answer:
    return Answer([{"Id": id_, "Name": name} for id_, name in DOCUMENT_TYPES.items()])


def _agents(_: Call) -> Answer:
    return Answer([{"Id": id_, "Name": name, "Links": {}} for id_, (name, _) in AGENTS.items()])
