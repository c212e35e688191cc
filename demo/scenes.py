"""The demo's scenes: an edit on the source, and what should be seen on the destination.

Each scene is what a person does on an ordinary day. ``act`` makes the edit through the source's API and returns the
ids of the source documents that it touched; ``result`` reads the destination back and returns lines for people, or
raises :class:`NotYet` while it is not as it should be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from demo.api import Api

Document = dict[str, Any]


class NotYet(Exception):  # noqa: N818  (a state, not an error)
    """The destination is not as the scene wants it. Says what is missing."""


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    story: str
    act: Callable[[Api, Api], Awaitable[list[str]]]
    """(source, destination) → ids of the source documents that were edited."""
    result: Callable[[Api], Awaitable[list[str]]]
    without_receiver: bool = False
    """The receiver is down while it happens: no webhook arrives."""


def expect(condition: object, otherwise: str) -> None:
    if not condition:
        raise NotYet(otherwise)


# ── 1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def add_step(source: Api, _: Api) -> list[str]:
    project = await source.named("projects", "OctoFX")
    route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
    steps = (await source.get(route))["Steps"]
    at = next(index for index, step in enumerate(steps) if step["Name"] == "Smoke test")
    await source.edit(
        route, Steps=[*steps[:at], script("Warm up the cache", "Invoke-WebRequest #{Web.Url}"), *steps[at:]]
    )
    return [f"deploymentprocess-{project['Id']}"]


async def step_added(destination: Api) -> list[str]:
    names = [step["Name"] for step in await destination.steps("OctoFX")]
    expect("Warm up the cache" in names, "the new step is not there")
    expect(names.index("Warm up the cache") == names.index("Smoke test") - 1, f"the new step stands elsewhere: {names}")
    return ["steps: " + " → ".join(names)]


# ── 2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def edit_variables(source: Api, _: Api) -> list[str]:
    """The edit of Octopus' guide to syncing instances, section "Variable Scoping"."""
    project = await source.named("projects", "OctoFX")
    rows = await source.rows("projects", "OctoFX")
    first, *others = [row for row in rows if row["Name"] == "Application.Database.Name"]
    connection = next(row for row in rows if row["Name"] == "ConnectionString")
    dropped = {row["Id"] for row in others}
    first |= {"Value": "OctoFx-#{Octopus.Environment.Name}", "Scope": {}}
    connection |= {"Scope": {"Role": ["SQL-Server"]}}
    oracle = variable("ConnectionString", "Data Source=#{Application.Database.Name}", Role=["Oracle"])
    after = [row for row in rows if row["Id"] not in dropped]
    after.insert(after.index(connection) + 1, oracle)
    await source.edit(f"variables/variableset-{project['Id']}", Variables=after)
    return [f"variableset-{project['Id']}"]


async def variables_edited(destination: Api) -> list[str]:
    rows = await destination.rows("projects", "OctoFX")
    found = [
        (r["Name"], r["Value"], r["Scope"])
        for r in rows
        if r["Name"] in {"Application.Database.Name", "ConnectionString"}
    ]
    wanted = [
        ("Application.Database.Name", "REPLACE ME", {}),
        ("ConnectionString", "Database=#{Application.Database.Name}", {"Role": ["SQL-Server"]}),
        ("ConnectionString", "Data Source=#{Application.Database.Name}", {"Role": ["Oracle"]}),
    ]
    expect(found == wanted, f"the variables are {found}")
    return [f"{name} = {value}  {scope or ''}" for name, value, scope in found]


# ── 3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def rename(source: Api, _: Api) -> list[str]:
    project = await source.named("projects", "Random Quotes")
    await source.edit(f"projects/{project['Id']}", Name="Random Quotes 2")
    return [str(project["Id"])]


async def renamed(destination: Api) -> list[str]:
    names = (await destination.names("projects")).values()
    expect("Random Quotes 2" in names, "it still has the old name")
    expect("Random Quotes" not in names, "there are two of it now")
    steps = len(await destination.steps("Random Quotes 2"))
    return [f"one project, renamed in place: same id, its {steps} step(s) untouched"]


