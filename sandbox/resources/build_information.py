"""Build information: what a build server says of a package's version. It can be there before the package."""

from __future__ import annotations

from sandbox import texts
from sandbox.errors import ApiError, bad_request
from sandbox.kind import Kind, declare
from sandbox.paging import page
from sandbox.resources.packages import latest_first, overwrites
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import filled, objects
from sandbox.store import Document, Write

__all__ = ["BUILD_INFORMATION", "add_routes"]

EXISTS = "Build information with the same package ID and version already exists."
_SAID: Document = {
    "BuildEnvironment": None,
    "BuildNumber": None,
    "BuildUrl": None,
    "Branch": None,
    "VcsType": None,
    "VcsRoot": None,
    "VcsCommitNumber": None,
}

BUILD_INFORMATION = declare(
    Kind(
        collection="build-information",
        prefix="BuildInformation",
        name="OctopusPackageVersionBuildInformationMapped",
        fields=(),
        unique_name=False,
        routes=(),
    )
)


def add_routes(router: Router) -> None:
    for method, template, handler in (
        ("GET", "build-information", _list),
        ("POST", "build-information", _push),
        ("GET", "build-information/{id}", lambda call: Answer(_shown(call, call.find(COLLECTION, call.params["id"])))),
        ("DELETE", "build-information/{id}", _delete),
        ("DELETE", "build-information/bulk", _delete_many),
    ):
        router.add(method, template, handler)


COLLECTION = BUILD_INFORMATION.collection


def _shown(call: Call, information: Document) -> Document:
    return {**information["Shown"], "Links": {"Self": call.link(f"{COLLECTION}/{information['Id']}")}}


def _list(call: Call) -> Answer:
    found = list(call.scope.collection(COLLECTION).values())
    exact, text = call.argument("packageId"), call.argument("filter") or call.argument("partialPackageId")
    if exact and call.argument("filter"):
        raise bad_request("Only one of packageId and filter may be given.")
    if exact:
        found = [one for one in found if one["PackageId"].casefold() == exact.casefold()]
    if text:
        found = [one for one in found if text.casefold() in one["PackageId"].casefold()]
    found = latest_first(found)
    if (call.argument("latest") or "").lower() == "true":
        found = list({one["PackageId"]: one for one in reversed(found)}.values())
    return page(call, BUILD_INFORMATION.name, COLLECTION, found, show=lambda one: _shown(call, one))


def _push(call: Call) -> Answer:
    """201 for a new one, 200 for one that was there. Raises ApiError 409 for one that must not be overwritten."""
    body = call.json()
    for name in ("PackageId", "Version", "OctopusBuildInformation"):
        if not body.get(name):
            raise bad_request(texts.required(name))
    said = body["OctopusBuildInformation"]
    if not isinstance(said, dict):
        raise bad_request(texts.wrong_type(said, "OctopusBuildInformation"))
    package, version = str(body["PackageId"]), str(body["Version"])
    stored = call.scope.collection(COLLECTION).values()
    before = next((one for one in stored if (one["PackageId"], one["Version"]) == (package, version)), None)
    mode = overwrites(call, body)
    if before and mode == "failifexists":
        raise ApiError(409, EXISTS, [EXISTS])
    if before and mode == "ignoreifexists":
        return Answer(_shown(call, before))
    document_id = before["Id"] if before else call.store.next_id(BUILD_INFORMATION.prefix)
    commits = [
        {**filled(one, {"Id": None, "Comment": None}), "LinkUrl": None}
        for one in objects(said.get("Commits"), "OctopusBuildInformation.Commits")
    ]
    shown = {
        "Id": document_id,
        "PackageId": package,
        "Version": version,
        **filled(said, _SAID),
        "VcsCommitUrl": None,
        "Commits": commits,
        "WorkItems": [],
        "IssueTrackerName": None,
        "IncompleteDataWarning": None,
        "Created": call.store.clock().isoformat(timespec="milliseconds"),
    }
    document: Document = {
        "Id": document_id,
        "SpaceId": call.space_id,
        "PackageId": package,
        "Version": version,
        "Shown": shown,
    }
    writes = [Write(COLLECTION, before, document)]
    pushed = call.scope.find("packages", f"packages-{package}.{version}")
    if pushed and pushed["BuildInformationId"] != document_id:
        writes.append(Write("packages", pushed, {**pushed, "BuildInformationId": document_id}, side_effect=True))
    call.store.commit(call.space_id, writes, call.actor)
    return Answer(_shown(call, document), status=200 if before else 201)


def _delete(call: Call) -> Answer:
    return _forget(call, [call.params["id"]])


def _delete_many(call: Call) -> Answer:
    return _forget(call, call.arguments("ids") or [str(one) for one in call.json().get("Ids") or []])


def _forget(call: Call, ids: list[str]) -> Answer:
    call.store.commit(call.space_id, [Write(COLLECTION, call.find(COLLECTION, one), None) for one in ids], call.actor)
    return Answer()
