"""Packages of the built-in feed: pushed as files, named `<id>.<version>.<ending>`, listed and downloaded.

The bytes of a package lie in a collection of their own, base64 in the state. A push is audited as if the feed were
created, or in a category of its own since 2025.3 (`sandbox.event_noise`); nothing else about packages is.
"""

from __future__ import annotations

import base64
import hashlib
import re

from sandbox import texts
from sandbox.errors import ApiError, bad_request, not_found
from sandbox.kind import Kind, declare
from sandbox.multipart import file_of
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["PACKAGES", "add_routes", "in_range", "latest_first", "overwrites"]

EXISTS = (
    "A package with the same ID and version already exists. To proceed anyway, specify an overwriteMode of "
    "OverwriteExisting or IgnoreIfExists."
)
_FILE = re.compile(
    r"(?P<id>.+?)\.(?P<version>\d+(?:\.\d+){1,3}(?:-[\w.-]+?)?(?:\+[\w.-]+?)?)\.(?P<ending>tar\.\w+|\w+)$"
)
_BYTES = "packagebytes"

PACKAGES = declare(
    Kind(
        collection="packages",
        prefix="packages",
        name="PackageFromBuiltInFeed",
        fields=(),
        unique_name=False,
        routes=(),
    )
)


def add_routes(router: Router) -> None:
    for method, template, handler in (
        ("GET", "packages", _list),
        ("POST", "packages/raw", _push),
        ("GET", "packages/{id}", _get),
        ("GET", "packages/{id}/raw", _download),
        ("DELETE", "packages/{id}", _delete),
        ("DELETE", "packages/bulk", _delete_many),
        ("GET", "packages/notes", _all_notes),
        ("GET", "feeds/{feed}/packages", _in_feed_by_id),
        ("GET", "feeds/{feed}/packages/notes", _notes),
        ("GET", "feeds/{feed}/packages/versions", _versions),
        ("GET", "feeds/{feed}/packages/search", _search),
    ):
        router.add(method, template, handler)


def _order(version: str) -> tuple[list[int], bool, str]:
    numbers, _, rest = version.partition("-")
    parts = [int(number) for number in re.findall(r"\d+", numbers.partition("+")[0])]
    return [*parts, 0, 0, 0, 0][:4], not rest, rest


def latest_first(documents: list[Document]) -> list[Document]:
    """By version, as numbers; a pre-release comes before its release (SemVer)."""
    return sorted(documents, key=lambda document: _order(document["Version"]), reverse=True)


def in_range(version: str, limits: str) -> bool:
    """Whether a version lies in a NuGet range: `[1.0,2.0)`, `(,2.0]`, `[1.0]`, or `1.0` for that one or a later.

    Raises ApiError 400 for what is no range.
    """
    text = limits.strip()
    bounds = re.fullmatch(r"([\[(])\s*([^,\s]*)\s*(?:(,)\s*([^,\s]*)\s*)?([\])])", text)
    if bounds is None:
        if not re.fullmatch(r"\d[\w.+-]*", text):
            raise bad_request(f"'{limits}' is not a version range.")
        return _order(version) >= _order(text)
    opened, low, comma, high, closed = bounds.groups()
    if not comma:
        return _order(version) == _order(low)
    above = not low or _order(version) > _order(low) or (opened == "[" and _order(version) == _order(low))
    below = not high or _order(version) < _order(high) or (closed == "]" and _order(version) == _order(high))
    return above and below


def overwrites(call: Call, body: Document | None = None) -> str:
    """What to do with something that is there already: failifexists, overwriteexisting or ignoreifexists."""
    given = {key.lower(): value for key, value in (body or {}).items()}
    mode = call.argument("overwriteMode") or given.get("overwritemode")
    replace = call.argument("replace") or given.get("replace")
    return str(mode or ("OverwriteExisting" if str(replace).lower() == "true" else "FailIfExists")).lower()


def _feed_id(call: Call) -> str:
    feeds = call.scope.collection("feeds").values()
    return next(str(feed["Id"]) for feed in feeds if feed["FeedType"] == "BuiltIn")


