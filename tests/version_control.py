"""What the tests of projects in Git share: how one gets there, and what a plan says of it."""

from __future__ import annotations

from typing import Any

from tests.pair import Document, Pair, Server, script
from worker.plan.values import Op, Plan, printed
from worker.sync.run import Outcome

SETTINGS_ONLY: dict[str, Any] = {"rules": {"version_controlled": "settings-only"}}


async def to_git(server: Server, project: Document, *, variables: bool = False) -> None:
    settings = {"Url": "https://git.example/octofx", "DefaultBranch": "main", "BasePath": ".octopus"}
    body = {"VersionControlSettings": settings, "ChangeDescription": "to Git"}
    await server.call("POST", f"projects/{project['Id']}/git/convert", body)
    if variables:
        await move(server, project, "variables")


async def move(server: Server, project: Document, what: str) -> None:
    """Moves the variables, or the runbooks, of a project that is kept in Git there, too."""
    body = {"Branch": "main", "CommitMessage": f"{what} too"}
    await server.call("POST", f"{project['SpaceId']}/projects/{project['Id']}/git/migrate-{what}", body)


async def on_both(both: Pair, *, variables: bool = False) -> tuple[Document, Document]:
    """A project of one name on both sides, each kept in Git, made by hand there. Source's and destination's."""
    found = []
    for side in (both.source, both.destination):
        project = await side.project("OctoFX")
        await side.steps(project, script("Deploy", Packages=[{"Name": "", "PackageId": "Web"}]))
        await to_git(side, project, variables=variables)
        found.append(project)
    return found[0], found[1]


async def process(server: Server, project: Document) -> Any:
    return (await server.get(f"projects/{project['Id']}/main/deploymentprocesses"))["Steps"]


def said(outcome: Outcome, path: str) -> str:
    """The last word on a document."""
    return next(action.decisions[-1].text for action in outcome.plan if printed(action.path) == path)


def ops(plan: Plan) -> dict[tuple[str, ...], Op]:
    return {action.path[2:]: action.op for action in plan}