# ── 4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def add_scoped_step(source: Api, _: Api) -> list[str]:
    project = await source.named("projects", "Church Bulletin")
    test = await source.named("environments", "Test")
    route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
    steps = (await source.get(route))["Steps"]
    seed, check = script("Load test data", "Import-TestData"), script("Announce", "Write-Host done")
    seed["Actions"][0]["Environments"] = [test["Id"]]
    await source.edit(route, Steps=[*steps, seed, check])
    return [f"deploymentprocess-{project['Id']}"]


async def scoped_step_stays_away(destination: Api) -> list[str]:
    names = [step["Name"] for step in await destination.steps("Church Bulletin")]
    expect("Announce" in names, "the unscoped step is not there")
    expect("Load test data" not in names, "a step for Test would run everywhere")
    return ["'Announce' is there, 'Load test data' (Test only) is not", "steps: " + " → ".join(names)]


# ── 5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "made-up-api-token"  # noqa: S105 - made up, and looked for on the destination


async def add_secret(source: Api, _: Api) -> list[str]:
    project = await source.named("projects", "OctoFX")
    rows = await source.rows("projects", "OctoFX")
    secret = {**variable("Rates.Api.Token", SECRET), "Type": "Sensitive", "IsSensitive": True}
    await source.edit(f"variables/variableset-{project['Id']}", Variables=[*rows, secret])
    return [f"variableset-{project['Id']}"]


async def secret_is_a_placeholder(destination: Api) -> list[str]:
    row = next((r for r in await destination.rows("projects", "OctoFX") if r["Name"] == "Rates.Api.Token"), None)
    expect(row is not None, "the variable is not there")
    expect(row is not None and row["IsSensitive"], "it is not sensitive")
    return [
        "Rates.Api.Token is there, sensitive, with a placeholder: a secret cannot be read, and is on the clean-up list"
    ]


# ── 6 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def add_qa_channel(source: Api, _: Api) -> list[str]:
    project = await source.named("projects", "OctoFX")
    environments = {name: found for found, name in (await source.names("environments")).items()}
    phases = [{"Name": name, "OptionalDeploymentTargets": [environments[name]]} for name in ("Development", "Test")]
    lifecycle = await source.post("lifecycles", {"Name": "QA", "Phases": phases})
    channel = await source.post("channels", {"Name": "QA", "ProjectId": project["Id"], "LifecycleId": lifecycle["Id"]})
    route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
    check = script("QA exploratory testing", "Wait-ForQa")
    check["Actions"][0]["Channels"] = [channel["Id"]]
    await source.edit(route, Steps=[*(await source.get(route))["Steps"], check])
    return [str(channel["Id"]), f"deploymentprocess-{project['Id']}"]


async def qa_stays_at_home(destination: Api) -> list[str]:
    expect(
        "QA" not in (await destination.names("lifecycles")).values(), "a lifecycle without phases would run everywhere"
    )
    expect("QA" not in (await destination.names("channels")).values(), "the channel crossed without its lifecycle")
    names = [step["Name"] for step in await destination.steps("OctoFX")]
    expect("QA exploratory testing" not in names, "the channel's step crossed")
    return ["no phase of lifecycle QA exists there: neither it, nor the channel, nor the channel's step crossed"]


# ── 7 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

ADDED = "Notification.Reply.Address"


async def edit_library_set(source: Api, _: Api) -> list[str]:
    owner = await source.named("libraryvariablesets", "Notifications")
    rows = await source.rows("libraryvariablesets", "Notifications")
    added = variable(ADDED, "octofx-team@example.com")
    await source.edit(f"variables/variableset-{owner['Id']}", Variables=[*rows, added])
    return [f"variableset-{owner['Id']}"]


async def library_set_edited(destination: Api) -> list[str]:
    names = [row["Name"] for row in await destination.rows("libraryvariablesets", "Notifications")]
    expect(ADDED in names, "the new variable is not there")
    owner = await destination.named("libraryvariablesets", "Notifications")
    users = [
        p["Name"] for p in await destination.get("projects/all") if owner["Id"] in p["IncludedLibraryVariableSetIds"]
    ]
    return [f"{ADDED} is there: written once, for {len(users)} projects ({', '.join(users)})"]


