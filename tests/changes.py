"""Changes that people make on a source, one after the other, drawn by a random generator with a seed.

    people = People(server, Random(1))
    await people.begin(projects=6)
    for _ in range(1000):
        await people.change()

Each is one save in the user interface: one or two requests. All of them can cross by the rules of :mod:`tests.estate`,
so that what the destination must look like in the end does not depend on the way there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from tests.estate import FULL
from tests.pair import Document, Server, row, script

MOST_PROJECTS = 40


class People:
    """``made`` counts what they did."""

    def __init__(self, server: Server, random: Random) -> None:
        self.server = server
        self.random = random
        self.made: Counter[str] = Counter()
        self.projects: list[Document] = []
        self.sets: list[Document] = []
        self._named = 0

    async def begin(self, projects: int = 4, sets: int = 2) -> None:
        for _ in range(projects):
            await self.new_project()
        for _ in range(sets):
            await self.new_set()

    async def change(self) -> None:
        """One save of any sort."""
        [make] = self.random.choices(list(SORTS), list(SORTS.values()))
        await make(self)
        self.made[make.__name__.replace("_", " ")] += 1

    # ── sorts of saves ────────────────────────────────────────────────────────────────────────────────────────────────

    async def new_project(self) -> None:
        if len(self.projects) >= MOST_PROJECTS:
            await self.variables()
        else:
            self.projects.append(await self.server.project(self.name("Project")))

    async def new_set(self) -> None:
        body = {"Name": self.name("Set"), "ContentType": "Variables"}
        self.sets.append(await self.server.post("libraryvariablesets", body))

    async def variables(self) -> None:
        """A value changes, a row comes, a row goes."""
        owner = self.random.choice([*self.projects, *self.sets])
        route = f"variables/variableset-{owner['Id']}"
        found = await self.server.get(route)
        rows: list[Document] = found["Variables"]
        chance = self.random.random()
        if rows and chance < 0.6:
            self.random.choice(rows)["Value"] = self.text()
        elif rows and chance < 0.7:
            rows.remove(self.random.choice(rows))
        else:
            rows.append(row(self.name("Variable"), self.text()))
        await self.server.call("PUT", route, found)

    async def steps(self) -> None:
        """A script is edited, a step comes, a step goes, the order changes."""
        project = self.random.choice(self.projects)
        route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
        found = await self.server.get(route)
        steps: list[Document] = found["Steps"]
        chance = self.random.random()
        if steps and chance < 0.5:
            action = self.random.choice(steps)["Actions"][0]
            action["Properties"]["Octopus.Action.Script.ScriptBody"] = self.text()
        elif len(steps) > 1 and chance < 0.6:
            steps.remove(self.random.choice(steps))
        elif len(steps) > 1 and chance < 0.7:
            steps.append(steps.pop(0))
        else:
            steps.insert(self.random.randint(0, len(steps)), script(self.name("Step"), self.text()))
        await self.server.call("PUT", route, found)

    async def describe(self) -> None:
        project = self.random.choice(self.projects)
        await self.server.edit(f"projects/{project['Id']}", Description=self.text())

    async def rename(self) -> None:
        project = self.random.choice(self.projects)
        await self.server.edit(f"projects/{project['Id']}", Name=self.name("Project"))

    async def include(self) -> None:
        """A project takes a library set up, or lets go of it."""
        project, one = self.random.choice(self.projects), self.random.choice(self.sets)
        ids = (await self.server.get(f"projects/{project['Id']}"))["IncludedLibraryVariableSetIds"]
        ids = [other for other in ids if other != one["Id"]] if one["Id"] in ids else [*ids, one["Id"]]
        await self.server.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=ids)

    async def new_runbook(self) -> None:
        project = self.random.choice(self.projects)
        await self.server.runbook(project, self.name("Runbook"), script("Only", self.text()))

    async def delete(self) -> None:
        if len(self.projects) < 3:
            await self.new_project()
        else:
            # In full any of them, also one whose creation was cut off a moment ago: docs/acceptance.md, "Known".
            project = self.projects.pop(self.random.randrange(len(self.projects)) if FULL else 0)
            await self.server.call("DELETE", f"projects/{project['Id']}")

    def name(self, what: str) -> str:
        self._named += 1
        return f"{what} {self._named}"

    def text(self) -> str:
        return f"text {self.random.randrange(1_000_000)}"


SORTS: dict[Callable[[People], Awaitable[None]], int] = {
    People.variables: 40,
    People.steps: 30,
    People.describe: 8,
    People.rename: 5,
    People.include: 6,
    People.new_project: 6,
    People.new_set: 1,
    People.new_runbook: 2,
    People.delete: 2,
}
"""Saves, and how often they come."""
