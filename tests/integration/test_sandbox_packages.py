"""Packages, build information and logos of the sandbox: files in, files out."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from sandbox_http import Http, http

from sandbox.settings import Settings

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


async def send(api: Http, path: str, name: str, data: bytes, method: str = "POST") -> tuple[int, Any]:
    form = aiohttp.FormData()
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    url = f"{api.sandbox.url}/api/Spaces-1/{path}"
    async with api.session.request(method, url, data=form) as answer:
        text = await answer.read()
        return answer.status, (await answer.json() if text else None)


async def download(api: Http, path: str) -> tuple[int, bytes, str]:
    async with api.session.get(f"{api.sandbox.url}/api/Spaces-1/{path}") as answer:
        return answer.status, await answer.read(), answer.content_type


async def test_a_pushed_package_is_listed_and_comes_back() -> None:
    async with http() as api:
        status, made = await send(api, "packages/raw", "Shop.Web.1.2.3.zip", b"PK\r\n--data")
        assert status == 201
        assert (made["Id"], made["PackageId"], made["Version"]) == ("packages-Shop.Web.1.2.3", "Shop.Web", "1.2.3")
        assert (made["FileExtension"], made["PackageSizeBytes"], made["FeedId"]) == (".zip", 10, "feeds-builtin")
        assert (await api.get("packages/packages-Shop.Web.1.2.3")).items() <= made.items()
        assert (await api.get("packages"))["Items"] == [made]
        assert (await download(api, "packages/packages-Shop.Web.1.2.3/raw"))[:2] == (200, b"PK\r\n--data")
        await api.delete("packages/packages-Shop.Web.1.2.3")
        await api.refused("GET", "packages/packages-Shop.Web.1.2.3", status=404)


@pytest.mark.parametrize(
    ("name", "package", "version", "ending"),
    [
        ("web.1.0.zip", "web", "1.0", ".zip"),
        ("a.b.c.1.2.3.4.nupkg", "a.b.c", "1.2.3.4", ".nupkg"),
        ("web.1.0.0-beta.1.tar.gz", "web", "1.0.0-beta.1", ".tar.gz"),
        ("web.1.0.0+build.7.zip", "web", "1.0.0+build.7", ".zip"),
    ],
)
async def test_id_and_version_are_read_from_the_file_name(name: str, package: str, version: str, ending: str) -> None:
    async with http() as api:
        _, made = await send(api, "packages/raw", name, b"x")
        assert (made["PackageId"], made["Version"], made["FileExtension"]) == (package, version, ending)


async def test_a_version_is_pushed_once_unless_it_may_be_overwritten() -> None:
    async with http() as api:
        await send(api, "packages/raw", "web.1.0.0.zip", b"first")
        status, refused = await send(api, "packages/raw", "web.1.0.0.zip", b"second")
        assert status == 409
        assert "overwriteMode" in refused["ErrorMessage"]
        status, _ = await send(api, "packages/raw?overwriteMode=IgnoreIfExists", "web.1.0.0.zip", b"second")
        assert status == 200
        assert (await download(api, "packages/packages-web.1.0.0/raw"))[1] == b"first"
        for query in ("overwriteMode=OverwriteExisting", "replace=true"):
            status, _ = await send(api, f"packages/raw?{query}", "web.1.0.0.zip", query.encode())
            assert status == 200
            assert (await download(api, "packages/packages-web.1.0.0/raw"))[1] == query.encode()


async def test_bad_pushes_are_refused() -> None:
    async with http() as api:
        assert (await send(api, "packages/raw", "noversion.zip", b"x"))[0] == 400
        await api.refused("POST", "packages/raw", {"not": "a form"})
        await api.refused("GET", "packages?nuGetPackageId=a&filter=b")


async def test_the_latest_version_is_the_highest_one() -> None:
    async with http() as api:
        for version in ("1.9.0", "1.10.0", "1.10.0-rc.1", "1.2.0"):
            await send(api, "packages/raw", f"web.{version}.zip", b"x")
        await send(api, "packages/raw", "other.2.0.0.zip", b"x")
        found = (await api.get("packages?nuGetPackageId=web"))["Items"]
        assert [one["Version"] for one in found] == ["1.10.0", "1.10.0-rc.1", "1.9.0", "1.2.0"]
        found = (await api.get("packages?latest=true"))["Items"]
        assert [(one["PackageId"], one["Version"]) for one in found] == [("other", "2.0.0"), ("web", "1.10.0")]
        found = (await api.get("feeds/feeds-builtin/packages/versions?packageId=WEB&take=1"))["Items"]
        assert [one["Version"] for one in found] == ["1.10.0"]
        found = (await api.get("feeds/feeds-builtin/packages/search?term=oth"))["Items"]
        assert [one["LatestVersion"] for one in found] == ["2.0.0"]
        await api.ok("DELETE", "packages/bulk", {"Ids": ["packages-web.1.2.0", "packages-other.2.0.0"]})
        assert (await api.get("packages"))["TotalResults"] == 3


@pytest.mark.parametrize(
    ("version", "category"), [("2026.1.9674", "PackageAddedToBuiltInFeed"), ("2023.4.8290", "Created")]
)
async def test_a_push_looks_like_news_of_the_feed(version: str, category: str) -> None:
    async with http(Settings(version=version)) as api:
        last = api.sandbox.audit.last_auto_id
        await send(api, "packages/raw", "web.1.0.0.zip", b"x")
        await send(api, "packages/raw?overwriteMode=OverwriteExisting", "web.1.0.0.zip", b"y")
        told = [(one.entry.category, one.entry.related) for one in api.sandbox.audit.after(last)]
        assert told == [(category, ("feeds-builtin",))] * 2


async def test_build_information_belongs_to_a_version_of_a_package() -> None:
    async with http() as api:
        said = {"BuildEnvironment": "TeamCity", "Branch": "main", "Commits": [{"Id": "abc", "Comment": "Fix"}]}
        body = {"PackageId": "web", "Version": "1.0.0", "OctopusBuildInformation": said}
        made = await api.post("build-information", body)
        assert (made["Branch"], made["Commits"][0]["Comment"]) == ("main", "Fix")
        _, package = await send(api, "packages/raw", "web.1.0.0.zip", b"x")
        assert package["PackageVersionBuildInformation"]["Id"] == made["Id"]
        status, _ = await api.raw("POST", "build-information", body)
        assert status == 409
        other = {**body, "OctopusBuildInformation": {**said, "Branch": "other"}}
        again = await api.post("build-information?overwriteMode=OverwriteExisting", other)
        assert (again["Id"], again["Branch"]) == (made["Id"], "other")
        assert (await api.post("build-information", {**body, "OverwriteMode": "IgnoreIfExists"}))["Branch"] == "other"
        await api.post("build-information", {**body, "Version": "1.1.0"})
        assert [one["Version"] for one in (await api.get("build-information?packageId=web&latest=true"))["Items"]] == [
            "1.1.0"
        ]
        await api.refused("POST", "build-information", {"PackageId": "web", "Version": "2"})
        await api.delete(f"build-information/{made['Id']}")
        await api.refused("GET", f"build-information/{made['Id']}", status=404)


async def test_logos_of_projects_tenants_and_step_templates() -> None:
    async with http() as api:
        project = await api.project()
        tenant = await api.post("tenants", {"Name": "Acme"})
        template = await api.post("actiontemplates", {"Name": "Say", "ActionType": "Octopus.Script"})
        for path in (f"projects/{project['Id']}", f"tenants/{tenant['Id']}", f"actiontemplates/{template['Id']}"):
            status, data, kind = await download(api, f"{path}/logo")
            assert (status, kind) == (200, "image/svg+xml")
            assert data.startswith(b"<svg")
            assert (await send(api, f"{path}/logo", "logo.png", PNG, "PUT"))[0] == 200
            assert await download(api, f"{path}/logo") == (200, PNG, "image/png")
            assert (await download(api, f"{path}/logo?cb=r1"))[0] == 304
            status, refused = await send(api, f"{path}/logo", "logo.txt", b"text")
            assert (status, refused["Errors"]) == (400, ["Invalid image provided."])
        assert (await download(api, f"actiontemplates/{template['Id']}/versions/0/logo"))[1] == PNG


async def test_an_icon_takes_the_place_of_a_logo() -> None:
    async with http() as api:
        project = await api.project()
        path = f"projects/{project['Id']}"
        await send(api, f"{path}/logo", "logo.png", PNG)
        await api.post(f"Spaces-1/{path}/logo/icon", {"IconId": "octopus", "IconColor": "#123abc"})
        shown = await api.get(path)
        assert shown["Icon"] == {"Id": "octopus", "Color": "#123abc"}
        assert (await download(api, f"{path}/logo"))[2] == "image/svg+xml"
        assert (await api.put(path, {**shown, "Icon": None}))["Icon"] == shown["Icon"]  # a PUT cannot change it
        await api.refused("POST", f"Spaces-1/{path}/logo/icon", {"IconId": "octopus", "IconColor": "red"})
        await api.refused("POST", f"Spaces-1/{path}/logo/icon", {"IconColor": "#123abc"})


async def test_a_feed_lists_its_packages_by_id_and_their_notes() -> None:
    async with http() as api:
        for name in ("web.1.0.0.zip", "web.1.1.0-rc.1.zip", "web.shop.2.0.0.zip"):
            await send(api, "packages/raw", name, b"x")
        path = "feeds/feeds-builtin/packages"

        async def found(query: str) -> list[str]:
            return [f"{one['PackageId']} {one['Version']}" for one in await api.get(f"{path}?{query}")]

        assert await found("packageId=WEB") == ["web 1.1.0-rc.1"]
        assert await found("packageId=web&includePreRelease=false") == ["web 1.0.0"]
        assert await found("packageId=web&includeMultipleVersions=true") == ["web 1.1.0-rc.1", "web 1.0.0"]
        assert sorted(await found("packageId=web&partialMatch=true")) == ["web 1.1.0-rc.1", "web.shop 2.0.0"]
        assert await found("packageId=none") == []
        assert await api.get(f"{path}/notes?packageId=web&version=1.0.0") == ""
        await api.refused("GET", f"{path}/notes?packageId=web&version=9", status=404)
        assert "PackageId" in await api.refused("GET", f"{path}/notes")
        told = await api.get("packages/notes?packageIds=feeds-builtin:web:1.0.0")
        assert [(one["PackageId"], one["Version"]) for one in told["Packages"]] == [("web", "1.0.0")]
