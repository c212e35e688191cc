"""What a person must be asked first: first contact, floods and changed rules; and routes that only read."""

from __future__ import annotations

import fakeredis

from tests.deletions import gone
from tests.pair import ROUTE, Pair, pair, row, script
from worker.ledger.ledger import Ledger
from worker.sync.run import Outcome, Result


async def approve(both: Pair, outcome: Outcome) -> None:
    assert outcome.result is Result.HELD, outcome.message
    assert await both.ledger.held.approve(ROUTE, outcome.plan.hash)


# ── first contact ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_first_contact_with_existing_projects_is_held_and_the_approved_plan_is_applied() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="source")
        await both.source.steps(project, script("Deploy"))
        await both.destination.project("OctoFX", Description="destination")
        before = both.destination.writes

        held = await both.sync("*")

        assert held.result is Result.HELD
        assert "first contact" in held.message
        assert "project/OctoFX" in held.message
        assert f"octosync approve {ROUTE} {held.plan.hash}" in held.message
        assert both.destination.writes == before
        shown = await both.ledger.held.get(ROUTE)
        assert shown is not None
        assert shown.plan_hash == held.plan.hash

        await approve(both, held)
        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert outcome.plan.hash == held.plan.hash
        assert (await both.destination.named("projects", "OctoFX"))["Description"] == "source"
        assert await both.ledger.held.get(ROUTE) is None
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_another_plan_than_the_approved_one_is_not_applied() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="source")
        await both.destination.project("OctoFX")
        held = await both.sync("*")
        await approve(both, held)
        await both.source.edit(f"projects/{project['Id']}", Description="changed since")
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert outcome.plan.hash != held.plan.hash
        assert (await both.sync("*", approved_hash=held.plan.hash)).result is Result.HELD
        assert both.destination.writes == before


async def test_what_the_approved_plan_itself_moves_does_not_stop_it() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="source")
        donor = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}}
        feed = (await both.source.get("feeds/all"))[0]["Id"]
        await both.source.steps(project, script("Deploy", Packages=[{"PackageId": "Web", "FeedId": feed}]))
        await both.source.edit(f"deploymentsettings/deploymentsettings-{project['Id']}", VersioningStrategy=donor)
        await both.destination.project("OctoFX")
        await approve(both, await both.sync("*"))

        outcome = await both.sync("*")

        # The project shows its deployment settings, which were written before it.
        assert outcome.result is Result.CHANGED, outcome.message
        copy = await both.destination.named("projects", "OctoFX")
        assert (copy["Description"], copy["VersioningStrategy"]["DonorPackage"]) == ("source", donor["DonorPackage"])
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_of_a_plan_that_is_cut_short_the_rest_is_written_but_nothing_else() -> None:
    async with pair() as both:
        projects = [await both.source.project(name, Description="source") for name in ("A", "B")]
        copies = {name: await both.destination.project(name) for name in ("A", "B")}
        await approve(both, await both.sync("*"))
        asked = 0

        async def somebody_edits_the_second_one() -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                await both.destination.edit(f"projects/{copies['B']['Id']}", ReleaseNotesTemplate="theirs")

        outcome = await both.sync("*", guard=somebody_edits_the_second_one)

        assert outcome.result is Result.CHANGED, "it plans once more, and asks nobody"
        assert await both.ledger.held.get(ROUTE) is None
        limited = both.with_route(limits={"updates_percent": 1, "minimum_population": 1})
        for project in projects:
            await both.source.edit(f"projects/{project['Id']}", Description="source 2")
        await approve(both, await limited.sync("*"))
        asked = 0

        async def somebody_edits_the_same() -> None:
            nonlocal asked
            asked += 1
            if asked == 3:
                await both.destination.edit(f"projects/{copies['B']['Id']}", Description="theirs")

        outcome = await limited.sync("*", guard=somebody_edits_the_same)

        assert outcome.result is Result.HELD, "that it would be overwritten nobody has approved"
        assert outcome.writes == 1, "what was written before is told"
        assert "the destination changed while the plan was applied, after 1 write;" in outcome.message
        assert "Nothing was written" not in outcome.message
        run = (await both.ledger.runs.newest(ROUTE))[0]
        assert run.counts["update"] == 2, "the one that was written, and the one that was not"


