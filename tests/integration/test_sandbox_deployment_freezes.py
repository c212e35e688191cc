"""Deployment freezes: of the server, with projects and environments of its spaces."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import Http, http

from sandbox.settings import Settings

PAST = {"Start": "2001-01-01T00:00:00+00:00", "End": "2001-01-02T00:00:00+00:00"}
NOW = {"Start": "2001-01-01T00:00:00+00:00", "End": "2999-01-01T00:00:00+00:00"}
LATER = {"Start": "2998-01-01T00:00:00+02:00", "End": "2999-01-01T00:00:00+02:00"}


async def freeze(api: Http, name: str = "Holidays", scope: Any = None, **more: Any) -> Any:
    return await api.post(
        "/api/deploymentfreezes", {"Name": name, **NOW, "ProjectEnvironmentScope": scope or {}, **more}
    )


async def listed(api: Http, query: str = "") -> list[str]:
    body = await api.get(f"/api/deploymentfreezes?{query}")
    assert body.keys() == {"DeploymentFreezes", "Count"}
    assert body["Count"] >= len(body["DeploymentFreezes"])
    return [one["Name"] for one in body["DeploymentFreezes"]]


async def scoped(api: Http) -> tuple[Any, Any, Any, Any]:
    """A freeze of a project, an environment and a tenant, and those."""
    test, project = await api.environment("Test"), await api.project()
    links = {"ProjectEnvironments": {project["Id"]: [test["Id"]]}}
    tenant = await api.post("tenants", {"Name": "Acme", **links})
    made = await freeze(api, scope={project["Id"]: [test["Id"]]})
    row = {"ProjectId": project["Id"], "EnvironmentId": test["Id"], "TenantId": tenant["Id"]}
    path = f"/api/deploymentfreezes/{made['Id']}"
    made = await api.put(path, {**made, "TenantProjectEnvironmentScope": [row]})
    assert made["TenantProjectEnvironmentScope"] == [row]
    return made, project, test, tenant


async def test_it_is_made_read_changed_and_deleted() -> None:
    async with http() as api:
        made = await freeze(api)
        assert made["Id"] == "DeploymentFreezes-1"
        assert not made.keys() & {"Links", "SpaceId"}
        path = f"/api/deploymentfreezes/{made['Id']}"
        weekly = {"Type": "Weekly", "Unit": 1, "EndType": "Never", "DaysOfWeek": ["Friday"]}
        changed = await api.put(path, {**made, "Name": "Fridays", "RecurringSchedule": weekly})
        assert (changed["Name"], changed["RecurringSchedule"]) == ("Fridays", weekly)
        assert await api.get(path) == changed
        await api.delete(path)
        await api.refused("GET", path, status=404)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"Name": ""}, "Name"),
        ({"End": "2000-01-01T00:00:00+00:00"}, "after its start"),
        ({"Start": "soon"}, "Start"),
        ({"Start": "2001-01-01T00:00:00"}, "offset"),
        ({"ProjectEnvironmentScope": {"Projects-999": []}}, "Projects-999"),
    ],
)
async def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    async with http() as api:
        body = {"Name": "Holidays", **NOW, "ProjectEnvironmentScope": {}, **wrong}
        status, answer = await api.raw("POST", "/api/deploymentfreezes", body)
        assert status in (400, 404)
        assert words in str(answer)


async def test_lists_leave_out_what_is_over_and_narrow_by_scope_and_time() -> None:
    async with http() as api:
        await freeze(api, "a past one", **PAST)
        await freeze(api, "later", **LATER)
        made, project, test, tenant = await scoped(api)
        assert await listed(api) == [made["Name"], "later"]
        assert await listed(api, "includeComplete=true") == ["a past one", made["Name"], "later"]
        assert await listed(api, "includeComplete=true&skip=2&take=1") == ["later"]
        assert await listed(api, "partialName=LAT") == ["later"]
        for query in (f"projectIds={project['Id']}", f"environmentIds={test['Id']}", f"tenantIds={tenant['Id']}"):
            assert await listed(api, query) == [made["Name"]]
        assert await listed(api, "status=scheduled") == ["later"]
        assert await listed(api, "status=active") == [made["Name"]]
        assert await listed(api, "effectiveDate=2998-06-01T00:00:00%2B00:00") == [made["Name"], "later"]
        assert await listed(api, "effectiveDate=2100-06-01T00:00:00%2B00:00") == [made["Name"]]


@pytest.mark.parametrize("kind", ["project", "environment", "tenant"])
async def test_what_is_deleted_leaves_the_scope(kind: str) -> None:
    """OctopusDeploy/Issues#8845; the freeze stays, though it freezes nothing any more (#9785)."""
    async with http() as api:
        made, project, test, tenant = await scoped(api)
        if kind == "environment":
            await api.put(f"tenants/{tenant['Id']}", {**tenant, "ProjectEnvironments": {project["Id"]: []}})
        gone = {"project": project, "environment": test, "tenant": tenant}[kind]
        await api.delete(f"{kind}s/{gone['Id']}")
        left = await api.get(f"/api/deploymentfreezes/{made['Id']}")
        assert gone["Id"] not in str(left)
        assert left["TenantProjectEnvironmentScope"] == []


async def test_it_is_audited_as_one_of_the_system() -> None:
    async with http() as api:
        last = api.sandbox.audit.last_auto_id
        made = await freeze(api)
        [event] = api.sandbox.audit.after(last)
        assert (event.entry.category, event.entry.space_id, event.entry.related[0]) == ("Created", None, made["Id"])


async def test_older_servers_do_not_have_it() -> None:
    async with http(Settings(version="2023.4.8290")) as api:
        await api.refused("GET", "/api/deploymentfreezes", status=404)
