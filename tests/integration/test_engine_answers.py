"""What triggers answer to prompted variables: each answer goes with its variable, and no secret is touched.

In both forms that triggers have: an object (of the trigger of a runbook), and JSON text (of one that deploys).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.pair import Document, Pair, Server, pair, row
from worker.plan.values import Op
from worker.sync.run import Outcome, Result

CRON = {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * Mon", "Timezone": "UTC"}
PROMPT = {"Label": "Where?", "Description": "", "Required": False}
STRANGER = "11111111-7a51-4c0e-9f0e-0d6f6a3b9c11"
"""The id of no variable."""
OBJECT, TEXT = "FormValues", "Variables"
both_forms = pytest.mark.parametrize("form", [OBJECT, TEXT])


def prompted(name: str, value: str | None = "", **more: Any) -> Document:
    return row(name, value, Prompt=PROMPT, **more)


def as_sent(form: str, answers: Mapping[str, Any]) -> Any:
    return dict(answers) if form == OBJECT else json.dumps(answers)


def as_read(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else dict(value or {})


class House:
    """A project with prompted variables and a trigger of one of the two forms, on the source."""

    def __init__(self, both: Pair, form: str, project: Document, action: Document) -> None:
        self.both, self.form, self.project, self.action = both, form, project, action

    @classmethod
    async def built(cls, both: Pair, form: str, *rows: Document, **fields: Any) -> House:
        here = await both.source.environments("Test")
        await both.destination.environments("Test")
        project = await both.source.project("OctoFX", **fields)
        if form == OBJECT:
            runbook = await both.source.runbook(project, "Restart")
            action = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": [here["Test"]]}
        else:
            where = {"SourceEnvironmentIds": [here["Test"]], "DestinationEnvironmentId": here["Test"]}
            action = {"ActionType": "DeployLatestRelease", **where}
        await both.source.variables(project, *rows)
        return cls(both, form, project, action)

    async def trigger(self, answers: Mapping[str, Any]) -> Document:
        action = {**self.action, self.form: as_sent(self.form, answers)}
        body = {"Name": "Nightly", "ProjectId": self.project["Id"], "Filter": CRON, "Action": action}
        return await self.both.source.post("projecttriggers", body)

    async def ids(self, server: Server) -> dict[str, str]:
        """Name → id of the project's variables."""
        return {one["Name"]: one["Id"] for one in await server.rows("OctoFX")}

    async def answers(self, server: Server) -> dict[str, Any]:
        """By the names of the variables."""
        names = {there: name for name, there in (await self.ids(server)).items()}
        [trigger] = (await server.get("projecttriggers"))["Items"]
        return {names.get(key, key): value for key, value in as_read(trigger["Action"][self.form]).items()}

    async def answer(self, server: Server, **answers: Any) -> None:
        """Gives these answers instead of all others; by the names of variables, or by what is none."""
        ids = await self.ids(server)
        [trigger] = (await server.get("projecttriggers"))["Items"]
        given = as_sent(self.form, {ids.get(key, key): value for key, value in answers.items()})
        action = {**trigger["Action"], self.form: given}
        await server.edit(f"projecttriggers/{trigger['Id']}", Action=action)

    async def left(self) -> list[str]:
        """The places of the answers that are left to a person."""
        found = [one.entry.where for one in await self.both.clean_ups() if one.entry.where.startswith("Action/")]
        return sorted(one.removeprefix(f"Action/{self.form}/") for one in found)

    async def settled(self) -> bool:
        outcome = await self.both.sync("*")
        return outcome.result is Result.UNCHANGED and not outcome.plan.writes


def writes(outcome: Outcome) -> list[str]:
    return [one.kind for one in outcome.plan if one.op in {Op.CREATE, Op.UPDATE}]


@both_forms
async def test_an_answer_crosses_with_its_variable_and_follows_the_source(form: str) -> None:
    async with pair() as both:
        house = await House.built(both, form, prompted("Region"), prompted("Size"))
        ids = await house.ids(both.source)
        await house.trigger({ids["Region"]: "Europe", ids["Size"]: "5"})

        await both.sync("*")

        assert await house.answers(both.destination) == {"Region": "Europe", "Size": "5"}
        assert (await house.ids(both.destination))["Region"] != ids["Region"]
        assert await house.left() == []
        assert await house.settled()
        # An edit, an answer less, and one to a variable that comes to exist by the same plan.
        rows = [*await both.source.rows("OctoFX"), prompted("Zone")]
        await both.source.variables(house.project, *rows)
        await house.answer(both.source, Region="Asia", Zone="b")

        outcome = await both.sync("*")

        assert writes(outcome) == ["variable-set", "trigger"]
        assert await house.answers(both.destination) == {"Region": "Asia", "Zone": "b"}
        [change] = [one.where for one in next(one for one in outcome.plan if one.kind == "trigger").changes][:1]
        assert change == f"Action/{form}/Region"
        assert await house.settled()


