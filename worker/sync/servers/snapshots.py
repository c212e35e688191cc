"""Runbook snapshots on a server: make one of a runbook as it is now, and publish it."""

from __future__ import annotations

from worker.kinds import registry
from worker.kinds.processes import RUNBOOK_PROCESS
from worker.octopus.client import SpaceClient
from worker.octopus.errors import BadRequest, NotFound
from worker.plan.values import Document

NOTES = "Published by Octosync: the process was changed on the source."


async def publish(space: SpaceClient, document_id: str, runbook_id: str) -> Document:
    """Which version of the process is published now. Raises what the client raises, and
    :class:`worker.octopus.errors.BadRequest` where a package has no version that could be chosen."""
    runbook = await space.get(f"runbooks/{runbook_id}")
    process = await space.get(f"{RUNBOOK_PROCESS.route}/{registry.made_with_owner(RUNBOOK_PROCESS, runbook_id)}")
    answer = {"Id": document_id, "Process": process.get("Version")}
    if await _is_published(space, runbook, process):
        return answer
    template = await space.get(f"runbooks/{runbook_id}/runbookSnapshotTemplate")
    body = {
        "ProjectId": runbook["ProjectId"],
        "RunbookId": runbook_id,
        "Name": template.get("NextNameIncrement"),
        "Notes": NOTES,
        "SelectedPackages": [await _package(space, runbook, one) for one in template.get("Packages") or []],
        "SelectedGitResources": [_git_resource(one) for one in template.get("GitResources") or []],
    }
    snapshot = await space.post("runbookSnapshots", body, publish=True)
    now = await space.get(f"runbooks/{runbook_id}")
    if now.get("PublishedRunbookSnapshotId") != snapshot["Id"]:
        await space.put(f"runbooks/{runbook_id}", {**now, "PublishedRunbookSnapshotId": snapshot["Id"]})
    return answer


async def _is_published(space: SpaceClient, runbook: Document, process: Document) -> bool:
    """Whether the published snapshot is of the process as it is: a run may have been stopped after it was made."""
    published = runbook.get("PublishedRunbookSnapshotId")
    if not published:
        return False
    try:
        snapshot = await space.get(f"runbookSnapshots/{published}")
        frozen = await space.get(f"{RUNBOOK_PROCESS.route}/{snapshot.get('FrozenRunbookProcessId')}")
    except NotFound:
        return False
    return bool(frozen.get("Steps") == process.get("Steps"))


async def _package(space: SpaceClient, runbook: Document, package: Document) -> Document:
    """The newest version that the feed has, unless the step names one or the last snapshot chose one of a feed that
    cannot be asked (its id is an expression)."""
    feed, package_id = str(package.get("FeedId")), str(package.get("PackageId"))
    version = package.get("FixedVersion")
    if not version and package.get("IsResolvable", True) and "#{" not in f"{feed}{package_id}":
        found = await space.get(f"feeds/{feed}/packages/versions", packageId=package_id, take=1)
        version = next((one.get("Version") for one in found.get("Items") or []), None)
    version = version or package.get("VersionSelectedLastRelease")
    if not version:
        raise BadRequest(
            f"runbook {runbook.get('Name')!r} was not published: feed {package.get('FeedName') or feed} has no version "
            f"of package {package_id!r}, which step {package.get('StepName')!r} needs; push one, or publish it by hand",
            method="POST",
            url_path="runbookSnapshots",
        )
    return {
        "ActionName": package.get("ActionName"),
        "PackageReferenceName": package.get("PackageReferenceName"),
        "Version": version,
    }


def _git_resource(resource: Document) -> Document:
    """(?) The form of the 2026.1 command; what a server expects of a runbook with Git dependencies nobody has shown."""
    branch = str(resource.get("DefaultBranch") or "main")
    return {
        "ActionName": resource.get("ActionName"),
        "GitResourceReferenceName": resource.get("Name") or "",
        "GitReferenceResource": {"GitRef": branch if branch.startswith("refs/") else f"refs/heads/{branch}"},
    }