async def test_a_route_may_adopt_without_asking() -> None:
    async with pair(first_contact="adopt") as both:
        await both.source.project("OctoFX", Description="source")
        await both.destination.project("OctoFX")

        assert (await both.sync("*")).result is Result.CHANGED


async def test_elements_on_both_sides_that_match_nothing_are_for_a_person() -> None:
    async with pair(first_contact="adopt") as both:
        await both.source.steps(await both.source.project("OctoFX"), script("Ours"))
        theirs = await both.destination.project("OctoFX")
        await both.destination.steps(theirs, script("Theirs"))

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert "deployment-process" in outcome.message
        await approve(both, outcome)
        assert (await both.sync("*")).result is Result.CHANGED
        names = [step["Name"] for step in await both.destination.process("OctoFX")]
        assert sorted(names) == ["Ours", "Theirs"]


async def test_two_ledgers_do_not_know_of_each_other() -> None:
    """The memory is lost: what is there already is met again, and a person is asked."""
    async with pair() as both:
        await both.source.project("OctoFX", Description="a")
        await both.sync("*")
        await both.source.edit(f"projects/{(await both.source.named('projects', 'OctoFX'))['Id']}", Description="b")
        both.ledger = Ledger(fakeredis.FakeAsyncRedis())

        assert (await both.sync("*")).result is Result.HELD


# ── floods, changed rules, routes that only read ──────────────────────────────────────────────────────────────────────


async def test_too_many_updates_are_held() -> None:
    limits = {"updates_percent": 20, "deletes_percent": 5, "minimum_population": 3}
    async with pair(limits=limits) as both:
        projects = [await both.source.project(name) for name in "ABCDE"]
        assert (await both.sync("*")).result is Result.CHANGED  # creating is never refused
        for project in projects:
            await both.source.edit(f"projects/{project['Id']}", Description="all of them")
            await both.source.variables(project, row("A", "1"))
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert "Too many updates" in outcome.message
        assert both.destination.writes == before
        # One at a time is a flood too: the window counts over all runs.
        results = [(await both.sync(project["Id"])).result for project in projects]
        assert set(results) == {Result.HELD}

        await approve(both, await both.sync("*"))
        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.destination.named("projects", "E"))["Description"] == "all of them"


async def test_changes_that_come_one_at_a_time_are_a_flood_too() -> None:
    limits = {"updates_percent": 5, "deletes_percent": 5, "minimum_population": 3}
    async with pair(limits=limits) as both:
        projects = [await both.source.project(name) for name in "ABCDE"]
        await both.sync("*")
        results = []
        for project in projects:
            await both.source.edit(f"projects/{project['Id']}", Description="all of them")

            results.append((await both.sync(project["Id"])).result)

        at = results.index(Result.HELD)
        assert results == [Result.CHANGED] * at + [Result.HELD] * (len(projects) - at)
        assert at > 0


async def test_changed_rules_are_held_until_somebody_looked() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        changed = both.with_route(rules={"variables": {"value": "always"}})
        copy = await both.destination.named("projects", "OctoFX")
        rows = await both.destination.rows("OctoFX")
        await both.destination.variables(copy, {**rows[0], "Value": "2"})

        outcome = await changed.sync("*")

        assert outcome.result is Result.HELD
        assert "rules" in outcome.message
        await approve(changed, outcome)
        assert (await changed.sync("*")).result is Result.CHANGED
        assert [one["Value"] for one in await both.destination.rows("OctoFX")] == ["1"]
        assert (await changed.sync("*")).result is Result.UNCHANGED


async def test_a_read_only_route_plans_and_writes_nothing() -> None:
    async with pair(mode="read-only") as both:
        await both.source.project("OctoFX")
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.READ_ONLY
        assert not outcome.plan.is_empty
        assert both.destination.writes == before
        assert await both.ledger.baselines.ids(ROUTE) == set()
        assert await both.ledger.held.get(ROUTE) is None


