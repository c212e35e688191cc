"""Edits of projects: settings, templates, channels and their rules, runbooks, triggers, logos."""

from __future__ import annotations

import json
from typing import Any

from tests.pair import Document, script
from tests.property.building import FOREVER, give_logo
from tests.property.editing import Edit, Hand, NothingThere


class ProjectHand(Hand):
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
        rows = (await self.server.get(f"variables/variableset-{project['Id']}"))["Variables"]
        answers = {one["Id"]: edit.text + self.mark for one in rows[edit.pick % 2 :][:2]}
        actions: list[Document] = [
            {"ActionType": "AutoDeploy"},
            {
                "ActionType": "DeployNewRelease",
                "EnvironmentId": environment["Id"],
                "Variables": json.dumps(answers) if answers else None,
            },
            {"ActionType": "CreateRelease", "ChannelId": channels[edit.pick % len(channels)]["Id"]},
        ]
        return {"Filter": filters[edit.pick % 2], "Action": actions[edit.other % 3]}

    async def logo(self, edit: Edit) -> None:
        project = await self.one("projects", edit.pick)
        await give_logo(self.server, project["Id"], ("icon", "one", "two")[edit.other % 3])
