"""What a user wants to see of a space: `dashboardconfiguration`."""

from __future__ import annotations

from sandbox_http import http

from sandbox.access import Access
from sandbox.settings import Settings

PATH = "dashboardconfiguration"


async def test_it_is_there_before_it_was_saved_and_each_user_has_one() -> None:
    ann = Access(api_key="API-ANN", username="ann")
    async with http(Settings(keys=(ann,))) as api:
        empty = await api.get(PATH)
        assert (empty["IncludedProjectIds"], empty["SpaceId"]) == ([], "Spaces-1")
        project = await api.project()
        saved = await api.put(PATH, {"IncludedProjectIds": [project["Id"]], "ProjectLimit": 50})
        assert (saved["IncludedProjectIds"], saved["ProjectLimit"]) == ([project["Id"]], 50)
        assert await api.get(PATH) == saved
        assert "UserId" not in saved
        async with api.session.get(f"{api.sandbox.url}/api/{PATH}", headers={"X-Octopus-ApiKey": "API-ANN"}) as answer:
            assert (await answer.json())["IncludedProjectIds"] == []


async def test_an_empty_body_sets_it_back() -> None:
    """OctopusDeploy/Issues#7833."""
    async with http() as api:
        test = await api.environment()
        await api.put(PATH, {"IncludedEnvironmentIds": [test["Id"]]})
        async with api.session.put(f"{api.sandbox.url}/api/{PATH}") as answer:
            assert answer.status == 200
        assert (await api.get(PATH))["IncludedEnvironmentIds"] == []


async def test_what_is_not_there_is_refused_and_what_is_deleted_leaves_it() -> None:
    async with http() as api:
        assert "Projects-99" in await api.refused("PUT", PATH, {"IncludedProjectIds": ["Projects-99"]})
        one, other = await api.project("A"), await api.project("B")
        await api.put(PATH, {"IncludedProjectIds": [one["Id"], other["Id"]]})
        await api.delete(f"projects/{one['Id']}")
        assert (await api.get(PATH))["IncludedProjectIds"] == [other["Id"]]


async def test_a_tag_that_it_names_stays() -> None:
    """OctopusDeploy/Issues#3436."""
    async with http() as api:
        made = await api.post("tagsets", {"Name": "Region", "Tags": [{"Name": "North", "Color": "#333333"}]})
        assert (await api.put(PATH, {"IncludedTenantTags": ["Region/North"]}))["IncludedTenantTags"] == ["Region/North"]
        await api.refused("DELETE", f"tagsets/{made['Id']}")
        await api.put(PATH, {})
        await api.delete(f"tagsets/{made['Id']}")
