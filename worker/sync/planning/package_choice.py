"""Which versions of a package cross. Pure.

``versions: latest``: the source's latest version, unless the destination has it, or a later one. Patterns: every
version that one of them matches and the destination lacks. A version that is there is never touched; where it is
another file than the source's, a person is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.names import Pattern
from config.package_rules import LATEST
from config.rules import ItemRules
from worker.kinds.kind import Kind
from worker.kinds.packages import PACKAGE, PACKAGE_VERSIONS, name_of, versions_of
from worker.kinds.references import PendingId
from worker.plan.values import Action, Change, CleanUp, Decision, Document, Edit, NamePath, Op
from worker.sync.world.package_versions import version_key
from worker.sync.world.world import Entry, Side, World
from worker.sync.world.written import Outcome, Written

MEGABYTE = 1024 * 1024
DIFFERS = "package-differs"
_ANOTHER = (
    "is another file on the destination than on the source; it is left alone: push one of the two under a new version"
)

_Choice = tuple[list[Document], Decision | None, list[str]]
"""The versions to send, why not more, and the versions that both have and that are not the same."""


def plan_package(world: World, rules: ItemRules, entry: Entry, path: NamePath, destination_id: str | None) -> Outcome:
    """``destination_id``: ``None`` where the destination has no package of this name. Raises
    :class:`worker.sync.world.world.NotObserved`."""
    name = (world.route.mapped(PACKAGE.name, entry.name) or [entry.name])[0]
    there = name_of(destination_id) if destination_id is not None else None
    if rules.packages.versions == LATEST:
        missing, decision, unlike = _latest(world, entry.name, there)
    else:
        patterns = [Pattern(one) for one in rules.packages.versions]
        missing, decision, unlike = _matching(world, entry.name, there, patterns)
    found = tuple(CleanUp(path, f"Versions[{one}]", DIFFERS, _ANOTHER) for one in unlike)
    decisions: tuple[Decision, ...] = (decision,) if decision is not None else ()
    decisions += tuple(Decision(DIFFERS, one.where, one.text) for one in found)
    if not missing and destination_id is None:
        return Outcome(Action(Op.SKIP, PACKAGE.name, path, entry.id, None, (), decisions), None)
    target = destination_id or PendingId.of(entry.id)
    action = Action(
        (Op.UPDATE if destination_id is not None else Op.CREATE) if missing else Op.LEAVE,
        PACKAGE.name,
        path,
        entry.id,
        target,
        tuple(Change(Edit.ADD, f"Versions[{one['Version']}]", None, size_of(one)) for one in missing),
        decisions,
        found,
        {"PackageId": name, "Versions": missing} if missing else None,
    )
    return Outcome(action, Written(target))


def _latest(world: World, name: str, there: str | None) -> _Choice:
    found = _versions(world.source, PACKAGE, f"{PACKAGE.prefix}-{name}")
    if not found:
        return [], Decision("packages.versions=latest", "", "the source has no version of it any more"), []
    here = found[0]
    own = _versions(world.destination, PACKAGE, f"{PACKAGE.prefix}-{there}")[:1] if there is not None else []
    if not own or version_key(own[0]["Version"]) < version_key(here["Version"]):
        return [here], None, []
    if version_key(own[0]["Version"]) == version_key(here["Version"]):
        return [], None, list(_unlike([here], own))
    text = f"the destination has {own[0]['Version']}, which is later than the source's {here['Version']}"
    return [], Decision("packages.versions=latest", "", text), []


def _matching(world: World, name: str, there: str | None, patterns: Sequence[Pattern]) -> _Choice:
    here = _versions(world.source, PACKAGE_VERSIONS, versions_of(name))
    own = _versions(world.destination, PACKAGE_VERSIONS, versions_of(there)) if there is not None else []
    wanted = [one for one in here if any(pattern.matches(one["Version"]) for pattern in patterns)]
    if not wanted:
        return [], Decision("packages.versions", "", f"none of its {len(here)} versions is asked for"), []
    known = {version_key(one["Version"]) for one in own}
    lacking = {version_key(one["Version"]): one for one in wanted}  # of two that are one (1.0 and 1.0.0), one
    missing = [one for key, one in lacking.items() if key not in known]
    return missing, None, list(_unlike(wanted, own))


def _unlike(wanted: Sequence[Document], own: Sequence[Document]) -> Iterator[str]:
    """Versions that both have, and of which the files differ. Where a server tells no hash, nobody knows."""
    hashes = {version_key(one["Version"]): one.get("Hash") for one in own}
    for one in wanted:
        ours, theirs = one.get("Hash"), hashes.get(version_key(one["Version"]))
        if ours and theirs and ours.casefold() != theirs.casefold():
            yield one["Version"]


def _versions(side: Side, kind: Kind, document_id: str) -> list[Document]:
    found = side.document(kind, document_id)
    return list(found["Versions"]) if found is not None else []


def size_of(version: Document) -> str:
    """For people."""
    size = version.get("PackageSizeBytes")
    if not isinstance(size, int):
        return "of unknown size"
    return f"{size / MEGABYTE:,.1f} MB" if size >= MEGABYTE // 10 else f"{size:,} bytes"
