"""Edits of what projects share: tags, script modules, step templates; and of what uses them."""

from __future__ import annotations

from tests.pair import Document
from tests.property.building import SCRIPT, module_rows, parameter
from tests.property.editing import Edit, Hand, NothingThere
from tests.property.library import BODIES, SYNTAXES

COLOURS = ("#227647", "#983230", "#203A88")


class LibraryHand(Hand):
    # ── tags ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def save_tags(self, tag_set: Document, tags: list[Document]) -> None:
        await self.save("PUT", f"tagsets/{tag_set['Id']}", {**tag_set, "Tags": tags})

    async def add_tag(self, edit: Edit) -> None:
        found = await self.one("tagsets", edit.pick)
        new = {"Name": edit.text + self.mark, "Color": COLOURS[edit.other % 3]}
        at = edit.other % (len(found["Tags"]) + 1)
        await self.save_tags(found, [*found["Tags"][:at], new, *found["Tags"][at:]])

    async def change_tag(self, edit: Edit) -> None:
        """Another name, or another colour."""
        found = await self.one("tagsets", edit.pick)
        tag = self.pick(found["Tags"], edit.other)
        changed = {"Name": edit.text} if edit.other % 2 else {"Color": COLOURS[edit.pick % 3]}
        await self.save_tags(found, [{**one, **changed} if one is tag else one for one in found["Tags"]])

    async def drop_tag(self, edit: Edit) -> None:
        """Refused while anything uses it."""
        found = await self.one("tagsets", edit.pick)
        tag = self.pick(found["Tags"], edit.other)
        await self.save_tags(found, [one for one in found["Tags"] if one is not tag])

    async def tag_something(self, edit: Edit) -> None:
        tag_set = await self.one("tagsets", edit.other)
        tag = self.pick(tag_set["Tags"], edit.other)["CanonicalTagName"]
        tagged = {
            "channels": "TenantTags",
            "projects": "ProjectTags",
            "accounts": "TenantTags",
            "tenants": "TenantTags",
        }
        collection, field = list(tagged.items())[edit.pick % len(tagged)]
        item = await self.one(collection, edit.pick)
        have = item[field]
        tags = [one for one in have if one != tag] if tag in have else [*have, tag]
        await self.save("PUT", f"{collection}/{item['Id']}", {**item, field: tags})

    # ── script modules ────────────────────────────────────────────────────────────────────────────────────────────────

    async def module(self, edit: Edit) -> None:
        """Another script or syntax; or another name, with the variables that carry it."""
        found = await self.one("libraryvariablesets", edit.pick, lambda one: one["ContentType"] == "ScriptModule")
        route = f"variables/{found['VariableSetId']}"
        variables = await self.server.get(route)
        name = found["Name"]
        if edit.other % 3 == 0:
            renamed = await self.save("PUT", f"libraryvariablesets/{found['Id']}", {**found, "Name": edit.text})
            if renamed is None:
                return
            name = renamed["Name"]
            body, syntax = (row["Value"] for row in variables["Variables"][:2])
        else:
            body, syntax = f"{BODIES[edit.other % len(BODIES)]} {self.mark}", SYNTAXES[edit.pick % len(SYNTAXES)]
        rows = [
            {**row, **new} for row, new in zip(variables["Variables"], module_rows(name, body, syntax), strict=True)
        ]
        await self.save("PUT", route, {**variables, "Variables": rows})

    # ── step templates ────────────────────────────────────────────────────────────────────────────────────────────────

    async def next_version(self, edit: Edit) -> None:
        found = await self.one("actiontemplates", edit.pick)
        body = f"{BODIES[edit.other % len(BODIES)]} {self.mark}"
        await self.save("PUT", f"actiontemplates/{found['Id']}", {**found, "Properties": {SCRIPT: body}})

    async def parameters(self, edit: Edit) -> None:
        found = await self.one("actiontemplates", edit.pick)
        parameters = found["Parameters"]
        if edit.other % 3 or not parameters:
            parameters = [*parameters, parameter(edit.text + self.mark, secret=edit.other % 4 == 3)]
        else:
            parameters = [{**parameters[0], "Label": edit.text}, *parameters[1:]]
        await self.save("PUT", f"actiontemplates/{found['Id']}", {**found, "Parameters": parameters})

    async def bring_up_to_date(self, edit: Edit) -> None:
        """A step that was made from a template takes its newest version."""
        template = await self.one("actiontemplates", edit.other)
        project = await self.one("projects", edit.pick)
        route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
        process = await self.server.get(route)
        for step in process["Steps"]:
            properties = step["Actions"][0]["Properties"]
            if properties.get("Octopus.Action.Template.Id") == template["Id"]:
                properties["Octopus.Action.Template.Version"] = str(template["Version"])
                properties[SCRIPT] = template["Properties"][SCRIPT]
                await self.save("PUT", route, process)
                return
        raise NothingThere

    async def policy(self, edit: Edit) -> None:
        found = await self.one("machinepolicies", edit.pick)
        changed = {**found, "ConnectionRetryCountLimit": 3 + edit.other}
        await self.save("PUT", f"machinepolicies/{found['Id']}", changed)
