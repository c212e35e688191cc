"""Packages of the built-in feed, end to end: on request, latest or by pattern, and never touched once there."""

from __future__ import annotations

import base64
from typing import Any, cast

import pytest

from sandbox.faults import Fault
from sandbox.resources import packages as stored
from tests.packages import LATEST, package_ids, packages, push, sha1, three
from tests.pair import Document, pair, script
from tests.tenancy import VERSIONS, reasons, servers, settled
from worker.kinds.packages import PACKAGE_VERSIONS
from worker.octopus.client import SpaceClient
from worker.octopus.errors import BadRequest, FileDiffers, Forbidden, ServerFault
from worker.octopus.paging import PAGE
from worker.octopus.streams import Passed
from worker.plan.values import Op
from worker.sync.run import Result
from worker.sync.servers import packages as packages_of
from worker.sync.servers.packages import MOST_FAILURES


@pytest.mark.guide("data-packages", "packages-not-by-default")
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_latest_of_those_that_the_route_includes(version: str) -> None:
    async with pair(**LATEST, **servers(version)) as both:
        await three(both)
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        assert await packages(both.destination) == {
            "OctoFX.Db 3.0.0": sha1(b"db"),
            "OctoFX.Web 2.0.0-beta": sha1(b"web 2.0.0-beta"),
        }
        await settled(both)
        await push(both.source, "OctoFX.Web", "2.0.0", b"released")
        await both.sync("*")
        assert "OctoFX.Web 2.0.0" in await packages(both.destination)
        await settled(both)


@pytest.mark.parametrize("version", VERSIONS)
async def test_versions_by_pattern(version: str) -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["1.1*", "9.*"]}}, **servers(version)) as both:
        await three(both)
        await push(both.destination, "OctoFX.Web", "1.1", b"theirs")
        outcome = await both.sync("*")
        # 1.1 and 1.1.0 are one version, and the one that is there is never touched.
        assert await packages(both.destination) == {
            "OctoFX.Web 1.1": sha1(b"theirs"),
            "OctoFX.Web 1.10.0": sha1(b"web 1.10.0"),
        }
        assert {one.path: one.op for one in outcome.plan} == {
            ("package", "OctoFX.Web"): Op.UPDATE,
            ("package", "OctoFX.Db"): Op.SKIP,
        }
        await settled(both)


@pytest.mark.parametrize("versions", ["latest", ["*"]])
async def test_a_version_that_is_another_file_there_is_left_alone_and_told(versions: Any) -> None:
    async with pair(**LATEST, rules={"packages": {"versions": versions}}) as both:
        await push(both.source, "OctoFX.Web", "2.0.0", b"ours")
        await push(both.destination, "OctoFX.Web", "2.0.0", b"theirs")
        for server in (both.source, both.destination):
            await push(server, "OctoFX.Db", "1.0.0", b"the same")

        outcome = await both.sync("*")

        assert await packages(both.destination) == {
            "OctoFX.Web 2.0.0": sha1(b"theirs"),
            "OctoFX.Db 1.0.0": sha1(b"the same"),
        }
        assert outcome.plan.is_empty
        told = ("package/OctoFX.Web", "Versions[2.0.0]", "package-differs")
        assert await reasons(both) == {told}
        await both.destination.call("DELETE", "packages/" + (await package_ids(both.destination))["OctoFX.Web 2.0.0"])
        await both.sync("*")
        assert (await packages(both.destination))["OctoFX.Web 2.0.0"] == sha1(b"ours")
        assert await reasons(both) == set()


@pytest.mark.spacecloner("bug-26")
async def test_an_upload_that_the_server_refuses_says_why_and_is_made_up_for() -> None:
    async with pair(**LATEST) as both:
        await three(both)
        refusal = Fault("status", path="packages/raw", method="POST", count=0, status=400, errors=["The disk is full."])
        both.destination.sandbox.faults.add(refusal)
        with pytest.raises(BadRequest, match=r"The disk is full\."):
            await both.sync("*")
        assert await packages(both.destination) == {}
        both.destination.sandbox.faults.clear()
        assert (await both.sync("*")).result is Result.CHANGED
        assert set(await packages(both.destination)) == {"OctoFX.Db 3.0.0", "OctoFX.Web 2.0.0-beta"}
        await settled(both)


async def test_all_versions_cross_and_one_that_was_deleted_there_comes_again() -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        await three(both)
        outcome = await both.sync("*")
        [web] = [one for one in outcome.plan.writes if one.path == ("package", "OctoFX.Web")]
        assert [change.where for change in web.changes] == [
            "Versions[2.0.0-beta]", "Versions[1.10.0]", "Versions[1.1.0]", "Versions[1.0.0]",
        ]  # fmt: skip
        before = await packages(both.source)
        assert await packages(both.destination) == {key: one for key, one in before.items() if "Other" not in key}
        await both.destination.call("DELETE", "packages/" + (await package_ids(both.destination))["OctoFX.Web 1.1.0"])
        await both.sync("*")
        assert "OctoFX.Web 1.1.0" in await packages(both.destination)
        await settled(both)