# ── 8 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

OURS = "https://octofx.internal.example.com"


async def edit_both(source: Api, destination: Api) -> list[str]:
    there = await destination.named("projects", "OctoFX")
    rows = await destination.rows("projects", "OctoFX")
    _unscoped(rows)["Value"] = OURS
    await destination.edit(f"variables/variableset-{there['Id']}", Variables=rows)
    project = await source.named("projects", "OctoFX")
    rows = await source.rows("projects", "OctoFX")
    _unscoped(rows)["Value"] = "https://octofx-new.example.com"
    await source.edit(f"variables/variableset-{project['Id']}", Variables=rows)
    return [f"variableset-{project['Id']}"]


async def destination_kept(destination: Api) -> list[str]:
    value = _unscoped(await destination.rows("projects", "OctoFX"))["Value"]
    expect(value == OURS, f"the destination's own value was overwritten with {value!r}")
    return [f"Web.Url = {value}: a value of the destination is never overwritten"]


def _unscoped(rows: list[Document]) -> Document:
    return next(row for row in rows if row["Name"] == "Web.Url" and not row["Scope"])


# ── 9 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def edit_unheard(source: Api, _: Api) -> list[str]:
    trident = await source.named("projects", "Trident")
    await source.edit(f"projects/{trident['Id']}", Description="Edited while nobody listened.")
    quotes = await source.named("projects", "Random Quotes 2")
    route = f"deploymentprocesses/deploymentprocess-{quotes['Id']}"
    await source.edit(route, Steps=[*(await source.get(route))["Steps"], script("Tell a joke", "Get-Quote")])
    return [str(trident["Id"]), f"deploymentprocess-{quotes['Id']}"]


async def caught_up(destination: Api) -> list[str]:
    trident = await destination.named("projects", "Trident")
    expect(trident["Description"] == "Edited while nobody listened.", "Trident's description has not arrived")
    names = [step["Name"] for step in await destination.steps("Random Quotes 2")]
    expect("Tell a joke" in names, "the step has not arrived")
    return ["both edits arrived: the audit log was read, which tells what the webhooks did not"]


def script(name: str, body: str) -> Document:
    properties = {
        "Octopus.Action.Script.ScriptSource": "Inline",
        "Octopus.Action.Script.Syntax": "PowerShell",
        "Octopus.Action.Script.ScriptBody": body,
        "Octopus.Action.RunOnServer": "true",
    }
    return {"Name": name, "Actions": [{"Name": name, "ActionType": "Octopus.Script", "Properties": properties}]}


def variable(name: str, value: str, **scope: list[str]) -> Document:
    return {"Name": name, "Value": value, "Type": "String", "IsSensitive": False, "Scope": scope}


SCENES = (
    Scene("A step is added in the middle", "OctoFX gets a step before its smoke test.", add_step, step_added),
    Scene(
        "The guide's hardest case: variables rescoped",
        "Database.Name becomes one unscoped value; ConnectionString splits by role.",
        edit_variables,
        variables_edited,
    ),
    Scene("A project is renamed", "Random Quotes becomes Random Quotes 2.", rename, renamed),
    Scene(
        "A step for an environment that the destination lacks",
        "Church Bulletin gets two steps; one is scoped to Test.",
        add_scoped_step,
        scoped_step_stays_away,
    ),
    Scene("A sensitive variable is added", "OctoFX gets an API token.", add_secret, secret_is_a_placeholder),
    Scene(
        "A QA channel that has no place in production",
        "A lifecycle of Development and Test, a channel on it, a step for the channel.",
        add_qa_channel,
        qa_stays_at_home,
    ),
    Scene(
        "A library set that four projects use",
        "Notifications gets an address to reply to.",
        edit_library_set,
        library_set_edited,
    ),
    Scene(
        "A value edited on the destination, and then on the source",
        "Web.Url is set by hand on the destination; then somebody changes it on the source.",
        edit_both,
        destination_kept,
    ),
    Scene(
        "Nobody listens",
        "The receiver is stopped, two edits are made, it is started again. Octopus does not send them again.",
        edit_unheard,
        caught_up,
        without_receiver=True,
    ),
)
