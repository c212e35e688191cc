"""Packages of the built-in feed.

Facts: Octopus API reference 2026, "Packages & build information". A package may be of any size and has any number of
versions, each of them a file that never changes. Here a package with all its versions is one item, known by its name
(``packages-OctoFX.Web``); what crosses are the versions that the rules ask for and the destination lacks.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode

PACKAGE = Kind(
    name="package",
    prefix="packages",
    route="packages",
    mode=Mode.ON_REQUEST,
    listed_by="packages?latest=true",
    # A push is hardly told of in the audit log, so no list of yesterday is believed.
    never_cached=True,
    created_by_closure=False,
    never_deleted="nothing tells which releases there use its versions",
    # Versions are only ever added, so there is nothing that could have changed meanwhile.
    versioned=True,
)

PACKAGE_VERSIONS = Kind("package-versions", "packageversions", "packages", Mode.LOOKUP)
"""All versions of one package; the former kind knows the latest only."""

KINDS = (PACKAGE, PACKAGE_VERSIONS)


def name_of(document_id: str) -> str:
    """``OctoFX.Web`` for ``packages-OctoFX.Web``."""
    return document_id.partition("-")[2]


def versions_of(package_name: str) -> str:
    """The id of the document with all versions of a package."""
    return f"{PACKAGE_VERSIONS.prefix}-{package_name}"
