"""Edits of items as such: their names and descriptions, environments and the phases of lifecycles."""

from __future__ import annotations

from tests.pair import Document
from tests.property.editing import Edit, Hand, NothingThere, is_no_module


class ItemHand(Hand):
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

    async def role(self, edit: Edit) -> None:
        """A role of a team is for one environment more, or less; without any for all of them."""
        team, environment = (
            await self.one("teams", edit.pick, _can_be_renamed),
            await self.one("environments", edit.other),
        )
        mine = (await self.server.get(f"{team['SpaceId']}/teams/{team['Id']}/scopeduserroles"))["Items"]
        role = self.pick(mine, edit.other)
        have = role["EnvironmentIds"]
        ids = [one for one in have if one != environment["Id"]]
        ids = ids if environment["Id"] in have else [*have, environment["Id"]]
        await self.save("PUT", f"{team['SpaceId']}/scopeduserroles/{role['Id']}", {**role, "EnvironmentIds": ids})

    async def drop_phase(self, edit: Edit) -> None:
        item = await self.one("lifecycles", edit.pick, lambda one: len(one["Phases"]) > 1)
        await self.save("PUT", f"lifecycles/{item['Id']}", {**item, "Phases": item["Phases"][1:]})


def _of(kinds: tuple[str, ...], edit: Edit) -> str:
    return kinds[(edit.other + 5 * edit.pick) % len(kinds)]


def _can_be_renamed(item: Document) -> bool:
    if item.get("CanBeDeleted") is False:  # a team that the server has made
        return False
    return is_no_module(item) and item.get("FeedType") not in ("BuiltIn", "OctopusProject")


TARGETS = ("AutomaticDeploymentTargets", "OptionalDeploymentTargets")
NAMED = (
    "projects", "channels", "runbooks", "libraryvariablesets", "environments", "lifecycles", "projectgroups", "feeds",
    "accounts", "workerpools", "tenants", "tagsets", "actiontemplates", "machinepolicies", "teams",
)  # fmt: skip
DESCRIBED = tuple(kind for kind in NAMED if kind != "feeds")
