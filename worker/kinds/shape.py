"""Shape: what the engine must know about a document to translate and to merge it.

A shape is a tree that follows the document. Per object it says which fields

    server     only one server can know (ids, slugs, links, versions, dates): never compared, never sent to another
    fixed      are set on creation and cannot change
    own        belong to the destination once the item exists (IsDisabled): never touched again
    retention  say how long something is kept: as ``own``, unless the route lets retention follow
    values     are values rather than structure: in a conflict the destination wins, and on first contact too
    sets       are lists of plain strings whose order means nothing (permissions)
    ordered    are lists of scalars whose order means something (the order in which library sets override each other)
    refs       name other items
    nested     hold data, or JSON text, with ids at any depth
    typed      (field → the field beside it that holds display settings) mean what their control type says
    scopes     together restrict where the object applies
    limits     restrict it, too, and name nothing: who leaves one out says so
    elements   are lists of objects with an identity of their own: merged element by element
    children   are objects with a shape of their own
    keyed      are objects whose keys name items, and whose values are lists of ids: of each project the environments
    plain      are names, or prose, or ids of another system: what looks like an id of Octopus in them is none. In all
               else that no declaration knows ids may hide, and are told
    free       (of the object itself) its keys are data: one that the source dropped goes; elsewhere absent equals
               default
    parameters (of the object itself) its keys may be the parameters of the step template that it names
    whole      (of the object itself) is taken or left as one: its fields exclude or complete each other. Where
               something that it requires does not exist on the destination, it is left out, and the destination's stays
    variant    (of the object itself) the field that says of which type it is: of another type than the destination's,
               it is taken or left as one
    typed_by   (of the object itself) the same of one that is merged field by field also then: a person is told
    needs      field → the field beside it without which it cannot stand
    defaults   are what an absent field means, where that is more than nothing: older servers do not have it
    late       can be written only when other documents exist: left out of a new document, and written afterwards

Whatever is not mentioned is structure: compared field by field, objects key by key, lists as a whole, but for lists of
strings declared as references, which are sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from worker.kinds import controls
from worker.kinds.references import Nested, Ref, Scope

SERVER_FIELDS = frozenset(
    {"Id", "Slug", "Links", "LastModifiedOn", "LastModifiedBy", "SpaceId", "Version", "LastSnapshotId", "Icon"}
)
"""What only one server can know, on every kind."""

PLAIN_FIELDS = frozenset({"Id", "Name", "Description", "Notes", "Label", "HelpText"})
"""Names and prose, on every kind: nobody looks anything up by what stands in them."""


@dataclass(frozen=True, slots=True)
class Shape:
    server: frozenset[str] = SERVER_FIELDS
    fixed: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    retention: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    ordered: frozenset[str] = frozenset()
    refs: Mapping[str, Ref] = field(default_factory=dict)
    nested: Mapping[str, Nested] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    parameters: bool = False
    scopes: tuple[Scope, ...] = ()
    limits: frozenset[str] = frozenset()
    elements: Mapping[str, Elements] = field(default_factory=dict)
    children: Mapping[str, Shape] = field(default_factory=dict)
    keyed: Mapping[str, Keyed] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    plain: frozenset[str] = PLAIN_FIELDS
    free: bool = False
    whole: bool = False
    variant: str | None = None
    typed_by: str | None = None
    needs: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)

    def references(self) -> Iterator[tuple[str, Ref]]:
        """Every reference at or below this shape, with its place: ``Steps[].Actions[].WorkerPoolId``."""
        yield from self.refs.items()
        for name, nested in self.nested.items():
            for place, ref in nested.references():
                yield f"{name}.{place}", ref
        for name in (*self.typed, *(["*"] if self.parameters else [])):
            yield from controls.references(name)
        for name, child in self.children.items():
            for place, ref in child.references():
                yield f"{name}.{place}", ref
        for name, elements in self.elements.items():
            for place, ref in elements.shape.references():
                yield f"{name}[].{place}", ref
        for name, keyed in self.keyed.items():
            yield f"{name}.<key>", keyed.key
            yield f"{name}.<key>[]", keyed.each


@dataclass(frozen=True, slots=True)
class Elements:
    """A list of objects with identity. Their identity is the link that the ledger remembers, else ``identity``.

    ``identity``: the field (or fields) whose values name an element within its list. ``needed``: where the list had
    elements and none crosses, what it belongs to means nothing and does not cross either (a lifecycle without phases
    would run everywhere; a step without actions does nothing). ``vital``: where one of them does not cross, what it
    belongs to does not either (a step without one of its packages would do something else).
    """

    shape: Shape
    identity: tuple[str, ...] = ("Name",)
    needed: bool = False
    vital: bool = False
    additions_stay: bool = True
    """Of a kind that must be exact: whether what only the destination has stays. Of other kinds it always does."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object whose keys name items (``key``) and whose values are lists of ids (``each``): the links of a tenant.

    ``dimension``: whose rule answers where not all of a list exists on the destination. A key that the destination
    lacks is no mismatch: there is nothing there to link to. Taking out a key, or an id, deletes data elsewhere.
    """

    key: Ref
    each: Ref
    dimension: str
