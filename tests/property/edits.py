"""Edits on a space that people make through the API, as plain values, so that hypothesis can draw and shrink them.

An edit means whatever of its kind the space holds at that moment (``pick``, modulo how many there are). One that the
server refuses, such as a name that is taken, or for which there is nothing to edit, changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from tests.pair import Document, row, script
from tests.property.building import FOREVER, give_logo, said_value, secret_value
from tests.property.editing import Edit, NothingThere, is_no_module
from tests.property.library_edits import LibraryHand
from tests.property.spaces import name

VALUES = ("v", "w", "", "a,b")


class Editor(LibraryHand):
    """Makes edits on one server."""

    async def make(self, edits: list[Edit]) -> None:
        for edit in edits:
            with suppress(NothingThere):
                await EDITS[edit.what](self, edit)

    # ── items ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def rename(self, edit: Edit) -> None:
        kind = _of(NAMED, edit)
        item = await self.one(kind, edit.pick, _can_be_renamed)
        await self.call(kind, item, edit.text)

    async def call(self, kind: str, item: Document, name: str) -> None:
        called = name.replace("/", "|") if kind == "tagsets" else name
        await self.save("PUT", f"{kind}/{item['Id']}", {**item, "Name": called})

    async def several(self, edit: Edit, how_many: int) -> tuple[str, list[Document]]:
        """Items of one kind and one owner, each with another name."""
        kind = _of(NAMED, edit)
        first = await self.one(kind, edit.pick, _can_be_renamed)
        beside = [
            item
            for item in await self.server.get(f"{kind}/all")
            if item.get("ProjectId") == first.get("ProjectId") and item["Id"] != first["Id"] and _can_be_renamed(item)
        ]
        if len(beside) + 1 < how_many:
            raise NothingThere
        return kind, [first, *beside[: how_many - 1]]

    async def exchange(self, edit: Edit) -> None:
        """Two or three items take each other's names, round."""
        kind, items = await self.several(edit, 2 + edit.pick % 2)
        names = [item["Name"] for item in items]
        await self.save("PUT", f"{kind}/{items[0]['Id']}", {**items[0], "Name": "on the way"})
        for item, called in reversed([*zip(items, names[1:] + names[:1], strict=True)]):
            now = await self.server.get(f"{kind}/{item['Id']}")
            await self.call(kind, now, called)

    async def hand_down(self, edit: Edit) -> None:
        """One gets a new name, and the other the name that it had."""
        kind, items = await self.several(edit, 2)
        for item, called in zip(items, (edit.text, items[0]["Name"]), strict=True):
            await self.call(kind, item, called)

    async def describe(self, edit: Edit) -> None:
        kind = _of(DESCRIBED, edit)
        item = await self.one(kind, edit.pick)
        await self.save("PUT", f"{kind}/{item['Id']}", {**item, "Description": edit.text})

    async def add_environment(self, edit: Edit) -> None:
        await self.save("POST", "environments", {"Name": edit.text + self.mark})

    async def phases(self, edit: Edit) -> None:
        item = await self.one("lifecycles", edit.pick)
        phases = item["Phases"]
        environment = await self.one("environments", edit.other)
        used = {one for phase in phases for name in TARGETS for one in phase[name]}
        if environment["Id"] not in used:
            new = {"Name": edit.text, "OptionalDeploymentTargets": [environment["Id"]]}
            phases = [*phases, new] if edit.pick % 2 else [new, *phases]
        else:
            phases = phases[1:] + phases[:1]
        await self.save("PUT", f"lifecycles/{item['Id']}", {**item, "Phases": phases})

    async def drop_phase(self, edit: Edit) -> None:
        item = await self.one("lifecycles", edit.pick, lambda one: len(one["Phases"]) > 1)
        await self.save("PUT", f"lifecycles/{item['Id']}", {**item, "Phases": item["Phases"][1:]})

    # ── projects ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def project(self, edit: Edit) -> None:
        lifecycle, group = await self.one("lifecycles", edit.other), await self.one("projectgroups", edit.other)
        project = await self.one("projects", edit.pick)
        changed = {**project, "LifecycleId": lifecycle["Id"], "ProjectGroupId": group["Id"]}
        await self.save("PUT", f"projects/{project['Id']}", changed)

    async def sets(self, edit: Edit) -> None:
        project, one = await self.one("projects", edit.pick), await self.one("libraryvariablesets", edit.other)
        ids = project["IncludedLibraryVariableSetIds"]
        ids = [item for item in ids if item != one["Id"]] if one["Id"] in ids else [one["Id"], *ids]
        await self.save("PUT", f"projects/{project['Id']}", {**project, "IncludedLibraryVariableSetIds": ids})

    async def templates(self, edit: Edit) -> None:
        kind = ("projects", "libraryvariablesets")[edit.other % 2]
        item = await self.one(kind, edit.pick)
        templates = item["Templates"]
        if edit.other % 3 == 0 or not templates:
            new = {"Name": edit.text + self.mark, "DefaultValue": "x", "DisplaySettings": {}}
            templates = [*templates, new]
        elif isinstance(templates[0]["DefaultValue"], dict):
            templates = [{**templates[0], "Label": edit.text}, *templates[1:]]
        else:
            templates = [{**templates[0], "DefaultValue": f"{edit.text}{self.mark}"}, *templates[1:]]
        await self.save("PUT", f"{kind}/{item['Id']}", {**item, "Templates": templates})

    async def drop_template(self, edit: Edit) -> None:
        kind = ("projects", "libraryvariablesets")[edit.other % 2]
        item = await self.one(kind, edit.pick, lambda one: bool(one["Templates"]))
        await self.save("PUT", f"{kind}/{item['Id']}", {**item, "Templates": item["Templates"][1:]})

    async def settings(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        route = f"projects/{project['Id']}/deploymentsettings"
        changes = {"ReleaseNotesTemplate": edit.text, "DefaultGuidedFailureMode": ("On", "Off")[edit.other % 2]}
        await self.save("PUT", route, {**await self.server.get(route), **changes})

    async def add_channel(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        new = {"Name": edit.text + self.mark, "ProjectId": project["Id"], "IsDefault": edit.other % 4 == 0}
        await self.save("POST", "channels", new)

    async def delete_project(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        await self.save("DELETE", f"projects/{project['Id']}", None)

    async def delete_set(self, edit: Edit) -> None:
        one = await self.one("libraryvariablesets", edit.pick)
        for project in await self.server.get("projects/all"):
            ids = project["IncludedLibraryVariableSetIds"]
            if one["Id"] in ids:
                others = [item for item in ids if item != one["Id"]]
                await self.save(
                    "PUT", f"projects/{project['Id']}", {**project, "IncludedLibraryVariableSetIds": others}
                )
        await self.save("DELETE", f"libraryvariablesets/{one['Id']}", None)

    async def delete_channel(self, edit: Edit) -> None:
        channel = await self.one("channels", edit.pick)
        project = await self.server.get(f"projects/{channel['ProjectId']}")
        process = await self.server.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        going = [one for step in process["Steps"] for one in step["Actions"] if one["Channels"] == [channel["Id"]]]
        if {one[name] for one in going for name in ("Name", "Slug")} & await self.named(project):
            raise NothingThere  # the server lets it go, and then shows no list of projects any more
        await self.save("DELETE", f"channels/{channel['Id']}", None)

    async def rules(self, edit: Edit) -> None:
        channel = await self.one("channels", edit.pick)
        _, action = await self.action(channel["ProjectId"], edit.other)
        if action is None or edit.other % 3 == 0:
            rules = channel["Rules"][1:]
        else:
            named = action["Name"] if edit.other % 2 else action["Slug"]
            package = {"DeploymentAction": named, "PackageReference": ""}
            rules = [*channel["Rules"], {"VersionRange": "[3.0]", "Tag": edit.text, "ActionPackages": [package]}]
        await self.save("PUT", f"channels/{channel['Id']}", {**channel, "Rules": rules})

    async def branches(self, edit: Edit) -> None:
        """Which branches a channel allows, of the project's own repository or of one that a step names."""
        channel = await self.one("channels", edit.pick)
        rules = channel["GitResourceRules"]
        change: Document = {"GitReferenceRules": [edit.text + self.mark] if edit.other % 4 else []}
        if rules and edit.other % 2:
            change = {"GitResourceRules": [{**rules[0], "Rules": [edit.text + self.mark]}, *rules[1:]]}
        await self.save("PUT", f"channels/{channel['Id']}", {**channel, **change})

    async def action(self, project_id: str, pick: int) -> tuple[Any, Any]:
        process = await self.server.get(f"deploymentprocesses/deploymentprocess-{project_id}")
        found = [(step, action) for step in process["Steps"] for action in step["Actions"]]
        return found[pick % len(found)] if found else (None, None)

    async def add_runbook(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        new = {"Name": edit.text + self.mark, "ProjectId": project["Id"], "RunRetentionPolicy": FOREVER}
        made = await self.save("POST", "runbooks", new)
        if made is not None:
            route = f"runbookProcesses/{made['RunbookProcessId']}"
            process = await self.server.get(route)
            await self.save("PUT", route, {**process, "Steps": [script("Only")]})

    async def delete_runbook(self, edit: Edit) -> None:
        runbook = await self.one("runbooks", edit.pick)
        await self.save("DELETE", f"runbooks/{runbook['Id']}", None)

    # ── triggers and logos ────────────────────────────────────────────────────────────────────────────────────────────

    async def add_trigger(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        body = {"Name": edit.text + self.mark, "ProjectId": project["Id"], **await self.acting(project, edit)}
        await self.save("POST", "projecttriggers", body)

    async def edit_trigger(self, edit: Edit) -> None:
        trigger = self.pick((await self.server.get("projecttriggers?take=1000"))["Items"], edit.pick)
        project = await self.server.get(f"projects/{trigger['ProjectId']}")
        change = await self.acting(project, edit)
        if edit.other % 3 == 0:
            change = {"IsDisabled": not trigger["IsDisabled"], "Description": edit.text + self.mark}
        await self.save("PUT", f"projecttriggers/{trigger['Id']}", {**trigger, **change})

    async def delete_trigger(self, edit: Edit) -> None:
        trigger = self.pick((await self.server.get("projecttriggers?take=1000"))["Items"], edit.pick)
        await self.save("DELETE", f"projecttriggers/{trigger['Id']}", None)

    async def acting(self, project: Document, edit: Edit) -> Document:
        """When, and what."""
        environment = await self.one("environments", edit.other)
        channels = [one for one in await self.server.get("channels/all") if one["ProjectId"] == project["Id"]]
        filters: list[Document] = [
            {"FilterType": "CronExpressionSchedule", "CronExpression": f"0 0 {edit.pick} * * *", "Timezone": "UTC"},
            {"FilterType": "MachineFilter", "EnvironmentIds": [environment["Id"]], "EventGroups": ["Machine"]},
        ]
        actions: list[Document] = [
            {"ActionType": "AutoDeploy"},
            {"ActionType": "DeployNewRelease", "EnvironmentId": environment["Id"]},
            {"ActionType": "CreateRelease", "ChannelId": channels[edit.pick % len(channels)]["Id"]},
        ]
        return {"Filter": filters[edit.pick % 2], "Action": actions[edit.other % 3]}

    async def logo(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        await give_logo(self.server, project["Id"], ("icon", "one", "two")[edit.other % 3])

    # ── tenants ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def add_tenant(self, edit: Edit) -> None:
        project, environment = await self.one("projects", edit.pick), await self.one("environments", edit.other)
        links = {project["Id"]: [environment["Id"]]} if edit.other % 3 else {}
        await self.save("POST", "tenants", {"Name": edit.text + self.mark, "ProjectEnvironments": links})

    async def delete_tenant(self, edit: Edit) -> None:
        tenant = await self.one("tenants", edit.pick)
        await self.save("DELETE", f"tenants/{tenant['Id']}", None)

    async def link(self, edit: Edit) -> None:
        """Adds an environment to a link, takes it away where it is there; where it is the only one, the whole link."""
        tenant = await self.one("tenants", edit.pick)
        project, environment = await self.one("projects", edit.other), await self.one("environments", edit.other // 2)
        links = tenant["ProjectEnvironments"]
        have = links.get(project["Id"], [])
        if have == [environment["Id"]]:
            del links[project["Id"]]
        elif environment["Id"] in have:
            links[project["Id"]] = [one for one in have if one != environment["Id"]]
        else:
            links[project["Id"]] = [*have, environment["Id"]]
        await self.save("PUT", f"tenants/{tenant['Id']}", tenant)

    async def say(self, edit: Edit) -> None:
        def change(said: Document, template: Document) -> None:
            said[template["Id"]] = said_value(template, f"{VALUES[edit.other % len(VALUES)]}{self.mark}")

        await self.values(edit, change)

    async def unsay(self, edit: Edit) -> None:
        def change(said: Document, template: Document) -> None:
            said.pop(template["Id"], None)

        await self.values(edit, change)

    async def values(self, edit: Edit, change: Callable[[Document, Document], None]) -> None:
        tenant = await self.one("tenants", edit.pick)
        route = f"tenants/{tenant['Id']}/variables"
        document = await self.server.get(route)
        places = [
            (said, template)
            for project in document["ProjectVariables"].values()
            for said in project["Variables"].values()
            for template in project["Templates"]
        ]
        sets = document["LibraryVariables"].values()
        places += [(one["Variables"], template) for one in sets for template in one["Templates"]]
        if not places:
            raise NothingThere
        change(*places[edit.other % len(places)])
        await self.save("PUT", route, document)

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def process(self, edit: Edit, change: Callable[[list[Document], Document], Awaitable[None]]) -> None:
        project = await self.one("projects", edit.pick)
        runbooks = [one for one in await self.server.get("runbooks/all") if one["ProjectId"] == project["Id"]]
        route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
        if runbooks and edit.other % 3 == 2:
            route = f"runbookProcesses/{runbooks[0]['RunbookProcessId']}"
        process = await self.server.get(route)
        if process["Steps"]:
            at = edit.other % len(process["Steps"])
            await change(process["Steps"], process["Steps"][at])
            if route.startswith("runbook") or await self.named(project) <= _called(process):
                await self.save("PUT", route, process)

    async def named(self, project: Document) -> set[str]:
        """What versioning, release creation and rules call the steps that they depend on.

        A versioning donor that is gone makes every list with its project answer 404 (OctopusDeploy/Issues#7521); what
        becomes of the others, a person would find out before.
        """
        channels = [one for one in await self.server.get("channels/all") if one["ProjectId"] == project["Id"]]
        triggers = (await self.server.get(f"projects/{project['Id']}/triggers?take=1000"))["Items"]
        packages = [package for one in channels for rule in one["Rules"] for package in rule["ActionPackages"]]
        packages += [package for one in triggers for package in one["Filter"].get("Packages", [])]
        packages += [
            named for one in channels for rule in one["GitResourceRules"] for named in rule["GitDependencyActions"]
        ]
        packages.append(project["VersioningStrategy"]["DonorPackage"] or {})
        packages.append(project["ReleaseCreationStrategy"]["ReleaseCreationPackage"] or {})
        return {package.get("DeploymentAction") or package["DeploymentActionSlug"] for package in packages if package}

    async def add_step(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
        process = await self.server.get(route)
        secret = {"Octopus.Action.Secret": secret_value("of " + self.mark)} if edit.other % 2 else {}
        at = edit.other % (len(process["Steps"]) + 1)
        new = script(edit.text + self.mark, Properties=secret)
        process["Steps"] = [*process["Steps"][:at], new, *process["Steps"][at:]]
        await self.save("PUT", route, process)

    async def drop_step(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            steps.remove(step)

        await self.process(edit, change)

    async def move_step(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            steps.remove(step)
            steps.append(step)

        await self.process(edit, change)

    async def rename_step(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            step["Name"] = step["Actions"][0]["Name"] = edit.text

        await self.process(edit, change)

    async def exchange_steps(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            other = steps[steps.index(step) - 1]
            names = step["Name"], step["Actions"][0]["Name"], other["Name"], other["Actions"][0]["Name"]
            other["Name"], other["Actions"][0]["Name"], step["Name"], step["Actions"][0]["Name"] = names

        await self.process(edit, change)

    async def edit_step(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            action = step["Actions"][0]
            action["Properties"]["Octopus.Action.Script.ScriptBody"] = f"{edit.text} {self.mark}"
            action["Notes"] = edit.text
            step["Properties"] = {"Octopus.Action.MaxParallelism": "2"} if edit.other % 2 else {}

        await self.process(edit, change)

    async def rescope_step(self, edit: Edit) -> None:
        environment = await self.one("environments", edit.pick)

        async def change(steps: list[Document], step: Document) -> None:
            action = step["Actions"][0]
            have = action["Environments"]
            if environment["Id"] not in have:
                action["Environments"] = [*have, environment["Id"]]
            else:
                action["Environments"] = have[1:]
            action["ExcludedEnvironments"] = []

        await self.process(edit, change)

    async def step_channel(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        channel = await self.one("channels", edit.other, lambda one: one["ProjectId"] == project["Id"])

        async def change(steps: list[Document], step: Document) -> None:
            action = step["Actions"][0]
            action["Channels"] = [] if channel["Id"] in action["Channels"] else [channel["Id"], *action["Channels"]]

        await self.process(edit, change)

    async def step_secret(self, edit: Edit) -> None:
        async def change(steps: list[Document], step: Document) -> None:
            properties = step["Actions"][0]["Properties"]
            if edit.other % 2 and "Octopus.Action.Secret" in properties:
                del properties["Octopus.Action.Secret"]
            else:
                properties["Octopus.Action.Secret"] = secret_value(edit.text)

        await self.process(edit, change)

    # ── variables ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def rows(self, edit: Edit, change: Callable[[list[Document], Document | None], None]) -> None:
        sets = [one for one in await self.server.get("libraryvariablesets/all") if is_no_module(one)]
        owners = [*await self.server.get("projects/all"), *sets]
        route = f"variables/variableset-{self.pick(owners, edit.pick)['Id']}"
        found = await self.server.get(route)
        rows = found["Variables"]
        change(rows, rows[edit.other % len(rows)] if rows else None)
        await self.save("PUT", route, found)

    async def add_row(self, edit: Edit) -> None:
        environment = await self.one("environments", edit.other)
        scope = {"Environment": [environment["Id"]]} if edit.other % 2 else {}
        kind = "Sensitive" if edit.other % 5 == 4 else "String"

        def change(rows: list[Document], one: Document | None) -> None:
            called = one["Name"] if one is not None and edit.other % 3 == 0 else edit.text + self.mark
            rows.append(row(called, f"value {self.mark}", scope, Type=kind))

        await self.rows(edit, change)

    async def drop_row(self, edit: Edit) -> None:
        def change(rows: list[Document], one: Document | None) -> None:
            if one is not None:
                rows.remove(one)

        await self.rows(edit, change)

    async def value(self, edit: Edit) -> None:
        def change(rows: list[Document], one: Document | None) -> None:
            if one is not None and one["Type"] in ("String", "Sensitive"):
                one["Value"] = f"{VALUES[edit.pick % len(VALUES)]}{self.mark}"

        await self.rows(edit, change)

    async def rename_row(self, edit: Edit) -> None:
        def change(rows: list[Document], one: Document | None) -> None:
            if one is not None:
                one["Name"] = edit.text

        await self.rows(edit, change)

    async def rescope_row(self, edit: Edit) -> None:
        environment = await self.one("environments", edit.pick)

        def change(rows: list[Document], one: Document | None) -> None:
            if one is None:
                return
            have = one["Scope"].get("Environment") or []
            one["Scope"]["Environment"] = [] if environment["Id"] in have else [*have, environment["Id"]]

        await self.rows(edit, change)

    async def conceal_row(self, edit: Edit) -> None:
        def change(rows: list[Document], one: Document | None) -> None:
            if one is not None and one["Type"] == "String":
                one.update(Type="Sensitive", IsSensitive=True)

        await self.rows(edit, change)


def _of(kinds: tuple[str, ...], edit: Edit) -> str:
    return kinds[(edit.other + 5 * edit.pick) % len(kinds)]


def _can_be_renamed(item: Document) -> bool:
    return is_no_module(item) and item.get("FeedType") not in ("BuiltIn", "OctopusProject")


def _called(process: Document) -> set[str]:
    actions = [action for step in process["Steps"] for action in step["Actions"]]
    return {action[name] for action in actions for name in ("Name", "Slug")}


TARGETS = ("AutomaticDeploymentTargets", "OptionalDeploymentTargets")
NAMED = (
    "projects", "channels", "runbooks", "libraryvariablesets", "environments", "lifecycles", "projectgroups", "feeds",
    "accounts", "workerpools", "tenants", "tagsets", "actiontemplates", "machinepolicies",
)  # fmt: skip
DESCRIBED = tuple(kind for kind in NAMED if kind != "feeds")

EDITS: dict[str, Callable[[Editor, Edit], Awaitable[None]]] = {
    "rename": Editor.rename,
    "exchange": Editor.exchange,
    "hand down": Editor.hand_down,
    "describe": Editor.describe,
    "add environment": Editor.add_environment,
    "phases": Editor.phases,
    "drop phase": Editor.drop_phase,
    "project": Editor.project,
    "sets": Editor.sets,
    "templates": Editor.templates,
    "drop template": Editor.drop_template,
    "settings": Editor.settings,
    "delete project": Editor.delete_project,
    "delete set": Editor.delete_set,
    "add channel": Editor.add_channel,
    "delete channel": Editor.delete_channel,
    "rules": Editor.rules,
    "branches": Editor.branches,
    "add runbook": Editor.add_runbook,
    "delete runbook": Editor.delete_runbook,
    "add trigger": Editor.add_trigger,
    "edit trigger": Editor.edit_trigger,
    "delete trigger": Editor.delete_trigger,
    "logo": Editor.logo,
    "add tenant": Editor.add_tenant,
    "delete tenant": Editor.delete_tenant,
    "link": Editor.link,
    "say": Editor.say,
    "unsay": Editor.unsay,
    "add step": Editor.add_step,
    "drop step": Editor.drop_step,
    "move step": Editor.move_step,
    "rename step": Editor.rename_step,
    "exchange steps": Editor.exchange_steps,
    "edit step": Editor.edit_step,
    "rescope step": Editor.rescope_step,
    "step channel": Editor.step_channel,
    "step secret": Editor.step_secret,
    "add tag": Editor.add_tag,
    "change tag": Editor.change_tag,
    "drop tag": Editor.drop_tag,
    "tag something": Editor.tag_something,
    "module": Editor.module,
    "next version": Editor.next_version,
    "parameters": Editor.parameters,
    "bring up to date": Editor.bring_up_to_date,
    "policy": Editor.policy,
    "add row": Editor.add_row,
    "drop row": Editor.drop_row,
    "value": Editor.value,
    "rename row": Editor.rename_row,
    "rescope row": Editor.rescope_row,
    "conceal row": Editor.conceal_row,
}

ADDITIONS = ("add step", "add channel", "add runbook", "add row", "add tag", "templates", "add trigger")


def edits(*without: str, least: int = 0, most: int = 4) -> st.SearchStrategy[list[Edit]]:
    kinds = [what for what in EDITS if what not in without]
    return st.lists(
        st.builds(Edit, st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 11), name),
        min_size=least,
        max_size=most,
    )


def additions(least: int = 1, most: int = 3) -> st.SearchStrategy[list[Edit]]:
    """Edits that add something."""
    return st.lists(
        st.builds(Edit, st.sampled_from(ADDITIONS), st.integers(0, 5), st.sampled_from([0, 1, 3, 7]), name),
        min_size=least,
        max_size=most,
    )
