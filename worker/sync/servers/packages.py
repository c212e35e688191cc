"""Packages on a server: read with their versions, and streamed from feed to feed, checked when they are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from worker.kinds.kind import Kind
from worker.kinds.packages import PACKAGE, name_of
from worker.octopus import errors
from worker.octopus.client import SpaceClient
from worker.plan.values import Document
from worker.sync.world.package_versions import version_key

MEGABYTE = 1024 * 1024
STEP = 16 * MEGABYTE
"""So often it is said how far a large file is."""

_KEPT = ("Id", "Version", "FileExtension", "PackageSizeBytes", "Hash")


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
