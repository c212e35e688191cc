"""Archived events: what is older than the retention leaves `/events`, and lies in a file of JSON lines for each day.

Octopus keeps 90 days by default, and has the files since 2022.3.8575. One can be deleted when it is 30 days old, and
the log tells of it (its documentation of the audit log).
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from sandbox.audit import AuditEvent, AuditLog
from sandbox.errors import bad_request, not_found
from sandbox.event_entry import Entry, Part
from sandbox.event_resource import event_resource
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["add_routes"]

_SINCE = "2022.3.8575"
_DROPPED = "DroppedArchives"
_KEPT_DAYS = 30


def add_routes(router: Router, audit: AuditLog) -> None:
    def files(call: Call) -> dict[str, list[AuditEvent]]:
        dropped = call.store.state.get(_DROPPED, [])
        days: dict[str, list[AuditEvent]] = {}
        for event in audit.older():
            name = _name(event.occurred.date())
            if name not in dropped:
                days.setdefault(name, []).append(event)
        return days

    def content(call: Call, events: list[AuditEvent]) -> bytes:
        rows = (event_resource(one, audit.version, api_root=call.settings.api_root) for one in events)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()

    def resource(call: Call, name: str, events: list[AuditEvent]) -> Document:
        return {
            "Id": name,
            "Name": name,
            "CreatedDate": _iso(events[0].occurred),
            "ModifiedDate": _iso(events[-1].occurred),
            "FileBytes": len(content(call, events)),
            "Links": {"Self": f"{call.settings.api_root}/events/archives/{name}"},
        }

    def list_files(call: Call) -> Answer:
        found = sorted(files(call).items(), reverse=True)
        return page(call, "ArchivedEventFile", "events/archives", found, show=lambda one: resource(call, *one))

    def find(call: Call) -> tuple[str, list[AuditEvent]]:
        name = call.params["name"]
        found = files(call).get(name)
        if found is None:
            raise not_found(name)
        return name, found

    def download(call: Call) -> Answer:
        return Answer(raw=content(call, find(call)[1]), content_type="application/octet-stream")

    def delete(call: Call) -> Answer:
        name, events = find(call)
        if events[-1].occurred > audit.retained_since - timedelta(days=_KEPT_DAYS):
            raise bad_request(f"The file '{name}' is not {_KEPT_DAYS} days old yet and cannot be deleted.")
        call.store.state.setdefault(_DROPPED, []).append(name)
        audit.add(Entry("Deleted", (), (Part(f"Archived event file {name} was deleted"),), None), call.actor)
        return Answer()

    router.add("GET", "events/archives", list_files, scope="system", since=_SINCE)
    router.add("GET", "events/archives/{name}", download, scope="system", since=_SINCE)
    router.add("DELETE", "events/archives/{name}", delete, scope="system", since=_SINCE)


def _name(day: date) -> str:
    return f"events-{day.isoformat()}.jsonl"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
