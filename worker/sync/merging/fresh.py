"""Fresh: the document, or the element, as it is first written to the destination.

Secrets cannot be read from the source, so a new one gets a placeholder and a clean-up entry. Elements get stand-ins
for the ids that the destination will assign.
"""

from __future__ import annotations

from typing import Any

from worker.kinds.kind import Kind
from worker.kinds.references import PendingId, is_secret
from worker.kinds.secrets import placeholder_for
from worker.kinds.shape import Shape
from worker.plan.values import CleanUp, Document, NamePath
from worker.sync.translating.translate import at, label

CREATED_DISABLED = "created-disabled"


def seen_done(kind: Kind, there: Document) -> frozenset[str]:
    """Reasons of entries about a new document of which it can be seen that a person has done what they ask for."""
    switched_on = bool(kind.pristine.get("IsDisabled")) and there.get("IsDisabled") is False
    return frozenset({CREATED_DISABLED}) if switched_on else frozenset()


class Fresh:
    """Builds new documents and elements, and collects what a person must finish on them."""

    def __init__(self, path: NamePath, source_id: str, placeholder: str) -> None:
        self.path = path
        self.source_id = source_id
        self.placeholder = placeholder
        self.clean_ups: list[CleanUp] = []

    def document(self, kind: Kind, want: Document) -> Document:
        """A document to POST: everything wanted but what can only be written later."""
        body: Document = self.value(kind.shape, want, "")
        for name in kind.shape.late:
            body.pop(name, None)
        if kind.pristine.get("IsDisabled") and not want.get("IsDisabled"):
            text = "is switched off, as every new one: switch it on where it is wanted"
            self.clean_ups.append(CleanUp(self.path, "IsDisabled", CREATED_DISABLED, text))
        return body | dict(kind.pristine)

    def value(self, shape: Shape, wanted: Document, where: str) -> Document:
        result: Document = {}
        for name, value in wanted.items():
            place = at(where, name)
            if name == "Id":
                result["Id"] = PendingId.of(self.source_id, value) if value else None
            elif name in shape.elements and isinstance(value, list):
                inner = shape.elements[name]
                result[name] = [
                    self.value(inner.shape, item, f"{place}[{label(item, inner.identity)}]") for item in value
                ]
            elif name in shape.children and isinstance(value, dict) and not is_secret(value):
                result[name] = self.value(shape.children[name], value, place)
            else:
                result[name] = self.leaf(name, value, place)
        return result

    def leaf(self, name: str, value: Any, where: str) -> Any:
        if is_secret(value):
            return self.secret(name, value, where)
        if isinstance(value, dict):
            return {key: self.leaf(key, item, at(where, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.leaf(name, item, f"{where}[{index}]") for index, item in enumerate(value)]
        return value

    def secret(self, name: str, value: Document, where: str) -> Document:
        if not value.get("HasValue"):
            return {"HasValue": False, "NewValue": None}
        placeholder = placeholder_for(name, self.placeholder)
        text = "a placeholder stands for the secret, which cannot be read from the source: enter the real one"
        if placeholder is None:
            text = "is empty: it cannot be read from the source, and nothing can stand in for it; upload the real one"
        self.clean_ups.append(CleanUp(self.path, where, "placeholder-secret", text))
        return {"HasValue": placeholder is not None, "NewValue": placeholder}
