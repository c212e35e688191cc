"""Right before a write: is the document still as the plan saw it?

Variable sets and processes carry a version that the server compares. Of all other documents we look once more; between
this look and the write there are some milliseconds in which nobody looks.
"""

from __future__ import annotations

from worker.kinds.kind import Kind
from worker.octopus.client import SpaceClient
from worker.plan.values import Document
from worker.sync.servers.exchange import exchange_of
from worker.sync.world.fields import same
from worker.sync.world.unheard import holds
from worker.sync.world.written import Moved


async def still(
    space: SpaceClient, kind: Kind, document_id: str, owner: str | None, body: Document, observed: Document | None
) -> tuple[Document, Document | None]:
    """What to send: ``body``, with what it shows of other documents as it is now. And the document, where it has become
    by itself what it is to be, as the rules of a channel do when the step that they name is renamed: then nothing needs
    to be sent. Raises :class:`worker.sync.world.written.Moved` where it has changed otherwise, and what the client
    raises."""
    if kind.versioned:
        return body, None
    current = await exchange_of(kind).read(space, kind, document_id, owner)
    shown = {name: current[name] for name in kind.shows if name in current}
    if same(current, {**observed, **shown} if observed is not None else None):
        return {**body, **{name: value for name, value in shown.items() if name in body}}, None
    if holds({**body, **shown}, current, kind.shape):
        return body, current
    raise Moved(f"{kind.path_of(document_id, owner)} changed on the destination while it was being compared")
