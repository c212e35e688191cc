"""Real documents, sent to the sandbox, come back as they were.

Every document of the collection that has the API's form is posted (processes and variable sets are put onto an owner),
after everything that it refers to was stored as a bare stub. What is answered, and what is read afterwards, must be
equal but for the differences listed here, each of which must occur; what is not sent at all is listed with its reason.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
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

# Collection of the API: folders of the samples, and how many of their documents are of use here at least.
_FIXTURES = "full_exports/OctopusDeploy__octopus-serverspec-extensions__api-fixtures-2018-2019/api"


def _fixtures(name: str) -> tuple[str, ...]:
    """A folder of the fixtures that are shaped like URLs, in the system and in both spaces."""
    return tuple(f"{_FIXTURES}/{space}{name}" for space in ("", "Spaces-1/", "Spaces-2/"))


FOLDERS: dict[str, tuple[tuple[str, ...], int]] = {
    "accounts": (("accounts", "api/accounts", *_fixtures("accounts")), 15),
    "actiontemplates": (("step_templates",), 299),
    "channels": (("channels",), 24),
    "deploymentprocesses": (("deployment_processes", "api/deploymentprocesses"), 2),
    "environments": (("environments", *_fixtures("environments")), 8),
    "libraryvariablesets": (("library_variable_sets",), 1),
    "lifecycles": (("lifecycles", "api/lifecycles"), 3),
    "machinepolicies": (("api/machinepolicies",), 1),
    "machines": (("machines", "api/deploymenttargets", *_fixtures("machines")), 20),
    "projectgroups": (("project_groups", *_fixtures("projectgroups")), 32),
    "projects": (("projects",), 7),
    "projecttriggers": (("triggers", "api/projecttriggers"), 16),
    "ratelimitingpolicies": (("api/ratelimitingpolicies",), 3),
    "spaces": (("spaces", f"{_FIXTURES}/spaces"), 8),
    "subscriptions": (("webhooks", "api/subscriptions"), 5),
    "teams": (("teams", f"{_FIXTURES}/teams"), 4),
    "users": ((f"{_FIXTURES}/users",), 7),
    "variables": (("variable_sets", "api/variables"), 3),
    "workerpools": (("worker_pools", *_fixtures("workerpools")), 18),
    "workers": (("api/workers", *_fixtures("workers")), 5),
}

_DATABASE = "the database's form, which no request has"
# Folders of which nothing is sent, and why.
LEFT_OUT: dict[str, str] = {
    "api": "the list of sources",
    "api/approvalpolicies": "a kind that came after 2026.1.9674 and that nothing here refers to",
    "api/dashboard": "what the server computes",
    "api/events": "nobody can create an event; their shape is compared in test_sandbox_contract.py",
    "api/examples": "JSON schemas, no documents",
    "api/projects": "branches, tags and commits of a repository; compared in test_sandbox_git_projects.py",
    "api/root": "who answers it is the server; compared in test_sandbox_protocol.py",
    "api/servertaskapprovals": "what becomes of a deployment",
    "api/tasks": "what becomes of a deployment",
    "api_root": "who answers it is the server; compared in test_sandbox_protocol.py",
    "community_step_templates": _DATABASE,
    "events": "nobody can create an event; their shape is compared in test_sandbox_contract.py",
    "feeds": _DATABASE,
    "full_exports/AzureCloudMonk__AppProvisionOctopusDSC__migrator-2018.3.6": _DATABASE,
    _FIXTURES: "root documents and server settings",
    f"{_FIXTURES}/smtpconfiguration": "a setting of the server, which sends no mail here",
    "malformed": "not to be read by a strict parser; that is what they are for",
    "ocl": "Config-as-Code files, no JSON",
    "swagger": "what the sandbox is held to",
    "user_roles": f"{_DATABASE}; what the roles grant is compared in test_sandbox_people.py",
}

_OWN = "the server gives its own"
_LIBRARY = "the library of step templates adds it to what it exports"
_HEALTH = "health is measured, not written"
_HEALTHY = ("HealthStatus", "Status", "StatusSummary")

# What differs, by collection ("*": all) and path without indexes. A path covers what is below it.
NORMALISED: dict[str, dict[str, str]] = {
    "*": {"Id": _OWN, "SpaceId": _OWN, "Links": _OWN, "LastModifiedOn": "not kept", "LastModifiedBy": "not kept"},
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
        "Name": "without the blanks around it",
        "Version": "counts the saves on this server",
        "SensitiveProperties": "of servers before 2018, always empty",
        "Parameters.Links": "of servers before 2018, always empty",
        "Parameters.Type": "of a community template written by hand",
        "Parameters.Id": "was empty",
        "Parameters.DefaultValue": "a sensitive parameter's is a SensitiveValue, its text is not shown",
        "Packages.AcquisitionLocation": "was null; the server's own place is the default",
    },
    "accounts": {"ExecutionSubjectKeys": "a Platform Hub account's, which is another kind"},
    "channels": {
        "IsDefault": "the only channel of a project is the default one",
        "Rules.Actions": "the steps of ActionPackages once more, for clients before 2018.8",
        "Rules.Links": "always empty",
    },
    "deploymentprocesses": {"ProjectId": "the sandbox' own process is used"},
    "libraryvariablesets": {"VariableSetId": _OWN},
    "machines": {
        **dict.fromkeys(("HasLatestCalamari", "IsInProcess", *_HEALTHY), _HEALTH),
        "Thumbprint": "that of the endpoint; in documents that a test made up they differ",
    },
    "projects": {
        "DeploymentProcessId": _OWN,
        "VariableSetId": _OWN,
        "ReleaseCreationStrategy.ReleaseCreationPackageStepId": "was empty; replaced by ReleaseCreationPackage",
        "VersioningStrategy": "was null; a project without a donor has the default template",
    },
    "projecttriggers": {"Filter.WebhookId": _OWN},
    "ratelimitingpolicies": {"Name": "the policies are built in"},
    "spaces": {
        "IsDefault": "a new space is never the default one",
        "SpaceManagersTeams": "with the new space's own team, which is another than that of the old one",
    },
    "subscriptions": {
        "EventNotificationSubscription.EmailPriority": "a number before 2021.2.7536, a word since",
        "EventNotificationSubscription.WebhookLastProcessed": "how far this server has come",
        "EventNotificationSubscription.WebhookLastProcessedEventAutoId": "how far this server has come",
        "Type": "a number before 2021.2.7536, a word since",
    },
    "users": {"IsRequestor": "whether it is the one who asks"},
    "workers": dict.fromkeys(_HEALTHY, _HEALTH),
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
    "deploymentprocesses": {"a value for Steps.Name": "a mock with neither names nor types"},
    "lifecycles": {'"test-AutomaticDeploymentTargets-1" provided for': "an id that a test made up"},
    "machines": {
        "a value for EnvironmentIds": "a worker among the targets",
        "'Hosting/Cloud' was not found": "a tag, of which there is no stub",
        '"tenant-id-1", "tenant-id-2" provided for': "an id that a test made up",
        "'proxy-id' was not found": "an id that a test made up",
    },
    "projects": {
        "'lifecycle-ProjectGroups-132' was not found": "of a server before 3.0",
        "'%s' was not found": "a template that a test fills in",
    },
    "spaces": {"a value for SpaceManagersTeams": "a test left it out"},
    "subscriptions": {"WebhookURI must be an absolute": "dots where the documentation leaves it out"},
    "workers": {"'fake-proxy-id' was not found": "an id that a test made up"},
}
# What a new server has already, so that another cannot be called so: these are sent under another name.
EVERYWHERE = {"Default", "Default Project Group", "Default Worker Pool", "Space Managers"}
# What servers ask for today and these documents are too old to have.
REQUIRED_SINCE: dict[str, dict[str, Any]] = {"workerpools": {"WorkerPoolType": "StaticWorkerPool"}}


def documents(collection: str) -> Iterator[dict[str, Any]]:
    """The documents of a collection that have the API's form: no `$type` in them."""
    for folder in FOLDERS[collection][0]:
        for file in sorted(SAMPLES.joinpath(folder).glob("*.json")):
            for document in _flat(_read(file)):
                if '"$type"' not in json.dumps(document):
                    yield from _wanted(collection, document)


