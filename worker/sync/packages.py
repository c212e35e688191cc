"""Packages: which versions cross (pure), and how they do: streamed from feed to feed, and checked when they are there.

``versions: latest``: the source's latest version, unless the destination has it, or a later one. Patterns: every
version that one of them matches and the destination lacks. A version that is there is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from config.names import Pattern
from config.package_rules import LATEST
from config.rules import ItemRules
from worker.kinds.kind import Kind
from worker.kinds.packages import PACKAGE, PACKAGE_VERSIONS, name_of, versions_of
from worker.kinds.references import PendingId
from worker.octopus import errors
from worker.octopus.client import SpaceClient
from worker.plan.values import Action, Change, Decision, Document, Edit, NamePath, Op
from worker.sync.package_versions import version_key
from worker.sync.world import Entry, Side, World
from worker.sync.written import Outcome, Written

MEGABYTE = 1024 * 1024
STEP = 16 * MEGABYTE
"""So often it is said how far a large file is."""

_KEPT = ("Id", "Version", "FileExtension", "PackageSizeBytes", "Hash")


# ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def plan_package(world: World, rules: ItemRules, entry: Entry, path: NamePath, destination_id: str | None) -> Outcome:
    """``destination_id``: ``None`` where the destination has no package of this name. Raises
    :class:`worker.sync.world.NotObserved`."""
    name = (world.route.mapped(PACKAGE.name, entry.name) or [entry.name])[0]
    there = name_of(destination_id) if destination_id is not None else None
    if rules.packages.versions == LATEST:
        missing, decision = _latest(world, entry.name, there)
    else:
        patterns = [Pattern(one) for one in rules.packages.versions]
        missing, decision = _matching(world, entry.name, there, patterns)
    decisions = (decision,) if decision is not None else ()
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
        (),
        {"PackageId": name, "Versions": missing} if missing else None,
    )
    return Outcome(action, Written(target))


def _latest(world: World, name: str, there: str | None) -> tuple[list[Document], Decision | None]:
    found = _versions(world.source, PACKAGE, f"{PACKAGE.prefix}-{name}")
    if not found:
        return [], Decision("packages.versions=latest", "", "the source has no version of it any more")
    here = found[0]
    own = _versions(world.destination, PACKAGE, f"{PACKAGE.prefix}-{there}")[:1] if there is not None else []
    if not own or version_key(own[0]["Version"]) < version_key(here["Version"]):
        return [here], None
    if version_key(own[0]["Version"]) == version_key(here["Version"]):
        return [], None
    text = f"the destination has {own[0]['Version']}, which is later than the source's {here['Version']}"
    return [], Decision("packages.versions=latest", "", text)


def _matching(
    world: World, name: str, there: str | None, patterns: Sequence[Pattern]
) -> tuple[list[Document], Decision | None]:
    here = _versions(world.source, PACKAGE_VERSIONS, versions_of(name))
    own = _versions(world.destination, PACKAGE_VERSIONS, versions_of(there)) if there is not None else []
    known = {version_key(one["Version"]) for one in own}
    wanted = [one for one in here if any(pattern.matches(one["Version"]) for pattern in patterns)]
    if not wanted:
        return [], Decision("packages.versions", "", f"none of its {len(here)} versions is asked for")
    return [one for one in wanted if version_key(one["Version"]) not in known], None


def _versions(side: Side, kind: Kind, document_id: str) -> list[Document]:
    found = side.document(kind, document_id)
    return list(found["Versions"]) if found is not None else []


# ── exchange ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_latest(space: SpaceClient) -> list[Document]:
    """Every package, with its latest version."""
    return [_document(PACKAGE, one["PackageId"], [one]) for one in await space.list("packages", latest=True)]


async def read(space: SpaceClient, kind: Kind, document_id: str) -> Document:
    """Raises :class:`worker.octopus.errors.NotFound` where the feed has no version of it."""
    name = name_of(document_id)
    latest = True if kind is PACKAGE else None
    found = await space.list("packages", nuGetPackageId=name, latest=latest)
    if not found:
        raise errors.NotFound(f"the built-in feed has no package {name}", url_path="packages", status=404)
    return _document(kind, found[0]["PackageId"], found)


def _document(kind: Kind, name: str, versions: Sequence[Document]) -> Document:
    lines = [{field: one.get(field) for field in _KEPT} for one in versions]
    lines.sort(key=lambda one: version_key(str(one["Version"])), reverse=True)
    return {"Id": f"{kind.prefix}-{name}", "Name": name, "Versions": lines}


async def send(
    source: SpaceClient, destination: SpaceClient, body: Document, progress: Callable[[str], None]
) -> Document:
    """Sends every version of ``body`` from feed to feed. Raises what the client raises, and
    :class:`worker.octopus.errors.Misunderstood` where what arrived is not what was sent."""
    for version in body["Versions"]:
        name, number = body["PackageId"], version["Version"]
        file = f"{name}.{number}{version.get('FileExtension') or '.zip'}"
        answer, passed = await source.relay(
            f"packages/{version['Id']}/raw",
            destination,
            "packages/raw",
            file,
            _told(f"package {name} {number}", version.get("PackageSizeBytes"), progress),
            overwriteMode="IgnoreIfExists",
        )
        _check(file, answer, passed.size, passed.sha1)
    return await read(destination, PACKAGE, f"{PACKAGE.prefix}-{body['PackageId']}")


def _check(file: str, answer: Document, size: int, sha1: str) -> None:
    """(?) That ``Hash`` is the SHA-1 of the file: where it does not even look like one, only the size is compared."""
    other_size = answer.get("PackageSizeBytes") not in (None, size)
    known = str(answer.get("Hash") or "").casefold()
    if other_size or (len(known) == len(sha1) and known != sha1):
        raise errors.Misunderstood(
            f"{file} is another file on the destination: {size} bytes ({sha1}) were sent, "
            f"{answer.get('PackageSizeBytes')} bytes ({known}) are there",
            method="POST",
            url_path="packages/raw",
            maybe_applied=True,
        )


def _told(what: str, size: Any, progress: Callable[[str], None]) -> Callable[[int], None]:
    """Says how far a large file is, now and then."""
    said = 0
    total = f" of {size // MEGABYTE:,}" if isinstance(size, int) else ""

    def moved(so_far: int) -> None:
        nonlocal said
        if so_far < said:  # begun again
            said = 0
        if so_far - said >= STEP:
            said = so_far
            progress(f"{what}: {so_far // MEGABYTE:,}{total} MB")

    return moved


def size_of(version: Document) -> str:
    """For people."""
    size = version.get("PackageSizeBytes")
    if not isinstance(size, int):
        return "of unknown size"
    return f"{size / MEGABYTE:,.1f} MB" if size >= MEGABYTE // 10 else f"{size:,} bytes"
