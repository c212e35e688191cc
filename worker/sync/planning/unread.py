"""What a plan that was made from whole lists does not know, and a sync will. Pure.

The list of all tenants' values does not tell for which environments those for library sets are; to ask tenant by tenant
would cost two requests for each, on both sides. So such a plan says that it has not looked.
"""

from __future__ import annotations

from worker.kinds import registry
from worker.kinds.projects import PROJECT
from worker.kinds.tenants import TENANT_VARIABLES
from worker.sync.world.world import World

VALUES = (
    "not looked at: values of tenants for library sets that are only for some environments; a sync writes them, and "
    "`octosync plan tenant/NAME` shows them"
)


def unread(world: World) -> list[str]:
    """Lines for the notes of a plan."""
    values = (
        document
        for document_id, document in world.source.documents.items()
        if document is not None and registry.kind_of(document_id) is TENANT_VARIABLES
    )
    partly = (one for one in values if not one.get("Whole", True))
    return [VALUES] if any(_asks_for_common(one.get("Templates") or {}) for one in partly) else []


def _asks_for_common(templates: dict[str, object]) -> bool:
    return any(said and registry.kind_of(owner) is not PROJECT for owner, said in templates.items())
