"""The examples in the docs are played: two servers, a route, and what came of it.

    source:                               what a person has on the source; destination: the same there
      environments: [Test, Production]
      project:                            always called OctoFX, unless `name` says otherwise
        variables:
          - Url = http://test @ Environment: Test
          - Password = (secret)
        steps:
          - Deploy
          - Approve @ Environments: Test
      accounts: [AWS @ Environments: Test]
      tenants: ["Internal @ OctoFX: Test, Production"]
    rules: { … }                          of the route; maps, include, exclude, mode as in the routes file
    then:                                 after a first sync: one side or both are edited (a part is given whole)
      - source: { … }
    result:                               the destination, after the last sync
      project: { … }
    to_do: [scope-widened]                reasons on the clean-up list, in any order
    outcome: blocked                      of the last sync, where it is not "changed" or "unchanged"

Rows read ``NAME = VALUE @ DIMENSION: a, b; DIMENSION: c``; steps ``NAME (script) @ FIELD: a, b``. Where a row or a step
must keep its identity though its name changes, ``as: old name`` stands before it: ``[old name] new name = value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.pair import Document, Pair, Server, pair, row, script

BLOCK = re.compile(r"^```yaml play\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
SECRET = "(secret)"
BODY = "Octopus.Action.Script.ScriptBody"
SCOPED = {"Environment": "environments", "Machine": "machines", "Channel": "channels"}
ROUTE = ("rules", "maps", "include", "exclude", "mode", "first_contact")
PARTS = ("environments", "lifecycles", "accounts", "library", "project", "tenants")


@dataclass(frozen=True)
class Example:
    """``where``: the heading it stands under, and its number there."""

    where: str
    play: Document


def examples(page: Path) -> Iterator[Example]:
    text = page.read_text(encoding="utf-8")
    count: dict[str, int] = {}
    for found in BLOCK.finditer(text):
        heading = HEADING.findall(text[: found.start()])[-1].strip("`")
        count[heading] = count.get(heading, 0) + 1
        yield Example(f"{heading} {count[heading]}", yaml.safe_load(found.group(1)))


@dataclass
class Played:
    result: Document
    to_do: list[str]
    outcome: str


async def play(example: Document) -> Played:
    unknown = set(example) - {*ROUTE, "source", "destination", "then", "result", "to_do", "outcome"}
    assert not unknown, f"an example has no {unknown}"
    route = {name: example[name] for name in ROUTE if name in example}
    async with pair(**{"first_contact": "adopt", **route}) as both:
        await Space(both.destination).put(example.get("destination") or {})
        await Space(both.source).put(example.get("source") or {})
        outcome = await _synced(both)
        for edit in example.get("then") or []:
            for side, parts in edit.items():
                await Space(getattr(both, side)).put(parts)
            outcome = await _synced(both)
        assert (await both.plan("*")).plan.is_empty or outcome == "blocked", "a second plan is not empty"
        shown = await Space(both.destination).shown(example["result"])
        to_do = sorted({one.entry.reason for one in await both.clean_ups() if one.state.value == "open"})
        return Played(shown, to_do, outcome)


async def _synced(both: Pair) -> str:
    outcome = await both.sync("*")
    if outcome.result == "held":
        outcome = await both.sync("*", approved_hash=outcome.plan.hash)
    return str(outcome.result)


class Space:
    """One side of an example: put there as people would, and shown in the same words."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def put(self, parts: Document) -> None:
        unknown = set(parts) - set(PARTS)
        assert not unknown, f"an example has no {unknown}"
        for name in parts.get("environments") or []:
            if name not in await self.server.names("environments"):
                await self.server.environments(name)
        for name, environments in (parts.get("lifecycles") or {}).items():
            await self._lifecycle(name, environments)
        for line in parts.get("accounts") or []:
            _, name, _, scope = _parsed(line, "()")
            if name not in await self.server.names("accounts"):
                account = {"Name": name, "AccountType": "UsernamePassword", "Username": "x"}
                ids = [one for field, names in scope for one in await self._ids(field, names)]
                await self.server.post("accounts", {**account, "EnvironmentIds": ids})
        if (library := parts.get("library")) is not None:
            await self._owner("libraryvariablesets", library.get("name", "Shared"), library)
        if (project := parts.get("project")) is not None:
            await self._project(project)
        for line in parts.get("tenants") or []:
            await self._tenant(line)

    async def _tenant(self, line: str) -> None:
        _, name, _, links = _parsed(line, "()")
        ids = {
            (await self.server.named("projects", project))["Id"]: await self._ids("Environments", names)
            for project, names in links
        }
        for project_id in ids:
            await self.server.edit(f"projects/{project_id}", TenantedDeploymentMode="TenantedOrUntenanted")
        await self.server.post("tenants", {"Name": name, "ProjectEnvironments": ids})

    async def _lifecycle(self, name: str, environments: list[str]) -> None:
        ids = [(await self.server.named("environments", one))["Id"] for one in environments]
        phases = [{"Name": one, "OptionalDeploymentTargets": [at]} for one, at in zip(environments, ids, strict=True)]
        if name in await self.server.names("lifecycles"):
            lifecycle = await self.server.named("lifecycles", name)
            await self.server.edit(f"lifecycles/{lifecycle['Id']}", Phases=phases)
        else:
            await self.server.post("lifecycles", {"Name": name, "Phases": phases})

    async def _owner(self, collection: str, name: str, parts: Document) -> Document:
        if name in await self.server.names(collection):
            owner = await self.server.named(collection, name)
        elif collection == "projects":
            owner = await self.server.project(name)
        else:
            owner = await self.server.post(collection, {"Name": name, "ContentType": "Variables"})
        if "variables" in parts:
            await self._variables(owner, parts["variables"])
        return owner

    async def _project(self, parts: Document) -> None:
        owner = await self._owner("projects", parts.get("name", "OctoFX"), {})
        settings = {key: value for key, value in parts.items() if key[0].isupper()}
        if settings:
            owner = await self.server.edit(f"projects/{owner['Id']}", **settings)
        if "lifecycle" in parts:
            lifecycle = await self.server.named("lifecycles", parts["lifecycle"])
            await self.server.edit(f"projects/{owner['Id']}", LifecycleId=lifecycle["Id"])
        for name, lifecycle_name in (parts.get("channels") or {}).items():
            found = [one["Name"] for one in await self.server.get("channels/all") if one["ProjectId"] == owner["Id"]]
            if name not in found:
                lifecycle_id = lifecycle_name and (await self.server.named("lifecycles", lifecycle_name))["Id"]
                await self.server.post(
                    "channels", {"Name": name, "ProjectId": owner["Id"], "LifecycleId": lifecycle_id}
                )
        if "steps" in parts:
            await self._steps(f"deploymentprocesses/deploymentprocess-{owner['Id']}", parts["steps"])
        for name, steps in (parts.get("runbooks") or {}).items():
            found = [one for one in await self.server.get("runbooks/all") if one["Name"] == name]
            runbook = found[0] if found else await self.server.runbook(owner, name)
            await self._steps(f"runbookProcesses/RunbookProcess-{runbook['Id']}", steps)
        if "variables" in parts:
            await self._variables(owner, parts["variables"])

    async def _steps(self, route: str, lines: list[str]) -> None:
        before = {step["Name"]: step for step in (await self.server.get(route))["Steps"]}
        steps = []
        for line in lines:
            was, name, body, scope = _parsed(line, r"(?: \((.*)\))?")
            new = script(name, body or "echo hello", **{key: await self._ids(key, names) for key, names in scope})
            if (old := before.get(was)) is not None:
                new |= {"Id": old["Id"]}
                new["Actions"][0]["Id"] = old["Actions"][0]["Id"]
            steps.append(new)
        await self.server.edit(route, Steps=steps)

    async def _variables(self, owner: Document, lines: list[str]) -> None:
        route = f"variables/variableset-{owner['Id']}"
        before = [(await self._row(one), one) for one in (await self.server.get(route))["Variables"]]
        rows = []
        for line in lines:
            was, name, value, scope = _parsed(line, r" = (.*?)")
            new = row(name, value, {key: await self._ids(key, names) for key, names in scope})
            if value == SECRET:
                new |= {"Type": "Sensitive", "IsSensitive": True, "Value": "a real secret"}
            if value and value.startswith("account "):
                account = await self.server.named("accounts", value.removeprefix("account "))
                new |= {"Type": "UsernamePasswordAccount", "Value": account["Id"]}
            place = next((at for at, (shown, one) in enumerate(before) if was in (shown, one["Name"])), None)
            if place is not None:
                new["Id"] = before.pop(place)[1]["Id"]
            rows.append(new)
        await self.server.edit(route, Variables=rows)

    async def _ids(self, field: str, names: list[str]) -> list[str]:
        kind = field.removesuffix("s").removeprefix("Excluded")
        if kind not in SCOPED and kind != "Action":
            return names
        if kind == "Action":
            found = [
                action
                for process in (await self.server.get("deploymentprocesses?take=100"))["Items"]
                for step in process["Steps"]
                for action in step["Actions"]
            ]
        else:
            found = await self.server.get(f"{SCOPED[kind]}/all")
        by_name = {one["Name"]: one["Id"] for one in found}
        return [by_name[name] for name in names]

    # ── what there is now ─────────────────────────────────────────────────────────────────────────────────────────────

    async def shown(self, like: Document) -> Document:
        """The parts that ``like`` speaks of, as they are."""
        out: Document = {}
        if "lifecycles" in like:
            names = await self._names("environments")
            out["lifecycles"] = {
                one["Name"]: [names[at] for phase in one["Phases"] for at in phase["OptionalDeploymentTargets"]]
                for one in await self.server.get("lifecycles/all")
                if one["Name"] in like["lifecycles"]
            }
        if "environments" in like:
            out["environments"] = await self.server.names("environments")
        if "accounts" in like:
            out["accounts"] = [
                one["Name"] + await self._scope({"Environments": one["EnvironmentIds"]})
                for one in await self.server.get("accounts/all")
            ]
        if "tenants" in like:
            projects = await self._names("projects")
            out["tenants"] = [
                one["Name"] + await self._scope({projects[at]: ids for at, ids in one["ProjectEnvironments"].items()})
                for one in await self.server.get("tenants/all")
            ]
        if "library" in like:
            name = like["library"].get("name", "Shared")
            out["library"] = await self._of(await self.server.named("libraryvariablesets", name), like["library"])
        if "project" in like:
            name = like["project"].get("name", "OctoFX")
            out["project"] = await self._of(await self.server.named("projects", name), like["project"])
        return out

    async def _of(self, owner: Document, like: Document) -> Document:
        out: Document = {key: owner[key] for key in like if key[0].isupper()}
        if "name" in like:
            out["name"] = owner["Name"]
        if "channels" in like:
            lifecycles = await self._names("lifecycles")
            channels = [one for one in await self.server.get("channels/all") if one["ProjectId"] == owner["Id"]]
            out["channels"] = {one["Name"]: lifecycles.get(one["LifecycleId"] or "") for one in channels}
        if "steps" in like:
            process = await self.server.get(f"deploymentprocesses/deploymentprocess-{owner['Id']}")
            out["steps"] = [await self._step(one) for one in process["Steps"]]
        if "runbooks" in like:
            out["runbooks"] = {}
            for runbook in await self.server.get("runbooks/all"):
                process = await self.server.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
                out["runbooks"][runbook["Name"]] = [await self._step(one) for one in process["Steps"]]
        if "variables" in like:
            rows = (await self.server.get(f"variables/variableset-{owner['Id']}"))["Variables"]
            out["variables"] = [await self._row(one) for one in rows]
        return out

    async def _step(self, step: Document) -> str:
        action = step["Actions"][0]
        body = action["Properties"].get(BODY, "echo hello")
        fields = ("Environments", "ExcludedEnvironments", "Channels", "TenantTags")
        scope = {field: action[field] for field in fields if action[field]}
        return step["Name"] + (f" ({body})" if body != "echo hello" else "") + await self._scope(scope)

    async def _row(self, one: Document) -> str:
        value = SECRET if one["IsSensitive"] else one["Value"] or ""
        if one["Type"].endswith("Account") and value:
            value = f"account {(await self._names('accounts'))[value]}"
        return f"{one['Name']} = {value}" + await self._scope(one["Scope"])

    async def _scope(self, scope: Document) -> str:
        names = await self._names("environments") | await self._names("channels") | await self._names("machines")
        for process in (await self.server.get("deploymentprocesses?take=100"))["Items"]:
            names |= {action["Id"]: action["Name"] for step in process["Steps"] for action in step["Actions"]}
        parts = [f"{key}: {', '.join(names.get(one, one) for one in ids)}" for key, ids in sorted(scope.items()) if ids]
        return f" @ {'; '.join(parts)}" if parts else ""

    async def _names(self, collection: str) -> dict[str, str]:
        return {one["Id"]: one["Name"] for one in await self.server.get(f"{collection}/all")}


def _parsed(line: str, middle: str) -> tuple[str, str, str | None, list[tuple[str, list[str]]]]:
    """Which one it was, its name, what stands in the middle, and its scope."""
    found = re.fullmatch(rf"(?:\[(.*?)\] )?(.*?){middle}(?: @ (.*))?", line)
    assert found is not None, line
    was, name, between, scope = found.groups()
    parts = [part.split(": ", 1) for part in scope.split("; ")] if scope else []
    return was or name, name, between, [(key, names.split(", ")) for key, names in parts]
