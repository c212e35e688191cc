"""What the tests of the guide's scenarios share: its QA channel, and what the destination then has."""

from __future__ import annotations

from typing import Any

from tests.pair import Document, Pair, Server, row, script
from worker.plan.values import printed

GUIDE_SOURCE = ("Development", "Test", "Staging", "Production")


async def lifecycle(server: Server, name: str, *phases: list[str]) -> Document:
    """``phases``: the environments of each."""
    return await server.post(
        "lifecycles",
        {
            "Name": name,
            "Phases": [
                {"Name": f"Phase {number}", "OptionalDeploymentTargets": ids, "AutomaticDeploymentTargets": []}
                for number, ids in enumerate(phases, 1)
            ],
        },
    )


async def qa_scenario(both: Pair) -> dict[str, Any]:
    """The guide's "Lifecycles and Channels": QA lives in Development and Test, which the destination does not have."""
    here = await both.source.environments(*GUIDE_SOURCE)
    there = await both.destination.environments("Staging", "Production")
    default = await lifecycle(both.source, "Application", *([one] for one in here.values()))
    qa = await lifecycle(both.source, "QA", [here["Development"]], [here["Test"]])
    project = await both.source.project("OctoFX", LifecycleId=default["Id"])
    channel = await both.source.post("channels", {"Name": "QA", "ProjectId": project["Id"], "LifecycleId": qa["Id"]})
    manual = {
        "Name": "Sign off",
        "Actions": [
            {
                "Name": "Sign off",
                "ActionType": "Octopus.Manual",
                "Properties": {"Octopus.Action.Manual.Instructions": "Look at #{Notes}"},
                "Channels": [channel["Id"]],
            }
        ],
    }
    saved = await both.source.steps(project, script("Deploy"), manual, script("Verify"))
    sign_off = saved["Steps"][1]["Actions"][0]["Id"]
    await both.source.variables(
        project,
        row("Notes", "for QA", {"Channel": [channel["Id"]]}),
        row("Title", "all"),
        row("Title", "QA", {"Channel": [channel["Id"]]}),
        row("Checklist", "long", {"Action": [sign_off]}),
    )
    return {"here": here, "there": there, "project": project, "qa": qa, "channel": channel}


async def table(server: Server, project: str) -> list[tuple[str, str | None, Any]]:
    """The variables of a project: name, value and scope."""
    return [(one["Name"], one["Value"], one["Scope"]) for one in await server.rows(project)]


async def open_reasons(both: Pair) -> set[tuple[str, str]]:
    return {(printed(one.entry.item), one.entry.reason) for one in await both.clean_ups() if not one.closed}


async def assert_settled(both: Pair) -> None:
    """A second run plans nothing and writes nothing."""
    before = both.destination.writes
    outcome = await both.sync("*")
    assert outcome.plan.is_empty, [(a.op, a.path, a.changes) for a in outcome.plan.writes]
    assert both.destination.writes == before
    assert both.source.sandbox.url != both.destination.sandbox.url
