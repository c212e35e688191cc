"""Real documents cross: from a source to a destination, from there to a third space, and are the same in all three.

Every project, process, variable set and step template of the collection is put into a space, after what it names was
made there; then two routes under the preset ``mirror`` carry it on. The documents of a migrator's export are in the
database's form, which is the API's but for a few fields. What cannot cross is listed here with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from sandbox.settings import Settings
from tests.octopus_samples import SAMPLES, needs_samples
from tests.pair import Document, Pair, Server, pair
from tests.property.portable import differences, portable
from worker.ledger.ledger import Ledger
from worker.sync.run import Result

NEWEST = "2026.3.15581"
FOLDERS = {
    "projects": ("projects",),
    "deploymentprocesses": ("deployment_processes", "api/deploymentprocesses"),
    "variables": ("variable_sets", "api/variables"),
    "libraryvariablesets": ("library_variable_sets",),
}
LEFT_OUT = {
    "mock-deployment-process.json": "a step without a name, an action without a type: no server takes it",
}
"""By a part of the file's name."""
TOLD = {
    "Deploy Kraken",
    "Deploy ispac SSIS project from Referenced Package",
    "Octopus - Create Octoterra Space (Azure Backend)",
}
"""Step templates with a line of text, or a script, that holds an id. As it may be anything, it stays as it is and is on
the clean-up list."""
OF_ONE_SERVER = ("Id", "Slug", "SpaceId", "Links", "Version", "LastModifiedOn", "LastModifiedBy", "LastSnapshotId")
OF_THE_LIBRARY = ("Author", "Category", "HistoryUrl", "LastModifiedAt", "Logo", "Website", "$Meta")
OF_THE_DATABASE = ("$type", "RelatedDocumentIds", "UsedPackages", "JSON", "DataVersion")
VERSION = "Octopus.Action.Template.Version"
INCLUDE = {
    kind: ["*"]
    for kind in (
        "environment", "lifecycle", "project-group", "feed", "account", "worker-pool", "tag-set", "team", "tenant",
        "step-template", "library-variable-set", "script-module", "project",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    collection: str
    name: str
    document: Document


def samples() -> Iterator[Sample]:
    for collection, folders in FOLDERS.items():
        for folder in folders:
            for file in sorted(SAMPLES.joinpath(folder).glob("*.json")):
                if not any(part in file.name for part in LEFT_OUT):
                    found = json.loads(file.read_text(encoding="utf-8-sig"))
                    for number, document in enumerate(found.get("Items") or [found]):
                        yield Sample(collection, f"{file.stem}-{number}", plain(document))


def plain(value: Any) -> Any:
    """Without what only the database has."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in OF_THE_DATABASE}
    return [plain(item) for item in value] if isinstance(value, list) else value


def step_templates(file: Path) -> Iterator[Document]:
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError:  # of another encoding, or with the gaps of a program that fills it in
        return
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict) and "ActionType" in one and one.get("Name"):
            yield plain({key: item for key, item in one.items() if key not in OF_THE_LIBRARY})


# ── what a document names ─────────────────────────────────────────────────────────────────────────────────────────────


async def feed(server: Server, name: str) -> str:
    if name == "feeds-builtin":
        return next(str(one["Id"]) for one in await server.get("feeds/all") if one["FeedType"] == "BuiltIn")
    fields = {"Name": name, "FeedType": "NuGet", "FeedUri": "https://feeds.example/nuget"}
    return str((await server.post("feeds", fields))["Id"])


def plainly(collection: str, **fields: Any) -> Callable[[Server, str], Awaitable[str]]:
    async def make(server: Server, name: str) -> str:
        return str((await server.post(collection, {"Name": name, **fields}))["Id"])

    return make


async def step_template(server: Server, name: str) -> str:
    """Of as many versions as some step of a real process may be made from."""
    made = await server.post("actiontemplates", {"Name": name, "ActionType": "Octopus.Script", "Properties": {}})
    for version in range(10):
        body = {"Octopus.Action.Script.ScriptBody": f"echo {version}"}
        await server.edit(f"actiontemplates/{made['Id']}", Properties=body)
    return str(made["Id"])


MAKERS: dict[str, Callable[[Server, str], Awaitable[str]]] = {
    "environments": plainly("environments"),
    "lifecycle": plainly("lifecycles"),
    "lifecycles": plainly("lifecycles"),
    "projectgroups": plainly("projectgroups"),
    "libraryvariablesets": plainly("libraryvariablesets", ContentType="Variables"),
    "workerpools": plainly("workerpools", WorkerPoolType="StaticWorkerPool"),
    "accounts": plainly("accounts", AccountType="UsernamePassword", Username="me"),
    "actiontemplates": step_template,
    "feeds": feed,
}
"""By prefix of the id."""
GAP = "%s"
"""What a test fills in."""
NO_REFERENCES = ("Id", "ProjectId", "OwnerId", "ReleaseId", "ScopeValues", "VariableSetId", "DeploymentProcessId")


def ids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        found = re.fullmatch(r"([A-Za-z]+)-\S+", value)
        if found and found[1].lower() in MAKERS:
            yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in NO_REFERENCES:
                yield from ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids(item)


async def with_what_it_names(server: Server, document: Document) -> Document:
    """The document as this server would have it: what it names is there, under this server's ids."""
    text = json.dumps({key: value for key, value in document.items() if key not in OF_ONE_SERVER})
    for named in sorted(set(ids(document))):
        made = await MAKERS[named.partition("-")[0].lower()](server, named)
        text = text.replace(json.dumps(named), json.dumps(made))
    found: Document = json.loads(text)
    return found


async def put(server: Server, sample: Sample) -> None:
    document = await with_what_it_names(server, sample.document)
    if sample.collection == "libraryvariablesets":
        await server.post("libraryvariablesets", {**document, "VariableSetId": None})
        return
    if sample.collection == "projects":
        groups, lifecycles = [await server.get(f"{name}/all") for name in ("projectgroups", "lifecycles")]
        needed = {"Name": "Real", "ProjectGroupId": groups[0]["Id"], "LifecycleId": lifecycles[0]["Id"]}
        own = {"VariableSetId", "DeploymentProcessId", "ClonedFromProjectId", "AutoDeployReleaseOverrides"}
        said = {key: item for key, item in document.items() if key not in own and item not in ("", GAP)}
        await server.post("projects", needed | said)
        return
    project = await server.project("Owner")
    field = "Steps" if sample.collection == "deploymentprocesses" else "Variables"
    there = f"{sample.collection}/{'deploymentprocess' if field == 'Steps' else 'variableset'}-{project['Id']}"
    await server.edit(there, **{field: document[field]})


# ── source → destination → a third space ──────────────────────────────────────────────────────────────────────────────


async def through(both: Pair, more: tuple[str, ...] = ()) -> None:
    me = await both.destination.get("users/me")
    space = await both.destination.post(
        "spaces", {"Name": "Third", "SpaceManagersTeams": [], "SpaceManagersTeamMembers": [me["Id"]]}
    )
    onward = both.with_route(
        source={"instance": "prod", "space": "Default"},
        destination={"instance": "prod", "space": "Third"},
        include=INCLUDE,
        rules={"preset": "mirror"},
        first_contact="adopt",
    )
    redis = fakeredis.FakeAsyncRedis()
    onward.ledger = Ledger(redis)
    for route in (both, onward):
        outcome = await route.sync("*")
        assert outcome.result is Result.CHANGED, [(one.path, one.decisions) for one in outcome.plan.blocked]
        again = await route.sync("*")
        assert again.plan.is_empty, [(one.path, one.changes) for one in again.plan.writes]
    first, second, third = (
        without_versions(portable(server.sandbox, space_id, more))
        for server, space_id in ((both.source, None), (both.destination, None), (both.destination, space["Id"]))
    )
    for one, other, route in ((first, second, both), (second, third, onward)):
        entries = [each.entry for each in await route.clean_ups()]
        told = {entry.item[1] for entry in entries if entry.reason == "untranslated-id"}
        assert told <= TOLD
        # What belongs to one server, a person chooses anew.
        chosen = {entry.where.rpartition("/")[2] for entry in entries if entry.reason == "choose-here"}
        left = [*(f" {name} /" for name in told), *(f" / {field}:" for field in chosen)]
        assert [line for line in differences(one, other) if not any(part in line for part in left)] == []
    await redis.aclose()


def without_versions(value: Any) -> Any:
    """Each server counts the versions of its own step templates."""
    if isinstance(value, dict):
        return {key: without_versions(item) for key, item in value.items() if key != VERSION}
    return [without_versions(item) for item in value] if isinstance(value, list) else value


def mirror() -> Any:
    source, destination = Settings(version=NEWEST, first_id=1), Settings(version=NEWEST, first_id=5001, seed=7)
    return pair(
        source=source, destination=destination, include=INCLUDE, rules={"preset": "mirror"}, first_contact="adopt"
    )


@needs_samples
@pytest.mark.parametrize("sample", list(samples()), ids=lambda sample: sample.name)
async def test_a_real_document_is_the_same_in_all_three(sample: Sample) -> None:
    async with mirror() as both:
        await put(both.source, sample)
        await through(both)


@needs_samples
async def test_all_real_step_templates_are_the_same_in_all_three() -> None:
    """In one space, as a company that uses many of them has them."""
    async with mirror() as both:
        names: set[str] = set()
        for file in sorted(SAMPLES.joinpath("step_templates").glob("*.json")):
            for document in step_templates(file):
                name = str(document["Name"]).strip()
                while name.casefold() in names:
                    name += " (another)"
                names.add(name.casefold())
                named = await with_what_it_names(both.source, document)
                await both.source.post("actiontemplates", {**named, "Name": name})
        await through(both, more=("actiontemplates",))
        assert names <= {one["Name"].casefold() for one in await both.destination.get("actiontemplates/all")}
        assert len(names) > 250


@needs_samples
def test_what_is_left_out_is_there_and_nothing_else_is() -> None:
    files = [
        file.name for folders in FOLDERS.values() for folder in folders for file in SAMPLES.joinpath(folder).glob("*")
    ]
    assert [part for part in LEFT_OUT if not any(part in name for name in files)] == []
    assert {name.rpartition(".")[2] for name in files} == {"json"}
    assert len(list(samples())) >= len(files) - len(LEFT_OUT)
