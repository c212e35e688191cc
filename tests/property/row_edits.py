"""Edits of variables, of projects and of library sets."""

from __future__ import annotations

from collections.abc import Callable

from tests.pair import Document, row
from tests.property.editing import VALUES, Edit, Hand, is_no_module


class RowHand(Hand):
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
