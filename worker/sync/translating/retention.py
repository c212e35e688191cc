"""Retention: how long something is kept, said in the words of the destination's release. Pure.

Since 2025.3 a policy of a lifecycle names its strategy (since 2026.1 that of a runbook too); before, a quantity of
nothing was for ever. A server that knows strategies may take such a quantity without one for "what the space says",
which deletes what the source keeps (Octopus API reference 2026, "Lifecycles and retention", (?)): so the strategy is
added. In the other direction a policy that follows its space has nothing but its quantity left to say, and that is
told.
"""

from __future__ import annotations

from worker.kinds.kind import Kind
from worker.kinds.releases import Releases, fields_of
from worker.kinds.shape import Shape
from worker.plan.values import Decision, Document
from worker.sync.translating.crossing import at, label

STRATEGY = "Strategy"
OF_SPACE = "Default"


def retold(kind: Kind, document: Document, releases: Releases | None) -> tuple[Document, list[Decision]]:
    """The source's document with a strategy in each of its policies, if the destination's release knows strategies; and
    what there is to tell of them."""
    if releases is None or not releases.differ:
        return document, []
    walk = _Walk(kind, releases)
    return walk.object(kind.shape, document, "", ""), walk.told


class _Walk:
    def __init__(self, kind: Kind, releases: Releases) -> None:
        self.fields = fields_of(kind.name)
        self.releases = releases
        self.told: list[Decision] = []

    def object(self, shape: Shape, document: Document, path: str, where: str) -> Document:
        """``path``: as releases know it; ``where``: for people."""
        found = dict(document)
        for name in sorted(shape.retention & found.keys()):
            if isinstance(found[name], dict) and found[name]:
                found[name] = self.policy(found[name], f"{path}{name}.{STRATEGY}", at(at(where, name), STRATEGY))
        for name, elements in shape.elements.items():
            if isinstance(found.get(name), list):
                found[name] = [
                    self.object(
                        elements.shape, one, f"{path}{name}[].", at(where, f"{name}[{label(one, elements.identity)}]")
                    )
                    for one in found[name]
                ]
        return found

    def policy(self, policy: Document, path: str, where: str) -> Document:
        known = self.fields.knows(path, self.releases.destination)
        line, quantity = self.releases.destination.line, policy.get("QuantityToKeep")
        if known and not policy.get(STRATEGY):
            strategy = "Count" if quantity else "Forever"
            self.told.append(Decision("release", where, f"Octopus {line} asks for it: added as {strategy!r}"))
            return policy | {STRATEGY: strategy}
        if known is False and policy.get(STRATEGY) == OF_SPACE:
            kept = f"the last {quantity} {str(policy.get('Unit') or 'Items').lower()}" if quantity else "all, for ever"
            text = f"follows its space on the source, which Octopus {line} does not know: kept are {kept}"
            self.told.append(Decision("release", where, text))
        return policy
