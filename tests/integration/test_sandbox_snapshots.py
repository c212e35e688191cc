"""Releases and runbook snapshots of the sandbox: what they freeze, and what they hold on to."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, action, http

RETENTION = {"QuantityToKeep": 100, "ShouldKeepForever": False}


class Yard:
    """A project with a library set, a variable and a step, and a runbook with a step."""

    def __init__(self, api: Http) -> None:
        self.api = api

    async def build(self) -> Yard:
        api = self.api
        self.common = await api.post("libraryvariablesets", {"Name": "Common"})
        await api.save_variables(self.common, [{"Name": "Shared", "Value": "1"}])
        self.project = await api.project(IncludedLibraryVariableSetIds=[self.common["Id"]])
        secret = {"Name": "Key", "Value": "s3cret", "Type": "Sensitive", "IsSensitive": True}
        await api.save_variables(self.project, [{"Name": "Own", "Value": "1"}, secret])
        self.process = await api.save_steps(self.project, [action("First")])
        body = {"Name": "Restart", "ProjectId": self.project["Id"], "RunRetentionPolicy": RETENTION}
        self.runbook = await api.post("runbooks", body)
        process = await api.get(f"runbookprocesses/{self.runbook['RunbookProcessId']}")
        await api.put(f"runbookprocesses/{process['Id']}", {**process, "Steps": [action("Stop")]})
        return self

    async def release(self, version: str = "1.0.0") -> Any:
        return await self.api.post("releases", {"ProjectId": self.project["Id"], "Version": version})

    async def snapshot(self, name: str = "Snapshot 1", query: str = "", **more: Any) -> Any:
        body = {"ProjectId": self.project["Id"], "RunbookId": self.runbook["Id"], "Name": name, **more}
        return await self.api.post(f"runbooksnapshots{query}", body)


async def test_a_release_keeps_process_and_variables_as_they_were() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        release = await yard.release()
        assert release["ProjectDeploymentProcessSnapshotId"].startswith(f"{yard.process['Id']}-s-1-")
        assert len(release["LibraryVariableSetSnapshotIds"]) == 1
        await api.save_steps(yard.project, [action("Second")])
        await api.save_variables(yard.project, [{"Name": "Own", "Value": "2"}])
        frozen = await api.get(f"deploymentprocesses/{release['ProjectDeploymentProcessSnapshotId']}")
        assert [step["Name"] for step in frozen["Steps"]] == ["First"]
        variables = await api.get(f"variables/{release['ProjectVariableSetSnapshotId']}")
        assert [(one["Name"], one["Value"]) for one in variables["Variables"]] == [("Own", "1"), ("Key", None)]
        assert "frozen" in await api.refused("PUT", f"variables/{variables['Id']}", variables)
        assert "frozen" in await api.refused("PUT", f"deploymentprocesses/{frozen['Id']}", frozen)

        again = await api.ok("POST", f"releases/{release['Id']}/snapshot-variables")
        variables = await api.get(f"variables/{again['ProjectVariableSetSnapshotId']}")
        assert [one["Value"] for one in variables["Variables"]] == ["2"]
        await api.refused("GET", f"variables/{release['ProjectVariableSetSnapshotId']}", status=404)


async def test_releases_are_numbered_once_and_found_by_version_and_channel() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        first = await yard.release("1.0.0")
        await yard.release("1.0.1")
        path = f"projects/{yard.project['Id']}/releases"
        assert [one["Version"] for one in (await api.get(path))["Items"]] == ["1.0.1", "1.0.0"]
        assert [one["Version"] for one in (await api.get(f"{path}?searchByVersion=0.1"))["Items"]] == ["1.0.1"]
        assert (await api.get(f"{path}/1.0.0"))["Id"] == first["Id"]
        await api.refused("GET", f"{path}/9.9.9", status=404)
        body = {"ProjectId": yard.project["Id"], "Version": "1.0.0"}
        assert "already exists" in await api.refused("POST", "releases", body)
        await api.refused("POST", "releases", {**body, "Version": "2", "ChannelId": "Channels-99"}, status=404)
        named = {"ProjectName": "shop", "ChannelName": "Default", "ReleaseVersion": "2.0.0"}
        made = await api.post("releases/create/v1", named)
        assert made["ReleaseVersion"] == "2.0.0"
        assert (await api.post("releases/create/v1", {"ProjectName": "Shop"}))["ReleaseVersion"] == "2.0.1"
        frozen = await api.get(f"{path}/1.0.0/variables")
        assert [one["OwnerId"] for one in frozen] == [yard.project["Id"], yard.common["Id"]]
        channel = (await api.get(f"projects/{yard.project['Id']}/channels"))["Items"][0]
        of_channel = await api.get(f"projects/{yard.project['Id']}/channels/{channel['Id']}/releases")
        assert of_channel["TotalResults"] == 4
        other = await api.project("Other")
        await api.refused("GET", f"projects/{other['Id']}/channels/{channel['Id']}/releases", status=404)
        await api.refused("POST", "releases/create/v1", {"ProjectName": "Nothing"}, status=404)
        await api.refused("POST", "releases/create/v1", {})


async def test_a_runbook_snapshot_freezes_and_can_be_published() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        template = await api.get(f"runbooks/{yard.runbook['Id']}/runbooksnapshottemplate")
        assert template["NextNameIncrement"] == "Snapshot 1"
        draft = await yard.snapshot()
        assert (await api.get(f"runbooks/{yard.runbook['Id']}"))["PublishedRunbookSnapshotId"] is None
        frozen = await api.get(f"runbookprocesses/{draft['FrozenRunbookProcessId']}")
        assert [step["Name"] for step in frozen["Steps"]] == ["Stop"]

        last = api.sandbox.audit.last_auto_id
        runbook = await api.get(f"runbooks/{yard.runbook['Id']}")
        await api.put(f"runbooks/{runbook['Id']}", {**runbook, "PublishedRunbookSnapshotId": draft["Id"]})
        told = [one.entry.category for one in api.sandbox.audit.after(last)]
        assert told == ["Modified", "RunbookSnapshotPublished"]
        newer = await yard.snapshot("Snapshot 2", "?publish=true")
        assert (await api.get(f"runbooks/{yard.runbook['Id']}"))["PublishedRunbookSnapshotId"] == newer["Id"]

        listed = await api.get(f"runbooks/{yard.runbook['Id']}/runbooksnapshots")
        assert [one["Name"] for one in listed["Items"]] == ["Snapshot 2", "Snapshot 1"]
        of_project = f"projects/{yard.project['Id']}/runbooksnapshots/Snapshot%201"
        assert (await api.get(of_project))["Id"] == draft["Id"]
        sets = await api.get(f"{of_project}/variables")
        assert [len(one["Variables"]) for one in sets] == [2, 1]
        await api.delete(f"runbooksnapshots/{newer['Id']}")
        assert (await api.get(f"runbooks/{yard.runbook['Id']}"))["PublishedRunbookSnapshotId"] is None


async def test_bad_snapshots_are_refused() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        await yard.snapshot()
        body = {"ProjectId": yard.project["Id"], "RunbookId": yard.runbook["Id"], "Name": "snapshot 1"}
        await api.refused("POST", "runbooksnapshots", body)
        await api.refused("POST", "runbooksnapshots", {**body, "Name": "x", "RunbookId": "Runbooks-9"}, status=404)
        await api.refused("POST", "runbooksnapshots", {**body, "Name": "x", "ProjectId": "Projects-9"})
        runbook = await api.get(f"runbooks/{yard.runbook['Id']}")
        other = {**runbook, "PublishedRunbookSnapshotId": "RunbookSnapshots-9"}
        await api.refused("PUT", f"runbooks/{runbook['Id']}", other, status=404)


async def test_what_a_release_or_snapshot_was_made_with_stays() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        tags = await api.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "a"}]})
        await api.save_steps(yard.project, [action("Run", TenantTags=["Ring/a"])])
        beta = await api.post("channels", {"Name": "Beta", "ProjectId": yard.project["Id"]})
        body = {"ProjectId": yard.project["Id"], "Version": "1", "ChannelId": beta["Id"]}
        release = await api.post("releases", body)
        snapshot = await yard.snapshot()
        await api.save_steps(yard.project, [])
        await api.put(f"projects/{yard.project['Id']}", {**yard.project, "IncludedLibraryVariableSetIds": []})
        words = "can't be deleted because it's currently being referenced in a release or runbook snapshot."
        assert words in await api.refused("DELETE", f"libraryvariablesets/{yard.common['Id']}")
        await api.refused("DELETE", f"tagsets/{tags['Id']}")
        await api.refused("DELETE", f"channels/{beta['Id']}")
        await api.delete(f"releases/{release['Id']}")
        await api.refused("DELETE", f"libraryvariablesets/{yard.common['Id']}")
        await api.delete(f"runbooksnapshots/{snapshot['Id']}")
        for path in (f"libraryvariablesets/{yard.common['Id']}", f"tagsets/{tags['Id']}", f"channels/{beta['Id']}"):
            await api.delete(path)


async def test_all_of_it_goes_with_the_project_or_the_runbook() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        await yard.release()
        await yard.snapshot()
        space = api.sandbox.store.space("Spaces-1")
        await api.delete(f"runbooks/{yard.runbook['Id']}")
        assert not space.collection("runbooksnapshots")
        assert len(space.collection("frozenprocesses")) == 1
        last = api.sandbox.audit.last_auto_id
        await api.delete(f"projects/{yard.project['Id']}")
        for collection in ("releases", "frozenprocesses", "frozenvariables"):
            assert not space.collection(collection), collection
        assert [one.entry.related for one in api.sandbox.audit.after(last)] == [(yard.project["Id"],)]


async def test_a_release_names_its_project_beside_itself_in_the_log() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        last = api.sandbox.audit.last_auto_id
        release = await yard.release()
        (event,) = api.sandbox.audit.after(last)
        assert set(event.entry.related) == {yard.project["Id"], release["Id"]}


async def test_a_snapshot_is_renamed_and_deleted_below_its_project() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        made = await yard.snapshot()
        path = f"projects/{yard.project['Id']}/runbooksnapshots/{made['Id']}"
        assert (await api.put(path, {**made, "Name": "Better"}))["Name"] == "Better"
        of_runbook = f"projects/{yard.project['Id']}/runbooks/{yard.runbook['Id']}"
        listed = (await api.get(f"{of_runbook}/runbookSnapshots"))["Items"]
        assert [one["Name"] for one in listed] == ["Better"]
        wanted = await api.get(f"{of_runbook}/runbookSnapshotTemplate")
        of_process = f"runbookProcesses/{yard.runbook['RunbookProcessId']}/runbookSnapshotTemplate"
        assert await api.get(of_process) == wanted
        assert await api.get(f"projects/{yard.project['Id']}/{of_process}") == wanted
        await api.delete(path)
        await api.refused("GET", path, status=404)
        other = await api.project("Other")
        await api.refused("GET", f"projects/{other['Id']}/{of_process}", status=404)


async def test_the_environments_of_a_runbook_are_those_that_it_may_run_in() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        dev, test, live = [await api.environment(name) for name in ("Dev", "Test", "Live")]
        phases = [{"Name": "First", "OptionalDeploymentTargets": [dev["Id"], test["Id"]]}]
        lifecycle = await api.post("lifecycles", {"Name": "Short", "Phases": phases})
        await api.put(f"projects/{yard.project['Id']}", {**yard.project, "LifecycleId": lifecycle["Id"]})
        path = f"runbooks/{yard.runbook['Id']}"
        for scope, environments, found in (
            ("All", [], [dev, test, live]),
            ("Specified", [live["Id"]], [live]),
            ("FromProjectLifecycles", [], [dev, test]),
        ):
            runbook = await api.get(path)
            await api.put(path, {**runbook, "EnvironmentScope": scope, "Environments": environments})
            for route in (path, f"projects/{yard.project['Id']}/{path}"):
                assert [one["Id"] for one in await api.get(f"{route}/environments")] == [one["Id"] for one in found]
            told = await api.get(f"Spaces-1/projects/{yard.project['Id']}/{path}/environments/v2")
            assert [one["Id"] for one in told["Environments"]] == [one["Id"] for one in found]
