"""Simulate: a webhook as Octopus would send it, posted to our own receiver. It asks nothing of any Octopus."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

HARMLESS = "Subscriptions-0"
"""What an event may be about that leads to nothing: subscriptions do not cross."""
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Posted:
    """``status`` of the answer, and the word in it; ``event_id`` is what the journal knows it by."""

    status: int
    outcome: str
    event_id: str


def webhook(
    event_id: str, space_id: str | None, related: Sequence[str], category: str, now: datetime
) -> dict[str, Any]:
    """A body in the form of a server of 2026, as far as anybody reads it. Pure."""
    instant = now.isoformat(timespec="milliseconds")
    return {
        "Timestamp": instant,
        "EventType": "SubscriptionPayload",
        "Payload": {
            "ServerUri": None,
            "ServerAuditUri": None,
            "BatchProcessingDate": instant,
            "Subscription": {"Id": HARMLESS, "Name": "octosync simulate", "Type": "Event", "SpaceId": space_id},
            "Event": {
                "Id": event_id,
                "RelatedDocumentIds": list(related),
                "Category": category,
                "Username": "octosync simulate",
                "Occurred": instant,
                "Message": "A test of Octosync",
                "SpaceId": space_id,
                "ChangeDetails": {"DocumentContext": None, "Differences": None},
            },
        },
    }


async def post(
    url: str, header: str, secret: str, related: Sequence[str], category: str, space_id: str | None
) -> Posted:
    """Raises OSError and :class:`aiohttp.ClientError` where nobody answers, and TimeoutError."""
    event_id = f"Events-simulated-{uuid.uuid4().hex[:12]}"
    body = webhook(event_id, space_id, related, category, datetime.now(UTC))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, json=body, headers={header: secret}, allow_redirects=False) as answer,
    ):
        try:
            said = await answer.json(content_type=None)
        except ValueError:
            said = None
        outcome = str(said.get("outcome") or "") if isinstance(said, dict) else ""
        return Posted(answer.status, outcome, event_id)