@pytest.mark.spacecloner("bug-26")
async def test_a_later_version_of_the_destination_is_left_alone() -> None:
    async with pair(**LATEST) as both:
        await three(both)
        await push(both.destination, "octofx.web", "10.0.0", b"theirs")
        outcome = await both.sync("*")
        assert "OctoFX.Web 2.0.0-beta" not in await packages(both.destination)
        [web] = [one for one in outcome.plan if one.path == ("package", "OctoFX.Web")]
        assert web.op is Op.LEAVE
        assert "later than the source's" in web.decisions[0].text


@pytest.mark.guide("packages-not-by-default")
async def test_no_package_crosses_because_a_step_needs_it() -> None:
    async with pair() as both:
        await three(both)
        project = await both.source.project("OctoFX")
        feed = next(one for one in await both.source.get("feeds/all") if one["FeedType"] == "BuiltIn")
        step = script("Deploy", Packages=[{"Name": "", "PackageId": "OctoFX.Web", "FeedId": feed["Id"]}])
        await both.source.steps(project, step)
        both.source.sandbox.requests.clear()
        await both.sync("*")
        assert await packages(both.destination) == {}
        assert [one.path for one in both.source.sandbox.requests if "/packages" in one.path] == []


@pytest.mark.guide("packages-not-by-default")
async def test_taken_out_of_the_route_a_package_no_longer_crosses() -> None:
    async with pair(**LATEST) as both:
        await three(both)
        await both.sync("*")
        await push(both.source, "OctoFX.Web", "3.0.0")
        narrower = both.with_route(include={"package": ["OctoFX.Db"]})
        # Not held for its new rules either: there is nothing to write.
        assert (await narrower.sync("*")).result is Result.UNCHANGED
        assert "OctoFX.Web 3.0.0" not in await packages(both.destination)


@pytest.mark.spacecloner("bug-26")
@pytest.mark.parametrize("other", [b"another", b"of that size"])
async def test_what_arrived_is_compared_with_what_was_sent(monkeypatch: pytest.MonkeyPatch, other: bytes) -> None:
    async with pair(**LATEST) as both:
        await push(both.source, "OctoFX.Web", "1.0.0", b"the real one")
        both.source.sandbox.requests.clear()
        plan = (await both.plan("*")).plan
        assert [change.after for one in plan.writes for change in one.changes] == ["12 bytes"]
        assert [one.path for one in both.source.sandbox.requests if one.path.endswith("/raw")] == []

        original = stored.file_of
        monkeypatch.setattr(stored, "file_of", lambda body: (original(body)[0], other))
        await both.sync("*")
        assert await reasons(both) == {("package/OctoFX.Web", "Versions[1.0.0]", "package-differs")}


async def test_a_file_that_the_source_gives_otherwise_than_it_lists_it_does_not_arrive() -> None:
    async with pair(**LATEST) as both:
        await push(both.source, "OctoFX.Web", "1.0.0", b"the real one")
        await push(both.source, "OctoFX.Db", "1.0.0", b"fine")
        [content] = [
            one
            for space in both.source.sandbox.store.spaces()
            for one in both.source.sandbox.store.space(space["Id"]).collection("packagebytes").values()
            if "Web" in one["Id"]
        ]
        content["Data"] = base64.b64encode(b"not as real ").decode()
        with pytest.raises(FileDiffers, match="another file than the server's own list says"):
            await both.sync("*")
        # Of one package nothing is said about the others.
        assert list(await packages(both.destination)) == ["OctoFX.Db 1.0.0"]


async def test_a_file_whose_name_the_destination_reads_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """``Web.2`` in version 1.0.0 and ``Web`` in version 2.1.0.0 are one file name."""
    async with pair(**LATEST) as both:
        await push(both.source, "OctoFX.Web", "1.0.0", b"content")
        original = stored.file_of
        monkeypatch.setattr(stored, "file_of", lambda body: ("OctoFX.2.1.0.0.zip", original(body)[1]))
        with pytest.raises(FileDiffers, match=r"for version 2\.1\.0\.0 of OctoFX"):
            await both.sync("*")


@pytest.mark.parametrize("status", [400, 409])
async def test_a_version_that_is_refused_is_no_reason_to_withhold_the_others(status: int) -> None:
    async with pair(include={"package": ["OctoFX.Web"]}, rules={"packages": {"versions": ["*"]}}) as both:
        await three(both)
        refusal = Fault("status", path="packages/raw", method="POST", status=status, errors=["No."])
        both.destination.sandbox.faults.add(refusal)
        await both.sync("*")  # the second try has only one left to send
        posts = [one for one in both.destination.sandbox.requests if one.method == "POST"]
        assert len(posts) == 5
        assert len(await packages(both.destination)) == 4
        await settled(both)


