"""Packages on a server: read with their versions, and streamed from feed to feed, checked when they are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from config.names import name_key
from worker.kinds.kind import Kind
from worker.kinds.packages import PACKAGE, name_of
from worker.octopus import errors
from worker.octopus.client import SpaceClient
from worker.octopus.streams import Expected
from worker.plan.values import Document
from worker.sync.world.package_versions import version_key

MEGABYTE = 1024 * 1024
STEP = 16 * MEGABYTE
"""So often it is said how far a large file is."""

MOST_FAILURES = 3
"""So many versions of one package may fail, before it is no longer about them."""

_KEPT = ("Id", "Version", "FileExtension", "PackageSizeBytes", "Hash")


async def list_latest(space: SpaceClient) -> list[Document]:
    """Every package, with its latest version."""
    return [_document(PACKAGE, one["PackageId"], [one]) for one in await space.list("packages", latest=True)]


async def read(space: SpaceClient, kind: Kind, document_id: str) -> Document:
    """Raises :class:`worker.octopus.errors.NotFound` where the feed has no version of it."""
    name = name_of(document_id)
    latest = True if kind is PACKAGE else None
    listed = await space.list("packages", nuGetPackageId=name, latest=latest)
    found = [one for one in listed if name_key(one["PackageId"]) == name_key(name)]
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
    """Sends every version of ``body`` from feed to feed. One that fails is no reason to withhold the others, as long as
    it are few. Raises what the client raises, and :class:`worker.octopus.errors.FileDiffers` where what came, or
    arrived, is not the file that it should be."""
    failed: list[errors.OctopusError] = []
    for version in body["Versions"]:
        try:
            await _send(source, destination, body["PackageId"], version, progress)
        except (errors.Refused, errors.ServerFault, errors.BrokenOff) as error:
            if isinstance(error, errors.Unauthorized | errors.Forbidden):
                raise  # it is about us
            failed.append(error)
            if len(failed) >= MOST_FAILURES:
                break
    if failed:
        raise failed[0]
    return await read(destination, PACKAGE, f"{PACKAGE.prefix}-{body['PackageId']}")


async def _send(
    source: SpaceClient, destination: SpaceClient, name: str, version: Document, progress: Callable[[str], None]
) -> None:
    number, size = version["Version"], version.get("PackageSizeBytes")
    file = f"{name}.{number}{version.get('FileExtension') or '.zip'}"
    answer, passed = await source.relay(
        f"packages/{version['Id']}/raw",
        destination,
        "packages/raw",
        file,
        _told(f"package {name} {number}", size, progress),
        Expected(size if isinstance(size, int) else None, _sha1(version)),
        overwriteMode="IgnoreIfExists",
    )
    where: dict[str, Any] = {"method": "POST", "url_path": "packages/raw", "maybe_applied": True}
    if answer.get("PackageSizeBytes") not in (None, passed.size) or _sha1(answer) not in (None, passed.sha1):
        raise errors.FileDiffers(
            f"{file} is another file on the destination: {passed.size} bytes ({passed.sha1}) were sent, "
            f"{answer.get('PackageSizeBytes')} bytes ({answer.get('Hash')}) are there",
            **where,
        )
    taken = str(answer.get("PackageId") or name), str(answer.get("Version") or number)
    if name_key(taken[0]) != name_key(name) or version_key(taken[1]) != version_key(number):
        raise errors.FileDiffers(
            f"the destination has taken {file} for version {taken[1]} of {taken[0]}, going by the name of the file: "
            "delete that one there, and push this one by hand",
            **where,
        )


def _sha1(version: Document) -> str | None:
    """(?) That ``Hash`` is the SHA-1 of the file: one that does not even look like it says nothing."""
    known = str(version.get("Hash") or "").casefold()
    return known if re.fullmatch("[0-9a-f]{40}", known) else None


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
