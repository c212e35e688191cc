"""What we remember of a document: the third side of the merge.

``want`` is what the source asked for (in destination terms) when we last decided; ``wrote`` what the destination
returned after *our* last write, ``None`` where we never wrote. ``elements`` links the ids of steps, actions, phases,
templates and rules, source → destination. The ledger stores it as JSON and does not look inside, so it says by itself
which form it has (:data:`SCHEMA`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from worker.kinds.answers import closed, opened
from worker.kinds.references import ANSWERS
from worker.kinds.shape import Elements, Shape
from worker.plan.values import CleanUp, Document
from worker.sync.world.fields import MISSING, same

SCHEMA = 2
"""1: without the versions of the servers. Such a baseline is read as one of which nobody knows them."""


@dataclass(frozen=True, slots=True)
class Baseline:
    want: Document = field(default_factory=dict)
    wrote: Document | None = None
    elements: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    """Destination ids of elements of ours that the source dropped and the route keeps, with where they stand."""
    rows: Document | None = None
    """Of a variable set: what :mod:`worker.sync.variables.merge` remembers."""
    created: bool = False
    """We have made the document, or the server did together with its owner, for us: there was none before."""
    retired: bool = False
    """Its source was deleted, and we have disabled it for that: what becomes of it then is the destination's affair."""
    along: bool = True
    """The route did not include it by its name when we last decided: something that it includes needed it, or it had
    got another name. Of what older versions remembered nobody knows."""
    destination_id: str | None = None
    """Of which document. Of another one, made later under the same name, it says nothing."""
    fresh: bool = False
    """The destination's server has just made the document, together with its owner, for us: nothing in it is
    anybody's."""
    versions: tuple[str, str] | None = None
    """Of source and destination when we last decided. See :mod:`worker.sync.merging.rebasing`."""

    def to_json(self) -> Document:
        return {
            "schema": SCHEMA,
            "want": self.want,
            "wrote": self.wrote,
            "elements": dict(self.elements),
            "kept": dict(self.kept),
            "rows": self.rows,
            "fresh": self.fresh,
            "created": self.created,
            "retired": self.retired,
            "along": self.along,
            "destination_id": self.destination_id,
            "versions": list(self.versions) if self.versions is not None else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Baseline:
        versions = data.get("versions")
        return cls(
            want=data.get("want") or {},
            wrote=data.get("wrote"),
            elements=data.get("elements") or {},
            kept=data.get("kept") or {},
            rows=data.get("rows"),
            fresh=bool(data.get("fresh")),
            created=bool(data.get("created")),
            retired=bool(data.get("retired")),
            along=bool(data.get("along", True)),
            destination_id=data.get("destination_id"),
            versions=(str(versions[0]), str(versions[1])) if versions is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent, stored before it was: the process may die before it hears the answer."""

    op: str
    want: Document
    body: Document
    destination_id: str | None = None
    clean_ups: tuple[CleanUp, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    there: Document | None = None
    """What the document was before the write; ``None`` where all of it is ours."""

    def to_json(self) -> Document:
        return {
            "op": self.op,
            "want": self.want,
            "body": self.body,
            "destination_id": self.destination_id,
            "clean_ups": [asdict(entry) for entry in self.clean_ups],
            "elements": dict(self.elements),
            "kept": dict(self.kept),
            "there": self.there,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Intent:
        return cls(
            op=data["op"],
            want=data["want"],
            body=data["body"],
            destination_id=data.get("destination_id"),
            clean_ups=tuple(CleanUp.from_dict(entry) for entry in data["clean_ups"]),
            elements=data.get("elements") or {},
            kept=data.get("kept") or {},
            there=data.get("there"),
        )


def wrote_after(shape: Shape, wrote: Any, there: Any, answer: Any) -> Any:
    """What *we* wrote of a document, field by field, once a PUT was answered.

    ``wrote``: what we knew of it before; ``there``: as it was before the PUT. A PUT replaces the whole document, but
    what it left as it was is as little ours as before: an edit of the destination's must not become ours because we
    wrote beside it. ``MISSING`` where we wrote nothing.
    """
    if not isinstance(there, dict) or not isinstance(answer, dict):
        return wrote if same(there, answer) else answer
    known = wrote if isinstance(wrote, dict) else {}
    found: Document = {}
    for name in known.keys() | answer.keys():
        sides = known.get(name, MISSING), there.get(name, MISSING), answer.get(name, MISSING)
        child = shape.children.get(name)
        if name in shape.elements and isinstance(sides[1], list) and isinstance(sides[2], list):
            value = _wrote_elements(shape.elements[name], *sides)
        elif name in shape.keyed:
            value = _wrote_keyed(*sides)
        elif name in shape.refs and shape.refs[name].kind == ANSWERS:
            value = _wrote_answers(*sides)
        elif child is not None and (child.whole or _other_type(child, sides[1], sides[2])):
            value = sides[0] if same(sides[1], sides[2]) else sides[2]
        else:
            value = wrote_after(child or Shape(server=frozenset()), *sides)
        if value is not MISSING:
            found[name] = value
    return found or wrote


def _wrote_elements(elements: Elements, wrote: Any, there: list[Document], answer: list[Document]) -> Any:
    """An element that was there before and is not changed is not ours, unless it was."""
    known = {_key(elements, element): element for element in wrote} if isinstance(wrote, list) else {}
    before = {_key(elements, element): element for element in there}
    found = []
    for element in answer:
        key = _key(elements, element)
        value = element
        if key in before:
            value = wrote_after(elements.shape, known.get(key, MISSING), before[key], element)
        if value is not MISSING:
            found.append({**value, "Id": element["Id"]} if "Id" in element else value)
    return found or wrote


def _other_type(shape: Shape, there: Any, answer: Any) -> bool:
    both = isinstance(there, dict) and isinstance(answer, dict)
    return shape.variant is not None and both and there.get(shape.variant) != answer.get(shape.variant)


def _wrote_keyed(wrote: Any, there: Any, answer: Any) -> Any:
    """Of each list what was ours before, and what the write has added."""
    known, before = (side if isinstance(side, dict) else {} for side in (wrote, there))
    found = {}
    for key, ids in (answer if isinstance(answer, dict) else {}).items():
        ours = [one for one in ids if one in known.get(key, []) or one not in before.get(key, [])]
        if ours or key in known or key not in before:
            found[key] = ours
    return found or wrote


def _wrote_answers(wrote: Any, there: Any, answer: Any) -> Any:
    """Each by itself, also where all of them stand in one text."""
    known, before, now = (opened(None if side is MISSING else side) for side in (wrote, there, answer))
    if known is None or before is None or now is None:
        return wrote if same(there, answer) else answer
    all_of_it = {
        key: known.get(key, MISSING) if same(before.get(key, MISSING), value) else value for key, value in now.items()
    }
    ours = {key: value for key, value in all_of_it.items() if value is not MISSING}
    if not ours and wrote is MISSING:
        return MISSING
    return answer if ours == now else closed(ours, answer)


def _key(elements: Elements, element: Document) -> tuple[str, ...]:
    return (str(element["Id"]),) if element.get("Id") else tuple(str(element.get(part)) for part in elements.identity)
