"""All kinds, found by name and by id; the order in which they are written.

An id tells its kind by the text before the first dash (``Projects-3``, ``variableset-Projects-3``), and of a document
that the server made together with its owner also the owner: what follows the dash. Two kinds may share a prefix (script
modules are library variable sets of another content): which of them it is, the lists of the space tell.
"""

from __future__ import annotations

from functools import cache
from graphlib import TopologicalSorter

from worker.kinds import (
    infrastructure,
    library,
    logos,
    packages,
    processes,
    projects,
    publishing,
    step_templates,
    teams,
    tenants,
    triggers,
    variables,
)
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import ANSWERS

ALL: tuple[Kind, ...] = (
    *infrastructure.KINDS,
    *library.KINDS,
    *step_templates.KINDS,
    *projects.KINDS,
    *processes.KINDS,
    *variables.KINDS,
    *triggers.KINDS,
    *tenants.KINDS,
    *teams.KINDS,
    *logos.KINDS,
    *packages.KINDS,
    *publishing.KINDS,
)

BY_NAME: dict[str, Kind] = {kind.name: kind for kind in ALL}

BY_PREFIX: dict[str, tuple[Kind, ...]] = {
    prefix: tuple(kind for kind in ALL if prefix in {kind.prefix.casefold(), *kind.legacy_prefixes})
    for prefix in {prefix for kind in ALL for prefix in (kind.prefix.casefold(), *kind.legacy_prefixes)}
}


def kinds_of(document_id: str) -> tuple[Kind, ...]:
    """The kinds that an id may belong to."""
    return BY_PREFIX.get(document_id.partition("-")[0].casefold(), ())


def kind_of(document_id: str) -> Kind | None:
    """The kind that an id belongs to, the more common one of two; ``None`` for an id that does not tell."""
    return next(iter(kinds_of(document_id)), None)


def listed_with(kind: Kind) -> tuple[Kind, ...]:
    """All kinds that the list of ``kind`` gives, itself included."""
    return tuple(one for one in ALL if one is kind or (one.listed_by is not None and one.listed_by == kind.listed_by))


def owner_of(document_id: str) -> str | None:
    """``Projects-3`` for ``variableset-Projects-3``; ``None`` for an id that does not hold its owner's."""
    kind = kind_of(document_id)
    if kind is None or kind.place is not Place.WITH_OWNER:
        return None
    return document_id.partition("-")[2] or None


def made_with_owner(kind: Kind, owner_id: str) -> str:
    """The id of the document of ``kind`` which the server made together with ``owner_id``.

    Real ids of all servers since 3.x have this form (``deploymentprocess-Projects-441``,
    ``RunbookProcess-Runbooks-8``).
    """
    return f"{kind.prefix}-{owner_id}"


def parts_of(kind: Kind) -> tuple[Kind, ...]:
    """The kinds whose items belong to an item of ``kind``."""
    return tuple(part for part in ALL if kind.name in part.owner_kinds)


# What a reference names where that is no kind of its own.
_MEANS: dict[str, tuple[str, ...]] = {
    "tag": ("tag-set",),
    "library-variable-set": ("library-variable-set", "script-module"),
    ANSWERS: ("variable-set",),
}


def meant(name: str) -> tuple[Kind, ...]:
    """The kinds of what a reference to ``name`` may name; none where that is no kind (a step, a package)."""
    return tuple(BY_NAME[one] for one in _MEANS.get(name, (name,)) if one in BY_NAME)


# Cycles which the order of writing breaks: the first one is written without the second, which is added later
# (`late`), or, of a "Deploy a Release" step, the other project is created bare.
_BROKEN = frozenset(
    {
        ("project", "channel"),
        ("project", "runbook"),
        ("deployment-process", "project"),
        ("runbook-process", "project"),
        ("tenant", "project"),
    }
)

LATE = "late"
"""In the order of writing: what a new document could not say before others existed (channel rules, release
creation)."""


@cache
def precedence() -> dict[str, int]:
    """Kind (or :data:`LATE`) → rank: an item may be written once those of lower rank stand. Derived from the
    declarations.

    Beyond what is required, a document is written after all that it can mention, so that one pass suffices: the process
    after the channels that its steps are scoped to, the variables after the process and the runbooks.
    """
    graph: dict[str, set[str]] = {kind.name: set(kind.owner_kinds) for kind in ALL}
    for kind in ALL:
        mentioned = {name for ref in kind.referenced().values() for name in _MEANS.get(ref.kind, (ref.kind,))}
        graph[kind.name] |= {
            name for name in mentioned if name in BY_NAME and name != kind.name and (kind.name, name) not in _BROKEN
        }
    graph["deployment-settings"].add("deployment-process")
    graph["runbook"].add("deployment-settings")
    scoped_to = {"channel", "deployment-process", "runbook-process", "tenant"}
    graph["variable-set"] |= scoped_to | {kind.name for kind in infrastructure.KINDS}
    graph[LATE] = {"variable-set", "deployment-settings"}
    graph["trigger"].add(LATE)
    graph["tenant-variables"].add(LATE)
    graph["logo"].add("trigger")
    graph["published-snapshot"] |= {"runbook-process", "variable-set"}  # it freezes both
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())  # sorted: the order is part of a plan's hash, and sets have none
        order += ready
        sorter.done(*ready)
    return {name: rank for rank, name in enumerate(order)}


def writable() -> tuple[Kind, ...]:
    """The kinds that a route can write, in order of writing."""
    order = precedence()
    return tuple(sorted((kind for kind in ALL if kind.mode is not Mode.LOOKUP), key=lambda kind: order[kind.name]))