@both_forms
async def test_what_the_destination_answers_itself_stays_and_conflicts_are_told(form: str) -> None:
    async with pair() as both:
        house = await House.built(both, form, prompted("Region"), prompted("Size"))
        ids = await house.ids(both.source)
        await house.trigger({ids["Region"]: "Europe", ids["Size"]: "5"})
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        await both.destination.variables(there, *await both.destination.rows("OctoFX"), prompted("Own"))
        await house.answer(both.destination, Region="Mars", Size="5", Own="mine")
        assert await house.settled()

        await house.answer(both.source, Region="Asia", Size="6")
        await both.sync("*")

        assert await house.answers(both.destination) == {"Region": "Mars", "Size": "6", "Own": "mine"}
        assert [one for one in await both.reasons() if one.startswith("conflict")] == [f"conflict Action/{form}/Region"]
        assert await house.settled()
        # What the source drops goes only if nobody has edited it here.
        await house.answer(both.source)
        await both.sync("*")
        assert await house.answers(both.destination) == {"Region": "Mars", "Own": "mine"}
        assert await house.settled()


@both_forms
async def test_a_secret_is_neither_copied_nor_touched(form: str) -> None:
    async with pair() as both:
        secret = prompted("Password", "hunter1", Type="Sensitive")
        house = await House.built(both, form, secret, prompted("Region"), prompted("Opened"))
        ids = await house.ids(both.source)
        masked = {"HasValue": True, "NewValue": None}
        await house.trigger({ids["Password"]: "hunter2", ids["Region"]: "Europe", ids["Opened"]: masked})

        outcome = await both.sync("*")

        assert await house.answers(both.destination) == {"Region": "Europe"}
        assert await house.left() == ["Opened", "Password"]
        assert "hunter2" not in repr([outcome.plan, await both.clean_ups()])
        # A person enters them. Whatever becomes of the source's, these stay.
        await house.answer(both.destination, Password="ours", Region="Europe", Opened="ours too")
        assert await house.settled()
        await house.answer(both.source, Region="Asia", Password="hunter3")
        await both.sync("*")
        assert await house.answers(both.destination) == {"Password": "ours", "Region": "Asia", "Opened": "ours too"}
        await house.answer(both.source)
        await both.sync("*")
        assert await house.answers(both.destination) == {"Password": "ours", "Opened": "ours too"}


@both_forms
async def test_a_variable_that_becomes_a_secret_keeps_what_is_answered_here(form: str) -> None:
    async with pair() as both:
        house = await House.built(both, form, prompted("Region"))
        ids = await house.ids(both.source)
        await house.trigger({ids["Region"]: "Europe"})
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        [known] = await both.destination.rows("OctoFX")
        await both.destination.variables(there, {**known, "Type": "Sensitive", "IsSensitive": True, "Value": "x"})

        await house.answer(both.source, Region="Asia")
        await both.sync("*")

        assert await house.answers(both.destination) == {"Region": "Europe"}
        assert await house.left() == ["Region"]
        assert await house.settled()


@both_forms
async def test_what_has_no_counterpart_is_left_out_and_told_and_the_rest_crosses(form: str) -> None:
    async with pair() as both:
        lone = await both.source.environments("Lone")
        scoped = prompted("Elsewhere", scope={"Environment": [lone["Lone"]]})
        house = await House.built(both, form, prompted("Region"), scoped)
        ids = await house.ids(both.source)
        given = {ids["Region"]: "Europe", ids["Elsewhere"]: "7", STRANGER: "8", "ByName": "9"}
        await house.trigger(given)

        await both.sync("*")

        assert await house.answers(both.destination) == {"Region": "Europe", "ByName": "9"}
        assert await house.left() == [STRANGER, "Elsewhere"]
        assert await house.settled()
        # It fits now: it crosses, and the entry closes.
        rows = [{**one, "Scope": {}} for one in await both.source.rows("OctoFX")]
        await both.source.variables(house.project, *rows)
        await both.sync("*")
        assert await house.answers(both.destination) == {"Region": "Europe", "Elsewhere": "7", "ByName": "9"}
        assert await house.left() == [STRANGER]


