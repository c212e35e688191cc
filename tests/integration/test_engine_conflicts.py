"""Both sides changed the same place: who wins is a rule, and a person sees what it was and is on both."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.pair import Pair, pair, row, script
from worker.plan import json as plan_json
from worker.plan.console import print_plan
from worker.plan.values import BothSides, Plan


async def conflicts(both: Pair) -> dict[str, BothSides | None]:
    """Of the open entries, by place."""
    return {one.entry.where: one.entry.both for one in await both.clean_ups()}


def printed(plan: Plan) -> str:
    stream = io.StringIO()
    print_plan(plan, Console(file=stream, width=200))
    return stream.getvalue()


@pytest.mark.guide("truth-conflict")
async def test_a_conflict_shows_what_both_sides_were_and_are() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="first")
        body = "\n".join(f"echo {number}" for number in range(400))
        process = await both.source.steps(project, script("Deploy", body))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        theirs = await both.destination.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")

        await both.source.edit(f"projects/{project['Id']}", Description="of the source")
        process["Steps"][0]["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"] = body + "\necho source"
        await both.source.steps(project, *process["Steps"])
        await both.destination.edit(f"projects/{copy['Id']}", Description="of the destination")
        theirs["Steps"][0]["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"] = "echo destination\n" + body
        await both.destination.call("PUT", f"deploymentprocesses/{theirs['Id']}", theirs)
        outcome = await both.sync("*")

        found = await conflicts(both)
        place = "Steps[Deploy]/Actions[Deploy]/Properties/Octopus.Action.Script.ScriptBody"
        assert found.keys() == {"Description", place}
        assert found["Description"] == BothSides("first", "of the source", "first", "of the destination")
        text = found[place]
        assert text is not None
        assert text.source_is == "…\necho 398\necho 399\necho source\n…"
        assert text.destination_is == "…\necho destination\necho 0\necho 1\n…"
        rules = [one.where for action in outcome.plan for one in action.decisions if one.rule == "merge:conflict"]
        assert sorted(rules) == sorted(found)
        shown = printed(outcome.plan)
        assert '      source: "first" -> "of the source"\n' in shown
        assert '      destination: "first" -> "of the destination"\n' in shown
        assert "        +echo source\n" in shown
        assert plan_json.from_dict(plan_json.as_dict(outcome.plan)).clean_ups == outcome.plan.clean_ups
        assert (await both.sync("*")).plan.is_empty


async def test_a_conflict_over_a_row_names_what_it_is_scoped_to_and_shows_no_secret() -> None:
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Test", "Production")
        project = await both.source.project("OctoFX")
        secret = row("Key", "s3cret", Type="Sensitive")
        await both.source.variables(project, row("Port", "80", {"Environment": [here["Test"]]}), secret)
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")

        for side, owner, number in ((both.source, project, "81"), (both.destination, copy, "82")):
            found = await side.get(f"variables/variableset-{owner['Id']}")
            for one in found["Variables"]:
                one["Value"], one["Description"] = number, f"value {number}"
            if side is both.source:
                found["Variables"][0]["Scope"] = {"Environment": [here["Production"]]}
            await side.variables(owner, *found["Variables"])
        outcome = await both.sync("*")

        entries = [one.entry for one in await both.clean_ups()]
        sides = {(one.where[:13], one.reason): one.both for one in entries}
        assert sides["Variables[Por", "value-conflict"] == BothSides("80", "81", "80", "82")
        test, production = {"Environment": ["Test"]}, {"Environment": ["Production"]}
        assert sides["Variables[Por", "scope-left"] == BothSides(test, production, test, test)
        assert sides["Variables[Key", "text-overwritten"] == BothSides("", "value 81", "", "value 82")
        assert "s3cret" not in str(plan_json.as_dict(outcome.plan))