def _shown(call: Call, package: Document) -> Document:
    links = {"Self": call.link(f"packages/{package['Id']}"), "Raw": call.link(f"packages/{package['Id']}/raw")}
    build = call.scope.find("build-information", package.get("BuildInformationId"))
    known = {key: value for key, value in package.items() if key not in ("Name", "SpaceId", "BuildInformationId")}
    return {**known, "PackageVersionBuildInformation": build and build["Shown"], "Links": links}


def _get(call: Call) -> Answer:
    """One package says less than a list of them (server Swagger 2026.1)."""
    shown = _shown(call, _find(call))
    return Answer({key: value for key, value in shown.items() if key not in ("PackageSizeBytes", "Hash")})


def _find(call: Call) -> Document:
    return call.find("packages", call.params["id"])


def _list(call: Call) -> Answer:
    """All packages by id, the latest version first; `latest=true` shows only that one of each."""
    packages = list(call.scope.collection("packages").values())
    exact, text = call.argument("nuGetPackageId"), call.argument("filter")
    if exact and text:
        raise bad_request("Only one of nuGetPackageId and filter may be given.")
    if exact:
        packages = [one for one in packages if one["PackageId"].casefold() == exact.casefold()]
    if text:
        packages = [one for one in packages if text.casefold() in one["PackageId"].casefold()]
    by_id: dict[str, list[Document]] = {}
    for package in latest_first(packages):
        by_id.setdefault(package["PackageId"].casefold(), []).append(package)
    only_latest = (call.argument("latest") or "").lower() == "true"
    chosen = [one for name in sorted(by_id) for one in (by_id[name][:1] if only_latest else by_id[name])]
    return page(call, PACKAGES.name, "packages", chosen, show=lambda one: _shown(call, one))