@both_forms
async def test_answers_by_name_cross_as_they_are_but_for_secrets(form: str) -> None:
    async with pair() as both:
        secret = prompted("Password", "hunter1", Type="Sensitive")
        house = await House.built(both, form, secret, prompted("Region"))
        trigger = await house.trigger({"region": "Europe"})

        await both.sync("*")

        [there] = (await both.destination.get("projecttriggers"))["Items"]
        assert there["Action"][form] == trigger["Action"][form]
        await house.answer(both.source)
        [one] = (await both.source.get("projecttriggers"))["Items"]
        action = {**one["Action"], form: as_sent(form, {"region": "Asia", "password": "hunter2"})}
        await both.source.edit(f"projecttriggers/{one['Id']}", Action=action)
        await both.sync("*")
        [there] = (await both.destination.get("projecttriggers"))["Items"]
        assert as_read(there["Action"][form]) == {"region": "Asia"}
        assert await house.left() == ["password"]


async def test_a_renamed_variable_is_still_the_one_that_is_answered() -> None:
    async with pair() as both:
        house = await House.built(both, OBJECT, prompted("Region"), prompted("Size"))
        ids = await house.ids(both.source)
        await house.trigger({ids["Region"]: "Europe"})
        await both.sync("*")

        rows = [{**one, "Name": one["Name"].replace("Region", "Place")} for one in await both.source.rows("OctoFX")]
        await both.source.variables(house.project, *rows)
        outcome = await both.sync("*")

        assert writes(outcome) == ["variable-set"]
        assert await house.answers(both.destination) == {"Place": "Europe"}
        await house.answer(both.source, Place="Asia")
        await both.sync("*")
        assert await house.answers(both.destination) == {"Place": "Asia"}


async def test_a_trigger_looked_at_by_itself_knows_the_variables_that_have_crossed() -> None:
    async with pair() as both:
        house = await House.built(both, OBJECT, prompted("Region"))
        ids = await house.ids(both.source)
        trigger = await house.trigger({ids["Region"]: "Europe"})
        await both.sync("*")
        await both.source.variables(house.project, *await both.source.rows("OctoFX"), prompted("Size"))
        await house.answer(both.source, Region="Asia", Size="5")

        await both.sync(trigger["Id"])

        # Its variable is not there yet, so nothing names it; and once it is, the trigger is known to wait for it.
        assert await house.answers(both.destination) == {"Region": "Asia"}
        assert await house.left() == ["Size"]
        variables = f"variableset-{house.project['Id']}"
        assert await both.ledger.awaited.by("dev-to-prod", [variables]) == [trigger["Id"]]
        await both.sync(variables)
        await both.sync(trigger["Id"])
        assert await house.answers(both.destination) == {"Region": "Asia", "Size": "5"}
        assert await house.left() == []


async def test_variables_of_an_included_library_set_and_accounts_are_answered_too() -> None:
    async with pair(include={"project": ["*"], "library-variable-set": ["*"], "account": ["*"]}) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        await both.source.variables(library, prompted("Colour"), prompted("Who", None, Type="UsernamePasswordAccount"))
        of = {one["Name"]: one["Id"] for one in await both.source.rows("Shared", "libraryvariablesets")}
        account = {"Name": "Deployer", "AccountType": "UsernamePassword", "Username": "d"}
        mine = await both.source.post("accounts", account)
        await both.destination.post("accounts", {**account, "Name": "Another"})
        house = await House.built(both, OBJECT, IncludedLibraryVariableSetIds=[library["Id"]])
        await house.trigger({of["Colour"]: "blue", of["Who"]: mine["Id"]})

        await both.sync("*")

        there = {one["Name"]: one["Id"] for one in await both.destination.rows("Shared", "libraryvariablesets")}
        theirs = (await both.destination.named("accounts", "Deployer"))["Id"]
        assert theirs != mine["Id"]
        assert await house.answers(both.destination) == {there["Colour"]: "blue", there["Who"]: theirs}
        assert await house.settled()


async def test_what_a_person_entered_before_answers_crossed_stays() -> None:
    """At first contact, as of all values."""
    async with pair() as both:
        house = await House.built(both, OBJECT, prompted("Region"), prompted("Size"))
        ids = await house.ids(both.source)
        trigger = await house.trigger({ids["Region"]: "Europe", ids["Size"]: "5"})
        await both.sync("*")
        await house.answer(both.destination, Region="Mars")
        await both.ledger.baselines.delete("dev-to-prod", [trigger["Id"]])

        outcome = await both.sync("*")
        if outcome.result is Result.HELD:
            await both.sync("*", approved_hash=outcome.plan.hash)

        assert await house.answers(both.destination) == {"Region": "Mars", "Size": "5"}
