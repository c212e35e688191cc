"""Targets, workers, pools, policies and proxies of the sandbox: enough to be referred to, scoped to and listed."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, http

LISTENING = {"CommunicationStyle": "TentaclePassive", "Uri": "https://m.example:10933/", "Thumbprint": "AB"}


async def target(api: Http, name: str, environment: Any, **more: Any) -> Any:
    body = {"Name": name, "Roles": ["web"], "EnvironmentIds": [environment["Id"]], "Endpoint": LISTENING, **more}
    return await api.post("machines", body)


async def test_targets_are_filtered_by_what_they_are_in() -> None:
    async with http() as api:
        dev, prod = await api.environment("Dev"), await api.environment("Prod")
        await target(api, "a", dev)
        await target(api, "b", prod, Roles=["db"], IsDisabled=True)

        async def names(query: str) -> list[str]:
            return [one["Name"] for one in (await api.get(f"machines?{query}"))["Items"]]

        assert await names("roles=DB,cache") == ["b"]
        assert await names(f"environmentIds={dev['Id']}") == ["a"]
        assert await names("isDisabled=false") == ["a"]
        assert await names("") == ["a", "b"]
        assert [one["Name"] for one in (await api.get(f"environments/{prod['Id']}/machines"))["Items"]] == ["b"]


async def test_a_policy_starts_from_its_template_and_lists_its_machines() -> None:
    async with http() as api:
        template = await api.get("machinepolicies/template")
        policy = await api.post("machinepolicies", {**template, "Name": "Strict"})
        assert policy["MachineHealthCheckPolicy"] == template["MachineHealthCheckPolicy"]
        dev = await api.environment()
        await target(api, "strict", dev, MachinePolicyId=policy["Id"])
        await target(api, "plain", dev)
        default = next(one for one in await api.get("machinepolicies/all") if one["IsDefault"])
        for one, expected in ((policy, ["strict"]), (default, ["plain"])):
            listed = await api.get(f"machinepolicies/{one['Id']}/machines")
            assert [machine["Name"] for machine in listed["Items"]] == expected
            assert (await api.get(f"machinepolicies/{one['Id']}/workers"))["Items"] == []
        await api.delete(f"machinepolicies/{policy['Id']}")
        assert len((await api.get(f"machinepolicies/{default['Id']}/machines"))["Items"]) == 2


async def test_workers_live_in_static_pools() -> None:
    async with http() as api:
        pool = await api.post("workerpools", {"Name": "Static", "WorkerPoolType": "StaticWorkerPool"})
        cloud = {"Name": "Cloud", "WorkerPoolType": "DynamicWorkerPool", "WorkerType": "Ubuntu2204"}
        dynamic = await api.post("workerpools", cloud)
        assert (dynamic["WorkerType"], dynamic["CanAddWorkers"]) == ("Ubuntu2204", False)
        worker = {"Name": "w", "WorkerPoolIds": [pool["Id"]], "Endpoint": LISTENING, "IsDisabled": False}
        made = await api.post("workers", worker)
        await api.refused("POST", "workers", {**worker, "Name": "x", "WorkerPoolIds": [dynamic["Id"]]})
        assert [one["Id"] for one in (await api.get(f"workerpools/{pool['Id']}/workers"))["Items"]] == [made["Id"]]
        assert (await api.get(f"workers?workerPoolIds={dynamic['Id']}"))["Items"] == []
        assert "worker" in await api.refused("DELETE", f"workerpools/{pool['Id']}")
        types = await api.get("workerpools/dynamicworkertypes")
        assert "Ubuntu2204" in [one["Type"] for one in types["WorkerTypes"]]
        assert "DynamicWorkerPool" in (await api.get("workerpools/supportedtypes"))["SupportedPoolTypes"]


async def test_a_proxy_in_use_stays() -> None:
    async with http() as api:
        proxy = await api.post("proxies", {"Name": "P", "Host": "p.example", "Port": 8080})
        await api.refused("POST", "proxies", {"Name": "Q", "Host": "p.example"})
        made = await target(api, "a", await api.environment(), Endpoint={**LISTENING, "ProxyId": proxy["Id"]})
        assert "'a'" in await api.refused("DELETE", f"proxies/{proxy['Id']}")
        await api.delete(f"machines/{made['Id']}")
        await api.delete(f"proxies/{proxy['Id']}")


async def test_target_tags_are_those_made_and_those_carried() -> None:
    async with http() as api:
        made = await api.post("deploymenttargettags", {"Tag": "db"})
        assert made == {"SpaceId": "Spaces-1", "Tag": "db"}
        await api.refused("POST", "deploymenttargettags", {"Tag": "DB"})
        await api.refused("POST", "deploymenttargettags", {"Tag": "x" * 201})
        await api.refused("POST", "deploymenttargettags", {})
        await target(api, "a", await api.environment())
        listed = await api.get("deploymenttargettags")
        assert ([one["Tag"] for one in listed["DeploymentTargetTags"]], listed["Count"]) == (["db", "web"], 2)
        assert (await api.get("deploymenttargettags/WEB"))["Tag"] == "web"
        await api.refused("DELETE", "deploymenttargettags/web")
        await api.delete("deploymenttargettags/db")
        await api.refused("GET", "deploymenttargettags/db", status=404)


async def test_the_variables_of_one_target_alone_are_counted() -> None:
    async with http() as api:
        test, project = await api.environment("Test"), await api.project()
        body = {
            "Name": "web",
            "Roles": ["web"],
            "EnvironmentIds": [test["Id"]],
            "Endpoint": {"CommunicationStyle": "None"},
        }
        one, other = [await api.post("machines", {**body, "Name": name}) for name in ("a", "b")]
        scopes = [[one["Id"]], [one["Id"], other["Id"]]]
        rows = [{"Name": "Port", "Value": "1", "Type": "String", "Scope": {"Machine": scope}} for scope in scopes]
        await api.save_variables(project, rows)
        told = await api.get(f"machines/{one['Id']}/singlyscopedvariabledetails")
        assert told["Resource"]["VariableMap"] == {project["Id"]: {"Port": 1}}
