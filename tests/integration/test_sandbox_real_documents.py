"""Real documents, sent to the sandbox, come back as they were.

Each document of the collection is posted (processes and variable sets are put onto an owner), after everything that it
refers to was stored as a bare stub. What comes back must be equal but for the differences listed here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from octopus_samples import SAMPLES, needs_samples

from sandbox.kind import KINDS
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Write

SPACE = "Spaces-1"
NEWEST = "2026.3.15581"  # knows everything that some document has

# Folder of the collection: collection of the API, and how many of its documents are of use here at least.
FOLDERS = {
    "accounts": ("accounts", 7),
    "channels": ("channels", 24),
    "environments": ("environments", 6),
    "lifecycles": ("lifecycles", 2),
    "machines": ("machines", 10),
    "projects": ("projects", 6),
    "project_groups": ("projectgroups", 17),
    "step_templates": ("actiontemplates", 299),
    "teams": ("teams", 4),
    "triggers": ("projecttriggers", 6),
    "variable_sets": ("variables", 2),
    "worker_pools": ("workerpools", 3),
}

_OWN = "the server gives its own"
_LIBRARY = "the library of step templates adds it to what it exports"
_HEALTH = "health is measured, not written"

# What differs, by collection ("*": all) and path without indexes. A path covers what is below it.
NORMALISED: dict[str, dict[str, str]] = {
    "*": {"Links": _OWN, "LastModifiedOn": "not kept", "LastModifiedBy": "not kept"},
    "actiontemplates": {
        **dict.fromkeys(
            (
                "$Meta",
                "Author",
                "Category",
                "HistoryUrl",
                "LastModfiedAt",
                "LastModifiedAt",
                "Logo",
                "MaximumServerVersion",
                "MinimumServerVersion",
                "StepPackageId",
                "Website",
            ),
            _LIBRARY,
        ),
        "Version": "counts the saves on this server",
        "SensitiveProperties": "of servers before 2018, always empty",
        "Parameters.Links": "of servers before 2018, always empty",
        "Parameters.Type": "of a community template written by hand",
        "Parameters.Id": "was empty",
        "Parameters.DefaultValue": "a sensitive parameter's is a SensitiveValue, its text is not shown",
        "Packages.AcquisitionLocation": "was null; the server's own place is the default",
    },
    "channels": {
        "IsDefault": "the only channel of a project is the default one",
        "Rules.Actions": "the steps of ActionPackages once more, for clients before 2018.8",
        "Rules.Links": "always empty",
    },
    "machines": dict.fromkeys(("HasLatestCalamari", "HealthStatus", "IsInProcess", "Status", "StatusSummary"), _HEALTH),
    "projects": {
        "DeploymentProcessId": _OWN,
        "VariableSetId": _OWN,
        "ReleaseCreationStrategy.ReleaseCreationPackageStepId": "was empty; replaced by ReleaseCreationPackage",
        "VersioningStrategy": "was null; a project without a donor has the default template",
    },
    "projecttriggers": {"Filter.WebhookId": _OWN},
    "teams": dict.fromkeys(("CanBeDeleted", "CanBeRenamed"), "a built-in team's; a new one is a user's"),
    "variables": {
        "Id": "the sandbox' own variable set is used",
        "OwnerId": "the same",
        "Version": "one higher after a save",
        "ScopeValues": "computed from what is there",
    },
}

# Refusals that are right, by a part of their message.
REFUSED: dict[str, dict[str, str]] = {
    "accounts": {"to type 'AccountType'": "a type that a test made up"},
    "lifecycles": {'"test-AutomaticDeploymentTargets-1" provided for': "an id that a test made up"},
    "machines": {
        "a value for EnvironmentIds": "a worker among the targets",
        "'Hosting/Cloud' was not found": "a tag, of which there is no stub",
        "'tenant-tag-1' was not found": "a tag that a test made up",
        '"tenant-id-1", "tenant-id-2" provided for': "an id that a test made up",
        "'proxy-id' was not found": "an id that a test made up",
    },
    "projects": {"'lifecycle-ProjectGroups-132' was not found": "of a server before 3.0"},
}
# What servers ask for today and these documents are too old to have.
REQUIRED_SINCE: dict[str, dict[str, Any]] = {"workerpools": {"WorkerPoolType": "StaticWorkerPool"}}


def documents(folder: str) -> Iterator[dict[str, Any]]:
    """The documents of a folder that have the API's form: no `$type`, and links (or a step template's `$Meta`)."""
    for file in sorted(SAMPLES.joinpath(folder).glob("*.json")):
        text = file.read_text(encoding="utf-8-sig")
        if '"$type"' not in text:
            yield from _flat(json.loads(text))


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict) and isinstance(value.get("Items"), list):
        yield from _flat(value["Items"])
    elif isinstance(value, dict) and ("Links" in value or "$Meta" in value):
        yield value


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def stub_what_it_names(sandbox: Sandbox, document: dict[str, Any]) -> None:
    """Store a bare document for every id in `document`."""
    prefixes = {kind.prefix.lower(): kind for kind in KINDS.values()}
    for text in set(strings({key: value for key, value in document.items() if key not in ("Id", "Links")})):
        found = re.fullmatch(r"([A-Za-z]+)-\S+", text)
        kind = prefixes.get(found[1].lower()) if found else None
        if kind and sandbox.store.space(SPACE).find(kind.collection, text) is None:
            space_id = None if kind.scope == "system" else SPACE
            stub: dict[str, Any] = {"Id": text, "Name": text, "Slug": text.lower(), "SpaceId": space_id}
            stub |= {"SortOrder": 0, "Roles": []}
            if kind.collection == "projects":
                stub |= {"IncludedLibraryVariableSetIds": [], "TenantedDeploymentMode": "TenantedOrUntenanted"}
            sandbox.store.commit(space_id, [Write(kind.collection, None, stub)], SYSTEM)
    steps = {
        package["DeploymentAction"]
        for rule in document.get("Rules", [])
        if isinstance(rule, dict)
        for package in rule.get("ActionPackages", [])
    }
    if steps:
        owner = document["ProjectId"]
        actions = [{"Id": step, "Name": step, "Slug": step, "Packages": []} for step in sorted(steps)]
        process = {"Id": f"deploymentprocess-{owner}", "ProjectId": owner, "Steps": [{"Actions": actions}]}
        sandbox.store.commit(SPACE, [Write("deploymentprocesses", None, process)], SYSTEM)


def differences(sent: Any, got: Any, path: str = "") -> Iterator[str]:
    """Paths at which what was sent is not what came back. What came back besides does not count."""
    if isinstance(sent, dict) and isinstance(got, dict):
        for key, value in sent.items():
            below = f"{path}.{key}".removeprefix(".")
            if key in got:
                yield from differences(value, got[key], below)
            elif value is not None:
                yield below
    elif isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
        for one, other in zip(sent, got, strict=True):
            yield from differences(one, other, path)
    elif sent != got:
        yield path


async def exchange(
    sandbox: Sandbox, api: aiohttp.ClientSession, collection: str, body: dict[str, Any]
) -> tuple[int, Any]:
    stub_what_it_names(sandbox, body)
    base = f"/api/{collection}" if KINDS[collection].scope == "system" else f"/api/{SPACE}/{collection}"
    if collection in ("variables", "deploymentprocesses"):
        owner = await _owner(api)
        target = owner["VariableSetId" if collection == "variables" else "DeploymentProcessId"]
        body |= {"Id": target, "OwnerId": owner["Id"], "ProjectId": owner["Id"], "SpaceId": SPACE, "Version": 0}
        async with api.get(f"{base}/{target}") as answer:
            body["Version"] = (await answer.json())["Version"]
        async with api.put(f"{base}/{target}", json=body) as answer:
            return answer.status, await answer.json()
    async with api.post(base, json=body) as answer:
        return answer.status, await answer.json()


async def _owner(api: aiohttp.ClientSession) -> Any:
    found = {}
    for collection in ("projectgroups", "lifecycles"):
        async with api.get(f"/api/{SPACE}/{collection}/all") as answer:
            found[collection] = (await answer.json())[0]["Id"]
    body = {"Name": "Owner", "ProjectGroupId": found["projectgroups"], "LifecycleId": found["lifecycles"]}
    async with api.post(f"/api/{SPACE}/projects", json=body) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


def _covered(path: str, collection: str) -> bool:
    listed = {**NORMALISED["*"], **NORMALISED.get(collection, {})}
    # A secret does not travel: "keep what is stored" finds nothing stored.
    return path.endswith(".HasValue") or any(path == one or path.startswith(f"{one}.") for one in listed)


@needs_samples
@pytest.mark.parametrize("folder", FOLDERS)
async def test_real_documents_come_back_as_they_were(folder: str) -> None:
    collection, at_least = FOLDERS[folder]
    changed: dict[str, Any] = {}
    refused: dict[str, str] = {}
    loaded = 0
    for number, document in enumerate(documents(folder)):
        # Each to a new server: documents of many servers have the same ids and names.
        async with (
            serve(Settings(version=NEWEST)) as sandbox,
            aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
        ):
            given = {key: value for key, value in document.items() if key not in ("Id", "SpaceId", "Slug")}
            body = REQUIRED_SINCE.get(collection, {}) | given
            if "Name" in body:
                body["Name"] = f"{body['Name'].strip()} {number}"
            status, answer = await exchange(sandbox, api, collection, dict(body))
        if status not in (200, 201):
            message = " ".join([answer["ErrorMessage"], *answer["Errors"]])
            if not any(part in message for part in REFUSED.get(collection, {})):
                refused[message] = body.get("Name", "")
            continue
        loaded += 1
        changed |= {path: body.get("Name") for path in differences(body, answer) if not _covered(path, collection)}
    assert changed == {}
    assert refused == {}
    assert loaded >= at_least
