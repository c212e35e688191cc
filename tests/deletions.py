"""What the tests of deletions share: a project, its deletion on the source, and what a person is told."""

from __future__ import annotations

from typing import Any

from tests.pair import Document, Pair, row, script

DELETE: dict[str, Any] = {"rules": {"deleted": "delete"}}


async def furnished(both: Pair, name: str = "OctoFX") -> Document:
    """A project with a bit of everything, in step on both sides."""
    project = await both.source.project(name)
    await both.source.steps(project, script("Deploy"))
    await both.source.variables(project, row("Url", "https://x"))
    await both.source.runbook(project, "Restart", script("Restart it"))
    await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    await both.sync("*")
    return project


async def gone(both: Pair, collection: str, item: Document) -> str:
    """Deletes it on the source, as the audit log then says. Returns its id."""
    await both.source.call("DELETE", f"{collection}/{item['Id']}")
    await both.ledger.deletions.record("dev", "Default", {item["Id"]: "2026-01-01T00:00:00+00:00"})
    return str(item["Id"])


async def told(both: Pair) -> list[tuple[str, str]]:
    """Of the open entries, the item and what is said of it."""
    return [("/".join(one.entry.item), one.entry.text) for one in await both.clean_ups()]
