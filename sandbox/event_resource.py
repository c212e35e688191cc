"""An audit event as JSON, in the words of one release: what `/events` answers and what a webhook carries.

`ChangeDetails` is the document before the change and the difference to the one after; both are null for events that are
not about a document (deployments and the like). Stored documents hold no secrets; where one was changed, the difference
shows a hash in its stead, as Octopus' auditing does ("not even the encrypted value").
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from sandbox.audit import AuditEvent
from sandbox.event_dialect import has
from sandbox.json_patch import diff
from sandbox.store import Document

__all__ = ["date", "event_resource"]


def event_resource(event: AuditEvent, version: str, *, api_root: str = "/api", difference: bool = True) -> Document:
    """The event as `GET /api/events/{id}` gives it. `difference` False leaves both of ChangeDetails null."""
    entry, actor = event.entry, event.actor
    resource: Document = {
        "Id": event.id,
        "RelatedDocumentIds": _shuffled(event),
        "Category": entry.category,
        "UserId": actor.user_id,
        "Username": actor.username,
    }
    if has(version, "spaces"):
        resource["IsService"] = False
    resource["IdentityEstablishedWith"] = actor.identity
    if has(version, "spaces"):
        resource["UserAgent"] = actor.user_agent
    resource |= {
        "Occurred": date(event.occurred, version),
        "Message": entry.message,
        "MessageHtml": entry.message_html,
        "MessageReferences": entry.message_references,
        "Comments": None,
        "Details": None,
    }
    if has(version, "change details"):
        resource["ChangeDetails"] = (
            _change_details(event) if difference else {"DocumentContext": None, "Differences": None}
        )
    if has(version, "ip address"):
        resource["IpAddress"] = actor.ip_address
    if has(version, "api key"):
        resource |= {"ApiKeyId": None, "ApiKeyHint": None}
    if has(version, "spaces"):
        resource["SpaceId"] = entry.space_id
    resource["Links"] = {"Self": f"{api_root}/events/{event.id}" if has(version, "self links") else {}}
    return resource


def date(moment: datetime, version: str) -> str:
    """ISO 8601 with the offset of `moment`; three digits of a second, seven before 2022."""
    if has(version, "milliseconds"):
        return moment.isoformat(timespec="milliseconds")
    text = moment.isoformat(timespec="microseconds")
    return f"{text[:26]}0{text[26:]}"


def utc(moment: datetime, version: str) -> str:
    """`date` in UTC."""
    return date(moment.astimezone(UTC), version)


def _shuffled(event: AuditEvent) -> list[str]:
    """The related ids in an order that means nothing: the server reads them back without ORDER BY (Issues#5443)."""
    return sorted(event.entry.related, key=lambda related: hashlib.sha256(f"{event.id}/{related}".encode()).digest())


def _change_details(event: AuditEvent) -> Document:
    """(?) For a created document both are null here, and for a deleted one the difference is: no capture shows them."""
    before, after = event.entry.before, event.entry.after
    if before is None or after is None:
        return {"DocumentContext": before, "Differences": None}
    differences: list[dict[str, Any]] = diff(before, after)
    if event.entry.secret_changed:
        # (?) The path: it is documented only that the diff tells of a changed secret, and by what it is replaced.
        hidden = hashlib.sha256(f"{event.id}/{event.auto_id}".encode()).hexdigest()
        differences.append({"op": "replace", "path": "/SensitiveValues", "value": f"sha256:{hidden}"})
    return {"DocumentContext": before, "Differences": differences}
