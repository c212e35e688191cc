"""Names in the routes file that nothing has: the plan says so, for nothing else would."""

from __future__ import annotations

from tests.pair import pair, script


async def test_a_map_and_an_include_that_name_nothing_are_told() -> None:
    maps = {"environment": {"Test": "Staging", "Tset": "Staging", "Dev": "Nowhere"}}
    async with pair(include={"project": ["OctoFX", "Octo *", "Octofxx"]}, maps=maps) as both:
        here = await both.source.environments("Test", "Dev")
        await both.destination.environments("Staging")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy", Environments=list(here.values())))

        notes = (await both.plan("*")).plan.notes

        assert notes == (
            "maps: the source has no environment 'Tset', so this map does nothing: what is it called there?",
            "maps: the destination has no environment 'Nowhere', to which 'Dev' is mapped",
            "include: the source has no project that matches 'Octo *'",
            "include: the source has no project that matches 'Octofxx'",
        )
        await both.sync("*")
        await both.source.edit(f"environments/{here['Test']}", Name="Testing")
        assert "maps: the source has no environment 'Test'" in "".join((await both.sync("*")).plan.notes)
