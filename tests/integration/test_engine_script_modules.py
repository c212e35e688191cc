"""Script modules, which must be exact: the set, the script and the syntax cross as one."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import Document, Server, pair, row
from worker.octopus import errors
from worker.plan.values import printed
from worker.sync.run import Outcome, Result

ALL = {"project": ["*"], "script-module": ["*"], "library-variable-set": ["*"]}
SCRIPT = 'function Get-Answer {\n  Write-Host "#{NotMine} {{x}}" # Accounts-1\n  42\n}\r\n\ttail 😀'


async def module(server: Server, name: str, body: str | None = SCRIPT, syntax: str | None = "Bash") -> Document:
    made = await server.post("libraryvariablesets", {"Name": name, "ContentType": "ScriptModule"})
    rows = [] if body is None else [row(f"Octopus.Script.Module[{name}]", body)]
    rows += [] if syntax is None else [row(f"Octopus.Script.Module.Language[{name}]", syntax)]
    await server.variables(made, *rows)
    return made


async def script_of(server: Server, name: str) -> dict[str, str]:
    found = await server.named("libraryvariablesets", name)
    variables = await server.get(f"variables/{found['VariableSetId']}")
    return {one["Name"]: one["Value"] for one in variables["Variables"]}


def script(name: str, body: str = SCRIPT, syntax: str = "Bash") -> dict[str, str]:
    return {f"Octopus.Script.Module[{name}]": body, f"Octopus.Script.Module.Language[{name}]": syntax}


def rules_of(outcome: Outcome, path: str) -> list[str]:
    return [one.rule for action in outcome.plan if printed(action.path) == path for one in action.decisions]


@pytest.mark.parametrize("include", [ALL, {"project": ["*"]}], ids=["included", "by closure"])
@pytest.mark.guide("data-script-modules")
async def test_a_missing_module_is_created_with_its_script(include: Document) -> None:
    async with pair(include=include) as both:
        tools = await module(both.source, "Tools [1], A/B")
        shared = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        ids = [tools["Id"], shared["Id"]]
        await both.source.project("OctoFX", IncludedLibraryVariableSetIds=ids)

        await both.sync("*")

        there = await both.destination.named("libraryvariablesets", "Tools [1], A/B")
        assert there["ContentType"] == "ScriptModule"
        assert await script_of(both.destination, "Tools [1], A/B") == script("Tools [1], A/B")
        included = (await both.destination.named("projects", "OctoFX"))["IncludedLibraryVariableSetIds"]
        assert included == [there["Id"], (await both.destination.named("libraryvariablesets", "Shared"))["Id"]]
        assert (await both.sync("*")).plan.is_empty


async def test_a_module_that_is_there_becomes_exactly_the_sources() -> None:
    async with pair(include=ALL, first_contact="adopt") as both:
        await module(both.source, "Tools")
        there = await module(both.destination, "tools", "old", "PowerShell")

        await both.sync("*")

        assert (await both.destination.named("libraryvariablesets", "Tools"))["Id"] == there["Id"]
        assert await script_of(both.destination, "Tools") == script("Tools")
        assert (await both.sync("*")).plan.is_empty


async def test_at_first_contact_a_person_looks_before_a_script_is_replaced() -> None:
    async with pair(include=ALL) as both:
        await module(both.source, "Tools")
        await module(both.destination, "Tools", "old")

        assert (await both.sync("*")).result is Result.HELD
        assert (await script_of(both.destination, "Tools"))["Octopus.Script.Module[Tools]"] == "old"


@pytest.mark.parametrize("by", ["set", "variables"])
async def test_what_changed_crosses_under_either_id(by: str) -> None:
    """An edit of the script is an event of the variable set, one of the description an event of the set."""
    async with pair(include=ALL) as both:
        tools = await module(both.source, "Tools")
        await both.sync("*")
        await both.source.variables(tools, row("Octopus.Script.Module[Tools]", "new"))
        both.destination.sandbox.requests.clear()

        outcome = await both.sync(tools["Id"] if by == "set" else f"variableset-{tools['Id']}")

        assert [printed(action.path) for action in outcome.plan] == ["script-module/Tools"]
        assert await script_of(both.destination, "Tools") == script("Tools", "new", "PowerShell")
        assert both.destination.writes == 1


@pytest.mark.guide("exact-script-modules")
async def test_an_edit_of_the_destination_is_put_back_and_reported_and_foreign_variables_stay() -> None:
    async with pair(include=ALL) as both:
        await module(both.source, "Tools")
        await both.sync("*")
        there = await both.destination.named("libraryvariablesets", "Tools")
        mine = [row(name, value) for name, value in script("Tools", "mine", "Python").items()]
        await both.destination.variables(there, *mine, row("Other", "x"))

        outcome = await both.sync("*")

        assert await script_of(both.destination, "Tools") == script("Tools") | {"Other": "x"}
        # That the script holds what looks like an id is told with every plan.
        assert rules_of(outcome, "script-module/Tools") == ["untranslated-id", "exact:drift", "exact:drift"]
        assert (await both.sync("*")).plan.is_empty


async def test_a_rename_crosses_with_the_names_of_the_variables() -> None:
    async with pair(include=ALL) as both:
        tools = await module(both.source, "Tools")
        await both.sync("*")
        there = await both.destination.named("libraryvariablesets", "Tools")
        await both.source.edit(f"libraryvariablesets/{tools['Id']}", Name="Gear", Description="Renamed")
        await both.source.variables(tools, *(row(name, value) for name, value in script("Gear").items()))

        await both.sync("*")

        gear = await both.destination.named("libraryvariablesets", "Gear")
        assert (gear["Id"], gear["Description"]) == (there["Id"], "Renamed")
        assert await script_of(both.destination, "Gear") == script("Gear")
        assert (await both.sync("*")).plan.is_empty


async def test_a_mapped_module_has_its_own_name_there() -> None:
    async with pair(include=ALL, maps={"script-module": {"Tools": "Gear"}}) as both:
        await module(both.source, "Tools")

        await both.sync("*")

        assert await script_of(both.destination, "Gear") == script("Gear")
        assert (await both.sync("*")).plan.is_empty


async def test_old_modules_without_a_syntax_are_powershell_and_ones_without_a_script_have_none() -> None:
    async with pair(include=ALL, first_contact="adopt") as both:
        await module(both.source, "Old", syntax=None)
        await module(both.source, "Same", syntax=None)
        await module(both.source, "Empty", None, None)
        await module(both.destination, "Same", syntax="PowerShell")

        outcome = await both.sync("*")

        assert await script_of(both.destination, "Old") == script("Old", syntax="PowerShell")
        assert "Octopus.Script.Module[Empty]" not in await script_of(both.destination, "Empty")
        assert "script-module/Same" not in [printed(action.path) for action in outcome.plan.writes]
        assert (await both.sync("*")).plan.is_empty


async def test_a_creation_that_was_cut_off_is_finished_by_the_next_run() -> None:
    async with pair(include=ALL) as both:
        await module(both.source, "Tools")
        both.destination.sandbox.faults.add(Fault("status", method="PUT", path="variables", status=400, count=0))

        with pytest.raises(errors.BadRequest):
            await both.sync("*")
        assert await script_of(both.destination, "Tools") == {}
        both.destination.sandbox.faults.clear()
        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await script_of(both.destination, "Tools") == script("Tools")
        assert rules_of(outcome, "script-module/Tools") == ["untranslated-id"]
        assert (await both.sync("*")).plan.is_empty


async def test_a_set_and_a_module_of_one_name_are_two_items() -> None:
    async with pair(include=ALL) as both:
        await module(both.source, "Tools")
        shared = await both.source.post("libraryvariablesets", {"Name": "Tools"})
        await both.source.variables(shared, row("A", "1"))

        await both.sync("*")

        kinds = {one["ContentType"] for one in await both.destination.get("libraryvariablesets/all")}
        assert kinds == {"Variables", "ScriptModule"}
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize("version", ["2021.2.1290", "2023.4.8290"])
async def test_on_older_servers(version: str) -> None:
    settings = [Settings(version=version, first_id=first, seed=first) for first in (1, 5001)]
    async with pair(source=settings[0], destination=settings[1], include=ALL) as both:
        tools = await module(both.source, "Tools")
        await both.sync("*")
        await both.source.variables(tools, row("Octopus.Script.Module[Tools]", "new"))

        await both.sync("*")

        assert await script_of(both.destination, "Tools") == script("Tools", "new", "PowerShell")
        assert (await both.sync("*")).plan.is_empty


async def test_of_many_modules_the_scripts_are_read_together() -> None:
    async with pair(include={"script-module": ["*"]}) as both:
        for number in range(12):
            await module(both.source, f"Tools {number}")
        await both.sync("*")
        both.source.sandbox.requests.clear()

        await both.sync("*")

        routes = [request.path for request in both.source.sandbox.requests]
        assert sum("/variables/" in route for route in routes) == 1


async def test_one_that_the_source_deleted_is_known_by_its_counterpart() -> None:
    """Its id does not tell that it is no set of variables."""
    async with pair(include=ALL) as both:
        tools = await module(both.source, "Tools")
        await both.sync("*")
        await both.source.call("DELETE", f"libraryvariablesets/{tools['Id']}")
        await both.ledger.deletions.record("dev", "Default", {tools["Id"]: "2026-01-01"})

        await both.sync(tools["Id"])

        assert [(one.entry.item, one.entry.reason) for one in await both.clean_ups()] == [
            (("script-module", "Tools"), "deleted-on-source")
        ]
        assert "Tools" in await both.destination.names("libraryvariablesets")


async def test_modules_that_exchange_their_names_keep_their_scripts() -> None:
    async with pair(include=ALL) as both:
        ids = {name: (await module(both.source, name, f"echo {name}"))["Id"] for name in "AB"}
        await both.sync("*")
        there = {name: (await both.destination.named("libraryvariablesets", name))["Id"] for name in "AB"}
        for item, new in ((ids["A"], "x"), (ids["B"], "A"), (ids["A"], "B")):
            found = await both.source.edit(f"libraryvariablesets/{item}", Name=new)
            old = await both.source.get(f"variables/{found['VariableSetId']}")
            body = next(one["Value"] for one in old["Variables"] if "Language" not in one["Name"])
            rows = [row(f"Octopus.Script.Module[{new}]", body), row(f"Octopus.Script.Module.Language[{new}]", "Bash")]
            await both.source.variables(found, *rows)

        await both.sync("*")

        after = {name: (await both.destination.named("libraryvariablesets", name))["Id"] for name in "AB"}
        assert after == {"A": there["B"], "B": there["A"]}
        assert await script_of(both.destination, "A") == script("A", "echo B")
        assert await script_of(both.destination, "B") == script("B", "echo A")
        assert (await both.sync("*")).plan.is_empty