# ── includes that get narrower ────────────────────────────────────────────────────────────────────────────────────────


async def test_what_the_route_does_not_include_any_more_stays_as_it_is() -> None:
    async with pair() as both:
        projects = {name: await both.source.project(name, Description="first") for name in ("A", "B", "C")}
        await both.sync("*")
        for name, project in projects.items():
            new = {"Name": "A renamed"} if name == "A" else {}
            await both.source.edit(f"projects/{project['Id']}", Description="second", **new)
        await gone(both, "projects", projects["C"])
        narrower = both.with_route(include={"project": ["A"]}, rules={"deleted": "delete"})

        await approve(both, held := await narrower.sync("*"))
        outcome = await narrower.sync("*")

        assert held.plan.hash == outcome.plan.hash
        said = {one["Name"]: one["Description"] for one in await both.destination.get("projects/all")}
        assert said == {"A renamed": "second", "B": "first", "C": "first"}, "a new name is no reason to stop"
        [skipped] = (await narrower.plan(projects["B"]["Id"])).plan.actions
        assert skipped.decisions[0].text == "is not included by the route"
        await both.source.edit(f"projects/{projects['A']['Id']}", Description="third")
        await narrower.sync("*")
        assert (await both.destination.named("projects", "A renamed"))["Description"] == "third"


async def test_what_crossed_since_something_needed_it_still_follows() -> None:
    async with pair(include={"project": ["*"]}) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        project = await both.source.project("OctoFX", IncludedLibraryVariableSetIds=[library["Id"]])
        await both.sync("*")
        await both.source.variables(library, row("Url", "https://x"))
        await both.source.edit(f"projects/{project['Id']}", Description="second")

        assert (await both.sync("*")).result is Result.CHANGED
        assert [one["Name"] for one in await both.destination.rows("Shared", "libraryvariablesets")] == ["Url"]


async def test_at_first_contact_the_plan_tells_what_only_the_destination_has() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.variables(project, row("Url", "a"))
        theirs = await both.destination.project("OctoFX")
        await both.destination.steps(theirs, script("Warn"), script("Deploy"))
        await both.destination.variables(theirs, row("Url", "b"), *(row(f"Own{n}", "1") for n in range(7)))

        planned = (await both.plan("*")).plan

        told = [(one.where, one.text) for action in planned for one in action.decisions if one.rule == "first-contact"]
        assert ("Steps[Warn]", "is on the destination only, and stays") in told
        rows = ", ".join(f"Variables[Own{n}]" for n in range(5))
        assert ("Variables", f"only the destination has {rows} and 2 more: that stays") in told


async def test_a_step_of_another_type_that_a_first_contact_meets_is_to_be_looked_through() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Same"))
        theirs = await both.destination.project("OctoFX")
        feed = next(one["Id"] for one in await both.destination.get("feeds/all") if one["FeedType"] == "BuiltIn")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed}
        step = script("Deploy", ActionType="Octopus.TentaclePackage", Packages=[package])
        await both.destination.steps(theirs, step, script("Same"))

        held = await both.sync("*")
        await both.sync("*", approved_hash=held.plan.hash)

        assert await both.reasons() == ["type-replaced Steps[Deploy]/Actions[Deploy]"]
        text = (await both.clean_ups())[0].entry.text
        assert text.endswith("it was Octopus.TentaclePackage here, and is Octopus.Script on the source")
        await both.sync("*")
        assert len(await both.clean_ups()) == 1, "until a person has looked"


async def test_of_a_project_that_was_made_anew_nothing_old_is_left_to_do() -> None:
    async with pair() as both:
        old = await both.source.project("OctoFX")
        await both.source.variables(old, row("Key", "s3cret", Type="Sensitive"))
        await both.sync("*")
        assert await both.reasons() == ["placeholder-secret Variables[Key]"]
        await gone(both, "projects", old)
        await both.source.project("OctoFX")
        held = await both.sync("*")
        if held.result is Result.HELD:
            await both.sync("*", approved_hash=held.plan.hash)

        assert await both.destination.names("projects") == ["OctoFX"]
        assert await both.reasons() == []