async def test_a_fault_of_the_server_over_one_version_is_no_reason_to_withhold_the_others() -> None:
    sent: list[str] = []

    class Source:
        async def relay(self, route: str, *more: Any, **query: Any) -> Any:
            sent.append(route)
            if "2.0" in route:
                raise ServerFault("out of memory", status=500)
            return {}, Passed(7, "")

    versions = [{"Id": f"packages-Web.{number}", "Version": number} for number in ("2.0", "1.1", "1.0")]
    body = {"PackageId": "Web", "Versions": versions}
    source = cast("SpaceClient", Source())
    with pytest.raises(ServerFault, match="out of memory"):
        await packages_of.send(source, source, body, lambda _: None)
    assert sent == [f"packages/packages-Web.{number}/raw" for number in ("2.0", "1.1", "1.0")]


async def test_who_may_not_push_does_not_download_one_version_after_another() -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        for number in range(6):
            await push(both.source, "OctoFX.Web", f"1.0.{number}")
        both.source.sandbox.requests.clear()
        fault = Fault("status", path="packages/raw", method="POST", count=0, status=403, errors=["BuiltInFeedPush"])
        both.destination.sandbox.faults.add(fault)
        with pytest.raises(Forbidden, match="BuiltInFeedPush"):
            await both.sync("*")
        downloads = [one for one in both.source.sandbox.requests if one.path.endswith("/raw")]
        assert len(downloads) <= 2  # a run that was refused is tried once more
        both.destination.sandbox.faults.clear()
        fault = Fault("status", path="packages/raw", method="POST", count=0, status=400, errors=["The disk is full."])
        both.destination.sandbox.faults.add(fault)
        both.source.sandbox.requests.clear()
        with pytest.raises(BadRequest, match=r"The disk is full\."):
            await both.sync("*")
        downloads = [one for one in both.source.sandbox.requests if one.path.endswith("/raw")]
        assert len(downloads) == 2 * MOST_FAILURES


ODD = ("Ünï-Wéb_2", "octo.fx-2", "Octo FX", "a")
STYLES = ("1", "1.2", "20231128", "1.2.3.4", "1.0.0-beta.2+build.5", "2.0.0-rc-1", "2016.01.02")


async def test_names_and_versions_of_all_kinds() -> None:
    async with pair(include={"package": ["*"]}, rules={"packages": {"versions": ["*"]}}) as both:
        for name in ODD:
            await push(both.source, name, "1.0.0", name.encode())
        for version in STYLES[1:2] + STYLES[3:]:
            await push(both.source, "Styles", version, version.encode())
        await both.sync("*")
        assert await packages(both.destination) == await packages(both.source)
        await settled(both)


async def test_of_two_versions_that_are_one_only_one_is_sent() -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        for version in ("1.0", "1.0.0"):
            await push(both.source, "OctoFX.Web", version, version.encode())
        await both.sync("*")
        assert len(await packages(both.destination)) == 1
        outcome = await both.sync("*")
        assert outcome.plan.is_empty
        assert {reason for _, _, reason in await reasons(both)} == {"package-differs"}


async def test_more_versions_than_a_page_holds() -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        for number in range(PAGE + 5):
            await push(both.source, "OctoFX.Web", f"1.0.{number}")
            if number != 3:
                await push(both.destination, "OctoFX.Web", f"1.0.{number}")
        outcome = await both.sync("*")
        [web] = outcome.plan.writes
        assert [change.where for change in web.changes] == ["Versions[1.0.3]"]
        assert len(await packages(both.destination)) == PAGE + 5


async def test_a_server_that_answers_with_more_than_it_was_asked_for() -> None:
    class Feed:
        """Takes the name for a part of one."""

        async def list(self, route: str, **query: Any) -> list[Document]:
            assert (route, query["nuGetPackageId"]) == ("packages", "OctoFX")
            names = ("OctoFX.Web", "OctoFX", "octofx")
            return [{"Id": str(at), "PackageId": one, "Version": f"{at}.0"} for at, one in enumerate(names)]

    found = await packages_of.read(cast("SpaceClient", Feed()), PACKAGE_VERSIONS, "packageversions-OctoFX")
    assert [one["Version"] for one in found["Versions"]] == ["2.0", "1.0"]


async def test_stopped_in_the_middle_it_goes_on_with_the_rest() -> None:
    async with pair(**LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        await three(both)
        both.destination.sandbox.faults.add(Fault("reset-after", path="packages/raw", method="POST", count=1))
        await both.sync("*")
        assert len(await packages(both.destination)) == 5
        await settled(both)


async def test_a_large_one_tells_how_far_it_is() -> None:
    async with pair(**LATEST) as both:
        await push(both.source, "OctoFX.Web", "1.0.0", b"x" * (36 * 1024 * 1024))
        said: list[str] = []
        await both.sync("*", progress=said.append)
        assert [one for one in said if "MB" in one] == [
            "package OctoFX.Web 1.0.0: 16 of 36 MB",
            "package OctoFX.Web 1.0.0: 32 of 36 MB",
        ]
