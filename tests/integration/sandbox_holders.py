"""What may hold a document that somebody wants to delete: a runbook, a release, a team's role."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http

SECRET = {"NewValue": "s3cret"}


async def new_runbook(octopus: Http, project: Any, name: str = "Restart") -> Any:
    retention = {"QuantityToKeep": 100, "Unit": "Items"}
    body = {"Name": name, "ProjectId": project["Id"], "RunRetentionPolicy": retention}
    return await octopus.post("runbooks", body)


async def new_release(octopus: Http, project: Any, version: str = "1.0.0") -> Any:
    return await octopus.post("releases", {"ProjectId": project["Id"], "Version": version})


async def new_role(octopus: Http, **scope: Any) -> Any:
    """A user role of a team of its own, within this scope."""
    team = await octopus.post("teams", {"Name": "Shop team", "MemberUserIds": [], "ExternalSecurityGroups": []})
    return await octopus.post(
        "/api/Spaces-1/scopeduserroles", {"TeamId": team["Id"], "UserRoleId": "userroles-projectviewer", **scope}
    )
