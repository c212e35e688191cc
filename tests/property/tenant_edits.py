"""Edits of tenants: their links, and what they say for templates."""

from __future__ import annotations

from collections.abc import Callable

from tests.pair import Document
from tests.property.building import said_value
from tests.property.editing import VALUES, Edit, Hand, NothingThere


class TenantHand(Hand):
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
