"""Edits of processes: the steps of a deployment, or of a runbook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.pair import Document, script
from tests.property.building import secret_value
from tests.property.editing import Edit, Hand


class StepHand(Hand):
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


def _called(process: Document) -> set[str]:
    actions = [action for step in process["Steps"] for action in step["Actions"]]
    return {action[name] for action in actions for name in ("Name", "Slug")}
