"""The published snapshot of a runbook.

Triggers, and people who may only run a runbook, run its published snapshot: a frozen copy of the process and the
variables (Octopus API reference 2026, "Runbooks"). Snapshots do not cross, they are history; but where the route says
so, a runbook whose process we have written is published anew on the destination. Here that is a small document of its
own, which says which version of the process was published last, and which is only planned where its process is.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode, Place

PUBLISHED_SNAPSHOT = Kind(
    name="published-snapshot",
    prefix="publishedsnapshot",
    route="runbookSnapshots",
    mode=Mode.MERGE,
    owner_kinds=("runbook",),
    place=Place.WITH_OWNER,
    segment="published-snapshot",
    follows="runbook-process",
)

KINDS = (PUBLISHED_SNAPSHOT,)
