"""Vanished: what crossed once and is not listed on the source any more. Was it deleted, or is it hidden from the key?

Only the audit log can say. Catch-up reads it as it grows (:mod:`worker.sync.catch_up`); but where no worker runs, where
it was away for longer than it reads back, or has not come to it yet, nobody has read the event. So whoever looks at
everything asks the log about just these items.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from worker.octopus.client import SpaceClient
from worker.octopus.errors import Forbidden
from worker.queue.subjects import subject

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Ids in one request: they stand in its address."""

MOST_EVENTS = 1000
"""Of one request. An event regards also what its subject belongs to, so that the log of a project that is merely hidden
may hold many deletions of other things. The newest come first, and nothing follows on a deletion."""


async def deletions_of(space: SpaceClient, source_ids: Iterable[str]) -> dict[str, str]:
    """Those of the documents that the audit log calls deleted, and when (``Occurred`` of the event).

    None, where the key may not read the log. Raises what the client raises otherwise.
    """
    wanted = sorted(source_ids)
    found: dict[str, str] = {}
    for at in range(0, len(wanted), AT_ONCE):
        some = wanted[at : at + AT_ONCE]
        try:
            page = await space.events(regardingAny=some, eventCategories="Deleted", at_most=MOST_EVENTS)
        except Forbidden:
            log.warning("audit-log.forbidden", space=space.space_name, unknown=len(wanted))
            break
        for event in page.events:
            one = subject(event)
            if one is not None and one.is_deletion and one.document_id in some:
                found[one.document_id] = str(event.get("Occurred") or "")
    return found
