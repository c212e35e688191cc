"""What of a project was moved to Git, on one side. Pure."""

from __future__ import annotations

from worker.kinds.projects import PROJECT, VERSION_CONTROLLED, moved_to_git
from worker.sync.world.world import Side


def moved(side: Side, project_id: str) -> frozenset[str]:
    """Which of ``variables`` and ``runbooks``; nothing of a project that is kept in the database, whose document is not
    even asked for. Raises :class:`worker.sync.world.world.NotObserved`."""
    known = side.directory(PROJECT.name).by_id.get(project_id)
    if known is None or known.type != VERSION_CONTROLLED:
        return frozenset()
    return moved_to_git(side.document(PROJECT, project_id) or {})