def _read(file: Path) -> Any:
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    try:
        return json.loads(text)
    except ValueError:
        return None  # a template of a webhook, with expressions in place of values


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict) and isinstance(value.get("Items"), list):
        yield from _flat(value["Items"])
    elif isinstance(value, dict):
        yield value


def _wanted(collection: str, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document itself, or the one that the sample is a part of or a wrapping of."""
    if collection == "subscriptions":
        subscription = (document.get("Payload") or {}).get("Subscription")
        if subscription and subscription.get("Name"):
            yield subscription
    elif collection == "machinepolicies":
        yield {"Name": "Health", "MachineHealthCheckPolicy": document}
    else:
        yield document


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
        space_id = None if kind and kind.scope == "system" else SPACE
        if kind and sandbox.store.scope(space_id).find(kind.collection, text) is None:
            stub: dict[str, Any] = {"Id": text, "Name": text, "Slug": text.lower(), "SpaceId": space_id}
            stub |= {"SortOrder": 0, "Roles": [], "Username": text, "DisplayName": text, "MemberUserIds": []}
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
    system = collection in KINDS and KINDS[collection].scope == "system"
    base = f"/api/{collection}" if system else f"/api/{SPACE}/{collection}"
    if collection in ("variables", "deploymentprocesses"):
        owner = await _owner(api)
        target = owner["VariableSetId" if collection == "variables" else "DeploymentProcessId"]
        body |= {"Id": target, "OwnerId": owner["Id"], "ProjectId": owner["Id"], "SpaceId": SPACE, "Version": 0}
        async with api.get(f"{base}/{target}") as answer:
            body["Version"] = (await answer.json())["Version"]
        async with api.put(f"{base}/{target}", json=body) as answer:
            return answer.status, await answer.json()
    if collection == "ratelimitingpolicies":
        number = ["Unauthenticated", "AuthenticatedHuman", "AuthenticatedAgent"].index(body["ScopeType"]) + 1
        async with api.put(f"/api/ratelimitingpolicies/RateLimitingPolicies-{number}", json=body) as answer:
            return answer.status, await answer.json()
    async with api.post(base, json=body) as answer:
        return answer.status, await answer.json()


async def read_again(api: aiohttp.ClientSession, collection: str, document_id: str) -> Any:
    system = collection == "ratelimitingpolicies" or (collection in KINDS and KINDS[collection].scope == "system")
    base = f"/api/{collection}" if system else f"/api/{SPACE}/{collection}"
    async with api.get(f"{base}/{document_id}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _owner(api: aiohttp.ClientSession) -> Any:
    found = {}
    for collection in ("projectgroups", "lifecycles"):
        async with api.get(f"/api/{SPACE}/{collection}/all") as answer:
            found[collection] = (await answer.json())[0]["Id"]
    body = {"Name": "Owner", "ProjectGroupId": found["projectgroups"], "LifecycleId": found["lifecycles"]}
    async with api.post(f"/api/{SPACE}/projects", json=body) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


def _is_secret(path: str) -> bool:
    """A secret does not travel: "keep what is stored" finds nothing stored, and what is sent is not shown."""
    return path.endswith((".HasValue", ".NewValue"))


def _entry(path: str, collection: str) -> str | None:
    """What is listed for a path."""
    listed = {**NORMALISED["*"], **NORMALISED.get(collection, {})}
    return next((one for one in listed if path == one or path.startswith(f"{one}.")), None)


@needs_samples
@pytest.mark.parametrize("collection", FOLDERS)
async def test_real_documents_come_back_as_they_were(collection: str) -> None:
    changed: dict[str, Any] = {}
    refused: dict[str, str] = {}
    seen: set[str] = set()
    loaded = 0
    for document in documents(collection):
        # Each to a new server: documents of many servers have the same ids and names.
        async with (
            serve(Settings(version=NEWEST)) as sandbox,
            aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
        ):
            body = REQUIRED_SINCE.get(collection, {}) | document
            if body.get("Name") in EVERYWHERE:
                body |= {"Name": f"{body['Name']} 2"}
                body.pop("Slug", None)
            status, answer = await exchange(sandbox, api, collection, dict(body))
            if status in (200, 201):
                assert await read_again(api, collection, answer["Id"]) == answer
        if status not in (200, 201):
            message = " ".join([answer["ErrorMessage"], *answer["Errors"]])
            known = [part for part in REFUSED.get(collection, {}) if part in message]
            seen |= set(known)
            if not known:
                refused[message] = body.get("Name", "")
            continue
        loaded += 1
        for path in differences(body, answer):
            entry = _entry(path, collection)
            seen |= {entry} if entry else set()
            if not entry and not _is_secret(path):
                changed[path] = body.get("Name")
        if collection == "actiontemplates":
            assert answer["Name"] == body["Name"].strip()
    assert changed == {}
    assert refused == {}
    assert loaded >= FOLDERS[collection][1]
    assert {*NORMALISED.get(collection, {}), *REFUSED.get(collection, {})} - seen == set()


@needs_samples
def test_every_folder_is_sent_or_listed_with_its_reason() -> None:
    sent = {folder for folders, _ in FOLDERS.values() for folder in folders}
    found = {file.parent.relative_to(SAMPLES).as_posix() for file in SAMPLES.rglob("*") if file.is_file()} - {"."}
    deep = set(LEFT_OUT) - {"api", _FIXTURES}  # of these two only the files themselves
    unknown = {one for one in found - sent - set(LEFT_OUT) if not any(one.startswith(f"{up}/") for up in deep)}
    assert unknown == set()
    assert {one for one in {*sent, *LEFT_OUT} if not SAMPLES.joinpath(one).is_dir()} <= {*_fixtures("environments")}