def _push(call: Call) -> Answer:
    """201 for a new package, 200 for one that was there. Raises ApiError 409 for one that must not be overwritten."""
    name, data = file_of(call.raw_body)
    found = _FILE.fullmatch(name)
    if found is None:
        raise bad_request(f"The file name '{name}' is not of the form <package id>.<version>.<extension>.")
    package_id, version = found["id"], found["version"]
    document_id = f"packages-{package_id}.{version}"
    before = call.scope.find("packages", document_id)
    mode = overwrites(call)
    if before and mode == "failifexists":
        raise ApiError(409, EXISTS, [EXISTS])
    if before and mode == "ignoreifexists":
        return Answer(_shown(call, before))
    feed = _feed_id(call)
    builds = call.scope.collection("build-information").values()
    build = next((one["Id"] for one in builds if (one["PackageId"], one["Version"]) == (package_id, version)), None)
    package: Document = {
        "Id": document_id,
        "SpaceId": call.space_id,
        "Name": package_id,
        "PackageId": package_id,
        "NuGetPackageId": package_id,
        "FeedId": feed,
        "NuGetFeedId": feed,
        "Title": None,
        "Summary": None,
        "Version": version,
        "Description": None,
        "Published": call.store.clock().isoformat(timespec="milliseconds"),
        "ReleaseNotes": None,
        "FileExtension": f".{found['ending']}",
        "PackageSizeBytes": len(data),
        "Hash": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "BuildInformationId": build,
    }
    stored = call.scope.find(_BYTES, f"bytes-{document_id}")
    content: Document = {"Id": f"bytes-{document_id}", "Data": base64.b64encode(data).decode()}
    writes = [Write("packages", before, package), Write(_BYTES, stored, content, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer(_shown(call, package), status=200 if before else 201)


def _download(call: Call) -> Answer:
    package = _find(call)
    content = call.find(_BYTES, f"bytes-{package['Id']}")
    name = f"{package['PackageId']}.{package['Version']}{package['FileExtension']}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    data = base64.b64decode(content["Data"])
    return Answer(raw=data, content_type="application/octet-stream", headers=headers)


def _forget(call: Call, packages: list[Document]) -> Answer:
    writes: list[Write] = []
    for package in packages:
        content = call.find(_BYTES, f"bytes-{package['Id']}")
        writes += [Write("packages", package, None), Write(_BYTES, content, None, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer()


def _delete(call: Call) -> Answer:
    return _forget(call, [_find(call)])


def _delete_many(call: Call) -> Answer:
    """The ids are in the query until 2023, in the body later."""
    ids = call.arguments("ids") or [str(one) for one in call.json().get("Ids") or []]
    return _forget(call, [call.find("packages", one) for one in ids])


def _in_feed(call: Call) -> list[Document]:
    """The packages of a feed. Only the built-in one has any: the sandbox asks nobody else."""
    feed = call.scope.find("feeds", call.params["feed"])
    if feed is None:
        raise not_found(call.params["feed"])
    return list(call.scope.collection("packages").values()) if feed["FeedType"] == "BuiltIn" else []


def _in_feed_by_id(call: Call) -> Answer:
    """Packages as a bare list: all versions, or with `includeMultipleVersions=false` the latest of each."""
    ids = {one.casefold() for one in (call.argument("packageId"), *call.arguments("packageIds")) if one}
    part = (call.argument("partialMatch") or "").lower() == "true"
    found = latest_first(
        [
            one
            for one in _in_feed(call)
            if not ids
            or any(w == one["PackageId"].casefold() or (part and w in one["PackageId"].casefold()) for w in ids)
        ]
    )
    found = _narrowed(call, found)
    if (call.argument("includeMultipleVersions") or "false").lower() != "true":
        found = list({one["PackageId"]: one for one in reversed(found)}.values())
    skip, take = call.number("skip", 0), call.number("take", 30)
    return Answer([_shown(call, one) for one in found[skip : skip + take]])


def _notes(call: Call) -> Answer:
    """Release notes as text. Nothing is read out of a package here, so they are empty."""
    package, version = call.argument("packageId"), call.argument("version")
    if not package or not version:
        raise bad_request(texts.required("Version" if package else "PackageId"))
    if not any(
        (one["PackageId"].casefold(), one["Version"]) == (package.casefold(), version) for one in _in_feed(call)
    ):
        raise not_found(package)
    return Answer("")


def _all_notes(call: Call) -> Answer:
    """For each `feed:package:version` of the query, what `_notes` says of it."""
    rows = []
    for one in call.arguments("packageIds"):
        feed, _, rest = one.partition(":")
        package, _, version = rest.partition(":")
        result = {"Succeeded": True, "FailureReason": None, "Notes": "", "DisplayMessage": None, "Published": None}
        rows.append({"PackageId": package, "FeedId": feed, "Version": version, "Notes": result})
    return Answer({"Id": None, "Packages": rows, "Links": {}})


def _narrowed(call: Call, found: list[Document]) -> list[Document]:
    """Those that pass `includePreRelease`, `preReleaseTag` and `versionRange`. (?) A range is one of NuGet's, a tag a
    regular expression."""
    if (call.argument("includePreRelease") or "true").lower() != "true":
        found = [one for one in found if "-" not in one["Version"]]
    tag = call.argument("preReleaseTag")
    if tag:
        found = [one for one in found if re.search(tag, one["Version"].partition("-")[2])]
    limits = call.argument("versionRange")
    if limits:
        found = [one for one in found if in_range(one["Version"], limits)]
    return found


def _versions(call: Call) -> Answer:
    """Of one package, the latest first."""
    wanted = (call.argument("packageId") or "").casefold()
    found = latest_first([one for one in _in_feed(call) if one["PackageId"].casefold() == wanted])
    part = (call.argument("filter") or "").casefold()
    found = [one for one in found if part in one["Version"].casefold()]
    found = _narrowed(call, found)
    path = f"feeds/{call.params['feed']}/packages/versions"
    return page(call, "PackageVersion", path, found, show=_as_version)


def _as_version(package: Document) -> Document:
    names = ("PackageId", "FeedId", "Title", "Version", "Published", "ReleaseNotes")
    return {"Id": package["Id"], **{name: package[name] for name in names}, "Links": {}}


def _search(call: Call) -> Answer:
    term = (call.argument("term") or "").casefold()
    latest: dict[str, Document] = {}
    for package in latest_first([one for one in _in_feed(call) if term in one["PackageId"].casefold()]):
        latest.setdefault(package["PackageId"], package)
    path = f"feeds/{call.params['feed']}/packages/search"
    return page(call, "PackageDescription", path, [latest[name] for name in sorted(latest)], 20, _as_description)


def _as_description(package: Document) -> Document:
    return {
        "Id": package["PackageId"],
        "Name": package["PackageId"],
        "Description": package["Description"],
        "LatestVersion": package["Version"],
        "Links": {},
    }
